"""The statements that AWS documents for chat streaming, as plain data.

https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance, Inventory
from checker.analysis.policy import names_connect
from checker.analysis.topic import TopicAnalysis
from checker.core.finding import AccountOf
from checker.core.unknown import Truth, all_of
from checker.iam.prove import prove
from checker.iam.prove.service_space import SEND, key_space
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.iam.prove.space import DATA_KEY, DECRYPT, PUBLISH, SNS, Target
from checker.policy.model import ALLOW
from checker.policy.text_json import listed
from checker.policy.vocabulary import CONNECT, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.analysis.inventory import Topic
    from checker.core.arn import Arn
    from checker.core.finding import Json
    from checker.policy.model import Policy, Statement
    from checker.policy.text_json import Plain


TOPIC_SID, KEY_SID, QUEUE_SID = "AllowConnectChatStreaming", "AllowConnectToUseKey", "AllowTopicToSend"
ROOT_SID = "Enable IAM User Permissions"
TOPIC_CONTEXT_KEY = "kms:EncryptionContext:aws:sns:topicArn"
KEY_ACTIONS_NEEDED = ("kms:GenerateDataKey*", "kms:Decrypt")


def topic_statements(
    topic: Json, instances: Iterable[Arn], taken: Iterable[str] = ()
) -> list[dict[str, Json]]:
    """Return statements that let Connect publish to a topic for these instances, one for each account.

    ``topic`` is the ARN or a reference to it. ``taken`` are the Sids of the policy, which must be unique.
    """
    accounts: dict[str, list[Arn]] = {}
    for instance in dict.fromkeys(instances):
        accounts.setdefault(instance.account, []).append(instance)
    sids = list(taken)
    statements: list[dict[str, Json]] = []
    for of_account in accounts.values():
        sids.append(free_sid(TOPIC_SID, sids))
        statements.append(connect_statement(sids[-1], PUBLISH, topic, pins(of_account)))
    return statements


def connect_statement(sid: str, actions: Json, resource: Json, condition: Json | None) -> dict[str, Json]:
    """Return a statement that allows Connect actions on a resource, with a condition if one is given."""
    statement: dict[str, Json] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"Service": CONNECT},
        "Action": actions,
        "Resource": resource,
    }
    return statement if condition is None else {**statement, "Condition": condition}


def pins(instances: Sequence[Arn]) -> dict[str, Json]:
    """Return the conditions that limit Connect to these instances."""
    return {
        "StringEquals": {"aws:SourceAccount": one_or_list(map(AccountOf, instances))},
        "ArnEquals": {"aws:SourceArn": one_or_list(map(str, instances))},
    }


class KeyCondition(StrEnum):
    """The limit of a statement that lets Connect use a key.

    SNS sets the topic as encryption context for every publisher. AWS does not document that Connect passes the
    instance to KMS.
    https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
    """

    TOPIC = "topic"
    INSTANCE = "instance"


def key_condition(
    wanted: KeyCondition | None, topics: Sequence[Json], instances: Sequence[Arn]
) -> Json | None:
    """Return the condition that limits the use of a key to topics or to instances."""
    if wanted is None:
        return None
    if wanted is KeyCondition.INSTANCE:
        return pins(instances)
    return {"StringEquals": {TOPIC_CONTEXT_KEY: topics[0] if len(topics) == 1 else [*topics]}}


def key_statement(taken: Iterable[str] = (), condition: Json | None = None) -> dict[str, Json]:
    """Return a statement that lets Connect use a key, without a condition by default, as AWS documents none."""
    return connect_statement(free_sid(KEY_SID, taken), list(KEY_ACTIONS_NEEDED), "*", condition)


def root_statement(partition: str, account: str, taken: Iterable[str] = ()) -> dict[str, Json]:
    """Return the statement that lets IAM policies of the account grant access to a key.

    Without it, the account can lose control of the key policy.
    """
    return {
        "Sid": free_sid(ROOT_SID, taken),
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }


def sender_statement(queue: str, topic: str, taken: Iterable[str] = ()) -> dict[str, Json]:
    """Return a statement that lets SNS send the messages of one topic to a queue.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    The topic's ARN contains its account. AWS does not document that SNS sends aws:SourceAccount, so the statement
    has no condition on it.
    """
    return {
        "Sid": free_sid(QUEUE_SID, taken),
        "Effect": "Allow",
        "Principal": {"Service": SNS},
        "Action": SEND,
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }


def policy_of(statements: Sequence[Plain]) -> dict[str, Plain]:
    """Return a policy with these statements."""
    return {"Version": VERSION, "Statement": statements}


def with_statements(policy: Mapping[str, Plain], added: Sequence[Plain]) -> dict[str, Plain]:
    """Append statements to a policy."""
    if not added:
        return dict(policy)
    return {**policy, "Statement": [*listed(policy["Statement"]), *added]}


def one_or_list(values: Iterable[str]) -> Json:
    """Return a single value as it is and several values as a list without duplicates."""
    unique: list[Json] = [*dict.fromkeys(values)]
    return unique[0] if len(unique) == 1 else unique


def free_sid(wanted: str, taken: Iterable[str]) -> str:
    """Return a Sid that is not in use in the policy."""
    used = set(taken)
    numbered = (f"{wanted}{number}" for number in range(2, len(used) + 3))
    return next(sid for sid in (wanted, *numbered) if sid not in used)


def not_yet_allowed(topic: Topic, instances: Sequence[Arn]) -> tuple[Arn, ...]:
    """Return the instances that no statement for Connect allows to publish without also allowing others."""
    case = TopicAnalysis(topic, Inventory((topic,), instances=tuple(map(Instance, instances))))
    named = [statement for statement in case.grants if names_connect(statement)]
    return tuple(arn for arn in instances if not any(_is_for(case, one, arn) for one in named))


def _is_for(case: TopicAnalysis, statement: Statement, instance: Arn) -> bool:
    """True for a statement that allows an instance and otherwise only instances that are named."""
    alone = case.policy._replace(
        statements=(statement,)
    )  # masked policy: a placeholder grants no access until it is replaced
    return (
        prove.can_publish(alone, case.target, instance).truth is True
        and case.deputy_of(statement).truth is False
        and case.siblings_of(statement).truth is False
    )


def not_yet_using(
    policy: Policy, key: Arn, topic: Arn, instances: Sequence[Arn], *, pinned: bool
) -> tuple[Arn, ...]:
    """Return the instances for which no statement of a key policy lets Connect use the key.

    ``pinned`` is true if a statement with a condition on the instance counts, as if Connect passed the instance to
    KMS.
    """
    named = (one for one in policy.known_statements() if one.effect == ALLOW and names_connect(one))
    allows = policy._replace(statements=tuple(named))
    return tuple(one for one in instances if can_use(allows, key, topic, one if pinned else None) is not True)


def can_use(policy: Policy, key: Arn, topic: Arn, instance: Arn | None = None) -> Truth:
    """Return whether a key policy lets Connect use the key; with an instance, as if Connect passed it to KMS."""
    source = {SOURCE_ARN: str(instance), SOURCE_ACCOUNT: instance.account} if instance else {}
    spaces = (key_space(Target.of(key), action, str(topic)) for action in (DATA_KEY, DECRYPT))
    known = (space._replace(fixed={**space.fixed, **source}) for space in spaces)
    return all_of(prove.one_request(policy, space).truth for space in known)
