"""Text report: findings with excerpts of files that people write, witnesses, help and fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Role, format_route
from checker.core.terminal_text import inert
from checker.report.brief import fix_label
from checker.report.json_v1 import summary
from checker.report.style import Paint, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.errors import Skipped
    from checker.core.finding import Finding, Location, Position, Text
    from checker.lint.report import Doubt, Report, Stale
    from checker.report.context import Setting
    from checker.report.style import Paint


_MAX_WIDTH = 140
_WINDOW = 110
_LEAD = 30
_MAX_LINES = 5


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
    text, start, end = _clip(text, start, end)
    carets = "^" * max(1, width(text[start:end]))
    yield f"{paint('dim', f'{at.line:>{gutter}} |')} {text}"
    yield f"{' ' * gutter} {paint('dim', '|')} {' ' * width(text[:start])}{paint('mark', carets)}"


def _shown(line: str) -> str:
    """Make a line safe to print, with tabs as single spaces."""
    return inert(line.replace("\t", " "))


def _clip(text: str, start: int, end: int) -> tuple[str, int, int]:
    """Cut a long line, such as compact JSON from the AWS CLI, to a window around the marked part."""
    if len(text) <= _MAX_WIDTH:
        return text, start, min(end, len(text))
    left = max(0, min(start - _LEAD, len(text) - _WINDOW))
    right = left + _WINDOW
    head, tail = "..." if left else "", "..." if right < len(text) else ""
    window = head + text[left:right] + tail
    return window, start - left + len(head), min(end, right) - left + len(head)


def _several_lines(file: Text, at: Position, paint: Paint, gutter: int) -> Iterator[str]:
    numbers = list(range(at.line, at.end_line + 1))
    shown = numbers if len(numbers) <= _MAX_LINES else [*numbers[: _MAX_LINES - 2], 0, numbers[-1]]
    for number in shown:
        if number == 0:
            yield f"{' ' * gutter} {paint('mark', ':')}"
            continue
        text, _, _ = _clip(_shown(file.line(number)), 0, 0)
        yield f"{paint('dim', f'{number:>{gutter}}')} {paint('mark', '>')} {text}"


def findings_text(report: Report, setting: Setting) -> Iterator[str]:
    """Yield every finding, separated by empty lines."""
    for index, finding in enumerate(report.findings):
        if index:
            yield ""
        yield from _finding(finding, setting.paint)


def _finding(finding: Finding, paint: Paint) -> Iterator[str]:
    severity = finding.severity.value
    yield f"{paint(severity, f'{severity}[{finding.rule}]')}: {paint('bold', inert(finding.message))}"
    for location in finding.locations:
        yield from _location(location, paint)
    yield from (f"  {paint('dim', '=')} resource: {inert(name)}" for name in _resource(finding))
    if finding.witness is not None:
        yield f"  {paint('dim', '=')} witness: {inert(finding.witness.sentence)}"
    if finding.help:
        yield f"  {paint('dim', '=')} help: {inert(finding.help)}"
    for fix in finding.fixes:
        yield f"  {paint('dim', '=')} {fix_label(fix)}: {inert(fix.title)}"


def _resource(finding: Finding) -> Iterator[str]:
    """Yield the names of the resource, its ARN and its address, unless the resource is the file itself."""
    names = [name for name in (finding.resource, finding.declared_as) if name]
    if finding.resource != finding.locations[0].source:
        yield ", declared as ".join(dict.fromkeys(names))


def _location(location: Location, paint: Paint) -> Iterator[str]:
    position, file = location.position(), location.text
    arrow = "-->" if location.role is Role.PRIMARY else "..>"
    after = location.note if position else format_route(location.route)
    yield f"  {paint('dim', arrow)} {place_text(location)}{f' {inert(after)}' if after else ''}"
    if position is not None and file is not None:
        yield from (f"  {line}" for line in excerpt(file, position, paint))


def place_text(location: Location) -> str:
    """Write the file of a location with line and column, and with the JSON pointer if the file is generated."""
    position = location.position()
    at = f":{position.line}:{position.column}" if position else ""
    pointer = f" ({location.pointer})" if location.pointer else ""
    return inert(f"{location.source}{at}{pointer}")


def skipped_text(skipped: Skipped, paint: Paint) -> Iterator[str]:
    """Yield a skipped input and the reason."""
    at = f":{skipped.position.line}:{skipped.position.column}" if skipped.position else ""
    word = paint("error", "error") if skipped.error else paint("note", "skipped")
    yield f"{word}: {inert(skipped.what)}{at}: {inert(skipped.reason)}"
    if skipped.help:
        yield f"  {paint('dim', '=')} help: {inert(skipped.help)}"


def stale_text(stale: Stale, paint: Paint) -> Iterator[str]:
    """Yield a stale suppression or baseline entry."""
    at = f":{stale.position.line}:{stale.position.column}" if stale.position else ""
    yield f"{paint('note', 'stale')}: {inert(stale.where)}{at}: {inert(stale.reason)}"


def doubts_text(report: Report, paint: Paint) -> Iterator[str]:
    """List the reasons for undetermined results, each once, with the rules and the first resource."""
    names: dict[Doubt, dict[str, set[str]]] = {}
    for examined in report.examined:
        for rule, doubt in examined.undetermined:
            named = names.setdefault(doubt, {"rules": set(), "resources": set()})
            named["rules"].add(rule)
            named["resources"].add(examined.resource)
    for doubt, named in names.items():
        first, *others = sorted(named["resources"])
        yield f"{paint('note', 'not known')}: {inert(doubt.reason)} [{', '.join(sorted(named['rules']))}]"
        yield f"  {paint('dim', '=')} resource: {inert(first)}{f' and {len(others)} more' if others else ''}"
        if not doubt.counts:
            yield f"  {paint('dim', '=')} note: files cannot show this; the exit code does not change"


def summary_text(report: Report, paint: Paint) -> str:
    """Return one line with the counts of findings, examined targets and other results."""
    counts = summary(report)
    found = [
        count_noun(counts[f"{kind}s"], kind) for kind in ("error", "warning", "note") if counts[f"{kind}s"]
    ]
    examined = [
        count_noun(counts[f"{kind}s"], kind) for kind in ("topic", "key", "contact") if counts[f"{kind}s"]
    ]
    parts = [
        paint(_worst(report), ", ".join(found)) if found else paint("ok", "no findings"),
        f"examined {', '.join(examined) or 'nothing'}",
    ]
    unchecked = f"{count_noun(counts['topics_not_judged'], 'topic')} not checked"
    parts.append(f"{unchecked} (--all-topics checks them)" if counts["topics_not_judged"] else unchecked)
    parts += [
        f"{counts[name]} {name}" for name in ("suppressed", "baselined", "stale", "skipped") if counts[name]
    ]
    if counts["undetermined"]:
        parts.append(f"{count_noun(counts['undetermined'], 'result')} not known (--strict lists them)")
    return "; ".join(parts)


def _worst(report: Report) -> str:
    worst = report.worst()
    return worst.value if worst else "ok"


def count_noun(number: int, noun: str) -> str:
    """Format a number with its noun, in the plural unless the number is 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
