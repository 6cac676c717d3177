"""The report for people: findings with the lines they are about, what proves them and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Role, format_route
from checker.report.brief import fix_label
from checker.report.excerpt import excerpt
from checker.report.json_v1 import summary
from checker.terminal_text import inert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Finding, Location
    from checker.inventory import Skipped
    from checker.outcome import Doubt, Report, Stale
    from checker.report.paint import Paint
    from checker.report.setting import Setting


def findings_text(report: Report, setting: Setting) -> Iterator[str]:
    """Write every finding, an empty line between two."""
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
    """Name the resource, unless it is the file; by its ARN and its address, if there are both."""
    names = [name for name in (finding.resource, finding.declared_as) if name]
    if finding.resource != finding.locations[0].source:
        yield ", declared as ".join(dict.fromkeys(names))


def _location(location: Location, paint: Paint) -> Iterator[str]:
    position = location.position()
    arrow = "-->" if location.role is Role.PRIMARY else "..>"
    name = inert(location.source)
    if position is None:
        yield f"  {paint('dim', arrow)} {name} {inert(format_route(location.route))}"
        return
    note = f" {inert(location.note)}" if location.note else ""
    yield f"  {paint('dim', arrow)} {name}:{position.line}:{position.column}{note}"
    yield from (f"  {line}" for line in excerpt(location.text, position, paint))


def skipped_text(skipped: Skipped, paint: Paint) -> Iterator[str]:
    """Say what was not judged, and why."""
    at = f":{skipped.position.line}:{skipped.position.column}" if skipped.position else ""
    word = paint("error", "error") if skipped.error else paint("note", "skipped")
    yield f"{word}: {inert(skipped.what)}{at}: {inert(skipped.reason)}"
    if skipped.help:
        yield f"  {paint('dim', '=')} help: {inert(skipped.help)}"


def stale_text(stale: Stale, paint: Paint) -> Iterator[str]:
    """Say what does nothing any more."""
    at = f":{stale.position.line}:{stale.position.column}" if stale.position else ""
    yield f"{paint('note', 'stale')}: {inert(stale.where)}{at}: {inert(stale.reason)}"


def doubts_text(report: Report, paint: Paint) -> Iterator[str]:
    """List the results that are not known, with the reasons: each once, and the first resource that it is about."""
    about: dict[Doubt, dict[str, set[str]]] = {}
    for examined in report.examined:
        for rule, doubt in examined.undetermined:
            resources = about.setdefault(doubt, {"rules": set(), "resources": set()})
            resources["rules"].add(rule)
            resources["resources"].add(examined.resource)
    for doubt, named in about.items():
        first, *others = sorted(named["resources"])
        yield f"{paint('note', 'not known')}: {inert(doubt.reason)} [{', '.join(sorted(named['rules']))}]"
        yield f"  {paint('dim', '=')} resource: {inert(first)}{f' and {len(others)} more' if others else ''}"
        if not doubt.counts:
            yield f"  {paint('dim', '=')} note: only AWS knows it; this does not change the exit code"


def summary_text(report: Report, paint: Paint) -> str:
    """Say in one line what was examined, found and left out."""
    counts = summary(report)
    found = [_count(counts[f"{kind}s"], kind) for kind in ("error", "warning", "note") if counts[f"{kind}s"]]
    examined = [
        _count(counts[f"{kind}s"], kind) for kind in ("topic", "key", "contact") if counts[f"{kind}s"]
    ]
    parts = [
        paint(_worst(report), ", ".join(found)) if found else paint("ok", "no findings"),
        f"examined {', '.join(examined) or 'nothing'}",
    ]
    left = f"{_count(counts['topics_not_judged'], 'topic')} not judged"
    parts.append(f"{left} (--all-topics judges them)" if counts["topics_not_judged"] else left)
    parts += [
        f"{counts[name]} {name}" for name in ("suppressed", "baselined", "stale", "skipped") if counts[name]
    ]
    if counts["undetermined"]:
        parts.append(f"{_count(counts['undetermined'], 'result')} not known (--strict lists them)")
    return "; ".join(parts)


def _worst(report: Report) -> str:
    worst = report.worst()
    return worst.value if worst else "ok"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
