"""Who gains and who loses access, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.wording import could
from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.iam.decide.decide import ALLOWED, EXPLICITLY_DENIED
from checker.iam.decide.request import Service, spell
from checker.iam.prove.callers import PRINCIPAL_ACCOUNT, PRINCIPAL_ARN
from checker.iam.prove.mention import known_conditions
from checker.iam.prove.source_keys import SOURCE_KEYS
from checker.policy.model import Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.access_diff import Access, Difference
    from checker.iam.decide.decide import Decision
    from checker.iam.decide.request import Request
    from checker.report.style import Paint

_SIDES = ("old", "new")


def difference_json(difference: Difference) -> dict[str, Any]:
    """Turn a difference into JSON values, in the form of `schemas/diff.v1.json`."""
    same = difference.same
    return {
        "version": 1,
        "same": None if isinstance(same, Unknown) else same,
        "gained": [_access(one, one.refused, one.allowed) for one in difference.gained],
        "lost": [_access(one, one.allowed, one.refused) for one in difference.lost],
        "doubts": [{"reason": one.reason, "where": one.where or None} for one in difference.doubts],
    }


def _access(access: Access, old: Decision, new: Decision) -> dict[str, Any]:
    return {
        "who": access.who,
        "actions": list(access.actions),
        "sentence": access.sentence,
        "witness": {"request": access.witness.to_json(), "old": old.word, "new": new.word},
    }


def difference_text(difference: Difference, paint: Paint) -> Iterator[str]:
    """Write who gains, who loses and what is not known, each with its witness."""
    yield from _group("gains", "+", "ok", difference.gained, paint)
    yield from _group("loses", "-", "error", difference.lost, paint)
    if difference.doubts:
        yield paint("bold", "not known")
        yield from (f"  {paint('warning', '?')} {inert(one.told)}" for one in difference.doubts)
        yield ""
    same = difference.same
    if isinstance(same, Unknown):
        yield paint("warning", "It is not known whether the two policies mean the same.")
    elif same:
        yield paint("ok", "The two policies mean the same.")


def _group(title: str, mark: str, style: str, accesses: Sequence[Access], paint: Paint) -> Iterator[str]:
    if not accesses:
        return
    yield paint("bold", title)
    for one in accesses:
        yield f"  {paint(style, mark)} {inert(one.sentence)}"
        yield f"    {paint('dim', 'witness:')} {inert(_witness(one))}"
        decisions = (one.refused, one.allowed) if mark == "+" else (one.allowed, one.refused)
        for side, decision in zip(_SIDES, decisions, strict=True):
            yield f"    {paint('dim', f'{side}:')} {inert(_decided(decision))}"
    yield ""


def _witness(access: Access) -> str:
    request = access.witness
    return f"{could(request, request.action)}{_with(request, (access.allowed, access.refused))}"


def _with(request: Request, decisions: Sequence[Decision]) -> str:
    """What else the request has that the deciding statements ask for."""
    asked = dict.fromkeys(
        condition.folded_key
        for decision in decisions
        for match in decision.decisive()
        if isinstance(match.statement, Statement)
        for condition in known_conditions(match.statement)
    )
    told = _told(request)
    pairs = [(spell(key), request.context.get(key)) for key in asked if key not in told]
    found = [f"{key} {_shown(value)}" for key, value in pairs if isinstance(value, str | tuple)]
    return f", with {', '.join(found)}" if found else ""


def _told(request: Request) -> tuple[str, ...]:
    """The keys that the name of the caller and the circumstances tell already."""
    common = ("aws:securetransport", "aws:sourceip", "aws:principalisawsservice", "aws:resourceaccount")
    if not isinstance(request.caller, Service):
        return (*common, PRINCIPAL_ARN, PRINCIPAL_ACCOUNT)
    return (*common, *SOURCE_KEYS) if request.caller.name == CONNECT else common


def _shown(value: str | tuple[str, ...]) -> str:
    return f"`{value}`" if isinstance(value, str) else ", ".join(f"`{one}`" for one in value)


def _decided(decision: Decision) -> str:
    """Say what a policy decides, and by which statement."""
    titles = [one.statement.title for one in decision.decisive() if isinstance(one.statement, Statement)]
    if decision.word == ALLOWED:
        return f"{titles[0]} allows it"
    if decision.word == EXPLICITLY_DENIED:
        return f"{titles[0]} denies it"
    return "no statement allows it"
