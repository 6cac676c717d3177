"""Fixes that grant Connect only the access that AWS documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import (
    KEY_ACTIONS_NEEDED,
    KEY_SID,
    TOPIC_CONTEXT_KEY,
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
from checker.iam.decide.elements import action_covers
from checker.iam.decide.request import AwsPrincipal
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.space import DATA_KEY, DECRYPT, DESCRIBE, PUBLISH, TOPIC_CONTEXT
from checker.lint.fixes.statement import (
    is_for_connect_alone,
    name_of_topic,
    needs_instance,
    sids,
    without_connect,
)
from checker.policy.model import Condition, Patterns

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
    if case.denying:
        return ()
    title = "add a statement that lets Connect use the key"
    if not case.instances:
        return needs_instance(case.key.arn, title)
    if extended := _extend_pin(case):
        return extended
    return (Fix(title, (Append(_STATEMENTS, key_statement(sids(case))),)),)


def bound(operations: tuple[Operation, ...], case: KeyAnalysis, limit: KeyCondition) -> tuple[Operation, ...]:
    """Limit statements that operations add to a key policy to the topics or the instances of the key."""
    if not (case.topics if limit is KeyCondition.TOPIC else case.instances):
        return operations
    names = [_name(topic) for topic in case.topics]
    condition = key_condition(limit, [one for one in names if one is not None], case.instances)
    return tuple(
        operation._replace(value={**operation.value, "Condition": condition})
        if isinstance(operation, Append)
        and isinstance(operation.value, dict)
        and condition
        and _is_grant(operation.value)
        else operation
        for operation in operations
    )


def _name(topic: Topic) -> Json | None:
    """Return a topic as a value: the reference to it in code, or its ARN; ``None`` if it has no name."""
    if topic.symbol:
        return Reference(topic.symbol)
    return None if isinstance(topic.arn, Unknown) else str(topic.arn)


def are_named(topics: Sequence[Topic]) -> bool:
    """True if a condition can name all topics of a key, of which there is at least one."""
    return bool(topics) and all(_name(topic) is not None for topic in topics)


_USES = frozenset((*(action.lower() for action in KEY_ACTIONS_NEEDED), DATA_KEY.lower()))


def serves_more(statement: Statement) -> bool:
    """True if a statement allows more than publishing needs, such as kms:DescribeKey for Amazon Q in Connect.

    https://docs.aws.amazon.com/connect/latest/adminguide/enable-q.html
    """
    actions = statement.actions
    if not isinstance(actions, Patterns) or actions.negated:
        return True
    return not all(isinstance(value, str) and value.lower() in _USES for value in actions.values)


def pin_key_grants(case: KeyAnalysis, statements: Sequence[Statement]) -> tuple[Fix, ...]:
    """Limit all open statements for Connect to messages to the topics of the key, with the encryption context that SNS sets.

    To limit only one of them would change nothing. A statement that also covers other principals stays for them, and
    Connect gets its own statement. There is no fix if the topics are not known, or if a statement may serve another
    feature of Connect.
    https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
    """
    if not are_named(case.topics) or any(map(serves_more, statements)):
        return ()
    topics = _names(case)
    alone = [one for one in statements if is_for_connect_alone(one)]
    shared = [one for one in statements if not is_for_connect_alone(one)]
    named = topics[0] if len(topics) == 1 else topics
    pins = tuple(Put((*one.route, "Condition", "StringEquals", TOPIC_CONTEXT_KEY), named) for one in alone)
    limit = key_condition(KeyCondition.TOPIC, topics, ())
    own = (Append(_STATEMENTS, key_statement(sids(case), limit)),) if shared else ()
    removals = tuple(removal for one in shared for removal in without_connect(one))
    return (Fix(_title_of_pins(case, alone, shared), (*pins, *own, *removals)),)


def _title_of_pins(case: KeyAnalysis, alone: Sequence[Statement], shared: Sequence[Statement]) -> str:
    shown = " and ".join(topic.name.rpartition(":")[2] for topic in case.topics)
    if not alone:
        return f"give Connect its own statement, limited to messages to {shown}"
    more = ", and give Connect its own statement for the others" if shared else ""
    return f"limit {' and '.join(one.title for one in alone)} to messages to {shown}{more}"


def _names(case: KeyAnalysis) -> list[Json]:
    return [name for name in map(_name, case.topics) if name is not None]


def _extend_pin(case: KeyAnalysis) -> tuple[Fix, ...]:
    """Add the topic to a statement that limits Connect to messages to other topics; no fix without such a statement."""
    name = _name(case.topic) if case.topic is not None else None
    if name is None:
        return ()
    found = ((statement, _pin_of(statement)) for statement in case.allows_by_name)
    return tuple(
        Fix(f"add the topic to those of {statement.title}", (Append(condition.route, name),))
        for statement, condition in found
        if condition is not None
    )[:1]


def _pin_of(statement: Statement) -> Condition | None:
    """Return the condition of a grant for Connect alone if it only requires one of several topics."""
    known = known_conditions(statement)
    is_pin = [(one.operator, one.folded_key) for one in known] == [("StringEquals", TOPIC_CONTEXT)]
    grants = all(action_covers(statement.actions, action) is True for action in (DATA_KEY, DECRYPT))
    alone = len(statement.conditions) == 1 and is_for_connect_alone(statement)
    return known[0] if is_pin and grants and alone else None


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
