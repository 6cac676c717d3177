"""Gives Connect what AWS documents that it needs, and no more than that."""

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
from checker.core.finding import Append, Fix, Put, Remove, Same, Symbol
from checker.core.unknown import Unknown
from checker.iam.decide.request import AwsPrincipal
from checker.iam.prove.space import DESCRIBE, PUBLISH
from checker.lint.fixes.statement import (
    is_for_connect_alone,
    name_of_topic,
    once_named,
    sids,
    without_connect,
)
from checker.policy.model import Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.inventory import Topic
    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import PolicyAnalysis, TopicAnalysis
    from checker.core.arn import Arn
    from checker.core.finding import Json, Operation
    from checker.policy.model import Statement


_STATEMENTS = ("Statement",)


def allow_connect(case: TopicAnalysis, instances: Sequence[Arn]) -> tuple[Fix, ...]:
    """Add a statement that lets Connect publish for these instances; nothing where the topic has no name."""
    if not case.instances:
        return once_named(case.topic.arn, "add a statement that lets Connect publish for its instance")
    topic = name_of_topic(case)
    if topic is None or not instances:
        return ()
    statements = topic_statements(topic, instances, sids(case))
    names = ", ".join(arn.instance_id for arn in instances)
    added = tuple(Append(_STATEMENTS, one) for one in statements)
    return (Fix(f"add a statement that lets Connect publish for instance {names}", added),)


def allow_key(case: KeyAnalysis) -> tuple[Fix, ...]:
    """Add a statement that lets Connect use the key; nothing where a Deny would beat it."""
    if case.is_denied:
        return ()
    title = "add a statement that lets Connect use the key"
    if not case.instances:
        return once_named(case.key.arn, title)
    return (Fix(title, (Append(_STATEMENTS, key_statement(sids(case))),)),)


def bound(
    operations: tuple[Operation, ...], case: KeyAnalysis, wanted: KeyCondition
) -> tuple[Operation, ...]:
    """Limit the grants that operations add to a key policy to the topics or the instances of the key."""
    if not (case.topics if wanted is KeyCondition.TOPIC else case.instances):
        return operations
    condition = key_condition(wanted, [_name(one) for one in case.topics], case.instances)
    return tuple(
        one._replace(value={**one.value, "Condition": condition})
        if isinstance(one, Append) and isinstance(one.value, dict) and condition and _is_grant(one.value)
        else one
        for one in operations
    )


def _name(topic: Topic) -> Json:
    return Symbol(topic.symbol) if isinstance(topic.arn, Unknown) and topic.symbol else str(topic.arn)


def _is_grant(statement: dict[str, Json]) -> bool:
    return statement.get("Action") == list(KEY_ACTIONS_NEEDED)


def allow_owner_of_key(case: KeyAnalysis) -> tuple[Fix, ...]:
    """Add the statement of the default key policy, which lets the account's IAM policies speak."""
    account = _owner(case)
    if account is None:
        return ()
    statement = root_statement(case.target.partition, account, sids(case))
    title = f"let the IAM policies of account {account} give access to the key"
    return (Fix(title, (Append(_STATEMENTS, statement),)),)


def _owner(case: KeyAnalysis) -> str | None:
    """The account of the key; while that is not known, the only one that the policy names."""
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
    """Leave Connect sns:Publish alone of what a statement allows."""
    return _narrowed(case, statement, PUBLISH, TOPIC_SID, case.instances)


def narrow_key_grant(case: KeyAnalysis, statement: Statement) -> tuple[Fix, ...]:
    """Leave Connect the two actions of KMS that publishing needs, and kms:DescribeKey where that is named.

    https://docs.aws.amazon.com/connect/latest/adminguide/enable-q.html
    """
    actions = statement.actions
    kept = isinstance(actions, Patterns) and not actions.negated and DESCRIBE in actions.values
    described = [DESCRIBE] if kept else []
    return _narrowed(case, statement, [*KEY_ACTIONS_NEEDED, *described], KEY_SID, ())


def _narrowed(
    case: PolicyAnalysis, statement: Statement, actions: Json, wanted_sid: str, instances: Sequence[Arn]
) -> tuple[Fix, ...]:
    if not isinstance(statement.actions, Patterns):
        return ()
    if is_for_connect_alone(statement):
        at = (*statement.route, statement.actions.element)
        operations: tuple[Operation, ...] = (Put((*statement.route, "Action"), actions),)
        if statement.actions.negated:
            operations = (Remove(at), *operations)
        return (Fix(f"leave {statement.title} what Connect needs", operations),)
    kept = Same((*statement.route, "Condition")) if statement.conditions else None
    condition = pins(instances) if instances else kept
    wanted, resource = free_sid(wanted_sid, sids(case)), Same((*statement.route, "Resource"))
    own = connect_statement(wanted, actions, resource, condition)
    title = f"give Connect a statement of its own, and leave {statement.title} to the others"
    return (Fix(title, (Append(_STATEMENTS, own), *without_connect(statement))),)
