"""Access that one policy gives and another does not, in words, and what is the same access put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.iam.askers import MEMBER, PRINCIPAL, SESSION
from checker.parties import ANYBODY, IMPLIED_BY, SOME, Party
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from checker.iam.decide import Decision
    from checker.iam.gain import Gain
    from checker.iam.request import Request
    from checker.iam.space import Space

_MOST = 4


class Access(NamedTuple):
    """Requests of a party, for some actions, that one policy allows and the other does not.

    ``partly`` if that is not so of all its requests. ``witness`` is one of them, with the first of the
    actions, and with any other in its place; ``allowed`` is what the one policy decides of it, ``refused``
    what the other does. ``spaces`` are all requests of the party, a space for each action that was asked for.
    """

    party: Party
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
        limited = self.partly and self.party.kind != SOME
        return f"{self.who} can {deeds(self.actions)}{' in some cases' * limited}"


def deeds(actions: Sequence[str]) -> str:
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
