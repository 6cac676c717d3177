"""The trend over past runs: a chart, and a table of the same numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.report.brief import moment
from checker.report.page.markup import folded, scrolled, section, table, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.lint.history import Night


_WIDTH, _HEIGHT, _MARGIN = 640, 120, 8
_MOST = 60
"""Runs that are shown, the latest ones."""
_LEAST = 2
"""A trend needs two runs."""


_COLUMNS = {
    "topics": "Topics",
    "errors": "Errors",
    "warnings": "Warnings",
    "notes": "Notes",
    "new": "New",
    "fixed": "Fixed",
    "not_audited": "Not audited",
}
"""The titles of the numbers of a run."""


class _Line(NamedTuple):
    name: str
    values: Sequence[int]


def trend(nights: Sequence[Night]) -> str:
    """Write the section with the trend of the latest runs; empty for a single run."""
    shown = nights[-_MOST:]
    if len(shown) < _LEAST:
        return ""
    lines = (
        _Line("errors", [night.errors for night in shown]),
        _Line("warnings", [night.warnings for night in shown]),
    )
    title = f"Errors and warnings of the last {len(shown)} runs"
    return section(
        "trend", title, _chart(title, shown, lines), folded("Numbers of each run", _numbers(shown))
    )


def _chart(title: str, nights: Sequence[Night], lines: Sequence[_Line]) -> str:
    top = max(1, *(value for line in lines for value in line.values))
    scopes = [night.scope for night in nights]
    drawn = "".join(_drawn(line, top, scopes) for line in lines)
    several = "<p>Audits of other accounts, Regions, topics or rules have a line of their own.</p>"
    latest = ", ".join(f"{line.values[-1]} {line.name}" for line in lines)
    sentence = f"{title}: from {moment(nights[0].time)} to {moment(nights[-1].time)}. Latest run: {latest}. Highest: {top}."
    bottom = _HEIGHT - _MARGIN
    axis = f'<line class="axis" x1="{_MARGIN}" y1="{bottom}" x2="{_WIDTH - _MARGIN}" y2="{bottom}"/>'
    key = "".join(f'<li class="{line.name}">{line.name}</li>' for line in lines)
    image = f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{text(sentence)}">{axis}{drawn}</svg>'
    ends = f"<span>{text(_day(nights[0]))}</span><span>{text(_day(nights[-1]))}</span>"
    return f"""<ul class="key" aria-hidden="true">{key}<li class="plain">highest: {top}</li></ul>
{image}
<p class="ends" aria-hidden="true">{ends}</p>{several if len(set(scopes)) > 1 else ""}"""


def _day(night: Night) -> str:
    return night.time[:10]


def _drawn(line: _Line, top: int, scopes: Sequence[str]) -> str:
    """Draw a line with a mark for each run, one for all runs of the same scope."""
    step = (_WIDTH - 2 * _MARGIN) / (len(line.values) - 1)
    height = _HEIGHT - 2 * _MARGIN
    points = [
        (_MARGIN + step * index, _MARGIN + height * (1 - value / top))
        for index, value in enumerate(line.values)
    ]
    paths: dict[str, list[str]] = {}
    for (x, y), scope in zip(points, scopes, strict=True):
        paths.setdefault(scope, []).append(f"{x:.1f},{y:.1f}")
    drawn = "".join(f'<polyline points="{" ".join(path)}"/>' for path in paths.values())
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points)
    return f'<g class="{line.name}">{drawn}{marks}</g>'


def _numbers(nights: Sequence[Night]) -> str:
    rows = (
        [text(moment(night.time)), *(text(getattr(night, name)) for name in _COLUMNS)]
        for night in reversed(nights)
    )
    headers = ("Run", *_COLUMNS.values())
    return scrolled("Numbers of each run", table("Latest run first", headers, rows))
