"""Create what retains a topic's messages: a queue, or the subscription of an existing delivery stream.

https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html
Streams are not created, because their destination and format are the owner's choice.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from checker.analysis.documented import policy_of, sender_statement
from checker.analysis.endpoints import FIREHOSE, SQS
from checker.analysis.inventory import PolicyText
from checker.core.arn import Arn
from checker.core.errors import AwsError, InputError, RefusedError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown, all_of
from checker.lint.delivery.model import CreatedResource
from checker.lint.delivery.queue import policy_step
from checker.lint.delivery.stream import LOOK, WRITE, may, stream_step
from checker.lint.status import BROKEN, OK
from checker.live.aws.access import KEEPING
from checker.live.aws.endpoints import read_queue, read_role, read_stream
from checker.live.aws.errors import CallError
from checker.live.aws.facts import policy_of as policy_text_of
from checker.live.aws.lookup import check_account
from checker.live.aws.topic import MANAGED_HELP, managers
from checker.live.aws.wait import until
from checker.policy.text_json import listed
from checker.policy.vocabulary import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Queue
    from checker.lint.delivery.model import Retention
    from checker.live.aws.calls import Calls
    from checker.live.aws.wait import Clock


_DIGEST = 8


def resource_name(name: str, longest: int) -> str:
    """Name a resource after a topic. A long name is truncated and made unique by a digest."""
    whole = f"{KEEPING}{name}"
    if len(whole) <= longest:
        return whole
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{whole[: longest - _DIGEST - 1]}-{digest}"


def subscribe(calls: Calls, topic: Arn, protocol: str, endpoint: Arn, attributes: dict[str, str]) -> str:
    """Subscribe an endpoint to a topic, and return the subscription's ARN. Raises CallError.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """
    answer = calls.make(
        "sns",
        "subscribe",
        str(topic),
        TopicArn=str(topic),
        Protocol=protocol,
        Endpoint=str(endpoint),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(answer["SubscriptionArn"])


_LONGEST_QUEUE_NAME = 80
_LONGEST_PERIOD = 14 * 24 * 60 * 60
_POLICY_STEP = "queue_policy"
_POLICY_ATTRIBUTES = ["Policy", "QueueArn"]
"""A queue without a policy lacks that attribute, and the ARN shows that SQS answered."""


def make_queue(
    calls: Calls, topic: Arn, retention: Retention, *, force: bool = False
) -> Iterator[CreatedResource]:
    """Add a statement to a subscribed queue if it lacks only that, else create one. Yield each created resource.

    Raises CheckerError. Resources that were yielded before are kept.
    """
    check_account(calls, topic)
    for durable in retention.subscriptions:
        if durable.broken != (_POLICY_STEP,):
            continue
        queue = read_queue(calls, durable.endpoint).queue
        if queue.exists is True and (extended := _with_statement(queue, topic)):
            yield _write_policy(calls, queue, extended, force=force)
            return
    arn = topic._replace(service="sqs", resource=resource_name(topic.resource, _LONGEST_QUEUE_NAME))
    yield from _own_queue(calls, arn, topic)
    if not any(
        durable.endpoint == str(arn) and durable.subscription.arn for durable in retention.subscriptions
    ):
        yield _subscribe_queue(calls, arn, topic)


def _own_queue(calls: Calls, arn: Arn, topic: Arn) -> Iterator[CreatedResource]:
    """Create the queue of a topic, or fix the policy of the queue from an earlier run."""
    queue = read_queue(calls, str(arn)).queue
    if isinstance(queue.exists, Unknown):
        help_text = "grant it to the caller, and run the command again"
        raise AwsError(str(arn), queue.exists.reason, help_text=help_text)
    if not queue.exists:
        yield _create_queue(calls, arn, topic)
    elif policy_step(queue, topic).status != OK:
        extended = _with_statement(queue, topic)
        if extended is None:
            reason = "its policy denies SNS access, and an additional statement would not change that"
            raise RefusedError(str(arn), reason, help_text="remove that from its policy, or delete the queue")
        yield _write_policy(calls, queue, extended, force=True)


def _create_queue(calls: Calls, arn: Arn, topic: Arn) -> CreatedResource:
    """Create a queue with the longest retention period of SQS, encrypted by SQS.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    """
    statement = sender_statement(str(arn), str(topic))
    attributes = {
        "MessageRetentionPeriod": str(_LONGEST_PERIOD),
        "SqsManagedSseEnabled": "true",
        "Policy": json.dumps(policy_of([statement])),
    }
    calls.make("sqs", "create_queue", str(arn), QueueName=arn.resource, Attributes=attributes)
    return CreatedResource("a queue that retains messages for 14 days, encrypted by SQS", str(arn), statement)


class ExtendedPolicy(NamedTuple):
    """A queue policy with one additional statement at the end."""

    text: str
    statement: dict[str, Any]


def _with_statement(queue: Queue, topic: Arn) -> ExtendedPolicy | None:
    """Add the statement to a queue's policy. Return None if SNS could still not deliver for the topic."""
    if isinstance(queue.policy, Unknown):
        return None
    policy: Any = json.loads(queue.policy.text) if queue.policy else policy_of([])
    statements: list[Any] = [*listed(policy.get("Statement", []))] if isinstance(policy, dict) else [None]
    if not all(isinstance(statement, dict) for statement in statements):
        return None
    sids = (str(statement.get("Sid", "")) for statement in statements)
    sender = sender_statement(str(queue.arn), str(topic), sids)
    text = json.dumps({**policy, "Statement": [*statements, sender]})
    after = queue._replace(policy=policy_text_of(str(queue.arn), text, QUEUE))
    return ExtendedPolicy(text, sender) if policy_step(after, topic).status == OK else None


def _write_policy(calls: Calls, queue: Queue, extended: ExtendedPolicy, *, force: bool) -> CreatedResource:
    """Write a queue's policy if it is unchanged since it was read. Keep all other statements and attributes."""
    region = queue.arn.region if isinstance(queue.arn, Arn) else calls.unit.region
    there, name = calls.elsewhere(calls.unit._replace(region=region)), str(queue.arn)
    if not force:
        _check_manager(there, queue)
    now = there.make(
        "sqs", "get_queue_attributes", name, QueueUrl=queue.url, AttributeNames=_POLICY_ATTRIBUTES
    )
    before = queue.policy.text if isinstance(queue.policy, PolicyText) else ""
    if (now.get("Attributes") or {}).get("Policy", "") != before:
        help_text = "nothing was written to it; run the command again"
        raise RefusedError(name, "the policy was changed since it was read", help_text=help_text)
    there.make("sqs", "set_queue_attributes", name, QueueUrl=queue.url, Attributes={"Policy": extended.text})
    return CreatedResource("a statement in the policy of the queue", name, extended.statement)


def _check_manager(calls: Calls, queue: Queue) -> None:
    """Refuse a queue that another tool manages. Raises RefusedError."""
    tags = calls.make("sqs", "list_queue_tags", str(queue.arn), QueueUrl=queue.url).get("Tags") or {}
    if managed := list(managers(tags).values()):
        raise RefusedError(str(queue.arn), f"it is managed by {managed[0]}", help_text=MANAGED_HELP)


def _subscribe_queue(calls: Calls, queue: Arn, topic: Arn) -> CreatedResource:
    """Subscribe with raw delivery. SQS supports up to ten attributes, and Connect sends eight.

    https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
    """
    subscription = subscribe(calls, topic, SQS, queue, {"RawMessageDelivery": "true"})
    return CreatedResource("a subscription of the queue, with raw delivery", subscription)


_LONGEST_ROLE_NAME = 64
_ROLE_POLICY = "write-to-stream"
_REFUSED = "InvalidParameter"


def make_subscription(
    calls: Calls, topic: Arn, retention: Retention, stream: Arn | None, clock: Clock
) -> Iterator[CreatedResource]:
    """Create a role that allows SNS to write to a stream, and subscribe the stream. Yield each created resource.

    Raises CheckerError. Resources that were yielded before are kept.
    """
    if stream is None:
        reason = "no delivery stream is named"
        help_text = "add `--stream-arn ARN` with a stream that writes to the place where you keep chats"
        raise InputError("--create", reason, help_text=help_text)
    check_account(calls, topic)
    _check_stream(calls, stream, retention)
    name = resource_name(f"{topic.region}-{topic.resource}", _LONGEST_ROLE_NAME)
    role = topic._replace(service="iam", region="", resource=f"role/{name}")
    yield from _own_role(calls, role, stream)
    yield _subscribe_stream(calls, topic, stream, role, clock)


def _check_stream(calls: Calls, stream: Arn, retention: Retention) -> None:
    """Check that the stream exists and has no subscription that would have to be changed. Raises CheckerError."""
    status = stream_step(read_stream(calls, str(stream)))
    if status.status != OK:
        missing = status.status == BROKEN
        raise AwsError(str(stream), status.reason, help_text=status.help, not_found=missing)
    if any(durable.endpoint == str(stream) for durable in retention.subscriptions):
        help_text = "fix the broken links, or unsubscribe the stream and run the command again"
        raise RefusedError(
            str(stream), "already subscribed, but the subscription does not work", help_text=help_text
        )


def _own_role(calls: Calls, arn: Arn, stream: Arn) -> Iterator[CreatedResource]:
    """Create the role, or complete the role from an earlier run."""
    role = read_role(calls, str(arn))
    if isinstance(role.exists, Unknown):
        help_text = "grant it to the caller, and run the command again"
        raise AwsError(str(arn), role.exists.reason, help_text=help_text)
    name = arn.resource.rpartition("/")[2]
    if not role.exists:
        trust = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = _document(trust)
        calls.make("iam", "create_role", str(arn), RoleName=name, AssumeRolePolicyDocument=document)
        yield CreatedResource("a role that trusts SNS", str(arn), trust)
    if not role.exists or all_of(may(role, action, stream) for action in WRITE) is not True:
        yield _allow(calls, arn, stream)


def _allow(calls: Calls, role: Arn, stream: Arn) -> CreatedResource:
    """Allow the role the actions that AWS recommends, only on this stream."""
    statement = {"Effect": "Allow", "Action": [*LOOK, *WRITE], "Resource": str(stream)}
    calls.make(
        "iam",
        "put_role_policy",
        str(role),
        RoleName=role.resource.rpartition("/")[2],
        PolicyName=_ROLE_POLICY,
        PolicyDocument=_document(statement),
    )
    return CreatedResource("a policy of the role", str(role), statement)


def _document(statement: dict[str, Any]) -> str:
    return json.dumps(policy_of([statement]))


def _subscribe_stream(calls: Calls, topic: Arn, stream: Arn, role: Arn, clock: Clock) -> CreatedResource:
    """Subscribe, with retries because a new role is not available everywhere at once.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """
    subscriptions: list[str] = []
    faults: list[CallError] = []

    def attempt() -> bool:
        try:
            subscriptions.append(_subscribed(calls, topic, stream, role))
        except CallError as fault:
            faults.append(fault)
        return bool(subscriptions) or _REFUSED not in faults[-1].reason

    until(clock, attempt)
    if not subscriptions:
        raise faults[-1]
    return CreatedResource(
        "a subscription of the stream, with envelopes that contain the attributes", subscriptions[0]
    )


def _subscribed(calls: Calls, topic: Arn, stream: Arn, role: Arn) -> str:
    """Subscribe without raw delivery, which would omit the attributes of messages from the records.

    https://docs.aws.amazon.com/sns/latest/dg/firehose-archived-message-format-S3.html
    """
    return subscribe(calls, topic, FIREHOSE, stream, {"SubscriptionRoleArn": str(role)})
