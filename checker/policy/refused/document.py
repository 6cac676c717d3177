"""Limits of the whole document, and the way through its statements."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from checker.finding import Part, Put
from checker.policy.model import Policy, Principals, Problem
from checker.policy.refused.actions import action_problems
from checker.policy.refused.conditions import condition_problems
from checker.policy.refused.principals import principal_problems

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from checker.finding import Route
    from checker.policy.dialect import Dialect
    from checker.policy.model import Statement

_MAX_PRINCIPALS = 200


def refusals(policy: Policy, dialect: Dialect, size: int) -> Iterator[Problem]:
    """Name what the service would not take; ``size`` is that of the document in bytes."""
    statements = policy.known_statements()
    yield from _limits(statements, dialect, size)
    yield from _sids(statements, dialect)
    if dialect.service == "sns":
        yield from _without_sid(policy)
    for statement in statements:
        yield from action_problems(statement, dialect)
        yield from principal_problems(statement)
        yield from condition_problems(statement, dialect, policy.version)


def _limits(statements: tuple[Statement, ...], dialect: Dialect, size: int) -> Iterator[Problem]:
    if size > dialect.max_bytes and statements:
        message = f"the policy has {size:,} bytes, a {dialect.name} may have {dialect.max_bytes:,}"
        yield Problem(message, (), Part.VALUE)
    principals = sum(len(s.principals.entries) for s in statements if isinstance(s.principals, Principals))
    if dialect.service == "sns" and principals > _MAX_PRINCIPALS:
        message = f"the policy names {principals} principals, SNS takes {_MAX_PRINCIPALS}"
        yield Problem(message, ("Statement",), Part.VALUE)


def _sids(statements: tuple[Statement, ...], dialect: Dialect) -> Iterator[Problem]:
    routes: dict[str, list[Route]] = {}
    for statement in statements:
        if statement.sid:
            routes.setdefault(statement.sid, []).append((*statement.route, "Sid"))
    for sid, (first, *others) in routes.items():
        if others:
            message = f"Sid `{sid}` stands in {1 + len(others)} statements"
            help_text = _REFUSED if dialect.service == "sns" else _AMBIGUOUS
            mend = tuple(Put(route, f"{sid}{number}") for number, route in _renumbered(sid, others, routes))
            also = tuple(others)
            yield Problem(message, first, Part.VALUE, help_text, grave=False, also=also, mend=mend)


_AMBIGUOUS = "AWS documents that every Sid of a policy is unique; tools that edit by Sid take the wrong one"
_ANSWER = "`Every policy statement must have a unique ID`"
_REFUSED = f"AWS documents that every Sid of a topic policy is unique; SNS is reported to answer {_ANSWER}"


def _without_sid(policy: Policy) -> Iterator[Problem]:
    """Report several statements without a Sid; a single one is accepted.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    """
    bare = [one.route for one in policy.known_statements() if not one.sid and not one.sid_unknown]
    if len(bare) > 1:
        message = f"{len(bare)} statements have no Sid, and SNS is reported to refuse such a policy"
        help_text = f"give each a Sid of its own; SNS is reported to answer {_ANSWER}"
        yield Problem(message, ("Statement",), Part.KEY, help_text, grave=False)


def _renumbered(sid: str, others: list[Route], taken: Collection[str]) -> Iterator[tuple[int, Route]]:
    """Number the statements that have a Sid after another one, with numbers that give no Sid of the policy."""
    free = (number for number in count(2) if f"{sid}{number}" not in taken)
    yield from zip(free, others, strict=False)
