"""Compares the policies of a topic or key of code before and after a change, in all deployments.

A reference that both sides have is one symbol. The symbols of both sides are varied together, so that a result
holds in every deployment, or depends on the deployment with an example of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.access_diff import Difference, difference
from checker.analysis.deployment_search import deployments
from checker.analysis.deployments import NO_SYMBOLS, Deployment, Facts
from checker.analysis.inventory import Inventory, PolicyText
from checker.analysis.key import KeyAnalysis
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.iam.prove.gain import changed
from checker.policy.model import ALLOW, RESOURCE, Patterns, Policy, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.access_diff import Access
    from checker.analysis.deployments import Assumption, Deployments
    from checker.analysis.topic import TopicAnalysis
    from checker.core.errors import Skipped
    from checker.iam.prove.space import Target
    from checker.policy.model import Value

    Case = TopicAnalysis | KeyAnalysis
    Claim = tuple[str, str, str, frozenset[str], bool]


COMPARED, ADDED, REMOVED = "compared", "added", "removed"
_KEY_ARN = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-4000-8000-000000000000"
"""Represents a key without a known ARN, since key policies name it `*`."""
_COMPARED = Unknown("the statements of two policies")
"""Makes the search try all combinations of instances, as if a policy could also deny them access."""


class PolicyPair(NamedTuple):
    """A topic or key before and after a change.

    For an added or removed resource, the other side is the resource with the policy that AWS gives to a new one.
    ``doubts`` are reasons why a policy may not be in force. The places are files with lines, empty on the side that
    does not have the resource.
    """

    old: Case
    new: Case
    name: str
    status: str = COMPARED
    doubts: tuple[Unknown, ...] = ()
    old_name: str = ""
    old_place: str = ""
    new_place: str = ""

    @property
    def kind(self) -> str:
        """Return the kind of resource: `key` or `topic`."""
        return "key" if isinstance(self.new, KeyAnalysis) else "topic"


class DeployedAccess(NamedTuple):
    """Access in one deployment. ``when`` and ``when_not`` describe the deployments, if it depends on them."""

    access: Access
    deployment: Deployment
    is_gain: bool
    when: str = ""
    when_not: str = ""

    def worded(self, text: str) -> str:
        """Name the symbols of the deployment instead of their values."""
        return self.deployment.reworded(text)

    @property
    def sentence(self) -> str:
        """A description of the access."""
        return self.worded(self.access.sentence)


class DeployedDifference(NamedTuple):
    """The access changes of a topic or key: in every deployment, in some of them, and what is not known.

    ``differs`` is true if access changes in every deployment, perhaps not the same access. ``arns`` are the old and
    the new ARN if they differ in every deployment.
    """

    pair: PolicyPair
    gained: tuple[DeployedAccess, ...] = ()
    lost: tuple[DeployedAccess, ...] = ()
    dependent: tuple[DeployedAccess, ...] = ()
    doubts: tuple[Unknown, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    differs: bool = False
    arns: tuple[str, str] | None = None

    @property
    def same(self) -> bool | Unknown:
        """True if both sides allow the same requests in every deployment; Unknown if that is not proven."""
        if self.differs or self.pair.status != COMPARED or self.arns:
            return False
        if self.dependent:
            return Unknown("depends on the deployment")
        return self.doubts[0] if self.doubts else True


class ComparedRoots(NamedTuple):
    """The differences of all topics and keys of two inputs, and the parts that were not read."""

    resources: tuple[DeployedDifference, ...]
    unread: tuple[Skipped, ...] = ()

    @property
    def same(self) -> bool | Unknown:
        """True if all topics and keys allow the same requests; Unknown if that is not proven."""
        results = [one.same for one in self.resources]
        if False in results:
            return False
        doubts = [one for one in results if isinstance(one, Unknown)]
        doubts += [Unknown(one.reason, one.what) for one in self.unread]
        return doubts[0] if doubts else True


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
    """Return the deployments that represent all deployments of both sides."""
    if not (pair.old.has_symbols or pair.new.has_symbols):
        return NO_SYMBOLS
    return deployments(_joint(pair.old.facts, pair.new.facts))


def _joint(old: Facts, new: Facts) -> Facts:
    """Return facts with the texts of both sides."""
    arn = old.topic.arn if old.key is None else old.key.arn
    topic = new.topic._replace(policy=_united(old.topic.policy, new.topic.policy, arn))
    key = new.key
    if key is not None and old.key is not None:
        key = key._replace(policy=_united(old.key.policy, key.policy, arn))
    home = topic.home
    opened = (*new.open_instances, *(one._replace(home=home) for one in old.open_instances))
    pairings = tuple(dict.fromkeys((*new.pairings, *old.pairings)))
    once = {one.arn: one for one in reversed(opened)}
    return Facts(topic, key, pairings, Inventory(open_instances=tuple(once.values())))


def _united(
    old: PolicyText | Unknown, new: PolicyText | Unknown, old_arn: Arn | Unknown
) -> PolicyText | Unknown:
    """Join the statements of two policies, with a statement that names the old ARN."""
    if isinstance(old, Unknown) or isinstance(new, Unknown):
        return new
    resources = Patterns(RESOURCE, (old_arn,) if isinstance(old_arn, Unknown) else ())
    named = Statement(0, "", ALLOW, _COMPARED, _COMPARED, resources, ())
    statements = (*new.policy.statements, *old.policy.statements, named, _COMPARED)
    return new._replace(policy=new.policy._replace(statements=statements))


def _in_deployment(status: str, old: Case, new: Case, instances: Sequence[Arn]) -> Difference:
    target = _target(new, old)
    named = tuple(dict.fromkeys((*instances, *new.instances, *old.instances)))
    found = difference(_about(old, target), _about(new, target), target, named)
    if status == ADDED:
        return found._replace(lost=())
    return found._replace(gained=()) if status == REMOVED else found


def _target(new: Case, old: Case) -> Target:
    """Return the resource of the requests, from the side that knows it."""
    target = next((one.target for one in (new, old) if isinstance(one.target.account, str)), new.target)
    if target.resource == "*" and isinstance(new, KeyAnalysis):
        return target._replace(resource=_KEY_ARN)
    return target


def _about(case: Case, target: Target) -> Policy:
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
        self.claims = [{_claim(one) for one in changes} for changes in self.changes]
        self.doubts = [
            doubt._replace(reason=way.reworded(doubt.reason), where=way.reworded(doubt.where))
            for way, result in zip(found.ways, results, strict=True)
            for doubt in result.doubts
        ]

    def merged(self) -> DeployedDifference:
        certain, dependent = [], []
        for one in self.changes[0]:
            missing = next((way for way in range(1, len(self.claims)) if not self._holds(one, way)), None)
            if missing is None:
                certain.append(one)
            else:
                dependent.append(self._dependent(one, 0, missing))
        dependent += self._of_other_deployments()
        if not self.found.tried:
            self.doubts.append(Unknown(f"too many deployments to try: {self.found.number}"))
        return DeployedDifference(
            self.pair,
            tuple(one for one in certain if one.is_gain),
            tuple(one for one in certain if not one.is_gain),
            tuple(dependent),
            tuple(dict.fromkeys(self.doubts)),
            tuple(one for one in self.found.assumptions if one.values),
            differs=all(self.changes),
        )

    def _holds(self, one: DeployedAccess, way: int) -> bool:
        return _claim(one, _values(self.found.ways[0], self.found.ways[way])) in self.claims[way]

    def _of_other_deployments(self) -> Iterator[DeployedAccess]:
        """Yield the changes that the default deployment does not have, each with the first deployment that has it."""
        seen: set[tuple[bool, str]] = set()
        for way in range(1, len(self.changes)):
            values = _values(self.found.ways[0], self.found.ways[way])
            expected = {_claim(one, values) for one in self.changes[0]}
            for one in self.changes[way]:
                words = one.is_gain, self.found.neutral(one.sentence)
                if _claim(one) not in expected and words not in seen:
                    seen.add(words)
                    yield self._dependent(one, way, 0)

    def _dependent(self, one: DeployedAccess, way: int, other: int) -> DeployedAccess:
        ways = self.found.ways
        return one._replace(when=ways[way].described, when_not=ways[other].described)


def _accesses(deployment: Deployment, found: Difference) -> Iterator[DeployedAccess]:
    yield from (DeployedAccess(one, deployment, is_gain=True) for one in found.gained)
    yield from (DeployedAccess(one, deployment, is_gain=False) for one in found.lost)


def _claim(one: DeployedAccess, values: Iterable[tuple[str, str]] = ()) -> tuple[bool, Claim]:
    """Return what an access change says, with other values for the symbols."""
    party = one.access.party
    name, account = party.name, party.account
    for value, other in values:
        name, account = name.replace(value, other), account.replace(value, other)
    return one.is_gain, (party.kind, name, account, frozenset(one.access.actions), one.access.partly)


def _values(first: Deployment, other: Deployment) -> list[tuple[str, str]]:
    """Return the values of one deployment with those of another, the longest first."""
    pairs = {(value, other.values[name]) for name, value in first.values.items() if name in other.values}
    return sorted(((one, two) for one, two in pairs if one != two), key=lambda pair: -len(pair[0]))
