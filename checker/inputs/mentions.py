"""Searches files for statements that let Amazon Connect use a topic or key, whatever the kind of the file."""

from __future__ import annotations

import mmap
import re
from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.discover import is_code
from checker.inputs.opening import open_regular
from checker.inputs.text import UTF_16
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


_PRINCIPAL = re.compile(r"(?<![\w./-])connect\.amazonaws\.com(?![\w./-])")
_ACTION = re.compile(r"\bsns:(?:publish|\*)|\bkms:(?:\*|generatedatakey|decrypt)", re.IGNORECASE)
_EFFECT, _ACTION_KEY = re.compile(r"\beffect\b", re.IGNORECASE), re.compile(r"\bactions?\b", re.IGNORECASE)
_BOUNDARY = re.compile(
    r"""^(?:resource|data|module)\b|\bstatement\s*\{|\bType["']?\s*:\s*["']?AWS::""", re.MULTILINE
)
"""What begins another statement or resource."""
_NEAR = 700
"""The number of characters before and after a principal in which its statement names an action."""
_COMMENT = re.compile(r"\s*(?:#|//|\*|--)")
_MOST = 256 * 1024 * 1024
_MOST_CODE = 1024 * 1024
"""The sizes above which a file is not searched: no policy, and no code that a person wrote, is as long."""
_BINARY = 1024
"""The length of the beginning of a file that decides whether it is text."""


class Mention(NamedTuple):
    """A place in a file that names Connect as the principal of an action on a topic or key."""

    offset: int
    line: int
    column: int


def text_with_connect(path: Path) -> str:
    """Return the text of a file that names Connect; empty for any other file."""
    return text_with(path, (CONNECT.encode(),))


STREAMING = (b"treamingEndpointArn", b"start_contact_streaming", b"tartContactStreaming")
"""Words of which every file with a call or request that starts chat streaming has at least one."""


def speaks_of_streaming(path: Path) -> bool:
    """True for a file that may start chat streaming; a file longer than code that a person wrote is not searched."""
    return bool(text_with(path, STREAMING, _MOST_CODE))


def text_with(path: Path, words: Sequence[bytes], most: int = _MOST) -> str:
    """Return the text of a file with at least one of these words; empty for any other file, and for a longer one."""
    try:
        with (
            open_regular(path, as_input=False) as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            if len(data) > (min(most, _MOST_CODE) if is_code(path) else most):
                return ""
            if data[:2] in UTF_16:
                return data[:].decode("utf-16", "replace")
            if all(data.find(word) < 0 for word in words):
                return ""
            return "" if b"\0" in data[:_BINARY] else data[:].decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""  # reported when the file is read; an empty file cannot be mapped


def text_of(path: Path) -> str:
    """Return the text of a file; empty if it cannot be read, which its reader reports."""
    try:
        with open_regular(path, as_input=False) as file:
            return file.read(_MOST_CODE).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def mentions(text: str) -> Iterator[Mention]:
    """Yield the places that name Connect as the principal of a statement, except in comments."""
    for match in _PRINCIPAL.finditer(text):
        if _has_action(text, match) and not is_in_comment(text, match.start()):
            yield mention_at(text, match.start())


def is_in_comment(text: str, offset: int) -> bool:
    """True for a place in a line that is a comment."""
    start = text.rfind("\n", 0, offset) + 1
    return _COMMENT.match(text[start:offset]) is not None


def _has_action(text: str, principal: re.Match[str]) -> bool:
    """True if the statement of a principal seems to name an action on topics or keys."""
    before = text[max(0, principal.start() - _NEAR) : principal.start()]
    after = text[principal.end() : principal.end() + _NEAR]
    between = [before[action.end() :] for action in _ACTION.finditer(before)]
    between += [after[: action.start()] for action in _ACTION.finditer(after)]
    return any(map(_is_one_statement, between))


def _is_one_statement(between: str) -> bool:
    """True for a text between a principal and an action that does not leave their statement."""
    counts = (len(_EFFECT.findall(between)), len(_ACTION_KEY.findall(between)))
    return max(counts) < 2 and _BOUNDARY.search(between) is None


def mention_at(text: str, offset: int) -> Mention:
    """Return the place at an offset."""
    start = text.rfind("\n", 0, offset) + 1
    return Mention(offset, text.count("\n", 0, start) + 1, offset - start + 1)
