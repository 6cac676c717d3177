"""Wraps the prose of a Markdown page to the width of a terminal."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from checker.core.pattern import pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_ITEM = pattern(r" {0,3}(?:[-*+]|\d+[.)]) +")
_VERBATIM = pattern(r"\s*$|#|\|| {4}|\t")
"""Matches a line that stays as it is: empty, a heading, a row of a table, or indented code."""
_FENCE = ("```", "~~~")


def wrapped_markdown(page: str, columns: int) -> Iterator[str]:
    """Yield the lines of a page. Paragraphs and list items are wrapped; code, tables and long words stay as they are."""
    paragraph: list[str] = []
    for line, is_verbatim in _lines(page):
        if is_verbatim or _ITEM.match(line):
            yield from _wrapped(paragraph, columns)
            paragraph = []
        if is_verbatim:
            yield line
        else:
            paragraph.append(line)
    yield from _wrapped(paragraph, columns)


def _lines(page: str) -> Iterator[tuple[str, bool]]:
    """Yield each line with whether it must stay as it is."""
    is_code = False
    for line in page.splitlines():
        is_fence = line.lstrip().startswith(_FENCE)
        is_code ^= is_fence
        yield line, is_code or is_fence or _VERBATIM.match(line) is not None


def _wrapped(paragraph: list[str], columns: int) -> list[str]:
    """Wrap a paragraph. The further lines of a list item begin below its text."""
    text = " ".join(map(str.strip, paragraph))
    item = _ITEM.match(paragraph[0]) if paragraph else None
    marker = item[0] if item is not None else ""
    return wrap(
        text.removeprefix(marker.lstrip()),
        columns,
        initial_indent=marker,
        subsequent_indent=" " * len(marker),
        break_long_words=False,
        break_on_hyphens=False,
    )
