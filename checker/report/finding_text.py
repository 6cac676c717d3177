"""A finding in text: its places with excerpts of files that people write, its witness, help and fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Role, format_route
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert
from checker.report.brief import fix_label, place_text
from checker.report.context import Paint, width
from checker.report.wrapped_text import wrapped_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.finding import Finding, Location, Position, Text


_MAX_LINES = 5
_LEAST = 40
_MARGIN = len("  " + " | ")
"""The indentation of an excerpt, and the bar after the number of the line."""


class _Room(NamedTuple):
    """The longest line to quote whole, and the window of a longer one, which begins before the marked part.

    Counted in characters, or in columns on a terminal.
    """

    longest: int = 140
    window: int = 110
    lead: int = 30
    in_columns: bool = False


def _room(paint: Paint, gutter: int) -> _Room:
    """Return the room for a line of code. On a terminal, it fits the columns, so that the marks stay below their text."""
    if not paint.columns:
        return _Room()
    longest = max(_LEAST, paint.columns - gutter - _MARGIN)
    window = longest - 2 * len("...")
    return _Room(longest, window, min(_Room().lead, window // 4), in_columns=True)


def excerpt(file: Text, at: Position, paint: Paint) -> Iterator[str]:
    """Quote the lines of a position: one line with carets below, several lines with a marker next to each."""
    gutter = len(str(at.end_line))
    yield f"{' ' * gutter} {paint('dim', '|')}"
    if at.line == at.end_line:
        yield from _one_line(file, at, paint, gutter)
    else:
        yield from _several_lines(file, at, paint, gutter)


def _one_line(file: Text, at: Position, paint: Paint, gutter: int) -> Iterator[str]:
    line = file.line(at.line)
    text = _shown(line)
    start, end = (len(_shown(line[:to])) for to in (at.column - 1, max(at.end_column - 1, at.column)))
    text, start, end = _clip(text, start, end, _room(paint, gutter))
    carets = "^" * max(1, width(text[start:end]))
    yield f"{paint('dim', f'{at.line:>{gutter}} |')} {text}"
    yield f"{' ' * gutter} {paint('dim', '|')} {' ' * width(text[:start])}{paint('mark', carets)}"


def _shown(line: str) -> str:
    """Make a line safe to print, with tabs as single spaces."""
    return inert(line.replace("\t", " "))


def _clip(text: str, start: int, end: int, room: _Room) -> tuple[str, int, int]:
    """Cut a long line, such as compact JSON from the AWS CLI, to a window around the marked part."""
    if (width(text) if room.in_columns else len(text)) <= room.longest:
        return text, start, min(end, len(text))
    is_wide = room.in_columns and not text.isascii()  # a character may take two columns
    window = room.window // 2 if is_wide else room.window
    left = max(0, min(start - room.lead, len(text) - window))
    right = left + window
    head, tail = "..." if left else "", "..." if right < len(text) else ""
    return head + text[left:right] + tail, start - left + len(head), min(end, right) - left + len(head)


def _several_lines(file: Text, at: Position, paint: Paint, gutter: int) -> Iterator[str]:
    numbers = list(range(at.line, at.end_line + 1))
    shown = numbers if len(numbers) <= _MAX_LINES else [*numbers[: _MAX_LINES - 2], 0, numbers[-1]]
    for number in shown:
        if number == 0:
            yield f"{' ' * gutter} {paint('mark', ':')}"
            continue
        text, _, _ = _clip(_shown(file.line(number)), 0, 0, _room(paint, gutter))
        yield f"{paint('dim', f'{number:>{gutter}}')} {paint('mark', '>')} {text}"


def finding_lines(finding: Finding, paint: Paint) -> Iterator[str]:
    """Yield a finding with its places, its witness, its help and its fixes. Excerpts have the width of the terminal."""
    severity = finding.severity.value
    head = f"{paint(severity, f'{severity}[{finding.rule}]')}: {paint('bold', inert(finding.message))}"
    yield from wrapped_text([head], paint)
    for location in finding.locations:
        yield from _location(location, paint)
    yield from wrapped_text(_details(finding, paint), paint)


def _details(finding: Finding, paint: Paint) -> Iterator[str]:
    yield from (paint.detail("resource", name) for name in _resource(finding))
    if finding.witness is not None:
        yield paint.detail("witness", finding.witness.sentence)
    if finding.help:
        yield paint.detail("help", finding.help)
    for fix in finding.fixes:
        yield paint.detail(fix_label(fix), fix.title)


def _resource(finding: Finding) -> Iterator[str]:
    """Yield the names of the resource, its ARN and its address, unless the resource is the file itself."""
    names = [name for name in (finding.resource, finding.declared_as) if name]
    construct = f" ({finding.construct})" if finding.construct else ""
    if finding.resource != finding.locations[0].source:
        yield f"{', declared as '.join(dict.fromkeys(names))}{construct}"


def _location(location: Location, paint: Paint) -> Iterator[str]:
    position, file = location.position(), location.text
    arrow = "-->" if location.role is Role.PRIMARY else "..>"
    after = location.note if position else format_route(location.route)
    yield f"  {paint('dim', arrow)} {place_text(location)}{f' {inert(after)}' if after else ''}"
    if position is not None and file is not None:
        yield from (f"  {line}" for line in excerpt(file, position, paint))
