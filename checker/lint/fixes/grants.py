"""Fixes that grant Connect only the access that AWS documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import (
    KEY_ACTIONS_NEEDED,
    KEY_SID,
    TOPIC_SID,
    KeyCondition,
    connect_statement,
    free_sid,
    key_condition,
    key_statement,
    pins,
    root_statement,
    topic_statements,
)
from checker.core.finding import Append, Fix, Put, Reference, Remove, ValueElsewhere
from checker.core.unknown import Unknown
from checker.iam.decide.request import AwsPrincipal
from checker.iam.prove.space import DESCRIBE, PUBLISH
from checker.lint.fixes.statement import (
    is_for_connect_alone,
    name_of_topic,
    needs_instance,
    sids,
    without_connect,
)
from checker.policy.model import Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.inventory import Topic
    from checker.analysis.key import KeyAnalysis
    from checker.analysis.policy import PolicyAnalysis
    from checker.analysis.topic import TopicAnalysis
    from checker.core.arn import Arn
    from checker.core.finding import Json, Operation
    from checker.policy.model import Statement


_STATEMENTS = ("Statement",)


def allow_connect(case: TopicAnalysis, instances: Sequence[Arn]) -> tuple[Fix, ...]:
    """Add a statement that lets Connect publish for these instances; no fix if the topic has no name."""
    if not case.instances:
        return needs_instance(case.topic.arn, "add a statement that lets Connect publish for its instance")
    topic = name_of_topic(case)
    if topic is None or not instances:
        return ()
    statements = topic_statements(topic, instances, sids(case))
    names = ", ".join(arn.instance_id for arn in instances)
    added = tuple(Append(_STATEMENTS, one) for one in statements)
    return (Fix(f"add a statement that lets Connect publish for instance {names}", added),)


def allow_key(case: KeyAnalysis) -> tuple[Fix, ...]:
    """Add a statement that lets Connect use the key; no fix if a Deny would override it."""
    if case.is_denied:
        return ()
    title = "add a statement that lets Connect use the key"
    if not case.instances:
        return needs_instance(case.key.arn, title)
    return (Fix(title, (Append(_STATEMENTS, key_statement(sids(case))),)),)


def bound(operations: tuple[Operation, ...], case: KeyAnalysis, limit: KeyCondition) -> tuple[Operation, ...]:
    """Limit statements that operations add to a key policy to the topics or the instances of the key."""
    if not (case.topics if limit is KeyCondition.TOPIC else case.instances):
        return operations
    condition = key_condition(limit, [_name(topic) for topic in case.topics], case.instances)
    return tuple(
        operation._replace(value={**operation.value, "Condition": condition})
        if isinstance(operation, Append)
        and isinstance(operation.value, dict)
        and condition
        and _is_grant(operation.value)
        else operation
        for operation in operations
    )


def _name(topic: Topic) -> Json:
    return Reference(topic.symbol) if isinstance(topic.arn, Unknown) and topic.symbol else str(topic.arn)


def _is_grant(statement: dict[str, Json]) -> bool:
    return statement.get("Action") == list(KEY_ACTIONS_NEEDED)


def allow_owner_of_key(case: KeyAnalysis) -> tuple[Fix, ...]:
    """Add the statement of the default key policy, which lets IAM policies of the account grant access."""
    account = _owner(case)
    if account is None:
        return ()
    statement = root_statement(case.target.partition, account, sids(case))
    title = f"let IAM policies of account {account} grant access to the key"
    return (Fix(title, (Append(_STATEMENTS, statement),)),)


def _owner(case: KeyAnalysis) -> str | None:
    """Return the account of the key; if it is not known, the only account that the policy names."""
    if isinstance(case.target.account, str):
        return case.target.account
    callers = (
        AwsPrincipal.parse(one.value)
        for statement in case.statements
        for one in statement.principal_entries
        if isinstance(one.value, str)
    )
    accounts = {caller.arn.account for caller in callers if caller is not None}
    return accounts.pop() if len(accounts) == 1 else None


def narrow_topic_grant(case: TopicAnalysis, statement: Statement) -> tuple[Fix, ...]:
    """Reduce the actions of a statement for Connect to sns:Publish."""
    return _narrowed(case, statement, PUBLISH, TOPIC_SID, case.instances)


def narrow_key_grant(case: KeyAnalysis, statement: Statement) -> tuple[Fix, ...]:
    """Reduce the actions for Connect to the two that publishing needs, and kms:DescribeKey if it is listed.

    https://docs.aws.amazon.com/connect/latest/adminguide/enable-q.html
    """
    actions = statement.actions
    kept = isinstance(actions, Patterns) and not actions.negated and DESCRIBE in actions.values
    described = [DESCRIBE] if kept else []
    return _narrowed(case, statement, [*KEY_ACTIONS_NEEDED, *described], KEY_SID, ())


def _narrowed(
    case: PolicyAnalysis, statement: Statement, actions: Json, preferred_sid: str, instances: Sequence[Arn]
) -> tuple[Fix, ...]:
    if not isinstance(statement.actions, Patterns):
        return ()
    if is_for_connect_alone(statement):
        at = (*statement.route, statement.actions.element)
        operations: tuple[Operation, ...] = (Put((*statement.route, "Action"), actions),)
        if statement.actions.negated:
            operations = (Remove(at), *operations)
        return (Fix(f"reduce {statement.title} to the actions that Connect needs", operations),)
    kept = ValueElsewhere((*statement.route, "Condition")) if statement.conditions else None
    condition = pins(instances) if instances else kept
    sid, resource = free_sid(preferred_sid, sids(case)), ValueElsewhere((*statement.route, "Resource"))
    own = connect_statement(sid, actions, resource, condition)
    title = f"give Connect its own statement, and remove Connect from {statement.title}"
    return (Fix(title, (Append(_STATEMENTS, own), *without_connect(statement))),)
