"""Pins a statement for Connect to the instances that stream to the topic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import may_match
from checker.analysis.documented import one_or_list, topic_statements
from checker.analysis.topic import conditions_on, names_connect
from checker.core.arn import Arn
from checker.core.finding import Append, Fix, Put, Remove, Rename
from checker.core.unknown import Unknown
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.lint.fixes.statement import (
    is_for_connect_alone,
    name_of_topic,
    once_named,
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
    """Let a statement apply to the known instances alone; those that it names itself if none is known.

    ``keys`` are the source keys to pin, both if none is given; ``failing`` are conditions to take out. A
    statement that is for others too is left to them, and Connect gets one of its own.
    """
    instances = instances_of(case, statement)
    if not instances:
        return once_named(case.topic.arn, f"pin {statement.title} to its Connect instance")
    names = ", ".join(arn.instance_id for arn in instances)
    if not is_for_connect_alone(statement):
        return _apart(case, statement, instances, names)
    operations = _pinned(statement, instances, keys or (SOURCE_ACCOUNT, SOURCE_ARN), tuple(failing))
    return (Fix(f"pin {statement.title} to instance {names}", operations),) if operations else ()


def instances_of(case: TopicAnalysis, statement: Statement) -> tuple[Arn, ...]:
    """The known instances that a statement is for: those that it lets in, else all; else those that it names."""
    known = tuple(dict.fromkeys(case.instances))
    let_in = tuple(one for one in known if may_match(case, statement, one))
    named = (
        Arn.parse(value)
        for condition in conditions_on(statement, SOURCE_ARN)
        for value in condition.values
        if isinstance(value, str)
    )
    return let_in or known or tuple(one for one in named if one is not None and one.is_instance)


def _apart(
    case: TopicAnalysis, statement: Statement, instances: Sequence[Arn], names: str
) -> tuple[Fix, ...]:
    """Take Connect out of a statement that is for others too, and give it one of its own."""
    topic = name_of_topic(case)
    if topic is None:
        return ()
    taken_out = without_connect(statement) or (keep_out(statement),)
    own = (Append(("Statement",), one) for one in topic_statements(topic, instances, sids(case)))
    title = f"give Connect a statement of its own, pinned to instance {names}"
    return (Fix(title, (*own, *taken_out)),)


def keep_out(statement: Statement) -> Put:
    """Leave Connect out of a statement whose principals are a wildcard; whoever else it is for stays in it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return Put((*statement.route, "Condition", "StringNotEqualsIfExists", _SERVICE), CONNECT)


def _pinned(
    statement: Statement, instances: Sequence[Arn], keys: Sequence[str], failing: tuple[Condition, ...]
) -> tuple[Operation, ...]:
    values = {
        SOURCE_ACCOUNT: one_or_list(one.account for one in instances),
        SOURCE_ARN: one_or_list(map(str, instances)),
    }
    gone = dict.fromkeys(c.route for c in failing if c.folded_key not in keys)
    operations: list[Operation] = [Remove(route) for route in gone]
    left = tuple(c for c in statement.conditions if isinstance(c, Condition) and c.route not in gone)
    taken = {c.operator for c in statement.conditions if isinstance(c, Condition)}
    for key in keys:
        of_key = [c for c in left if c.folded_key == key]
        mended = _key_pinned(statement, of_key, key, values[key], left, taken)
        operations += mended
    # What goes, goes last: a Condition that is empty in between would go and come again.
    return tuple(sorted(operations, key=lambda one: isinstance(one, Remove)))


def _key_pinned(
    statement: Statement,
    of_key: Sequence[Condition],
    key: str,
    value: Json,
    left: Sequence[Condition],
    taken: set[str],
) -> list[Operation]:
    """Keep one condition on the key with the right values, mended as little as may be, and drop the others."""
    wanted = _OPERATORS[key]
    right = next((c for c in of_key if _is_exact(c)), None)
    lone = next((c for c in of_key if _is_alone(c, left) and wanted not in taken), None)
    kept = right or lone
    gone: list[Operation] = [Remove(c.route) for c in of_key if c is not kept]
    if kept is None:
        return [*gone, Put((*statement.route, "Condition", wanted, _NAMES[key]), value)]
    operations = gone + ([] if _says(kept, value) else [Put(kept.route, value)])
    if right is None:
        operations.append(Rename(kept.route[:-1], wanted))
    return operations


def _is_exact(condition: Condition) -> bool:
    operation = condition.operation
    if isinstance(operation, Unknown):
        return False
    return operation.base in _EXACT and not operation.if_exists and not operation.qualifier


def _is_alone(condition: Condition, left: Sequence[Condition]) -> bool:
    return all(c is condition or c.operator != condition.operator for c in left)


def _says(condition: Condition, value: Json) -> bool:
    return list(condition.values) == (value if isinstance(value, list) else [value])


def replace_source_owner(statement: Statement, condition: Condition) -> tuple[Fix, ...]:
    """Ask for the source's account where the owner is asked for, as AWS's page on chat streaming says.

    Connect, which has a statement of its own, is kept out of one for others: the account alone would let it
    in for every instance.
    """
    beside = [c for c in conditions_on(statement, SOURCE_ACCOUNT) if c.operator == condition.operator]
    operation: Operation = (
        Remove(condition.route) if beside else Rename(condition.route, _NAMES[SOURCE_ACCOUNT])
    )
    kept_out = () if names_connect(statement) else (keep_out(statement),)
    title = f"replace {condition.key} in {statement.title} by aws:SourceAccount"
    return (Fix(title, (operation, *kept_out)),)
