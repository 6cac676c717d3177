"""Fixes that limit a statement for Connect to the instances that stream to the topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import may_match
from checker.analysis.documented import one_or_list, topic_statements
from checker.analysis.policy import conditions_on, names_connect
from checker.core.arn import Arn
from checker.core.finding import AccountOf, Append, Fix, Put, Remove, Rename
from checker.core.unknown import Unknown
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.lint.fixes.statement import (
    is_for_connect_alone,
    name_of_topic,
    needs_instance,
    sids,
    without_connect,
)
from checker.policy.model import Condition, Statement
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Json, Operation


_OPERATORS = {SOURCE_ACCOUNT: "StringEquals", SOURCE_ARN: "ArnEquals"}
_NAMES = {SOURCE_ACCOUNT: "aws:SourceAccount", SOURCE_ARN: "aws:SourceArn"}
_SERVICE = "aws:PrincipalServiceName"
_EXACT = ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")


def pin(
    case: TopicAnalysis, statement: Statement, *keys: str, failing: Iterable[Condition] = ()
) -> tuple[Fix, ...]:
    """Limit a statement to the known instances or, if none is known, to the instances that it names.

    ``keys`` are the source keys to pin, both if none is given. ``failing`` are conditions to remove. A statement
    that also covers other principals stays for them, and Connect gets its own statement.
    """
    instances = instances_of(case, statement)
    if not instances:
        return needs_instance(case.topic.arn, f"pin {statement.title} to its Connect instance")
    names = ", ".join(arn.instance_id for arn in instances)
    if not is_for_connect_alone(statement):
        return _split(case, statement, instances, names)
    operations = _pinned(statement, instances, keys or (SOURCE_ACCOUNT, SOURCE_ARN), tuple(failing))
    return (Fix(f"pin {statement.title} to instance {names}", operations),) if operations else ()


def instances_of(case: TopicAnalysis, statement: Statement) -> tuple[Arn, ...]:
    """Return the known instances that a statement allows, else all known ones, else those that it names."""
    known = tuple(dict.fromkeys(case.instances))
    allowed = tuple(instance for instance in known if may_match(case, statement, instance))
    named = (
        Arn.parse(value)
        for condition in conditions_on(statement, SOURCE_ARN)
        for value in condition.values
        if isinstance(value, str)
    )
    return allowed or known or tuple(one for one in named if one is not None and one.is_instance)


def _split(
    case: TopicAnalysis, statement: Statement, instances: Sequence[Arn], names: str
) -> tuple[Fix, ...]:
    """Remove Connect from a statement that also covers others, and give it its own statement."""
    topic = name_of_topic(case)
    if topic is None:
        return ()
    removal = without_connect(statement) or (exclude_connect(statement),)
    own = (Append(("Statement",), one) for one in topic_statements(topic, instances, sids(case)))
    title = f"give Connect its own statement, pinned to instance {names}"
    return (Fix(title, (*own, *removal)),)


def exclude_connect(statement: Statement) -> Put:
    """Exclude Connect from a statement with wildcard principals; all other principals stay.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return Put((*statement.route, "Condition", "StringNotEqualsIfExists", _SERVICE), CONNECT)


def _pinned(
    statement: Statement, instances: Sequence[Arn], keys: Sequence[str], failing: tuple[Condition, ...]
) -> tuple[Operation, ...]:
    values = {
        SOURCE_ACCOUNT: one_or_list(map(AccountOf, instances)),
        SOURCE_ARN: one_or_list(map(str, instances)),
    }
    removed = dict.fromkeys(c.route for c in failing if c.folded_key not in keys)
    operations: list[Operation] = [Remove(route) for route in removed]
    remaining = tuple(c for c in statement.conditions if isinstance(c, Condition) and c.route not in removed)
    used = {c.operator for c in statement.conditions if isinstance(c, Condition)}
    for key in keys:
        of_key = [c for c in remaining if c.folded_key == key]
        operations += _key_pinned(statement, of_key, key, values[key], remaining, used)
    # Removals are last. Otherwise Condition could be empty in between, and would be removed and added again.
    return tuple(sorted(operations, key=lambda one: isinstance(one, Remove)))


def _key_pinned(
    statement: Statement,
    of_key: Sequence[Condition],
    key: str,
    value: Json,
    remaining: Sequence[Condition],
    used: set[str],
) -> list[Operation]:
    """Keep one condition on the key, set its values with the smallest edit, and remove the other conditions.

    ``used`` are the operators in the statement.
    """
    operator = _OPERATORS[key]
    exact = next((c for c in of_key if _is_exact(c)), None)
    lone = next((c for c in of_key if _is_alone(c, remaining) and operator not in used), None)
    kept = exact or lone
    removals: list[Operation] = [Remove(c.route) for c in of_key if c is not kept]
    if kept is None:
        return [*removals, Put((*statement.route, "Condition", operator, _NAMES[key]), value)]
    operations = removals + ([] if _has_value(kept, value) else [Put(kept.route, value)])
    if exact is None:
        operations.append(Rename(kept.route[:-1], operator))
    return operations


def _is_exact(condition: Condition) -> bool:
    operation = condition.operation
    if isinstance(operation, Unknown):
        return False
    return operation.base in _EXACT and not operation.if_exists and not operation.qualifier


def _is_alone(condition: Condition, remaining: Sequence[Condition]) -> bool:
    return all(c is condition or c.operator != condition.operator for c in remaining)


def _has_value(condition: Condition, value: Json) -> bool:
    return list(condition.values) == (value if isinstance(value, list) else [value])


def replace_source_owner(statement: Statement, condition: Condition) -> tuple[Fix, ...]:
    """Replace aws:SourceOwner with aws:SourceAccount, as the AWS page on chat streaming documents.

    Connect, which has its own statement, is excluded from a statement for others. Otherwise the account alone would
    allow all of its instances.
    """
    existing = [c for c in conditions_on(statement, SOURCE_ACCOUNT) if c.operator == condition.operator]
    operation: Operation = (
        Remove(condition.route) if existing else Rename(condition.route, _NAMES[SOURCE_ACCOUNT])
    )
    exclusion = () if names_connect(statement) else (exclude_connect(statement),)
    title = f"replace {condition.key} with aws:SourceAccount in {statement.title}"
    return (Fix(title, (operation, *exclusion)),)
