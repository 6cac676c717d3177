"""What a comment says after the findings: crashes, what was not judged, what is stale and what is suppressed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.report.brief import one_line, place, place_of
from checker.report.markdown_escape import code, prose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.finding import Position
    from checker.outcome import Report, Suppressed
    from checker.report.setting import Setting

_LONGEST = 300


def size(lines: Sequence[str]) -> int:
    """Count the bytes that lines take with their ends."""
    return sum(len(line.encode()) + 1 for line in lines)


def remarks(report: Report, setting: Setting, room: int) -> list[str]:
    """Write the remarks, a section each, in at most so many bytes."""
    sections = {
        "Rules that failed themselves": [f"- {code(rule)}" for rule in sorted(set(report.crashed))],
        "Not judged": [
            _remark(one.what, one.position, f"{'error: ' if one.error else ''}{one.reason}", setting)
            for one in report.skipped
        ],
        "Stale suppressions": [_remark(one.where, one.position, one.reason, setting) for one in report.stale],
        "Suppressed": [_suppressed(one, setting) for one in report.suppressed],
    }
    share = room // len(sections)
    return [line for title, items in sections.items() if items for line in _section(title, items, share)]


def _section(title: str, items: Sequence[str], room: int) -> Iterator[str]:
    lines = ["", f"### {title}", ""]
    room -= size([*lines, f"- and {len(items)} more"])
    for number, item in enumerate(items):
        room -= size([item])
        if room < 0:
            lines.append(f"- and {len(items) - number} more")
            break
        lines.append(item)
    yield from lines


def _remark(where: str, position: Position | None, reason: str, setting: Setting) -> str:
    at = place_of(where, position, setting)[:_LONGEST]
    return f"- {code(at)}: {prose(one_line(reason, _LONGEST))}"


def _suppressed(one: Suppressed, setting: Setting) -> str:
    finding = one.finding
    at = place(finding.locations[0], setting)[:_LONGEST]
    said = f"{code(finding.rule)} at {code(at)}: {prose(one_line(finding.message, _LONGEST))}"
    return f"- {said} (by {one.by.value}: {prose(one_line(one.reason, _LONGEST))})"
