"""The debt that a team starts with: findings that are known and not yet mended, counted, never by line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from checker.fingerprint import Identity, identity
from checker.outcome import HeldBackBy, Stale, Suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.finding import Finding
    from checker.outcome import Report

Baseline = Counter[Identity]
"""How often each finding is known; the source of an identity is relative to the baseline's folder."""


def baseline_of(findings: Iterable[Finding], relative: Callable[[str], str]) -> Baseline:
    """Count findings."""
    return Counter(_identity(one, relative) for one in findings)


def hold_back(report: Report, baseline: Baseline, name: str, relative: Callable[[str], str]) -> Report:
    """Hold back as many findings as the baseline knows, and report what it knows and nobody finds.

    An entry is stale only if its file was examined by the rule.
    """
    left = baseline.copy()
    kept, held = [], []
    for finding in report.findings:
        one = _identity(finding, relative)
        if left[one] > 0:
            left[one] -= 1
            held.append(Suppressed(finding, HeldBackBy.BASELINE, f"known in {name}"))
        else:
            kept.append(finding)
    examined = {(relative(one.source), rule) for one in report.examined for rule in one.verdicts}
    stale = tuple(
        Stale(name, f"`{one.rule}` is mended in {one.source}, at `{one.route}`: write the baseline again")
        for one, count in left.items()
        if count > 0 and (one.source, one.rule) in examined
    )
    return report._replace(
        findings=tuple(kept), suppressed=(*report.suppressed, *held), stale=(*report.stale, *stale)
    )


def _identity(finding: Finding, relative: Callable[[str], str]) -> Identity:
    return identity(finding, relative(finding.locations[0].source))


def to_json(baseline: Baseline) -> dict[str, Any]:
    """Give the form of `schemas/baseline.v1.json`, in an order that makes small differences."""
    return {
        "version": 1,
        "findings": [{**one._asdict(), "count": count} for one, count in sorted(baseline.items())],
    }


def from_json(value: Any) -> Baseline:
    """Read a value that its schema has found well formed."""
    return Counter(
        {
            Identity(one["rule"], one["source"], one["route"], one["message"]): one["count"]
            for one in value["findings"]
        }
    )
