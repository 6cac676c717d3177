r"""Escaping of untrusted text, so that it cannot control a terminal or a CI runner or mislead a reader.

Control characters, escape sequences, bidirectional and other invisible characters, line separators and lone
surrogates are shown as escapes, as in ``chat\u202etxt.json``. All output of a command passes through this
module: see `checker.app.terminal`.

https://trojansource.codes explains how bidirectional characters mislead a reader.
https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs shows how GitHub's runner finds
commands: ``::name::`` at the start of a line, after any blanks, and ``##[name]`` anywhere in it. Azure
Pipelines and TeamCity look for ``##vso[`` and ``##teamcity[``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from checker.core.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


SHOWN = "(sensitive"
"""The beginning of what is shown in place of a sensitive value: `(sensitive)`, or `(sensitive: var.token)`."""
_SHORTEST, _SHORTEST_WORD = 8, 16


class _Hidden:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.revealed: set[str] = set()
        self.pattern: re.Pattern[str] | None = None


_HIDDEN: ContextVar[_Hidden | None] = ContextVar("hidden", default=None)


@contextmanager
def hiding() -> Iterator[None]:
    """Start with an empty set of sensitive values, and discard the set at the end."""
    token = _HIDDEN.set(_Hidden())
    try:
        yield
    finally:
        _HIDDEN.reset(token)


def start_hiding() -> None:
    """Start with an empty set of sensitive values, for the rest of the current context."""
    _HIDDEN.set(_Hidden())


def can_hide(text: str) -> bool:
    """True for a text that is long enough to be replaced everywhere without damaging other text."""
    return len(text) >= (_SHORTEST_WORD if text.isalpha() else _SHORTEST)


def hide(texts: Iterable[str], source: str = "") -> None:
    """Hide these texts in all further output; ``source`` is the name of the value that they come from."""
    hidden = _HIDDEN.get()
    new = set(texts) - hidden.texts.keys() if hidden is not None else ()
    if hidden is not None and new:
        hidden.texts.update(dict.fromkeys(new, source))
        hidden.pattern = None


def reveal(texts: Iterable[str]) -> None:
    """Show these texts again, as the Terraform function `nonsensitive` requests."""
    hidden = _HIDDEN.get()
    if hidden is not None:
        hidden.revealed.update(texts)
        hidden.pattern = None


def reveal_words(sentences: Iterable[tuple[str, Sequence[str]]]) -> None:
    """Show checker's own words again, which no value can hide although it equals them.

    Each sentence has the values that are in it. A hidden text in a sentence stays hidden if it is one of the values, or
    a part of one.
    """
    hidden = _HIDDEN.get()
    if hidden is None or not hidden.texts:
        return
    for sentence, values in sentences:
        found = (one for one in hidden.texts if one in sentence)
        reveal({one for one in found if not any(one in value for value in values)})


def redacted(text: str) -> str:
    """Replace each hidden value in a text by `(sensitive)`, with the name of its source."""
    hidden = _HIDDEN.get()
    if hidden is None or not hidden.texts.keys() - hidden.revealed:
        return text
    if hidden.pattern is None:  # longest first, because one value may be part of another
        longest_first = sorted(hidden.texts.keys() - hidden.revealed, key=len, reverse=True)
        hidden.pattern = re.compile("|".join(map(re.escape, longest_first)))
    return hidden.pattern.sub(lambda match: _placeholder(hidden.texts[match[0]]), text)


def _placeholder(source: str) -> str:
    return f"{SHOWN}: {source})" if source else f"{SHOWN})"


_UNSEEN = pattern(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Characters that Python counts as printable but that are invisible: fillers and variation selectors."""

_ANYWHERE = pattern(r"(##\w*)\[")
_STYLE = pattern(r"(\x1b\[(?:0|1|2|1;3[1-6])m)")
_AT_START = pattern(r"^((?:\s|\x1b\[[\d;]*m)*):(?=:)")


class Inert(str):
    """A line that its writer has already escaped by its own rules: a workflow command, a patch, JSON."""

    __slots__ = ()


def inert(text: str) -> str:
    """Escape a text to one line without control characters or commands; visible text stays as it is.

    A sensitive value is shown as `(sensitive)`.
    """
    return _ANYWHERE.sub(r"\1\\x5b", _escaped(redacted(text), _python_escape))


def is_inert(text: str) -> bool:
    """True for a text that `inert` leaves as it is, apart from sensitive values."""
    return _escaped(text, _python_escape) == text and not _ANYWHERE.search(text)


def inert_line(line: str, *, styled: bool = False) -> Inert:
    """Escape a line of output that its writer may not have escaped; ``styled`` keeps the terminal colors."""
    if isinstance(line, Inert):
        return line
    pieces = _STYLE.split(line) if styled else [line]
    shown = (piece if index % 2 else inert(piece) for index, piece in enumerate(pieces))
    return _without_command("".join(shown))


def line_of_parts(line: str) -> Inert:
    """Mark a line of parts that were escaped one by one, so that no value hides the words of two parts."""
    return _without_command(line)


def inert_patch_line(line: str) -> Inert:
    """Escape a line of a patch. Tabs and a final carriage return are kept, because `git apply` compares them."""
    body = line.removesuffix("\r")
    return Inert(_without_command("\t".join(map(inert, body.split("\t")))) + line[len(body) :])


def json_lines(value: Any, *, indent: int | None = 2, ascii_only: bool = True) -> Iterator[Inert]:
    """Write JSON line by line, with JSON escapes for all invisible characters."""
    import json  # most runs write none

    for line in json.dumps(_redacted(value), indent=indent, ensure_ascii=ascii_only).split("\n"):
        yield Inert(_ANYWHERE.sub(r"\1\\u005b", _escaped(line, _json_escape)))


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {_redacted_key(key): _redacted(item) for key, item in value.items()}
    return list(map(_redacted, value)) if isinstance(value, list | tuple) else value


_OWN_KEY = pattern(r"[A-Za-z_$]+")
"""Matches the keys that reports have themselves; other keys are names of condition keys or files."""


def _redacted_key(key: str) -> str:
    return key if _OWN_KEY.fullmatch(key) else redacted(key)


def _without_command(line: str) -> Inert:
    return Inert(_AT_START.sub(r"\1\\x3a", line))


def _escaped(text: str, escape: Callable[[str], str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() and not _UNSEEN.match(char) else escape(char) for char in text)


def _python_escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
