"""Resources that earlier audits reported: what they reported is judged again, also about topics that left the scope.

Otherwise it would never be known to be fixed: a topic leaves the scope with the statement that made it open. Nothing
new is reported about such a topic, because nothing connects it to Amazon Connect now. But where access was reported,
who has access is judged in full, because a statement that one rule reports may become one that another rule reports.
CloudTrail shows streams only of the last hours, so that what still applies stays reported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.inputs.requests import read_request
from checker.lint.registry import all_rules
from checker.lint.scope import FOLLOWED
from checker.report.judgment import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.analysis.inventory import Inventory, PolicyText
    from checker.core.finding import Finding
    from checker.lint.report import Examined, Report
    from checker.policy.model import Policy
    from checker.report.judgment import Earlier


class FollowUp(NamedTuple):
    """What to judge again about a resource.

    ``rules`` reported it or something that affected it. ``requests`` are those that showed that others have access.
    ``accounts`` are those of the instances that it was checked for.
    """

    rules: frozenset[str] = frozenset()
    requests: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()

    def joined(self, other: FollowUp) -> FollowUp:
        """Return what to judge again for both."""
        return FollowUp(*(mine | theirs for mine, theirs in zip(self, other, strict=True)))


Followed = tuple[tuple[str, FollowUp], ...]
"""What to judge again, by the ARNs of the resources."""


def followed_of(findings: Iterable[Earlier]) -> Followed:
    """Return what to judge again because of earlier findings."""
    followed: dict[str, FollowUp] = {}
    for one in findings:
        accounts = {arn.account for arn in map(Arn.parse, one.instances) if arn is not None}
        again = FollowUp(frozenset((one.rule,)), accounts=frozenset(accounts))
        for name in (one.resource, *one.affects):
            requests = frozenset((one.request,) if one.request and name == one.resource else ())
            followed[name] = followed.get(name, FollowUp()).joined(again._replace(requests=requests))
    return tuple(sorted(followed.items(), key=lambda item: item[0]))


def with_answers(report: Report, inventory: Inventory, followed: Mapping[str, FollowUp]) -> Report:
    """Add to each resource whether its policy certainly refuses the requests of earlier findings now."""
    topics = ((one.name, one.policy) for one in inventory.topics)
    keys = ((one.name, one.policy) for one in inventory.keys)
    answers = {
        name: _answers(policy, followed[name].requests)
        for name, policy in (*topics, *keys)
        if name in followed
    }
    examined = (one._replace(refuses=answers.get(one.resource, {})) for one in report.examined)
    return report._replace(examined=tuple(examined)) if answers else report


def limited(report: Report, followed: Mapping[str, FollowUp]) -> Report:
    """Limit the results about topics out of scope, and about keys that only these use, to what was reported before."""
    outside = frozenset(_outside(report.examined))
    if not outside:
        return report
    rules = {name: frozenset(_rules_for(followed.get(name, FollowUp()))) for name in outside}
    findings = (one for one in report.findings if _was_reported(one, rules))
    examined = (
        _limited(one, rules[one.resource]) if one.resource in outside else one for one in report.examined
    )
    return report._replace(findings=tuple(findings), examined=tuple(examined))


def _answers(policy: PolicyText | Unknown, requests: Iterable[str]) -> dict[str, bool]:
    """Return whether a policy certainly refuses requests, by their digests."""
    return {
        digest_of(text): not isinstance(policy, Unknown) and _is_refused(policy.policy, text)
        for text in sorted(requests)
    }


def _is_refused(policy: Policy, request: str) -> bool:
    """True if a policy certainly refuses a request; false for a text that does not hold one, as an edited report may."""
    try:
        return decide(policy, read_request("a request of an earlier finding", request)).allowed is False
    except InputError:
        return False


def _rules_for(again: FollowUp) -> Iterator[str]:
    """Yield the rules to judge again: if one of them is about access of other callers, all that are."""
    opening = {rule.id for rule in all_rules() if rule.opens}
    yield from again.rules
    yield from opening if again.rules & opening else ()


def _was_reported(finding: Finding, rules: Mapping[str, frozenset[str]]) -> bool:
    """True unless a finding is new and only about resources out of scope, as one about the key of another topic may be."""
    about = finding.affects or (finding.resource,)
    is_outside = all(resource in rules for resource in about)
    known = (rule for resource in (finding.resource, *about) for rule in rules.get(resource, ()))
    return not is_outside or finding.rule in known


def _outside(examined: Iterable[Examined]) -> Iterator[str]:
    """Yield the topics that are out of scope, and the keys that no topic in scope uses."""
    topics = [one for one in examined if one.kind == "topic"]
    followed = [one for one in topics if one.in_scope == FOLLOWED]
    yield from (one.resource for one in followed)
    used = {one.key for one in topics if one.in_scope != FOLLOWED}
    yield from (one.key for one in followed if one.key and one.key not in used)


def _limited(target: Examined, rules: frozenset[str]) -> Examined:
    return target._replace(
        verdicts={rule: verdict for rule, verdict in target.verdicts.items() if rule in rules},
        doubts={rule: doubt for rule, doubt in target.doubts.items() if rule in rules},
        in_scope=FOLLOWED,
    )
