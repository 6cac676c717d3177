"""Access changes as a table for a terminal of 80 columns or more, with a request that proves each change."""

from __future__ import annotations

import re
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from checker.analysis.access_diff import format_actions
from checker.core.terminal_text import inert
from checker.report.access.rows import (
    GAINS,
    LOSES,
    MAY_GAIN,
    MAY_LOSE,
    NOT_KNOWN,
    assumptions_of,
    rows_of,
    summary_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.policy_pair import ComparedRoots
    from checker.core.errors import Skipped
    from checker.report.access.rows import Row
    from checker.report.context import Paint, Setting


_STYLES = {GAINS: "error", MAY_GAIN: "warning", LOSES: "note", MAY_LOSE: "note", NOT_KNOWN: "warning"}
_NARROW, _WIDE = 80, 120
_CHANGE, _ACTION, _GAP = 9, 18, 2


def lines_of(found: ComparedRoots, setting: Setting) -> Iterator[str]:
    """Yield what is compared, the table, what is not known and the summary."""
    paint = setting.paint
    width = min(max(paint.columns or _NARROW, _NARROW), _WIDE)
    yield from _wrapped(found.compared, width)
    yield ""
    rows = rows_of(found)
    if rows:
        yield from _table(rows, width, paint)
    yield from _list("assumed", assumptions_of(found), width, paint)
    yield from _unread("not read", found.unread, width, paint)
    yield from _unread("not read, and not affected by the change", found.untouched, width, paint)
    yield summary_of(found)


def _table(rows: Sequence[Row], width: int, paint: Paint) -> Iterator[str]:
    widths = _widths(width)
    titles = ("CHANGE", "TOPIC OR KEY", "WHO", "ACTION")
    yield paint("bold", _joined(titles, widths))
    for _, group in groupby(rows, key=lambda row: (row.kind, row.resource)):
        for number, row in enumerate(group):
            yield from _row(row, widths, width, paint, is_first=number == 0)
        yield ""


def _widths(width: int) -> tuple[int, int, int, int]:
    rest = width - _CHANGE - _ACTION - 3 * _GAP
    resource = rest * 9 // 20
    return _CHANGE, resource, rest - resource, _ACTION


def _row(row: Row, widths: tuple[int, ...], width: int, paint: Paint, *, is_first: bool) -> Iterator[str]:
    """Yield the cells of a row, and its proof below them."""
    resource = [f"{row.kind} {row.resource}", row.place] if is_first else []
    if not row.actions:  # a sentence, which may use the column of the actions as well
        widths = (*widths[:2], widths[2] + _GAP + widths[3])
    cells = [[row.change], resource, [row.who], [format_actions(row.actions)]][: len(widths)]
    columns = [
        [line for text in cell for line in _wrapped(text, wide)]
        for cell, wide in zip(cells, widths, strict=True)
    ]
    for number, texts in enumerate(zip_longest(*columns, fillvalue="")):
        line = _joined(texts, widths)
        style = _STYLES.get(row.change, "bold")
        yield f"{paint(style, row.change)}{line[len(row.change) :]}" if number == 0 else line
    indent = " " * (_CHANGE + _GAP)
    for label, text in row.proof:
        first, *more = _wrapped(text, width - len(indent) - len(label) - 2)
        yield f"{indent}{paint('dim', f'{label}:')} {first}"
        yield from (f"{indent}{' ' * len(label)}  {line}" for line in more)


def _joined(texts: Sequence[str], widths: Sequence[int]) -> str:
    return (" " * _GAP).join(text.ljust(wide) for text, wide in zip(texts, widths, strict=False)).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines, a long name behind one of its separators."""
    words = (word for part in inert(text).split(" ") for word in _parts(part, width))
    lines = [""]
    for word, is_new in words:
        gap = " " if is_new and lines[-1] else ""
        if lines[-1] and len(lines[-1]) + len(gap) + len(word) > width:
            lines.append(word)
        else:
            lines[-1] += gap + word
    return lines


def _parts(word: str, width: int) -> Iterator[tuple[str, bool]]:
    """Split a word that is longer than a line, and say for each part whether a word begins."""
    pieces = [word] if len(word) <= width else _SEPARATOR.split(word)
    parts = [piece[at : at + width] for piece in pieces for at in range(0, max(len(piece), 1), width)]
    yield from ((part, number == 0) for number, part in enumerate(parts))


_SEPARATOR = re.compile(r"(?<=[./:_])")


def _list(title: str, texts: Iterable[str], width: int, paint: Paint) -> Iterator[str]:
    items = [f"  {line}" for text in texts for line in _wrapped(text, width - 2)]
    if items:
        yield from (paint("bold", title), *items, "")


def _unread(title: str, unread: Sequence[Skipped], width: int, paint: Paint) -> Iterator[str]:
    if not unread:
        return
    yield paint("bold", title)
    for one in unread:
        first, *more = _wrapped(f"{one.what}: {one.reason}", width - 4)
        yield f"  {paint('warning', '?')} {first}"
        yield from (f"    {line}" for line in more)
        for number, line in enumerate(_wrapped(one.help, width - 10) if one.help else ()):
            yield f"    {paint('dim', 'help:') if number == 0 else '     '} {line}"
    yield ""
