"""The question of `checker diff`: who gains and who loses access between two policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from tests.soundness.coherence import faults, request_of
from tests.soundness.law import Request
from tests.soundness.principals import SERVICE
from tests.soundness.questions import Case, Difference, Outcome, again, shown
from tests.soundness.tool import Tool
from tests.soundness.universe import Trial, Universe
from tests.soundness.words import CONNECT, OWNER

_SIDES = {"gained": (0, 1), "lost": (1, 0)}
_MOST = 3


def diff(case: Case, tool: Tool) -> Outcome:
    """Does the tool name everyone who gains and who loses, with a request that shows it?"""
    universe = case.universe()
    found = tool.diff(*case.policies)
    certain = found["same"] is not None and not found["doubts"]
    kept = again(universe, case.kept[1]) if case.kept[1] else ()
    trials = list(chain(kept, universe.everything()))
    changes = [one for one in trials if one.truths in ((True, False), (False, True))]
    known = bool(changes) or not any(None in one.truths for one in trials)
    if certain:
        changes += _changes_of_denies(universe)
    missed = _missed(universe, found, changes) if certain else {}
    wrong = [one for name in _SIDES for entry in found[name] for one in _wrong_entry(universe, name, entry)]
    return Outcome([*wrong, *list(missed.values())[:_MOST]], int(known), int(known and not certain))


def _changes_of_denies(universe: Universe) -> list[Trial]:
    """Requests of the topic's account that no policy allows, and that only one of them denies."""
    beside = universe._replace(laws=tuple(law.beside_identity_policy() for law in universe.laws))
    return [
        one
        for one in beside.everything()
        if one.request.caller.account == OWNER
        and one.truths in ((True, False), (False, True))
        and all(law.allows(one.request) is False for law in universe.laws)
    ]


def _missed(universe: Universe, found: dict[str, Any], changes: Iterable[Trial]) -> dict[str, Difference]:
    """Changes that no entry of the tool is about, one for each group of callers."""
    missed: dict[str, Difference] = {}
    for request, (_, new) in changes:
        name = "gained" if new else "lost"
        if not any(_covers(entry, request, universe) for entry in found[name]):
            group = _group(request, universe)
            expected = f"{name}: {group.family}, of or for {group.who}"
            answer = "same" if found["same"] else f"{name}: not named"
            missed.setdefault(expected, Difference(f"diff: {answer}", expected, shown(request)))
    return missed


def _wrong_entry(universe: Universe, name: str, entry: dict[str, Any]) -> Iterator[Difference]:
    """A witness has to be denied by one policy and allowed by the other.

    A key of which nothing is documented may have any value in it, as long as that is the same for both.
    """
    witness = entry["witness"]["request"]
    readings = [request_of(witness, universe.words, as_written=one) for one in (False, True)]
    unproven = _unproven_denial if entry.get("needs_identity_policy") else _unproven
    wrongs = [unproven(universe, one, *_SIDES[name]) for one in readings]
    wrong = [*([] if [] in wrongs else wrongs[0]), *faults(readings[0])]
    if wrong:
        yield Difference(f"diff: {name}", wrong[0], witness)


def _unproven(universe: Universe, request: Request, before: int, after: int) -> list[str]:
    sides = ((before, False, "denied by the one policy"), (after, True, "allowed by the other policy"))
    truths = [(universe.laws[index].allows(request), expected, words) for index, expected, words in sides]
    doubts = [f"no source says that it is {words}" for truth, _, words in truths if truth is None]
    return doubts + [f"it is not {words}" for truth, expected, words in truths if truth is (not expected)]


def _unproven_denial(universe: Universe, request: Request, before: int, after: int) -> list[str]:
    """A Deny of one policy has to stop the request of a caller of the topic's account, and nothing of the other one."""
    stopping, other = (universe.laws[index].beside_identity_policy() for index in (before, after))
    wrong = ["it is not of the topic's account"] * (request.caller.account != OWNER)
    wrong += ["no Deny of the one policy stops it"] * (stopping.allows(request) is not False)
    wrong += ["a Deny of the other policy may stop it"] * (other.allows(request) is not True)
    return wrong + ["the other policy may allow it itself"] * (
        universe.laws[after].allows(request) is not False
    )


def _covers(entry: dict[str, Any], request: Request, universe: Universe) -> bool:
    """True if an entry of the tool is about callers like that of a request, and about its action."""
    actions = {one.lower() for one in entry["actions"]}
    if request.action.lower() not in actions:
        return False
    witness = request_of(entry["witness"]["request"], universe.words)
    mine, its = _group(request, universe), _group(witness, universe)
    return mine.family == its.family and (its.who in (mine.who, _OTHERS) or mine.who == _HALF_SOURCED)


_OTHERS, _UNSOURCED, _HALF_SOURCED = "others", "nobody", "half a source"


class _Group(NamedTuple):
    """Whom a request is by, and of or for which account; callers of different groups are reported apart."""

    family: str
    who: str


def _group(request: Request, universe: Universe) -> _Group:
    if request.caller.kind != SERVICE:
        return _Group("principal", _named(request.caller.account, universe))
    if request.caller.service != CONNECT:
        return _Group("service other than Connect", _OTHERS)
    arn, account = request.context.get("aws:sourcearn"), request.context.get("aws:sourceaccount")
    if arn is None and account is None:
        return _Group("Connect", _UNSOURCED)
    if arn is None or account is None:
        return _Group("Connect", _HALF_SOURCED)
    return _Group("Connect", _named(str(account), universe))


def _named(account: str, universe: Universe) -> str:
    return account if account in (OWNER, *universe.words.accounts) else _OTHERS
