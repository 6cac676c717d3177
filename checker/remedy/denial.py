"""Exempts Connect from a Deny that was meant for others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Append, Fix, Put
from checker.iam.identity import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_KEYS
from checker.iam.operators import is_negated
from checker.policy.model import Condition, Principals, Statement
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from checker.case import TopicCase

_IS_SERVICE = "aws:PrincipalIsAWSService"


def exempt(case: TopicCase, statement: Statement) -> tuple[Fix, ...]:
    """Leave out of a Deny the instances where it lists sources, Connect where it lists principals, else services."""
    principals = statement.principals
    if isinstance(principals, Principals) and principals.negated:
        operation = Append((*statement.route, "NotPrincipal", "Service"), CONNECT)
        return (Fix(f"list connect.amazonaws.com in NotPrincipal of {statement.title}", (operation,)),)
    listing = [c for c in statement.conditions if isinstance(c, Condition) and _lists_sources(c)]
    if listing and case.instances:
        values = {
            SOURCE_ACCOUNT: dict.fromkeys(one.account for one in case.instances),
            SOURCE_ARN: dict.fromkeys(map(str, case.instances)),
        }
        added = tuple(
            Append(c.route, one) for c in listing for one in values[c.folded_key] if one not in c.values
        )
        return (
            (Fix(f"add the instances to the sources that {statement.title} spares", added),) if added else ()
        )
    guard = Put((*statement.route, "Condition", "BoolIfExists", _IS_SERVICE), "false")
    return (Fix(f"exempt AWS services from {statement.title}", (guard,)),)


def _lists_sources(condition: Condition) -> bool:
    operation = condition.operation
    negated = not isinstance(operation, Unknown) and is_negated(operation.base)
    return negated and condition.folded_key in SOURCE_KEYS
