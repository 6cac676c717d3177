"""The findings that a team starts with: known and not fixed yet, counted, never by line."""

from __future__ import annotations

import re
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
    """Hold back as many findings as the baseline knows, and report entries that no finding matches.

    An entry is stale only if the rule examined its file, and in the same module: a file of a Terraform module
    that is examined alone says nothing of the findings in the modules that call it.
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
    examined = {
        (relative(one.source), _module(one.address), rule) for one in report.examined for rule in one.verdicts
    }
    stale = tuple(
        Stale(name, f"`{one.rule}` is fixed in {one.source}, at `{one.route}`: write the baseline again")
        for one, count in left.items()
        if count > 0 and (one.source, _module(one.route), one.rule) in examined
    )
    return report._replace(
        findings=tuple(kept), suppressed=(*report.suppressed, *held), stale=(*report.stale, *stale)
    )


_MODULE = re.compile(r"(?:[^;`]*: )?(?:module\.[^.;\[]+(?:\[[^\]]*\])?\.)*")


def _module(address: str) -> str:
    """The root and the modules that an address begins with, as a route of the baseline does."""
    found = _MODULE.match(address)
    return found[0] if found else ""


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
