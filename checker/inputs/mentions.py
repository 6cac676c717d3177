"""Searches files for statements that let Amazon Connect use a topic or key, whatever the kind of the file."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import TYPE_CHECKING

from checker.core.finding import Position
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.confinement import OutsideError
from checker.inputs.discover import is_code, name_of
from checker.inputs.opening import open_regular
from checker.inputs.reading_memory import remembered_of
from checker.inputs.snapshot import draft_of, known_text
from checker.inputs.text import UTF_16, unreadable_file
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

    from checker.core.errors import InputError


_PRINCIPAL = pattern(r"(?<![\w./-])connect\.amazonaws\.com(?![\w./-])")
_ACTION = pattern(r"\bsns:(?:publish|\*)|\bkms:(?:\*|generatedatakey|decrypt)", re.IGNORECASE)
_EFFECT, _ACTION_KEY = pattern(r"\beffect\b", re.IGNORECASE), pattern(r"\bactions?\b", re.IGNORECASE)
_BOUNDARY = pattern(
    r"""^(?:resource|data|module)\b|\bstatement\s*\{|\bType["']?\s*:\s*["']?AWS::""", re.MULTILINE
)
"""What begins another statement or resource."""
_NEAR = 700
"""The number of characters before and after a principal in which its statement names an action."""
_COMMENT = pattern(r"\s*(?:#|//|\*|--)")
MOST_SEARCHED = 256 * 1024 * 1024
_MOST_CODE = 1024 * 1024
"""The sizes above which a file is not searched: no policy, and no code that a person wrote, is as long."""
_BINARY = 1024
"""The length of the beginning of a file that decides whether it is text."""


class Mention(NamedTuple):
    """A place in a file that names Connect as the principal of an action on a topic or key."""

    offset: int
    line: int
    column: int

    @property
    def position(self) -> Position:
        """The place in a report."""
        return Position(self.line, self.column, self.line, self.column)


_STREAMING = (
    b"treamingEndpointArn",
    b"start_contact_streaming",
    b"tartContactStreaming",
    b"start-contact-streaming",
)
"""Words of which every file with a call or request that starts chat streaming has at least one."""


class Searched(NamedTuple):
    """A file, with whether it names Connect and whether it may start chat streaming.

    ``fault`` is set if the user may not read it, or it is outside of the repository.
    """

    path: Path
    names_connect: bool = False
    streams: bool = False
    fault: InputError | None = None


def search(path: Path) -> Searched:
    """Search a file for the words of a policy for Connect and of chat streaming.

    A file longer than code that a person wrote is not searched for chat streaming.
    """
    return remembered_of(path, search, lambda: _search(path))


def _search(path: Path) -> Searched:
    with _opened(path) as data:
        if isinstance(data, OSError):
            return Searched(path, fault=unreadable_file(name_of(path), data))
        if data is None:
            return Searched(path)
        is_wide = data[:2] in UTF_16  # its text is searched when it is read
        names_connect = is_wide or data.find(CONNECT.encode()) >= 0
        streams = len(data) <= _MOST_CODE and (is_wide or any(data.find(word) >= 0 for word in _STREAMING))
        return Searched(path, names_connect, streams)


_OF_SNS_OR_KMS = pattern(
    rb"(?:sns|kms):|aws::(?:sns|kms)::|\bnotactions?\b|\bactions?[\"'\\\\]*\s*[:=][\s\[\"'\\\\-]*\*",
    re.IGNORECASE,
)
"""Matches the names of services, and actions that may be those of any service."""
_PRINCIPALS, _STATEMENT = pattern(rb"principal", re.IGNORECASE), pattern(rb"statement", re.IGNORECASE)
_ESCAPED_LETTER = pattern(rb"\\u00(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])", re.IGNORECASE)
"""Matches a letter that JSON does not need to escape: a word may be written with it."""


def has_words_of_policy(data: bytes | mmap.mmap) -> bool:
    """True for a text with the words of a policy of a topic or key, or with escapes that may hide them."""
    words = _STATEMENT, _PRINCIPALS, _OF_SNS_OR_KMS
    return bool(all(one.search(data) for one in words) or _ESCAPED_LETTER.search(data))


def may_hold_policy(path: Path) -> bool | None:
    """True for a file with the words of a policy of a topic or key; ``None`` for one too large to search it to the end."""
    try:
        with open_regular(path, as_input=False) as file:
            size = os.fstat(file.fileno()).st_size
            with _mapped(file, min(size, MOST_SEARCHED)) as data:
                found = data[:2] in UTF_16 or has_words_of_policy(data)
            return None if size > MOST_SEARCHED and not found else found
    except (OSError, ValueError):
        return False


def _mapped(file: BufferedReader, size: int) -> mmap.mmap:
    """Map the beginning of a file into memory; all of it if ``size`` is 0."""
    import mmap  # imported on demand: few files are long

    return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)


def text_in(path: Path) -> str:
    """Return the text of a file that was searched, as its reader has it; empty for a file that is too large or binary."""
    known = known_text(path)
    if known is not None:
        return known
    with _opened(path) as data:
        if data is None or isinstance(data, OSError):
            return ""
        if data[:2] in UTF_16:
            return data[:].decode("utf-16", "replace")
        return "" if b"\0" in data[:_BINARY] else data[:].decode("utf-8", "replace")


def text_with_connect(path: Path) -> str:
    """Return the text of a file that names Connect; empty for any other file."""
    return text_in(path) if search(path).names_connect else ""


@contextmanager
def _opened(path: Path) -> Iterator[bytes | mmap.mmap | OSError | None]:
    """Read a file, or map a long one; ``None`` for one that is too large, empty or not a regular file, and the error for one that may not be read."""
    draft = draft_of(path)
    if draft is not None:
        yield draft.encode("utf-8", "replace")
        return
    with ExitStack() as stack:
        try:
            file = stack.enter_context(open_regular(path, as_input=False))
            data: bytes | mmap.mmap = file.read(_MOST_CODE + 1)
            if len(data) > _MOST_CODE and not is_code(path):
                data = stack.enter_context(_mapped(file, 0))
        except (OSError, ValueError) as error:
            yield error if isinstance(error, (PermissionError, OutsideError)) else None
            return
        yield None if len(data) > (_MOST_CODE if is_code(path) else MOST_SEARCHED) else data


def text_of(path: Path) -> str:
    """Return the text of a file; empty if it cannot be read, which its reader reports."""
    try:
        with open_regular(path, as_input=False) as file:
            return file.read(_MOST_CODE).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


def mentions(text: str) -> Iterator[Mention]:
    """Yield the places that name Connect as the principal of a statement, except in comments."""
    line, start, before = 1, 0, 0
    for match in _principals(text):
        line += text.count("\n", before, match.start())
        start = text.rfind("\n", before, match.start()) + 1 or start
        before = match.start()
        if _COMMENT.match(text, start, match.start()) is None and _has_action(text, match):
            yield Mention(match.start(), line, match.start() - start + 1)


def _principals(text: str) -> Iterator[re.Match[str]]:
    """Yield the places of Connect's name that are not in a longer one. To find a word is faster than to search for it."""
    at = text.find(CONNECT)
    while at >= 0:
        if (match := _PRINCIPAL.match(text, at)) is not None:
            yield match
        at = text.find(CONNECT, at + 1)


def is_in_comment(text: str, offset: int) -> bool:
    """True for a place in a line that is a comment."""
    start = text.rfind("\n", 0, offset) + 1
    return _COMMENT.match(text, start, offset) is not None


def _has_action(text: str, principal: re.Match[str]) -> bool:
    """True if the statement of a principal seems to name an action on topics or keys."""
    before = text[max(0, principal.start() - _NEAR) : principal.start()]
    after = text[principal.end() : principal.end() + _NEAR]
    nearest_first = reversed([before[action.end() :] for action in _ACTION.finditer(before)])
    between = chain(nearest_first, (after[: action.start()] for action in _ACTION.finditer(after)))
    return any(map(_is_one_statement, between))


def _is_one_statement(between: str) -> bool:
    """True for a text between a principal and an action that does not leave their statement."""
    counts = (len(_EFFECT.findall(between)), len(_ACTION_KEY.findall(between)))
    return max(counts) < 2 and _BOUNDARY.search(between) is None


def mention_at(text: str, offset: int) -> Mention:
    """Return the place at an offset."""
    start = text.rfind("\n", 0, offset) + 1
    return Mention(offset, text.count("\n", 0, start) + 1, offset - start + 1)
