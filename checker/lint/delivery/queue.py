"""Checks whether a subscribed queue receives and stores a topic's messages.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import SQS
from checker.analysis.inventory import USABLE_STATES, Key, PolicyText
from checker.analysis.key import KeyAnalysis
from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.unknown import Truth, Unknown, all_of, any_of
from checker.iam.decide.decide import EXPLICITLY_DENIED, grant_covers
from checker.iam.prove import prove
from checker.iam.prove.service_space import SEND, delivery_space, queue_key_space
from checker.iam.prove.space import DATA_KEY, DECRYPT
from checker.lint.delivery.model import DeliveryWarning, Step, exists_step, step, target_of
from checker.lint.delivery.other_senders import Words, other_senders
from checker.lint.delivery.regions import allowed, delivers
from checker.lint.status import BROKEN, OK
from checker.policy.model import EMPTY, Policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Queue


_CONTEXT = Unknown("a grant with an encryption context, which AWS does not document for SQS")
_SYMMETRIC = "SYMMETRIC_DEFAULT"
_HELP = (
    "encrypt the queue with SSE-SQS, or with a customer managed key that lets sns.amazonaws.com do "
    "`kms:GenerateDataKey*` and `kms:Decrypt`"
)


def key_steps(queue: Queue, key: Key | Unknown | None, topic: Arn) -> tuple[Step, ...]:
    """Check the encryption of a queue: none, SSE-SQS, or a KMS key, which is ``None`` if it is not known."""
    if queue.key is None or queue.key == "":
        is_managed = queue.managed_sse is True
        status = "encrypted with SSE-SQS, which needs no permission" if is_managed else "not encrypted"
        return (Step("key", OK, status),)
    if is_managed_key(queue.key):
        return (Step("key", BROKEN, f"`{queue.key}` is an AWS managed key, which SNS cannot use", _HELP),)
    named = Arn.parse(queue.key) if isinstance(queue.key, str) else None
    if named is not None and isinstance(queue.arn, Arn) and named.region != queue.arn.region:
        reason = f"the key is in {named.region}, but the queue is in {queue.arn.region}"
        return (Step("key", BROKEN, reason, _HELP),)
    if not isinstance(key, Key):
        unread = (
            queue.key if isinstance(queue.key, Unknown) else Unknown("the key could not be read", queue.key)
        )
        return (step("key", _with_reason(unread if key is None else key, queue), "", ""),)
    return _found_steps(key, queue, topic)


def _with_reason(truth: Truth, queue: Queue) -> Truth:
    """Replace an unknown truth with the reasons why the key could not be read, if there are any."""
    unsure = isinstance(truth, Unknown) and queue.unread
    return Unknown("; ".join(queue.unread)) if unsure else truth


def _found_steps(key: Key, queue: Queue, topic: Arn) -> tuple[Step, ...]:
    if key.manager == "AWS":
        return (Step("key", BROKEN, f"`{key.name}` is an AWS managed key, which SNS cannot use", _HELP),)
    state, spec = key.state, key.spec
    usable: Truth = state if isinstance(state, Unknown) else state in USABLE_STATES
    symmetric: Truth = spec if isinstance(spec, Unknown) else spec == _SYMMETRIC
    truth = _with_reason(all_of((usable, symmetric)), queue)
    bad = f"the key is {state}" if usable is False else f"the key is {spec}, which is not symmetric"
    status = step("key", truth, f"{state}, {spec}", bad, _HELP)
    usage = all_of(_may_use(key, queue, action, topic) for action in (DATA_KEY, DECRYPT))
    usage = _with_reason(usage, queue)
    good = "the key policy or a grant lets SNS use the key"
    return (
        status,
        step("key_policy", usage, good, "neither the key policy nor a grant lets SNS use the key", _HELP),
    )


def _may_use(key: Key, queue: Queue, action: str, topic: Arn) -> Truth:
    """Return whether SNS may use a key, under the name that it has between the Regions of topic and queue."""

    def ask(principal: str) -> Truth:
        return _allows(key, action, topic, principal)

    return allowed(ask, topic, queue.arn)


def _allows(key: Key, action: str, topic: Arn, principal: str) -> Truth:
    """Return whether the key policy or a grant allows SNS an action; an explicit Deny overrides a grant."""
    if isinstance(key.policy, Unknown):
        return key.policy
    space = queue_key_space(KeyAnalysis(key).target, action, principal)
    answer = prove.one_request(key.policy.policy, space)
    if answer.decision is not None and answer.decision.word == EXPLICITLY_DENIED:
        return False
    return any_of((answer.truth, *_granted(key, action, topic, principal)))


def _granted(key: Key, action: str, topic: Arn, principal: str) -> Iterator[Truth]:
    for grant in key.grants:
        covered = grant_covers(grant._replace(encryption_context=()), principal, action, "", (str(topic),))
        yield all_of((covered, _CONTEXT)) if grant.encryption_context != () else covered


PERIOD = "period"
"""The name of the step that says how long a queue stores messages."""
_DAY = 24 * 60 * 60
_GONE_HELP = (
    "unsubscribe it, and subscribe an existing queue; `checker flow --retain sqs --create` creates one"
)
_FIFO_HELP = "subscribe a standard queue; `checker flow --retain sqs --create` creates one"
_POLICY_HELP = "add a statement that lets sns.amazonaws.com do `sqs:SendMessage` with ArnEquals `aws:SourceArn` `{topic}`"
_ADDS = "; `checker flow --retain sqs --create` adds it"


def queue_steps(queue: Queue | Unknown, key: Key | Unknown | None, topic: Arn) -> tuple[Step, ...]:
    """Check the links behind the subscription: the queue, its policy, its key and its retention period."""
    first = exists_step("queue", queue, "the queue does not exist", _GONE_HELP)
    if isinstance(queue, Unknown) or first.status != OK:
        return (first,)
    if queue.fifo is True and not topic.resource.endswith(".fifo"):
        return (Step("queue", BROKEN, "SNS does not subscribe a FIFO queue to a standard topic", _FIFO_HELP),)
    if isinstance(queue.fifo, Unknown):
        first = step("queue", queue.fifo, "", "", _FIFO_HELP)
    policy = policy_step(queue, topic)
    return (
        first._replace(reason=_where(queue)) if first.status == OK else first,
        policy._replace(help=f"{policy.help}{_ADDS}") if policy.status == BROKEN else policy,
        *key_steps(queue, key, topic),
        _period(queue.period),
    )


def _where(queue: Queue) -> str:
    return (
        f"`{queue.arn.resource}` in {queue.arn.region}" if isinstance(queue.arn, Arn) else f"`{queue.name}`"
    )


def policy_step(queue: Queue, topic: Arn) -> Step:
    """Check the queue policy, which alone decides, because a service principal has no identity policy."""
    truth = _may_send(queue, topic)
    bad = (
        "the queue has no policy"
        if queue.policy is None
        else "the queue policy does not let SNS send for the topic"
    )
    good = "the queue policy lets SNS send for the topic"
    return step("queue_policy", truth, good, bad, _POLICY_HELP.format(topic=topic))


def _may_send(queue: Queue, topic: Arn) -> Truth:
    if isinstance(queue.policy, Unknown):
        return queue.policy
    policy, target = _policy(queue), target_of(queue)

    def ask(principal: str) -> Truth:
        return prove.one_request(policy, delivery_space(target, topic, principal)).truth

    return delivers(ask, SQS, topic, queue.arn, queue.more)


def _policy(queue: Queue) -> Policy:
    return queue.policy.policy if isinstance(queue.policy, PolicyText) else EMPTY


def _period(seconds: int | Unknown) -> Step:
    """Return how long SQS stores a message: 4 days by default, 14 at most.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """
    if isinstance(seconds, Unknown):
        return step(PERIOD, seconds, "", "")
    days = f"{seconds / _DAY:g} day{'s' * (seconds != _DAY)}" if seconds >= _DAY else f"{seconds} seconds"
    return Step(PERIOD, OK, f"messages are stored for {days}; the maximum of SQS is 14 days")


def other_queue_senders(queue: Queue | Unknown, topic: Arn) -> Iterator[DeliveryWarning | Unknown]:
    """Yield other senders that the queue policy allows: any AWS account, or topics of other accounts."""
    if isinstance(queue, Unknown):
        yield queue
        return
    words = Words(
        "can send to the queue",
        "limit the queue policy to the intended senders",
        f"add ArnEquals `aws:SourceArn` `{topic}` to the statement that lets SNS send",
    )
    yield from other_senders(queue, target_of(queue), topic, SEND, words)


def queue_notes(queue: Queue) -> Iterator[str]:
    """Describe the dead-letter queue, if there is one."""
    if isinstance(queue.redrive, str) and queue.redrive:
        yield f"messages that exceed the maximum receive count move to `{queue.redrive}`"
