"""The findings that a team starts with: known and not fixed yet, counted, never by line."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from checker.finding import Verdict
from checker.fingerprint import Identity, identity, located
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


def renewed(old: Baseline, report: Report, relative: Callable[[str], str]) -> Baseline:
    """The findings of a report, and the entries of an older baseline that the run did not judge."""
    new = baseline_of(report.findings, relative)
    suppressed = baseline_of((one.finding for one in report.suppressed), relative)
    judged = _judged(report, relative)
    for entry, count in old.items():
        if entry in suppressed or not _is_judged(entry, judged):
            new[entry] = max(new[entry], count)
    return new


def _judged(report: Report, relative: Callable[[str], str]) -> set[tuple[str, str, str]]:
    """The sources, and the modules that they were judged in, that a rule judged to the end.

    Of a file with topics that were not judged nothing is known, as an entry does not say which topic it is about.
    """
    verdicts = defaultdict(set)
    for one in report.examined:
        if not report.not_judged or one.source.startswith(_LIVE):
            module = _module(located(_ROOT.sub("", one.address), one.home, one.source, relative))
            for rule, verdict in one.verdicts.items():
                verdicts[relative(one.source), module, rule].add(verdict)
    return {one for one, found in verdicts.items() if Verdict.UNDETERMINED not in found}


def _is_judged(entry: Identity, judged: set[tuple[str, str, str]]) -> bool:
    """Whether a rule judged the source of an entry, and every live topic that it names as affected."""
    places = {
        (entry.source, _module(entry.route)),
        *((one, "") for one in _LIVE_TOPIC.findall(entry.message)),
    }
    return all((*place, entry.rule) in judged for place in places)


_LIVE = "arn:"
_LIVE_TOPIC = re.compile(r"`(arn:[^`]*:sns:[^`]*)`")


def hold_back(report: Report, baseline: Baseline, name: str, relative: Callable[[str], str]) -> Report:
    """Hold back as many findings as the baseline knows, and report entries that no finding matches.

    An entry is stale only if its rule judged what it is about, and in the same module: a file of a Terraform module
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
    judged = _judged(report, relative)
    stale = tuple(
        Stale(name, f"`{one.rule}` is fixed in {one.source}, at `{one.route}`: write the baseline again")
        for one, count in left.items()
        if count > 0 and _is_judged(one, judged)
    )
    return report._replace(
        findings=tuple(kept), suppressed=(*report.suppressed, *held), stale=(*report.stale, *stale)
    )


_ROOT = re.compile(r'^[^"\[]*/: ')
"""The root that a report puts before an address; a baseline names it relative to itself."""
_MODULE = re.compile(r"(?:[^;`]*: )?(?:module\.[^.;\[]+(?:\[[^\]]*\])?\.)*")


def _module(address: str) -> str:
    """The root and the modules that an address begins with, as a route of the baseline does."""
    found = _MODULE.match(address)
    return found[0] if found else ""


def _identity(finding: Finding, relative: Callable[[str], str]) -> Identity:
    return identity(finding, relative)


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
