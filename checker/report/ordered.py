"""What a report has to say one by one: the findings, the worst first, and those that are held back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Role, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.core.finding import Finding, Location
    from checker.lint.report import Report, Suppressed


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
