"""Refuses a text that would keep the parser busy for long, before it is parsed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.hclstrings import end_of_heredoc

if TYPE_CHECKING:
    from checker.policy.source import Source

MAX_DEPTH = 100
"""Policies in `jsonencode` nest about ten deep."""

MAX_TOKENS = 40_000
"""About a second of parsing; a file of 4 KB has some 600."""

_SMALL = 20_000
_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\\n]|\\.)*")|(?P<comment>\#[^\n]*|//[^\n]*)|(?P<long>/\*)|<<-?(?P<heredoc>[^\W\d][\w.-]*)\r?\n'
    r"|(?P<open>[\[({])|(?P<close>[\])}])|\w+|\n|[^\s\w]"
)


def guard(source: Source) -> None:
    """Raise InputError, with the place, for a text of too many words or too deep brackets."""
    text = source.text
    if len(text) <= _SMALL and sum(map(text.count, "[({")) <= MAX_DEPTH:
        return
    depth = count = at = 0
    while (match := _TOKEN.search(text, at)) is not None:
        kind, at = match.lastgroup, match.end()
        count += 1
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        elif kind == "string":
            count += 6 * match["string"].count("${")
        elif kind in ("long", "heredoc"):
            at = _after(text, match)
        if depth > MAX_DEPTH:
            raise _refused(source, match, f"nested more than {MAX_DEPTH} levels deep")
        if count > MAX_TOKENS:
            raise _refused(source, match, f"longer than the {MAX_TOKENS} words that are read of a file")


def _after(text: str, match: re.Match[str]) -> int:
    """Find the end of a comment or heredoc; the end of the text for one that has none."""
    if match.lastgroup == "long":
        end = text.find("*/", match.end())
        return end + 2 if end >= 0 else len(text)
    return end_of_heredoc(text, match["heredoc"], match.end())


def _refused(source: Source, match: re.Match[str], reason: str) -> InputError:
    return InputError(source.name, reason, source.position(match.start(), match.end()))
