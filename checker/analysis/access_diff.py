"""Who gains and who loses access between two policies, each with a request that shows it.

Exact, as every proof here is: nobody is named without a request that one policy allows and the other does
not, and nobody is left out but where something is said to be in doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.callers import ANYBODY, IMPLIED_BY, SOME, CallerGroup, CallerGroups
from checker.analysis.wording import caller_of
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request
from checker.iam.prove.domain import EXHAUSTED, ExhaustedError
from checker.iam.prove.gain import Gain
from checker.iam.prove.partial_policy import FREE, prepare
from checker.iam.prove.universe import MEMBER, PRINCIPAL, SESSION, action_classes, askers
from checker.policy.model import Statement
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from checker.core.arn import Arn
    from checker.iam.decide.decide import Decision
    from checker.iam.prove.domain import Budget
    from checker.iam.prove.partial_policy import Prepared
    from checker.iam.prove.space import Space, Target
    from checker.iam.prove.universe import Asker
    from checker.policy.model import Policy


_MOST = 4


class Access(NamedTuple):
    """Requests of a party, for some actions, that one policy allows and the other does not.

    ``partly`` if that is not so of all its requests. ``witness`` is one of them, with the first of the
    actions, and with any other in its place; ``allowed`` is what the one policy decides of it, ``refused``
    what the other does. ``spaces`` are all requests of the party, a space for each action that was asked for.
    """

    party: CallerGroup
    actions: tuple[str, ...]
    partly: bool
    witness: Request
    allowed: Decision
    refused: Decision
    spaces: tuple[Space, ...]

    @property
    def who(self) -> str:
        """The party in words."""
        return self.party.label

    @property
    def sentence(self) -> str:
        """`Connect for instance I of account A can sns:Publish`."""
        return f"{self.who} can {format_actions(self.actions)}{self._extent}"

    @property
    def grant(self) -> str:
        """`sns:Publish by Connect for instance I of account A`."""
        return f"{format_actions(self.actions)} by {self.who}{self._extent}"

    @property
    def _extent(self) -> str:
        return " in some cases" if self.partly and self.party.kind != SOME else ""


def format_actions(actions: Sequence[str]) -> str:
    """Write actions in a sentence, the first few of many."""
    if set(actions) in (set(TOPIC_ACTIONS), set(KEY_ACTIONS)):
        return f"{actions[0].partition(':')[0]}:*"
    more = f" and {len(actions) - _MOST} more" if len(actions) > _MOST else ""
    return ", ".join(actions[:_MOST]) + more


def joined(found: Iterable[Access], named: Collection[str], gain: Gain) -> tuple[Access, ...]:
    """Put together what one party gets, and leave out whoever is of a larger party that gets the same.

    ``named`` are the ARNs of all principals that were asked for by name.
    """
    accesses: list[Access] = []
    for one in found:
        at = next((at for at, other in enumerate(accesses) if _alike(other, one, gain)), None)
        if at is None:
            accesses.append(one)
        else:
            accesses[at] = _with_actions(accesses[at], one)
    kept = [one for one in accesses if not any(_implies(other, one, gain) for other in accesses)]
    return tuple(_named(one, accesses, named) for one in kept)


def _with_actions(one: Access, other: Access) -> Access:
    return one._replace(actions=one.actions + other.actions, spaces=one.spaces + other.spaces)


def _implies(large: Access, small: Access, gain: Gain) -> bool:
    """True if the access of the large party says all that there is to say of the small one's."""
    if not _includes(large, small):
        return False
    pairs = zip(large.spaces, small.spaces, strict=True)
    return not large.partly or all(
        gain.is_shared((large.witness, its), (small.witness, theirs)) for its, theirs in pairs
    )


def _alike(one: Access, other: Access, gain: Gain) -> bool:
    """True if the witness of the one shows the other just as well."""
    if (one.party, one.partly) != (other.party, other.partly):
        return False
    return gain.holds(one.witness._replace(action=other.witness.action)) is True


def _includes(large: Access, small: Access) -> bool:
    """True if the small party is a part of the large one, and gets the same actions, always or in some cases."""
    if (large.actions, large.partly) != (small.actions, small.partly):
        return False
    party, member = large.party, small.party
    if party.kind in IMPLIED_BY.get(member.kind, ()):
        return True
    if party.kind == ANYBODY:
        return member.kind in (PRINCIPAL, SESSION, MEMBER)
    if party.kind == MEMBER:
        return member.kind in (PRINCIPAL, SESSION) and member.account == party.account
    return party.kind == PRINCIPAL and member.kind == SESSION and member.name == party.name


def _named(access: Access, accesses: Iterable[Access], named: Collection[str]) -> Access:
    """Call the members of an account the other ones if somebody of it who is named does not get the same."""
    party = access.party
    if party.kind != MEMBER:
        return access
    included = {one.party.name for one in accesses if _includes(access, one)}
    others = [name for name in named if f"::{party.account}:" in name and name not in included]
    label = f"any other principal of account {party.account}"
    return access._replace(party=party._replace(label=label)) if others else access


class Difference(NamedTuple):
    """What the new policy allows and the old one does not, the other way round, and what is not known."""

    gained: tuple[Access, ...]
    lost: tuple[Access, ...]
    doubts: tuple[Unknown, ...]

    @property
    def same(self) -> bool | Unknown:
        """True if the policies allow the same requests; unknown if nothing but a doubt speaks against it."""
        if self.gained or self.lost:
            return False
        return self.doubts[0] if self.doubts else True


def joined_differences(found: Sequence[Difference]) -> Difference:
    """The differences of one change for several resources as one, each sentence once."""
    return Difference(
        _once(access for one in found for access in one.gained),
        _once(access for one in found for access in one.lost),
        tuple(dict.fromkeys(doubt for one in found for doubt in one.doubts)),
    )


def _once(accesses: Iterable[Access]) -> tuple[Access, ...]:
    by_sentence: dict[str, Access] = {}
    for one in accesses:
        by_sentence.setdefault(one.sentence, one)
    return tuple(by_sentence.values())


def difference(
    old: Policy, new: Policy, target: Target, instances: Sequence[Arn] = (), whole: Budget | None = None
) -> Difference:
    """Compare two policies of one topic or key over all requests about it.

    ``whole`` is the budget for this and for other comparisons.
    ``instances`` are told apart by name, beside those that the policies name. A value that is not known is
    taken for the same in both policies if both know it by the same name.
    """
    gain = Gain(old, new, whole)
    loss = Gain(new, old, gain.budget)
    cast = CallerGroups.of((old, new), target, instances)
    everybody = askers(cast.policies, target.partition, target.account)
    named = [asker.arn for asker in everybody if asker.kind == PRINCIPAL]
    sides = [_Side(one, cast) for one in (gain, loss)]
    classes = action_classes(cast.policies, target)
    unasked: list[Unknown] = []
    try:
        for asker in everybody if gain.narrowed or loss.narrowed else ():
            for actions in classes:
                gain.budget.spend(_SPACE * len(cast.words))
                _ask(sides, asker, actions)
    except ExhaustedError:
        unasked.append(EXHAUSTED)
    doubts = dict.fromkeys((*_not_modelled(gain), *sides[0].doubts, *sides[1].doubts, *unasked))
    gained, lost = (side.accesses(named) for side in sides)
    return Difference(gained, lost, tuple(doubts))


_SPACE = 6
"""Units of work for each word of the policies, to make the spaces of an asker."""


def _ask(sides: Sequence[_Side], asker: Asker, actions: tuple[str, ...]) -> None:
    """Ask for one asker; both directions ask the policies in the same state of preparation."""
    prepared = None
    cast = sides[0].cast
    start = Request(asker.caller, actions[0], cast.target.resource, {})
    sides = [one for one in sides if not one.gain.cannot_gain(start)]
    if not sides:
        return
    whole = cast.space(asker, actions[0])
    for side in sides:
        possible = side.gain.possible(whole)
        if not possible and not cast.odd:
            continue
        prepared = prepared or prepare(whole, *cast.policies)
        way = prepared if side.gain.policies[0] is prepared.policies[0] else prepared.reversed()
        side.ask(asker, actions, way, whole if possible else None)


class _Side:
    """One direction of the comparison, and what is found in it."""

    def __init__(self, gain: Gain, cast: CallerGroups) -> None:
        self.gain = gain
        self.cast = cast
        self.found: list[Access] = []
        self.doubts: list[Unknown] = []
        self.order: dict[CallerGroup, int] = {}

    def ask(self, asker: Asker, actions: tuple[str, ...], prepared: Prepared, whole: Space | None) -> None:
        """Ask for each of the asker's parties, and for all at once if nothing is known of any of them.

        Without ``whole`` only those are asked for that it would not have in it.
        """
        before = len(self.found) + len(self.doubts)
        kinds: set[str] = set()
        for party, space in self.cast.parties(asker, actions[0]):
            self.order.setdefault(party, len(self.order))
            implied = not kinds.isdisjoint(IMPLIED_BY.get(party.kind, ()))
            if not implied and (whole or party.name in self.cast.odd):
                kinds.update(self._take(party, actions, prepared, space))
        if whole and before == len(self.found) + len(self.doubts):
            self._take(None, actions, prepared, whole)

    def accesses(self, named: Collection[str]) -> tuple[Access, ...]:
        """What is found, in the order of the parties."""
        last = len(self.order)
        found = sorted(self.found, key=lambda one: self.order.get(one.party, last))
        return joined(found, named, self.gain)

    def _take(
        self, party: CallerGroup | None, actions: tuple[str, ...], prepared: Prepared, space: Space
    ) -> tuple[str, ...]:
        """Ask for one party, or for whoever it is; give its kind if all its requests are found."""
        truth, witness = self.gain.ask(prepared, space)
        if isinstance(truth, Unknown):
            self.doubts.append(_VARIABLE if truth is FREE else truth)
        if witness is None:
            return ()
        refused, allowed = (decide(policy, witness) for policy in self.gain.policies)
        partly = not self.gain.is_whole(prepared, space)
        party = party or CallerGroup(SOME, caller_of(witness))
        self.found.append(Access(party, actions, partly, witness, allowed, refused, (space,)))
        return () if partly else (party.kind,)


_VARIABLE = Unknown("a policy variable may have one of many values")


def _not_modelled(gain: Gain) -> Iterator[Unknown]:
    """Principals in changed statements of a type that no request here is made by."""
    for statement in (*gain.removed, *gain.added):
        for entry in statement.principal_entries if isinstance(statement, Statement) else ():
            if entry.type in _OTHER_TYPES and not isinstance(entry.value, Unknown):
                yield Unknown(f"what a principal of type {entry.type} can do", entry.value)


_OTHER_TYPES = ("Federated", "CanonicalUser")
