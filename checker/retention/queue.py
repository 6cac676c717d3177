"""Whether a subscribed queue gets a topic's messages, and keeps them.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.chain import OK
from checker.iam import prove
from checker.iam.delivery import SEND, delivery_space, other_topics_space
from checker.iam.space import SNS, Target
from checker.iam.truth import Truth, all_of, any_of
from checker.inventory import PolicyText
from checker.policy.model import EMPTY, Policy
from checker.policy.unknown import Unknown
from checker.retention.model import Step, Warned, step
from checker.retention.queue_key import key_steps
from checker.retention.regions import DEFAULT_REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.arn import Arn
    from checker.retention.facts import Queue

_DAY = 24 * 60 * 60
_GONE_HELP = "unsubscribe it, and subscribe a queue that is there; `--create` makes one"
POLICY_HELP = (
    "add a statement that lets sns.amazonaws.com do sqs:SendMessage with ArnEquals aws:SourceArn `{topic}`; "
    "`--create` adds it"
)


def queue_steps(queue: Queue | Unknown | None, topic: Arn) -> tuple[Step, ...]:
    """Judge the links behind the subscription; ``None`` is a queue that SQS does not find."""
    if queue is None or isinstance(queue, Unknown):
        there: Truth = queue if isinstance(queue, Unknown) else False
        return (step("queue", there, "", "the queue does not exist", _GONE_HELP),)
    return (
        step("queue", truth=True, good=f"`{queue.arn.resource}` in {queue.arn.region}", bad=""),
        policy_step(queue, topic),
        *key_steps(queue, topic),
        _period(queue.period),
    )


def policy_step(queue: Queue, topic: Arn) -> Step:
    """Judge the queue policy, which decides alone: a service principal has no identity policy."""
    if isinstance(queue.policy, Unknown):
        return step("queue_policy", queue.policy, "", "")
    target = Target.of(queue.arn)
    answers = [
        prove.one_request(_policy(queue), delivery_space(target, topic, one)).truth
        for one in _principals(queue.arn, topic)
    ]
    truth = all_of(answers)
    if truth is False and any_of(answers) is not False:
        truth = Unknown("AWS does not document by which name SNS asks from this Region to that one")
    bad = (
        "the queue has no policy"
        if queue.policy is None
        else "the queue policy does not let SNS send for the topic"
    )
    good = "the queue policy lets SNS send for the topic"
    return step("queue_policy", truth, good, bad, POLICY_HELP.format(topic=topic))


def _policy(queue: Queue) -> Policy:
    return queue.policy.policy if isinstance(queue.policy, PolicyText) else EMPTY


def _principals(queue: Arn, topic: Arn) -> tuple[str, ...]:
    """The names that SNS may ask by: another one from an opt-in Region to one that is not.

    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    """
    ours, theirs = (arn.region in DEFAULT_REGIONS for arn in (topic, queue))
    if topic.region == queue.region or (ours and theirs):
        return (SNS,)
    of_topic, of_queue = (f"sns.{arn.region}.amazonaws.com" for arn in (topic, queue))
    return (of_topic,) if theirs else (SNS, of_topic, of_queue)


def _period(seconds: int | Unknown) -> Step:
    """How long SQS keeps a message that nobody takes; 4 days unless said, 14 at most.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """
    if isinstance(seconds, Unknown):
        return step("period", seconds, "", "")
    days = f"{seconds / _DAY:g} day{'s' * (seconds != _DAY)}" if seconds >= _DAY else f"{seconds} seconds"
    return Step("period", OK, f"messages are kept for {days}; SQS keeps them for 14 at most")


def queue_warnings(queue: Queue, topic: Arn) -> Iterator[Warned]:
    """Say who else may send to a queue: anybody, or the topics of other accounts."""
    policy, target = _policy(queue), Target.of(queue.arn)
    if prove.StrangerProver(policy, target).can(SEND).truth is True:
        yield Warned("anybody may send to the queue", "limit the queue policy to those who should")
    answer = prove.some_request(policy, other_topics_space(target, topic))
    if answer.truth is True and answer.witness is not None:
        example = answer.witness.context["aws:sourcearn"]
        yield Warned(
            f"topics of other accounts may send to the queue, such as `{example}`",
            f"put ArnEquals aws:SourceArn `{topic}` into the statement that lets SNS send",
        )


def queue_notes(queue: Queue) -> Iterator[str]:
    """Say what else becomes of messages in a queue."""
    if queue.redrive:
        yield f"messages that are received too often move to `{queue.redrive}`"
