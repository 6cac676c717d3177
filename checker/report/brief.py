"""A finding in few lines, without the excerpts: for reports that stand beside the code."""

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
    """A finding, and what holds it back if something does."""

    finding: Finding
    held_back: Suppressed | None = None


def entries(report: Report) -> list[Entry]:
    """Every finding, the worst first, and after them those that are held back."""
    counted = [Entry(one) for one in worst_first(report.findings)]
    return counted + [Entry(one.finding, one) for one in report.suppressed]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, what could not be told last among its equals; the order is kept otherwise."""
    return sorted(findings, key=lambda one: (-one.severity.rank, one.verdict is Verdict.UNDETERMINED))


def by_role(finding: Finding) -> tuple[tuple[Location, ...], tuple[Location, ...]]:
    """Part the locations of the fault from those that explain it; there is always one of the fault."""
    primary = tuple(one for one in finding.locations if one.role is Role.PRIMARY)
    if not primary:
        return finding.locations[:1], finding.locations[1:]
    return primary, tuple(one for one in finding.locations if one.role is Role.RELATED)


_MOST = 1000
_PLACES = 10


class Detail(NamedTuple):
    """One more thing about a finding; ``name`` tells a name or place from a sentence."""

    label: str
    text: str
    name: bool = False


def one_line(text: str, most: int = _MOST) -> str:
    """Make a text safe to print, and cut what no reader would get through."""
    shown = redacted(text)  # before it is cut: half a sensitive value is one still
    return inert(shown) if len(shown) <= most else f"{inert(shown[:most])}..."


def place(location: Location, setting: Setting) -> str:
    """Write ``file:line:column``, or the resource and the route where there is no file."""
    position = location.position()
    name = location.source
    if position is None:
        return one_line(f"{setting.relative(name)} {format_route(location.route)}".rstrip())
    return place_of(name, position, setting)


def place_of(name: str, position: Position | None, setting: Setting) -> str:
    """Write the same of a file that is known by its name."""
    at = f":{position.line}:{position.column}" if position else ""
    return one_line(setting.relative(name) + at)


def fix_label(fix: Fix) -> str:
    """What a fix is called, with what it is proven to be worth."""
    if fix.needs:
        return f"fix, once you give {fix.needs[0]}"
    if fix.applicability is Applicability.DISPLAY and not fix.operations:
        return "plan"
    if fix.applicability is Applicability.UNSAFE and not fix.edits:
        return "fix"  # a live audit works no fix out, so nothing is known of its worth
    return f"fix ({worth_label(fix.applicability)})"


def worth_label(applicability: Applicability) -> str:
    """How far a fix may be trusted, in the same words everywhere."""
    return _LABELS[applicability]


_LABELS = {
    Applicability.SAFE: "safe",
    Applicability.DOCUMENTED: "as AWS documents, reaches others too",
    Applicability.UNSAFE: "unsafe",
    Applicability.DISPLAY: "by hand",
}


def details(finding: Finding, setting: Setting) -> Iterator[Detail]:
    """Give what comes after the message: further places, the resource, the witness, help and fixes."""
    yield from _places(finding, setting)
    if finding.resource != finding.locations[0].source:
        yield Detail("resource", one_line(finding.resource), name=True)
    if finding.declared_as not in ("", finding.resource):
        yield Detail("declared as", one_line(finding.declared_as), name=True)
    if finding.witness is not None:
        yield Detail("witness", one_line(finding.witness.sentence))
    if finding.help:
        yield Detail("help", one_line(finding.help))
    yield from (Detail(fix_label(one), one_line(one.title)) for one in finding.fixes)


def _places(finding: Finding, setting: Setting) -> Iterator[Detail]:
    primary, related = by_role(finding)
    places = [
        *((one_line(one.note) or "also at", one) for one in primary[1:]),
        *((one_line(one.note) or "see", one) for one in related),
    ]
    for label, one in places[:_PLACES]:
        yield Detail(label, place(one, setting), name=True)
    if len(places) > _PLACES:
        yield Detail("and at", f"{len(places) - _PLACES} places more")
