"""Topics that are out of scope now, and that earlier audits reported: what they reported is judged again.

Otherwise it would never be known to be fixed: a topic leaves the scope with the statement that made it open. Nothing new
is reported about such a topic, because nothing connects it to Amazon Connect now. CloudTrail shows streams only of the
last hours, so that what still applies stays reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.lint.scope import FOLLOWED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.core.finding import Finding
    from checker.lint.report import Examined, Report

Followed = tuple[tuple[str, tuple[str, ...]], ...]
"""The resources of earlier findings by ARN, each with the rules that reported it or that it was affected by."""


def followed_of(findings: Iterable[tuple[str, Iterable[str]]]) -> Followed:
    """Return what to judge again, from the rules of earlier findings with their resources."""
    rules: dict[str, set[str]] = {}
    for rule, resources in findings:
        for resource in resources:
            rules.setdefault(resource, set()).add(rule)
    return tuple((resource, tuple(sorted(of))) for resource, of in sorted(rules.items()))


def limited(report: Report, rules: Mapping[str, Iterable[str]]) -> Report:
    """Limit the results about followed topics, and about keys that only such topics use, to what was reported before.

    ``rules`` are the rules to judge again, by resource.
    """
    outside = frozenset(_outside(report.examined))
    if not outside:
        return report
    kept = {resource: frozenset(rules.get(resource, ())) for resource in outside}
    findings = (one for one in report.findings if _was_reported(one, kept))
    examined = (_limited(one, kept[one.resource]) if one.resource in kept else one for one in report.examined)
    examined = (one for one in examined if one.verdicts or one.resource not in outside)
    return report._replace(findings=tuple(findings), examined=tuple(examined))


def _was_reported(finding: Finding, kept: Mapping[str, frozenset[str]]) -> bool:
    """True unless a finding is new and only about followed topics, as one about the key of another topic may be."""
    about = finding.affects or (finding.resource,)
    is_outside = all(resource in kept for resource in about)
    known = (rule for resource in (finding.resource, *about) for rule in kept.get(resource, ()))
    return not is_outside or finding.rule in known


def _outside(examined: Iterable[Examined]) -> Iterator[str]:
    """Yield the followed topics, and the keys that no topic in scope uses."""
    topics = [one for one in examined if one.kind == "topic"]
    followed = [one for one in topics if one.in_scope == FOLLOWED]
    yield from (one.resource for one in followed)
    used = {one.key for one in topics if one.in_scope != FOLLOWED}
    yield from (one.key for one in followed if one.key and one.key not in used)


def _limited(target: Examined, rules: frozenset[str]) -> Examined:
    return target._replace(
        verdicts={rule: verdict for rule, verdict in target.verdicts.items() if rule in rules},
        doubts={rule: doubt for rule, doubt in target.doubts.items() if rule in rules},
    )
