"""Compares the access that two policies allow: newly allowed and no longer allowed, each with a witness request.

The result is exact. Each reported access has a request that one policy allows and the other does not. The
comparison is complete, except for the reported doubts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.callers import ANY_ACCOUNT, IMPLIED_BY, SOME, CallerGroup, CallerGroups
from checker.analysis.identity_access import identity_callers, with_identity_policy
from checker.analysis.wording import caller_of
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request
from checker.iam.prove.domain import EXHAUSTED, ExhaustedError
from checker.iam.prove.gain import Gain
from checker.iam.prove.partial_policy import FREE, prepare
from checker.iam.prove.universe import MEMBER, PRINCIPAL, SESSION, action_classes, representatives_of
from checker.policy.model import Statement
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.core.arn import Arn
    from checker.iam.decide.decide import Decision
    from checker.iam.prove.domain import Budget
    from checker.iam.prove.partial_policy import PreparedPolicies
    from checker.iam.prove.space import Space, Target
    from checker.iam.prove.universe import Representative
    from checker.policy.model import Policy


_MOST = 4


class Access(NamedTuple):
    """Requests of a caller group, for some actions, that one policy allows and the other does not.

    ``partly`` is true if this holds only for some of the group's requests. ``witness`` is one of them, with the
    first of the actions; the other actions have the same result. ``allowed`` and ``refused`` are the decisions of
    the two policies about it. ``spaces`` contain all requests of the group, one space for each action.
    ``needs_identity_policy`` is true if only a Deny makes the difference: the caller has the access if an identity
    policy of the topic's account allows it, and no statement denies it.
    """

    party: CallerGroup
    actions: tuple[str, ...]
    partly: bool
    witness: Request
    allowed: Decision
    refused: Decision
    spaces: tuple[Space, ...]
    needs_identity_policy: bool = False

    @property
    def who(self) -> str:
        """The label of the caller group."""
        return self.party.label

    @property
    def sentence(self) -> str:
        """A description, such as `sns:Publish by Connect for instance I of account A`."""
        limited = self.partly and self.party.kind != SOME
        return f"{format_actions(self.actions)} by {self.who}{' in some cases' * limited}{self.proviso}"

    @property
    def proviso(self) -> str:
        """The end of a sentence about access that an identity policy must allow; empty for other access."""
        return ", if an identity policy allows it" * self.needs_identity_policy


def most_actions(actions: Sequence[str]) -> tuple[str, ...]:
    """Return a pattern for all actions of a service, with up to three exceptions; empty for fewer actions."""
    given = set(actions)
    for known in (TOPIC_ACTIONS, KEY_ACTIONS):
        others = [one for one in known if one not in given]
        if given <= set(known) and len(others) <= _MOST_EXCEPTIONS < len(given):
            pattern = f"{known[0].partition(':')[0]}:*"
            return (f"{pattern} except", *others) if others else (pattern,)
    return ()


def with_families(actions: Sequence[str]) -> tuple[str, ...]:
    """Replace actions by a pattern such as `kms:GenerateDataKey*` if more than two are all actions that it matches."""
    given = set(actions)
    for first in actions:
        family = {one for one in (*TOPIC_ACTIONS, *KEY_ACTIONS) if one.startswith(first)}
        if len(family) > 2 and family <= given:
            given = given - family | {first}
            actions = [f"{first}*" if one == first else one for one in actions if one in given]
    return tuple(actions)


def format_actions(actions: Sequence[str]) -> str:
    """List actions, or the first few and the number of the others."""
    if set(actions) in (set(TOPIC_ACTIONS), set(KEY_ACTIONS)):
        return f"{actions[0].partition(':')[0]}:*"
    more = f" and {len(actions) - _MOST} more" if len(actions) > _MOST else ""
    return ", ".join(actions[:_MOST]) + more


_MOST_EXCEPTIONS = 3


def joined(found: Iterable[Access], named: Collection[str], gain: Gain) -> tuple[Access, ...]:
    """Merge the actions of each caller group, and drop groups within a larger group with the same access.

    ``named`` are the ARNs of all principals that were checked by name.
    """
    accesses: list[Access] = []
    for access in found:
        at = next((at for at, other in enumerate(accesses) if _alike(other, access, gain)), None)
        if at is None:
            accesses.append(access)
        else:
            accesses[at] = _with_actions(accesses[at], access)
    kept = [one for one in accesses if not any(_implies(other, one, gain) for other in accesses)]
    return tuple(_with_label(access, accesses, named) for access in kept)


def _with_actions(one: Access, other: Access) -> Access:
    return one._replace(actions=one.actions + other.actions, spaces=one.spaces + other.spaces)


def _implies(large: Access, small: Access, gain: Gain) -> bool:
    """True if the access of the large group includes the access of the small one."""
    if not _includes(large, small):
        return False
    pairs = zip(large.spaces, small.spaces, strict=True)
    return not large.partly or all(
        gain.is_shared((large.witness, its), (small.witness, theirs)) for its, theirs in pairs
    )


def _alike(one: Access, other: Access, gain: Gain) -> bool:
    """True if the witness of one access also proves the other."""
    if (one.party, one.partly) != (other.party, other.partly):
        return False
    return gain.holds(one.witness._replace(action=other.witness.action)) is True


def _includes(large: Access, small: Access) -> bool:
    """True if the small group is part of the large one, and has the same actions, always or in some cases."""
    if (large.actions, large.partly) != (small.actions, small.partly):
        return False
    group, member = large.party, small.party
    if group.kind in IMPLIED_BY.get(member.kind, ()):
        return True
    if group.kind == ANY_ACCOUNT:
        return member.kind in (PRINCIPAL, SESSION, MEMBER)
    if group.kind == MEMBER:
        return member.kind in (PRINCIPAL, SESSION) and member.account == group.account
    return group.kind == PRINCIPAL and member.kind == SESSION and member.name == group.name


def _with_label(access: Access, accesses: Iterable[Access], named: Collection[str]) -> Access:
    """Label the members of an account as "other" principals if a named one does not have the same access."""
    group = access.party
    if group.kind != MEMBER:
        return access
    included = {one.party.name for one in accesses if _includes(access, one)}
    others = [name for name in named if f"::{group.account}:" in name and name not in included]
    label = f"any other principal of account {group.account}"
    return access._replace(party=group._replace(label=label)) if others else access


class Difference(NamedTuple):
    """The access that only the new policy allows, the access that only the old one allows, and doubts."""

    gained: tuple[Access, ...]
    lost: tuple[Access, ...]
    doubts: tuple[Unknown, ...]

    @property
    def same(self) -> bool | Unknown:
        """True if the policies allow the same requests; Unknown if there is no difference, but a doubt."""
        if self.gained or self.lost:
            return False
        return self.doubts[0] if self.doubts else True


def joined_differences(found: Sequence[Difference]) -> Difference:
    """Merge the differences of one change for several resources, each sentence once."""
    return Difference(
        _once(access for one in found for access in one.gained),
        _once(access for one in found for access in one.lost),
        tuple(dict.fromkeys(doubt for one in found for doubt in one.doubts)),
    )


def _once(accesses: Iterable[Access]) -> tuple[Access, ...]:
    by_sentence: dict[str, Access] = {}
    for access in accesses:
        by_sentence.setdefault(access.sentence, access)
    return tuple(by_sentence.values())


def difference(
    old: Policy,
    new: Policy,
    target: Target,
    instances: Sequence[Arn] = (),
    whole: Budget | None = None,
    *,
    only_gained: bool = False,
) -> Difference:
    """Compare two policies of one topic or key over all requests about it.

    ``whole`` is the shared budget of this comparison and others. ``instances`` are reported by name, in addition to
    those that the policies name. An unknown value with the same name in both policies counts as equal. With
    ``only_gained``, only the access that the new policy itself allows, and the old one does not, is looked for.
    """
    gain = Gain(old, new, whole)
    loss = Gain(new, old, gain.budget)
    groups = CallerGroups.of((old, new), target, instances)
    representatives = representatives_of(groups.policies, target.partition, target.account)
    named = [representative.arn for representative in representatives if representative.kind == PRINCIPAL]
    sides = [_Side(direction, groups) for direction in ((gain,) if only_gained else (gain, loss))]
    classes = action_classes(groups.policies, target)
    exhausted: list[Unknown] = []
    is_about_identities = not only_gained and not classes[0][0].startswith("kms:")
    identity = _IdentitySides(old, new, groups, gain.budget) if is_about_identities else None
    try:
        _search(sides, representatives, classes)
        if identity is not None:
            identity.search(representatives, classes)
    except ExhaustedError:
        exhausted.append(EXHAUSTED)
    own = identity.difference(named) if identity is not None else Difference((), (), ())
    found = (*_unsupported(gain), *(one for side in sides for one in side.doubts), *own.doubts, *exhausted)
    gained, *lost = (side.accesses(named) for side in sides)
    return Difference(
        (*gained, *own.gained), (*(lost[0] if lost else ()), *own.lost), tuple(dict.fromkeys(found))
    )


def _search(
    sides: Sequence[_Side], representatives: Iterable[Representative], classes: Iterable[tuple[str, ...]]
) -> None:
    """Compare the policies for each caller and each class of actions. Raises ExhaustedError."""
    for representative in representatives if any(side.gain.narrowed for side in sides) else ():
        for actions in classes:
            sides[0].gain.budget.spend(_SPACE * len(sides[0].groups.words))
            _compare(sides, representative, actions)


_SPACE = 6
"""Units of work for each word of the policies, to build the spaces of a caller."""


def _compare(sides: Sequence[_Side], representative: Representative, actions: tuple[str, ...]) -> None:
    """Compare the policies for one caller in both directions, which share the prepared policies."""
    prepared = None
    groups = sides[0].groups
    start = Request(representative.caller, actions[0], groups.target.resource, {})
    sides = [side for side in sides if not side.gain.cannot_gain(start)]
    if not sides:
        return
    whole = groups.space(representative, actions[0])
    for side in sides:
        possible = side.gain.possible(whole)
        if not possible and not groups.irregular:
            continue
        prepared = prepared or prepare(whole, *sides[0].gain.policies)
        ordered = prepared if side.gain.policies[0] is prepared.policies[0] else prepared.reversed()
        side.compare(representative, actions, ordered, whole if possible else None)


class _Side:
    """One direction of the comparison, with its results."""

    def __init__(self, gain: Gain, groups: CallerGroups) -> None:
        self.gain = gain
        self.groups = groups
        self.found: list[Access] = []
        self.doubts: list[Unknown] = []
        self.order: dict[CallerGroup, int] = {}

    def decisions(self, witness: Request) -> tuple[Decision, Decision]:
        """Return the decisions of the policy that refuses a request, and of the one that allows it."""
        refused, allowed = (decide(policy, witness) for policy in self.gain.policies)
        return refused, allowed

    def compare(
        self,
        representative: Representative,
        actions: tuple[str, ...],
        prepared: PreparedPolicies,
        whole: Space | None,
    ) -> None:
        """Check each of the caller's groups, and the whole space if no group has a result.

        Without ``whole``, only the groups that the whole space does not include are checked.
        """
        before = len(self.found) + len(self.doubts)
        kinds: set[str] = set()
        for group, space in self.groups.split(representative, actions[0]):
            self.order.setdefault(group, len(self.order))
            implied = not kinds.isdisjoint(IMPLIED_BY.get(group.kind, ()))
            if not implied and (whole or group.name in self.groups.irregular):
                kinds.update(self._check(group, actions, prepared, space))
        if whole and before == len(self.found) + len(self.doubts):
            self._check(None, actions, prepared, whole)

    def accesses(self, named: Collection[str]) -> tuple[Access, ...]:
        """Return the results in the order of the groups."""
        last = len(self.order)
        found = sorted(self.found, key=lambda one: self.order.get(one.party, last))
        return joined(found, named, self.gain)

    def _check(
        self, group: CallerGroup | None, actions: tuple[str, ...], prepared: PreparedPolicies, space: Space
    ) -> tuple[str, ...]:
        """Check one group, or any caller; return its kind if the result holds for all its requests."""
        truth, witness = self.gain.ask(prepared, space)
        if isinstance(truth, Unknown):
            self.doubts.append(_VARIABLE if truth is FREE else truth)
        if witness is None:
            return ()
        refused, allowed = self.decisions(witness)
        partly = not self.gain.is_whole(prepared, space)
        group = group or CallerGroup(SOME, caller_of(witness))
        self.found.append(Access(group, actions, partly, witness, allowed, refused, (space,)))
        return () if partly else (group.kind,)


class _IdentitySide(_Side):
    """One direction of the comparison for callers that an identity policy may allow."""

    def __init__(self, old: Policy, new: Policy, groups: CallerGroups, budget: Budget) -> None:
        super().__init__(Gain(*with_identity_policy(old, new), budget), groups)
        self.compared = (old, new)

    def decisions(self, witness: Request) -> tuple[Decision, Decision]:
        """Return the decisions of the compared policies, without an identity policy."""
        refused, allowed = (decide(policy, witness) for policy in self.compared)
        return refused, allowed

    def accesses(self, named: Collection[str]) -> tuple[Access, ...]:
        """Return the results, each with the mark that an identity policy must allow it."""
        return tuple(one._replace(needs_identity_policy=True) for one in super().accesses(named))


class _IdentitySides:
    """Both directions of the comparison for callers of the topic's account that an identity policy may allow."""

    def __init__(self, old: Policy, new: Policy, groups: CallerGroups, budget: Budget) -> None:
        self.account = groups.target.account
        self.sides = [_IdentitySide(*pair, groups, budget) for pair in ((old, new), (new, old))]

    def search(self, representatives: Iterable[Representative], classes: Iterable[tuple[str, ...]]) -> None:
        """Compare the policies for the callers of the topic's account. Raises ExhaustedError."""
        callers = identity_callers(representatives, self.account)
        for side in self.sides:
            _search([side], callers, classes)

    def difference(self, named: Collection[str]) -> Difference:
        """Return the results; those of a topic of an unknown account are doubts, because no caller may be of it."""
        gained, lost = (side.accesses(named) for side in self.sides)
        doubts = [doubt for side in self.sides for doubt in side.doubts]
        if isinstance(self.account, Unknown):
            doubts += [_of_unknown_account(one) for one in (*gained, *lost)]
            gained = lost = ()
        return Difference(gained, lost, tuple(doubts))


def _of_unknown_account(access: Access) -> Unknown:
    denies = (
        one.statement.title for one in access.refused.decisive() if isinstance(one.statement, Statement)
    )
    return Unknown(f"{next(denies)} may deny callers of the topic's own account, which is not known")


_VARIABLE = Unknown("the value of a policy variable, which may be one of many")


def _unsupported(gain: Gain) -> Iterator[Unknown]:
    """Yield the principals in changed statements whose type the comparison does not support."""
    for statement in (*gain.removed, *gain.added):
        for entry in statement.principal_entries if isinstance(statement, Statement) else ():
            if entry.type in _OTHER_TYPES and not isinstance(entry.value, Unknown):
                yield Unknown(f"the access of a principal of type {entry.type}", entry.value)


_OTHER_TYPES = ("Federated", "CanonicalUser")
