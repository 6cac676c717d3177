"""Policies that only add instances: it does not matter which of the instances and accounts in them are the same.

Connect can publish for each instance that a statement names, and for no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText
from checker.analysis.pairing import STATED
from checker.analysis.symbols import names_in
from checker.core.unknown import Symbol, Unknown
from checker.iam.decide.operators import is_negated
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.policy.model import ALLOW, Condition, Principals, Statement
from checker.policy.vocabulary import NULL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.analysis.deployments import Facts
    from checker.policy.model import Value


def only_adds(facts: Facts) -> bool:
    """True if every condition of the topic's policy only adds instances, and no instance is known from elsewhere."""
    policy = facts.topic.policy
    is_stated = any(pairing.source in STATED for pairing in facts.pairings)
    if not isinstance(policy, PolicyText) or facts.open_instances or is_stated:
        return False
    statements = policy.policy.statements
    are_additive = all(isinstance(one, Statement) and _adds(one) for one in statements)
    return are_additive and not _compares(statements)


def is_positive(condition: Condition) -> bool:
    """True if a condition requires one of its values."""
    operation = condition.operation
    return not isinstance(operation, Unknown) and operation.base != NULL and not is_negated(operation.base)


def _adds(statement: Statement) -> bool:
    """True for an Allow without negated elements or operators."""
    return (
        statement.effect == ALLOW
        and isinstance(statement.principals, Principals)
        and not statement.principals.negated
        and all(isinstance(one, Condition) and is_positive(one) for one in statement.conditions)
    )


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
