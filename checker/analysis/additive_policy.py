"""Policies that only add instances: it does not matter which of the instances and accounts in them are the same.

Connect can publish for each instance that a statement names, and for no other. So statements do not have to be
compared with each other, only the account of a statement with those in the same statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployments import alone
from checker.analysis.inventory import PolicyText
from checker.analysis.pairing import STATED
from checker.analysis.symbols import name_of, names_in, pieces_of, values_of_statement
from checker.core.pattern import pattern
from checker.core.unknown import Symbol, Unknown
from checker.iam.decide.operators import is_negated
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_KEYS
from checker.policy.model import ALLOW, Condition, Principals, Statement
from checker.policy.vocabulary import NULL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.analysis.deployments import Facts
    from checker.policy.model import Principal, Value


_ACCOUNT_ID = pattern(r"\d{12}")


def only_adds(facts: Facts) -> bool:
    """True if every condition of the topic's policy only adds instances, and no instance is known from elsewhere."""
    policy = facts.topic.policy
    is_stated = any(pairing.source in STATED for pairing in facts.pairings)
    if not isinstance(policy, PolicyText) or facts.open_instances or is_stated:
        return False
    statements = policy.policy.statements
    are_additive = all(isinstance(one, Statement) and _adds(one) for one in statements)
    return are_additive and not _compares(statements)


def statements_with(symbol: Symbol, facts: Facts) -> tuple[Statement, ...]:
    """Return the statements of the topic's policy that have a symbol; none if other texts have it, too."""
    policy = facts.topic.policy
    without = facts._replace(topic=facts.topic._replace(policy=Unknown("left out")))
    if not isinstance(policy, PolicyText) or any(_has(value, symbol) for _, value in without.values()):
        return ()
    statements = policy.policy.known_statements()
    return tuple(
        one for one in statements if any(_has(value, symbol) for _, value in values_of_statement(one))
    )


def _has(value: Value, symbol: Symbol) -> bool:
    """True if a text has a symbol, or a part of one that stands for itself."""
    symbols = (piece for piece in pieces_of(value) if isinstance(piece, Symbol))
    return any(name_of(symbol) in (name_of(one), name_of(alone(one))) for one in symbols)


def is_positive(condition: Condition) -> bool:
    """True if a condition requires one of its values."""
    operation = condition.operation
    return not isinstance(operation, Unknown) and operation.base != NULL and not is_negated(operation.base)


def _adds(statement: Statement) -> bool:
    """True for an Allow without negated elements or operators, and for a Deny that is the same for all instances."""
    principals = statement.principals
    if not isinstance(principals, Principals) or principals.negated:
        return False
    conditions = [one for one in statement.conditions if isinstance(one, Condition)]
    if len(conditions) < len(statement.conditions):
        return False
    if statement.effect == ALLOW:
        return all(map(is_positive, conditions))
    return all(map(_is_everyone, principals.entries)) and not any(map(_tells_accounts, conditions))


def _is_everyone(principal: Principal) -> bool:
    """True for a service or `*`, and not for an account, role or user."""
    return principal.type == "Service" or principal.value == "*"


def _tells_accounts(condition: Condition) -> bool:
    """True if a condition can depend on the account or the instance of the caller."""
    values = condition.values
    is_presence = not isinstance(condition.operation, Unknown) and condition.operation.base == NULL
    is_literal = all(isinstance(value, str) and not _ACCOUNT_ID.search(value) for value in values)
    return not is_literal or (condition.folded_key in SOURCE_KEYS and not is_presence)


def _compares(statements: Iterable[Statement | Unknown]) -> bool:
    """True if statements pin one symbol for an instance to different accounts, so that it matters if they are equal."""
    accounts: dict[str, set[tuple[Value, ...]]] = {}
    for statement in statements:
        tests = statement.conditions if isinstance(statement, Statement) else ()
        values = {one.folded_key: one.values for one in tests if isinstance(one, Condition)}
        for names in map(names_in, (arn for arn in values.get(SOURCE_ARN, ()) if _is_one_symbol(arn))):
            accounts.setdefault(names[0], set()).add(values.get(SOURCE_ACCOUNT, ()))
    return any(len(pins) > 1 for pins in accounts.values())


def _is_one_symbol(value: Value) -> bool:
    """True for a text that is a symbol and nothing else."""
    return isinstance(value, Unknown) and len(value.pieces) == 1 and isinstance(value.pieces[0], Symbol)
