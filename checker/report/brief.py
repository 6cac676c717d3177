"""Short form of a finding, without excerpts, for reports that are shown next to the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Applicability, Role, Verdict, format_route
from checker.core.terminal_text import inert, redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.core.finding import Finding, Fix, Location, Position
    from checker.lint.report import Report, Suppressed
    from checker.report.context import Setting


class Entry(NamedTuple):
    """A finding, with its suppression if it is suppressed."""

    finding: Finding
    suppression: Suppressed | None = None


def entries(report: Report) -> list[Entry]:
    """Return all findings, most severe first, followed by the suppressed ones."""
    active = [Entry(finding) for finding in worst_first(report.findings)]
    return active + [Entry(suppressed.finding, suppressed) for suppressed in report.suppressed]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, undetermined findings last within a severity. The sort is stable."""
    return sorted(
        findings, key=lambda finding: (-finding.severity.rank, finding.verdict is Verdict.UNDETERMINED)
    )


def by_role(finding: Finding) -> tuple[tuple[Location, ...], tuple[Location, ...]]:
    """Split the locations into primary and related ones. There is always at least one primary location."""
    primary = tuple(one for one in finding.locations if one.role is Role.PRIMARY)
    if not primary:
        return finding.locations[:1], finding.locations[1:]
    return primary, tuple(one for one in finding.locations if one.role is Role.RELATED)


_MAX_LENGTH = 1000
_MAX_PLACES = 10


class Detail(NamedTuple):
    """A labeled detail of a finding. ``name`` is true if the text is a name or a place, not a sentence."""

    label: str
    text: str
    name: bool = False


def one_line(text: str, limit: int = _MAX_LENGTH) -> str:
    """Make a text safe to print, and truncate it to a readable length."""
    shown = redacted(text)  # redact before truncating: a part of a sensitive value is sensitive too
    return inert(shown) if len(shown) <= limit else f"{inert(shown[:limit])}..."


def place(location: Location, setting: Setting) -> str:
    """Format a location as ``file:line:column``, or as the resource and the route if there is no file.

    A place in a generated file also has its JSON pointer.
    """
    position = location.position()
    name = location.source
    if position is None:
        return one_line(f"{setting.relative(name)} {format_route(location.route)}".rstrip())
    pointer = f" ({location.pointer})" if location.pointer else ""
    return one_line(f"{place_of(name, position, setting)}{pointer}")


def place_of(name: str, position: Position | None, setting: Setting) -> str:
    """Format a file name and an optional position as ``file:line:column``."""
    at = f":{position.line}:{position.column}" if position else ""
    return one_line(setting.relative(name) + at)


def fix_label(fix: Fix) -> str:
    """Return the label of a fix, including how far it can be trusted."""
    if fix.needs:
        return f"fix (requires {fix.needs[0]})"
    if fix.applicability is Applicability.DISPLAY and not fix.operations:
        return "plan"
    if fix.applicability is Applicability.UNSAFE and not fix.edits:
        return "fix"  # a live audit does not compute edits, so the fix is not classified
    return f"fix ({applicability_label(fix.applicability)})"


def applicability_label(applicability: Applicability) -> str:
    """Describe how far a fix can be trusted."""
    return _LABELS[applicability]


_LABELS = {
    Applicability.SAFE: "safe",
    Applicability.DOCUMENTED: "as AWS documents, also affects others",
    Applicability.UNSAFE: "unsafe",
    Applicability.DISPLAY: "by hand",
}


def details(finding: Finding, setting: Setting) -> Iterator[Detail]:
    """Yield the details after the message: other places, the resource, the witness, help and fixes."""
    yield from _places(finding, setting)
    if finding.resource != finding.locations[0].source:
        yield Detail("resource", one_line(finding.resource), name=True)
    if finding.declared_as not in ("", finding.resource):
        yield Detail("declared as", one_line(finding.declared_as), name=True)
    if finding.witness is not None:
        yield Detail("witness", one_line(finding.witness.sentence))
    if finding.help:
        yield Detail("help", one_line(finding.help))
    yield from (Detail(fix_label(fix), one_line(fix.title)) for fix in finding.fixes)


def _places(finding: Finding, setting: Setting) -> Iterator[Detail]:
    primary, related = by_role(finding)
    places = [
        *((one_line(location.note) or "also at", location) for location in primary[1:]),
        *((one_line(location.note) or "see", location) for location in related),
    ]
    for label, location in places[:_MAX_PLACES]:
        yield Detail(label, place(location, setting), name=True)
    if len(places) > _MAX_PLACES:
        yield Detail("and at", f"{len(places) - _MAX_PLACES} more places")
