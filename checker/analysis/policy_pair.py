"""A topic or key on both sides of a change, and the access changes between its policies in all deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployments import Assumption
from checker.analysis.key import KeyAnalysis
from checker.core.record import NamedTuple
from checker.core.unknown import Symbol, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.access_diff import Access
    from checker.analysis.deployments import Deployment
    from checker.analysis.topic import TopicAnalysis
    from checker.core.errors import Skipped

    Case = TopicAnalysis | KeyAnalysis


COMPARED, ADDED, REMOVED = "compared", "added", "removed"


class PolicyPair(NamedTuple):
    """A topic or key before and after a change.

    For an added or removed resource, the other side is the resource with the policy that AWS gives to a new one.
    ``doubts`` are reasons why a policy may not be in force. The places are files with lines, empty on the side that
    does not have the resource. ``file`` and ``line`` are the place in the new input, or the last one in the old input.
    ``assumed`` is what the comparison takes for granted. ``values`` is the values file of the comparison, which the name
    ends with.
    """

    old: Case
    new: Case
    name: str
    status: str = COMPARED
    doubts: tuple[Unknown, ...] = ()
    old_name: str = ""
    old_place: str = ""
    new_place: str = ""
    file: str = ""
    line: int = 1
    assumed: tuple[str, ...] = ()
    values: str = ""

    @property
    def plain_name(self) -> str:
        """Return the name without the values file."""
        return self.name.removesuffix(f" ({self.values})") if self.values else self.name

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

    ``differs`` is true if access changes in every deployment, perhaps not the same access; so are ``gains`` and
    ``loses``, if some caller gains or loses access. ``arns`` are the old and the new ARN if they differ in every
    deployment.
    """

    pair: PolicyPair
    gained: tuple[DeployedAccess, ...] = ()
    lost: tuple[DeployedAccess, ...] = ()
    dependent: tuple[DeployedAccess, ...] = ()
    doubts: tuple[Unknown, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    differs: bool = False
    gains: bool = False
    loses: bool = False
    arns: tuple[str, str] | None = None

    @property
    def same(self) -> bool | Unknown:
        """True if both sides allow the same requests in every deployment; Unknown if that is not proven."""
        if self.differs or self.pair.status != COMPARED or self.arns:
            return False
        if self.dependent:
            return Unknown("depends on the deployment")
        return self.doubts[0] if self.doubts else True

    @property
    def sentences(self) -> frozenset[tuple[bool, str]]:
        """What changes in some deployment: whether it is a gain, in words."""
        return frozenset((one.is_gain, one.sentence) for one in (*self.gained, *self.lost, *self.dependent))

    def changes(self, *, gain: bool) -> bool | Unknown:
        """True if some caller gains access in every deployment, or loses it; Unknown if that is not excluded.

        With a new ARN, the callers have the same access to another topic or key.
        """
        if self.gains if gain else self.loses:
            return True
        if any(one.is_gain is gain for one in self.dependent):
            return Unknown("depends on the deployment")
        if self.arns:
            return Unknown("the ARN is another one", self.arns[1])
        return self.doubts[0] if self.doubts else False


class Base(NamedTuple):
    """What a working tree is compared with: a revision as it was given, and the commit that it stands for."""

    revision: str
    commit: str


class ComparedRoots(NamedTuple):
    """The differences of all topics and keys of two inputs, and the parts that were not read.

    ``untouched`` were not read either, and the change cannot affect them. ``compared`` says what the sides are, in words, and
    ``base`` is the old side of a change.
    """

    resources: tuple[DeployedDifference, ...]
    unread: tuple[Skipped, ...] = ()
    untouched: tuple[Skipped, ...] = ()
    compared: str = ""
    base: Base | None = None

    @property
    def same(self) -> bool | Unknown:
        """True if all topics and keys allow the same requests; Unknown if that is not proven."""
        changed = self._any(
            one.same if isinstance(one.same, Unknown) else not one.same for one in self.resources
        )
        return changed if isinstance(changed, Unknown) else not changed

    @property
    def _by_pair(self) -> dict[tuple[str, ...], DeployedDifference]:
        return {_about(one.pair): one for one in self.resources}

    def with_other_values(self, others: ComparedRoots) -> ComparedRoots:
        """Return the differences of ``others``, for which defaults were not used, where they have more changes."""
        found = others._by_pair
        resources = (
            other if (other := found.get(_about(one.pair))) and other.sentences - one.sentences else one
            for one in self.resources
        )
        return self._replace(resources=tuple(resources))

    def with_defaults_assumed(self, others: ComparedRoots) -> ComparedRoots:
        """State the defaults without which access changes; ``others`` are the differences if none is taken."""
        found = others._by_pair
        resources = (
            one._replace(assumptions=(*one.assumptions, *_defaults(found.get(_about(one.pair)))))
            if one.same is True
            else one
            for one in self.resources
        )
        return self._replace(resources=tuple(resources))

    def changes(self, *, gain: bool) -> bool | Unknown:
        """True if some caller gains access in every deployment, or loses it; Unknown if that is not excluded."""
        return self._any(one.changes(gain=gain) for one in self.resources)

    def _any(self, answers: Iterable[bool | Unknown]) -> bool | Unknown:
        """True if one answer is true; Unknown if one is not known, or a part was not read."""
        found = list(answers)
        if True in found:
            return True
        doubts = [one for one in found if isinstance(one, Unknown)]
        doubts += [Unknown(one.reason, one.what) for one in self.unread]
        return doubts[0] if doubts else False


def _defaults(other: DeployedDifference | None) -> Iterator[Assumption]:
    """Yield what is assumed of the variables and parameters on which a difference depends."""
    dependent = other.dependent if other is not None else ()
    texts = [f"{one.when} {one.when_not}" for one in dependent]
    names = dict.fromkeys(name for one in dependent for name, _ in one.deployment.choices)
    for name in names:
        if any(f"`{name}` is" in text for text in texts):
            yield Assumption(Symbol(name), (), "has its default; with another value, access changes")


def _about(pair: PolicyPair) -> tuple[str, ...]:
    return pair.name, pair.old_name, pair.status, pair.values
