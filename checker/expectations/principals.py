"""Principals that the code names by a reference: each may be any principal that a policy can distinguish.

The deployments of other questions have one new value for such a reference. An expectation compares principals, so that
the reference may also be one of those that it or the policy names, or a principal of any of their accounts, or of
another account.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from checker.analysis.deployment_search import MOST
from checker.analysis.symbols import CALLER, ROLE_ARN, name_of, placed, values_of, values_of_statement
from checker.core.arn import Arn, is_account
from checker.core.unknown import NAME, Symbol, Unknown
from checker.expectations.deployments import named_by
from checker.iam.decide.elements import action_covers
from checker.iam.prove.source_keys import fresh_account

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.deployments import Deployment, Deployments, Name
    from checker.analysis.policy_pair import Case
    from checker.core.unknown import Piece
    from checker.expectations.model import Expectation
    from checker.policy.model import Statement
    from checker.policy.vocabulary import Dialect

    Assignment = tuple[tuple[Name, str, str], ...]
    """Symbols with their values, and the values in words."""


_OTHER = "any other value"
_ROLE = "role/a-principal"


def with_principals(
    found: Deployments, case: Case, expectation: Expectation, dialect: Dialect
) -> Deployments:
    """Vary the references to principals in the statements that matter for an expectation."""
    texts = tuple(dict.fromkeys(_references(case, expectation)))
    if not texts or not found.tried:
        return found
    literals = [value for _, value in values_of(named_by(expectation, dialect))]
    ways = (one for way in found.tried for one in _varied(way, case, texts, literals))
    tried = tuple(islice(ways, MOST + 1))
    names = tuple(name for text in texts for name, _ in _symbols(text.pieces))
    if len(tried) > MOST:
        varied = tuple(dict.fromkeys((*found.varied, *(name for name, _ in names))))
        return found._replace(tried=(), number=len(tried), varied=varied)
    return found._replace(tried=tried)


def _references(case: Case, expectation: Expectation) -> Iterator[Unknown]:
    """Yield the principals of relevant statements that are references, or have a name that is one."""
    statements = [] if isinstance(case.text, Unknown) else case.text.policy.known_statements()
    for statement in statements:
        if _matters(statement, expectation):
            for role, value in values_of_statement(statement):
                if role == CALLER and isinstance(value, Unknown) and list(_symbols(value.pieces)):
                    yield value


def _matters(statement: Statement, expectation: Expectation) -> bool:
    """False for a statement about other actions than the expectation."""
    actions = expectation.actions
    return not actions or any(
        "*" in one or "?" in one or action_covers(statement.actions, one) is not False for one in actions
    )


def _symbols(pieces: tuple[Piece, ...]) -> Iterator[tuple[Name, str]]:
    """Yield the symbols for a name or a whole ARN, whose values the deployments do not compare."""
    for symbol, kind in placed(CALLER, pieces):
        if kind in (NAME, ROLE_ARN) and symbol.function is None:
            yield name_of(symbol), kind


def _varied(
    way: Deployment, case: Case, texts: Iterable[Unknown], literals: Iterable[object]
) -> Iterator[Deployment]:
    """Yield a deployment with each combination of principals."""
    known = [value for value in literals if isinstance(value, str)]
    ways: dict[object, Deployment] = {}
    for one in _combined(way, case, list(texts), known):
        ways.setdefault(tuple(sorted(one.values.items())), one)
        if len(ways) > MOST:
            break
    yield from ways.values()


def _combined(way: Deployment, case: Case, texts: list[Unknown], literals: list[str]) -> Iterator[Deployment]:
    if not texts:
        yield way
        return
    text, *others = texts
    for assignment in _assignments(way, case, text, literals):
        yield from _combined(_with(way, assignment), case, others, literals)


def _assignments(way: Deployment, case: Case, text: Unknown, literals: list[str]) -> Iterator[Assignment]:
    """Yield the value that a deployment has, and those with which the text is another principal."""
    names = [name for name, _ in _symbols(text.pieces)]
    yield tuple((name, way.values[name], _OTHER) for name in names if name in way.values)
    pattern = re.compile("".join(_pattern(text.pieces, way)))
    for arn, words in _candidates(way, case, text, literals):
        match = pattern.fullmatch(arn)
        if match is not None:
            whole = len(text.pieces) == 1
            yield tuple(
                (name, value, words if whole else f"`{value}`")
                for name, value in zip(names, match.groups(), strict=True)
            )


def _pattern(pieces: tuple[Piece, ...], way: Deployment) -> Iterator[str]:
    """Yield a regular expression for each piece, with a group for each symbol that is varied."""
    kinds = dict(placed(CALLER, pieces))
    for piece in pieces:
        varies = isinstance(piece, Symbol) and kinds[piece] in (NAME, ROLE_ARN) and piece.function is None
        filled = piece if isinstance(piece, str) else way.fill(Unknown("", pieces=(piece,)))
        yield "(.+)" if varies else re.escape(filled) if isinstance(filled, str) else ".*"


def _candidates(way: Deployment, case: Case, text: Unknown, literals: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the ARNs of principals that policies can distinguish, each in words."""
    policy = None if isinstance(case.text, Unknown) else case.text.policy
    own = [way.fill(value) for _, value in values_of(policy) if value != text] if policy else []
    texts = [value for value in (*literals, *own) if isinstance(value, str)]
    arns = {arn for one in texts if (arn := Arn.parse(one)) is not None and arn.service in ("iam", "sts")}
    for arn in sorted(arns):
        yield str(arn), way.reworded(f"`{arn}`")
    parts = {part for one in (*texts, *way.values.values()) for part in one.split(":")}
    accounts = sorted(filter(is_account, parts))
    partition = case.target.partition
    for account in accounts:
        shown = way.reworded(account)
        yield f"arn:{partition}:iam::{account}:root", f"account `{shown}`"
        yield f"arn:{partition}:iam::{account}:{_ROLE}", f"a principal of account `{shown}`"
    other = fresh_account(accounts)
    yield f"arn:{partition}:iam::{other}:root", "another account"
    yield f"arn:{partition}:iam::{other}:{_ROLE}", "a principal of another account"


def _with(way: Deployment, assignment: Assignment) -> Deployment:
    values = {name: value for name, value, _ in assignment}
    choices = tuple((name, words) for (name, _), _, words in assignment)
    return way._replace(values={**way.values, **values}, choices=(*way.choices, *choices))
