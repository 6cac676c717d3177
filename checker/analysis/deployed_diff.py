"""Compares the policies of a topic or key of code before and after a change, in all deployments.

A reference that both sides have is one symbol. The symbols of both sides are varied together, so that a result
holds in every deployment, or depends on the deployment with an example of both.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.analysis.access_diff import Difference, difference
from checker.analysis.deployment_search import deployments
from checker.analysis.deployments import NO_SYMBOLS, Deployment, Facts
from checker.analysis.inventory import Inventory, PolicyText
from checker.analysis.key import KeyAnalysis
from checker.analysis.policy_pair import ADDED, REMOVED, DeployedAccess, DeployedDifference
from checker.core.arn import Arn
from checker.core.unknown import Symbol, Unknown, within
from checker.iam.prove.gain import changed
from checker.policy.model import ALLOW, RESOURCE, Patterns, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.deployments import Deployments, Name
    from checker.analysis.policy_pair import Case, PolicyPair
    from checker.iam.prove.space import Target
    from checker.policy.model import Value

    Claim = tuple[str, str, str, frozenset[str], bool, bool]


KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"
"""Represents a key without a known ARN, since key policies name it `*`."""
_COMPARED = Unknown("the statements of two policies")
"""Makes the search try all combinations of instances, as if a policy could also deny them access."""


def compare(pair: PolicyPair, instances: Sequence[Arn] = ()) -> DeployedDifference:
    """Compare both sides over all requests and deployments. ``instances`` are reported by name."""
    unknown = [one.text for one in (pair.old, pair.new) if isinstance(one.text, Unknown)]
    if unknown:
        return DeployedDifference(pair, doubts=tuple(dict.fromkeys((*unknown, *pair.doubts))))
    if changed(pair.old.policy, pair.new.policy) == ((), ()) and _have_one_arn(pair.old, pair.new):
        return DeployedDifference(pair, doubts=pair.doubts)
    return _compared(pair, instances)


def _have_one_arn(old: Case, new: Case) -> bool:
    """True if both ARNs are equal in every deployment, or nothing is known of them."""
    one, two = _arn(old), _arn(new)
    if isinstance(one, Unknown) and isinstance(two, Unknown):
        return one.pieces == two.pieces
    return one == two


def _arn(case: Case) -> Arn | Unknown:
    return case.key.arn if isinstance(case, KeyAnalysis) else case.topic.arn


def _compared(pair: PolicyPair, instances: Sequence[Arn]) -> DeployedDifference:
    found = _deployments(pair)
    sides = [(pair.old.deployed(one), pair.new.deployed(one)) for one in found.ways]
    results = [_in_deployment(pair.status, *side, instances) for side in sides]
    merged = _Merger(pair, found, results).merged()
    arns = [(_arn(old), _arn(new)) for old, new in sides]
    differing = [isinstance(one, Arn) and isinstance(two, Arn) and one != two for one, two in arns]
    doubts = [*pair.doubts, *merged.doubts]
    if any(differing) and not all(differing):
        doubts.append(Unknown("whether the ARN changes depends on the deployment"))
    words = [found.default.reworded(str(one)) for one in arns[0]]
    return merged._replace(
        doubts=tuple(dict.fromkeys(doubts)), arns=(words[0], words[1]) if all(differing) else None
    )


def _deployments(pair: PolicyPair) -> Deployments:
    """Return the deployments that represent all deployments of both sides.

    An instance that both sides name by a symbol is in the account that its statement pins, so each side is asked.
    The other side of an added or removed resource has AWS's default policy, so that its text alone tells nothing.
    """
    if not (pair.old.has_symbols or pair.new.has_symbols):
        return NO_SYMBOLS
    first, second = pair.new.facts, pair.old.facts
    joint = (_joint(first, second), _joint(second, first))
    found, others = (deployments(one._replace(versions=(second, first))) for one in joint)
    known = [_outline(one) for one in found.tried]
    more = [one for one in others.tried if _outline(one) not in known]
    if not more:
        return found
    tried = (*_with_choice(found.tried, "the new"), *_with_choice(more, "the old"))
    return found._replace(tried=tried, choices=tuple(dict.fromkeys((*found.choices, *others.choices))))


def _outline(way: Deployment) -> dict[Name, str]:
    """Return the values of a deployment, with names in place of the fresh IDs, accounts and names."""
    fresh = [(value, name) for value, name in way.shown if not value.startswith("arn:")]
    return {symbol: _replaced(value, fresh) for symbol, value in way.values.items()}


def _replaced(text: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Replace several texts at once, so that no replacement is replaced again."""
    if not pairs:
        return text
    values = dict(pairs)
    pattern = "|".join(re.escape(one) for one in sorted(values, key=len, reverse=True))
    return re.sub(pattern, lambda match: values[match[0]], text)


def _with_choice(ways: Iterable[Deployment], side: str) -> Iterator[Deployment]:
    choice = ("account of the instance", f"the one in {side} policy")
    return (one._replace(choices=(*one.choices, choice)) for one in ways)


def _joint(first: Facts, second: Facts) -> Facts:
    """Return the facts of one side, with the texts of the other."""
    arn = second.topic.arn if second.key is None else second.key.arn
    topic = first.topic._replace(policy=_united(first.topic.policy, second.topic.policy, arn))
    key = first.key
    if key is not None and second.key is not None:
        key = key._replace(policy=_united(key.policy, second.key.policy, arn))
    home = topic.home
    opened = (*first.open_instances, *(one._replace(home=home) for one in second.open_instances))
    pairings = tuple(dict.fromkeys((*first.pairings, *second.pairings)))
    once = {one.arn: one for one in reversed(opened)}
    return Facts(topic, key, pairings, Inventory(open_instances=tuple(once.values())))


def _united(
    first: PolicyText | Unknown, second: PolicyText | Unknown, arn: Arn | Unknown
) -> PolicyText | Unknown:
    """Join the statements of two policies, with a statement that names the ARN of the second resource."""
    if isinstance(first, Unknown) or isinstance(second, Unknown):
        return first
    resources = Patterns(RESOURCE, (arn,) if isinstance(arn, Unknown) else ())
    named = Statement(0, "", ALLOW, _COMPARED, _COMPARED, resources, ())
    statements = (*first.policy.statements, *second.policy.statements, named, _COMPARED)
    return first._replace(policy=first.policy._replace(statements=statements))


def _in_deployment(status: str, old: Case, new: Case, instances: Sequence[Arn]) -> Difference:
    target = _target(new, old)
    named = tuple(dict.fromkeys((*instances, *new.instances, *old.instances)))
    found = difference(about_target(old, target), about_target(new, target), target, named)
    if status == ADDED:
        return found._replace(lost=())
    return found._replace(gained=()) if status == REMOVED else found


def _target(new: Case, old: Case) -> Target:
    """Return the resource of the requests, from the side that knows it."""
    target = next((one.target for one in (new, old) if isinstance(one.target.account, str)), new.target)
    if target.resource == "*" and isinstance(new, KeyAnalysis):
        return target._replace(resource=KEY_ARN)
    return target


def about_target(case: Case, target: Target) -> Policy:
    """Return the policy with the resource's own ARN, or its reference to itself, replaced by the target's name."""
    own = {case.target.resource, case.symbol} - {"", "*"}

    def replace(role: str, value: Value) -> Value:
        return target.resource if role == RESOURCE and value in own else value

    return case.policy.with_values(replace)


class _Merger:
    """Merges the differences of a pair in all deployments."""

    def __init__(self, pair: PolicyPair, found: Deployments, results: Sequence[Difference]) -> None:
        self.pair = pair
        self.found = found
        ways = zip(found.ways, results, strict=True)
        self.changes = [list(_accesses(deployment, result)) for deployment, result in ways]
        policies = pair.old.policy, pair.new.policy
        texts = {one for one in within(policies, str, Symbol) if isinstance(one, str)}
        values = frozenset(found.ways[0].values.values())
        self.named = frozenset(one for one in values if any(one in text for text in texts))
        self.claims = [{_claim(one) for one in changes} for changes in self.changes]
        self.doubts = [
            doubt._replace(reason=way.reworded(doubt.reason), where=way.reworded(doubt.where))
            for way, result in zip(found.ways, results, strict=True)
            for doubt in result.doubts
        ]

    def merged(self) -> DeployedDifference:
        certain, dependent = [], []
        for one in self.changes[0]:
            missing = [way for way in range(1, len(self.claims)) if not self._holds(one, way)]
            if missing:
                dependent.append(self._dependent(one, 0, missing))
            else:
                certain.append(one)
        dependent += self._of_other_deployments()
        if not self.found.tried:
            self.doubts.append(Unknown(self.found.too_many))
        return DeployedDifference(
            self.pair,
            tuple(one for one in certain if one.is_gain),
            tuple(one for one in certain if not one.is_gain),
            tuple(dependent),
            tuple(dict.fromkeys(self.doubts)),
            self.found.assumptions,
            differs=all(self.changes),
            gains=all(any(one.is_gain for one in changes) for changes in self.changes),
            loses=all(any(not one.is_gain for one in changes) for changes in self.changes),
        )

    def _holds(self, one: DeployedAccess, way: int) -> bool:
        return _claim(one, self._values(way)) in self.claims[way]

    def _values(self, way: int) -> list[tuple[str, str]]:
        """Return the values of the default deployment with those of another, except what the policies themselves name.

        A text of a policy is the same in every deployment, also if it equals the value of a symbol.
        """
        first, other = self.found.ways[0], self.found.ways[way]
        return [
            (value, other.values[name])
            for name, value in first.values.items()
            if name in other.values and value not in self.named
        ]

    def _of_other_deployments(self) -> Iterator[DeployedAccess]:
        """Yield the changes that the default deployment does not have, each with the first deployment that has it."""
        seen: set[tuple[bool, str]] = set()
        for way in range(1, len(self.changes)):
            expected = {_claim(one, self._values(way)) for one in self.changes[0]}
            for one in self.changes[way]:
                words = one.is_gain, self.found.neutral(one.sentence)
                if _claim(one) not in expected and words not in seen:
                    seen.add(words)
                    yield self._dependent(one, way, [0])

    def _dependent(self, one: DeployedAccess, way: int, others: Sequence[int]) -> DeployedAccess:
        """Describe a deployment with the change, and the most similar one without it, by their differences."""
        choices = set(self.found.ways[way].choices)
        different = (set(self.found.ways[other].choices) - choices for other in others)
        without = min(different, key=len)
        names = {name for name, _ in without}
        when = [f"`{name}` is {value}" for name, value in self.found.ways[way].choices if name in names]
        when_not = [f"`{name}` is {value}" for name, value in sorted(without)]
        return one._replace(when=" and ".join(when), when_not=" and ".join(when_not))


def _accesses(deployment: Deployment, found: Difference) -> Iterator[DeployedAccess]:
    yield from (DeployedAccess(one, deployment, is_gain=True) for one in found.gained)
    yield from (DeployedAccess(one, deployment, is_gain=False) for one in found.lost)


def _claim(one: DeployedAccess, values: Sequence[tuple[str, str]] = ()) -> tuple[bool, Claim]:
    """Return what an access change says, with other values for the symbols."""
    access, party = one.access, one.access.party
    name, account = _replaced(party.name, values), _replaced(party.account, values)
    requests = (frozenset(access.actions), access.partly, access.needs_identity_policy)
    return one.is_gain, (party.kind, name, account, *requests)
