"""Access changes in Markdown, as a comment on a pull request: a table, and the proofs in folded sections.

Every text of the repository is escaped, so that no name can mention a person, add HTML or leave its cell.
https://docs.github.com/en/rest/issues/comments limits a comment to 65,536 characters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.terminal_text import line_of_parts
from checker.report.access.rows import GAINS, NOT_KNOWN, assumptions_of, sorted_rows, summary_of
from checker.report.brief import count_noun, one_line
from checker.report.markdown import code, plain, prose, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.analysis.policy_pair import ComparedRoots
    from checker.core.errors import Skipped
    from checker.report.access.rows import Row
    from checker.report.context import Setting


_COMMENT, _SUMMARY = 60_000, 900_000
_CELL, _ROOM, _SPARE = 300, 4, 200
"""The length of a cell, the part of a comment for what was not read, and the bytes for titles of sections."""
_HEAD = ("| change | topic or key | who | action |", "| --- | --- | --- | --- |")


def lines_of(found: ComparedRoots, setting: Setting) -> Iterator[str]:  # noqa: ARG001 - as every format
    """Write a comment."""
    return map(line_of_parts, within(_COMMENT, found))


def step_summary(found: ComparedRoots) -> Iterator[str]:
    """Write the job summary, for the file that ``GITHUB_STEP_SUMMARY`` names."""
    return map(line_of_parts, within(_SUMMARY, found))


def within(limit: int, found: ComparedRoots) -> Iterator[str]:
    """Write the changes in at most ``limit`` bytes. The widest gains come first; proofs are omitted before rows."""
    rows = sorted_rows(found)
    others = list(_others(found, limit // _ROOM))
    heading = [f"### checker: {plain(summary_of(found))}", "", plain(one_line(found.compared))]
    room = limit - size([*heading, *others, *_HEAD, _omitted(len(rows)), *_folded("", ())]) - _SPARE
    shown = _fitting(rows, room, lambda row: [_cells(row)])
    proofs = _fitting(
        [row for row in shown if row.proof],
        room - size([_cells(row) for row in shown]),
        lambda row: [*_proof(row)],
    )
    yield from heading
    if shown:
        yield from ("", *_HEAD, *(_cells(row) for row in shown))
    if len(shown) < len(rows):
        yield from ("", _omitted(len(rows) - len(shown)))
    if proofs:
        yield from _folded(
            count_noun(len(proofs), "witness request"), (line for row in proofs for line in _proof(row))
        )
    yield from others


def _fitting(rows: Sequence[Row], room: int, lines: Callable[[Row], list[str]]) -> list[Row]:
    """Return the first rows whose lines fit."""
    shown = []
    for row in rows:
        room -= size(lines(row))
        if room < 0:
            break
        shown.append(row)
    return shown


def _omitted(number: int) -> str:
    return f"and {number} more changes, omitted because of the size limit"


def _cells(row: Row) -> str:
    mark = "**" if row.change in (GAINS, NOT_KNOWN) else ""
    resource = f"{row.kind} {_cell(row.resource)}"
    who = _text(row.who)
    actions = ", ".join(_cell(action) for action in row.actions)
    return f"| {mark}{row.change}{mark} | {resource} {_cell(row.place)} | {who} | {actions} |"


def _cell(text: str) -> str:
    """Format a name as a code span in a table, where GitHub reads a pipe before it reads code."""
    return code(one_line(text, _CELL)).replace("|", "\\|") if text else ""


def _text(text: str) -> str:
    """Format a sentence in a table. Backslashes escape a pipe outside of code, but must not be doubled there."""
    pieces = one_line(text, _CELL).split("`")
    if len(pieces) % 2 == 0:
        return plain("`".join(pieces))
    return "".join(_cell(one) if index % 2 else plain(one) for index, one in enumerate(pieces))


def _proof(row: Row) -> Iterator[str]:
    yield f"- {row.change}: {row.kind} {code(one_line(row.resource, _CELL))}: {plain(one_line(row.who, _CELL))}"
    yield from (f"  - {label}: {prose(one_line(text))}" for label, text in row.proof)


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", f"<details><summary>{title}</summary>", "", *lines, "", "</details>")


def _others(found: ComparedRoots, room: int) -> Iterator[str]:
    assumed = [f"- {prose(one_line(text))}" for text in assumptions_of(found)]
    if found.unread:
        yield from ("", "**Not read, so not known:**", "", *_within(room, map(_unread, found.unread)))
    if assumed:
        yield from _folded(count_noun(len(assumed), "assumption"), _within(room, assumed))
    if found.untouched:
        title = f"{count_noun(len(found.untouched), 'input')} not read, and not affected by the change"
        yield from _folded(title, _within(room, map(_unread, found.untouched)))


def _unread(one: Skipped) -> str:
    help_text = f" ({prose(one_line(one.help, _CELL))})" if one.help else ""
    return f"- {code(one_line(one.what, _CELL))}: {prose(one_line(one.reason, _CELL))}{help_text}"


def _within(room: int, items: Iterable[str]) -> Iterator[str]:
    """Yield as many items as fit, and the number of the others."""
    listed = list(items)
    for number, item in enumerate(listed):
        room -= size([item])
        if room < 0:
            yield f"- and {len(listed) - number} more"
            return
        yield item
