"""Access changes between two policies, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.wording import could
from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.iam.decide.decide import ALLOWED, EXPLICITLY_DENIED
from checker.iam.decide.request import Service, spell
from checker.iam.prove.callers import PRINCIPAL_ACCOUNT, PRINCIPAL_ARN
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.source_keys import SOURCE_KEYS
from checker.policy.model import Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.analysis.access_diff import Access, Difference
    from checker.iam.decide.decide import Decision
    from checker.iam.decide.request import Request
    from checker.report.context import Paint

WITNESS, _SIDES = "witness", ("old", "new")


def difference_json(difference: Difference) -> dict[str, Any]:
    """Convert a difference to JSON values, as `schemas/diff.v1.json` describes them."""
    same = difference.same
    return {
        "version": 1,
        "same": None if isinstance(same, Unknown) else same,
        "gained": [access_json(one, one.refused, one.allowed) for one in difference.gained],
        "lost": [access_json(one, one.allowed, one.refused) for one in difference.lost],
        "doubts": [{"reason": one.reason, "where": one.where or None} for one in difference.doubts],
    }


def access_json(access: Access, old: Decision, new: Decision) -> dict[str, Any]:
    """Convert an access change to JSON values."""
    return {
        "who": access.who,
        "actions": list(access.actions),
        "sentence": access.sentence,
        "witness": {"request": access.witness.to_json(), "old": old.word, "new": new.word},
        **({"needs_identity_policy": True} if access.needs_identity_policy else {}),
    }


def difference_text(difference: Difference, paint: Paint) -> Iterator[str]:
    """Yield the newly allowed and no longer allowed access with witnesses, then the unknowns."""
    yield from _group("newly allowed", "+", "ok", difference.gained, paint)
    yield from _group("no longer allowed", "-", "error", difference.lost, paint)
    if difference.doubts:
        yield paint("bold", "not known")
        yield from (f"  {paint('warning', '?')} {inert(one.described)}" for one in difference.doubts)
        yield ""
    same = difference.same
    if isinstance(same, Unknown):
        yield paint("warning", "Not known whether the two policies allow the same requests.")
    elif same:
        yield paint("ok", "The two policies allow the same requests.")


def _group(title: str, mark: str, style: str, accesses: Sequence[Access], paint: Paint) -> Iterator[str]:
    if not accesses:
        return
    yield paint("bold", title)
    for access in accesses:
        yield f"  {paint(style, mark)} {inert(access.sentence)}"
        yield from (f"    {line}" for line in proof_text(access, is_gain=mark == "+", paint=paint))
    yield ""


def proof_text(
    access: Access, *, is_gain: bool, paint: Paint, worded: Callable[[str], str] = str
) -> Iterator[str]:
    """Yield the witness of an access change, and the decisions of both policies; ``worded`` names symbols."""
    for label, text in proof_lines(access, worded, is_gain=is_gain):
        yield f"{paint('dim', f'{label}:')} {inert(text)}"


def proof_lines(
    access: Access, worded: Callable[[str], str] = str, *, is_gain: bool
) -> Iterator[tuple[str, str]]:
    """Yield the witness and the decisions of both policies, each with its label."""
    yield WITNESS, worded(_witness(access))
    decisions = (access.refused, access.allowed) if is_gain else (access.allowed, access.refused)
    for side, decision in zip(_SIDES, decisions, strict=True):
        yield side, worded(_decided(decision, access))


def _witness(access: Access) -> str:
    request = access.witness
    return f"{could(request, request.action)}{_with(request, (access.allowed, access.refused))}"


def _with(request: Request, decisions: Sequence[Decision]) -> str:
    """Format the other values of the request that the conditions of the deciding statements use."""
    condition_keys = dict.fromkeys(
        condition.folded_key
        for decision in decisions
        for match in decision.decisive()
        if isinstance(match.statement, Statement)
        for condition in known_conditions(match.statement)
    )
    implied = _implied_keys(request)
    pairs = [(spell(key), request.context.get(key)) for key in condition_keys if key not in implied]
    values = [
        f"{key} {_quote(value)}"
        for key, value in pairs
        if value is not None and not isinstance(value, Unknown)
    ]
    return f", with {', '.join(values)}" if values else ""


def _implied_keys(request: Request) -> tuple[str, ...]:
    """Return the condition keys whose values follow from the description of the caller."""
    common = ("aws:securetransport", "aws:sourceip", "aws:principalisawsservice", "aws:resourceaccount")
    if not isinstance(request.caller, Service):
        return (*common, PRINCIPAL_ARN, PRINCIPAL_ACCOUNT)
    return (*common, *SOURCE_KEYS) if request.caller.name == CONNECT else common


def _quote(value: str | tuple[str, ...]) -> str:
    return f"`{value}`" if isinstance(value, str) else ", ".join(f"`{one}`" for one in value)


def _decided(decision: Decision, access: Access) -> str:
    """Describe the decision of a policy and the statement that makes it."""
    titles = [one.statement.title for one in decision.decisive() if isinstance(one.statement, Statement)]
    if decision.word == ALLOWED:
        return f"{titles[0]} allows it"
    if decision.word == EXPLICITLY_DENIED:
        return f"{titles[0]} denies it"
    return "no statement denies it" if access.needs_identity_policy else "no statement allows it"
