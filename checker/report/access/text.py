"""Access changes as a table for a terminal of 80 columns or more, with a request that proves each change."""

from __future__ import annotations

from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from checker.analysis.access_diff import most_actions, with_families
from checker.core.pattern import pattern
from checker.core.terminal_text import inert, line_of_parts
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
_NARROWEST = 80
_CHANGE, _ACTION, _GAP = 9, 27, 2
_INDENT = 2


def lines_of(found: ComparedRoots, setting: Setting) -> Iterator[str]:
    """Yield what is compared, the table, what is not known and the summary."""
    return map(line_of_parts, _lines_of(found, setting.paint))


def _lines_of(found: ComparedRoots, paint: Paint) -> Iterator[str]:
    width = max(paint.text_width, _NARROWEST)
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
    """Yield the rows below the name and the place of their topic or key."""
    who = width - _INDENT - _CHANGE - _ACTION - 2 * _GAP
    yield " " * _INDENT + paint("bold", _joined(("CHANGE", "WHO", "ACTION"), (_CHANGE, who, _ACTION)))
    for (kind, resource, place), group in groupby(rows, key=lambda row: (row.kind, row.resource, row.place)):
        first, *more = _wrapped(f"{kind} {resource}", width)
        yield f"{first[: len(kind)]}{paint('bold', first[len(kind) :])}"
        yield from (paint("bold", line) for line in more)
        yield from (
            f"{' ' * _INDENT}{paint('dim', line)}" for line in _wrapped(f"at {place}", width - _INDENT)
        )
        for row in group:
            yield from (f"{' ' * _INDENT}{line}" for line in _row(row, who, paint))
        yield ""


def _row(row: Row, who: int, paint: Paint) -> Iterator[str]:
    """Yield the cells of a row, and its proof below them. A sentence may use the column of the actions as well."""
    widths = (_CHANGE, who, _ACTION) if row.actions else (_CHANGE, who + _GAP + _ACTION)
    cells = ([row.change], _wrapped(row.who, widths[1]), _action_lines(row.actions))
    for number, texts in enumerate(zip_longest(*cells, fillvalue="")):
        line = _joined(texts, widths)
        style = _STYLES.get(row.change, "bold")
        yield f"{paint(style, row.change)}{line[len(row.change) :]}" if number == 0 else line
    indent = " " * (_CHANGE + _GAP)
    for label, text in row.proof:
        first, *more = _wrapped(text, who + _ACTION - len(label))
        yield f"{indent}{paint('dim', f'{label}:')} {first}"
        yield from (f"{indent}{' ' * len(label)}  {line}" for line in more)


def _action_lines(actions: Sequence[str]) -> list[str]:
    """Write one action a line, or most actions of a service as a pattern with its exceptions."""
    return [
        line for one in most_actions(actions) or with_families(actions) for line in _wrapped(one, _ACTION)
    ]


def _joined(texts: Sequence[str], widths: Sequence[int]) -> str:
    return (" " * _GAP).join(text.ljust(wide) for text, wide in zip(texts, widths, strict=False)).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines, a long name behind one of its separators or before a capital letter."""
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


_SEPARATOR = pattern(r"(?<=[./:_])|(?<=[a-z])(?=[A-Z])")


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
