"""The rule `no-durable-subscriber`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Subscription
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding

_DURABLE = ("sqs", "firehose")
_QUEUE_HELP = (
    "let sns.amazonaws.com do sqs:SendMessage for this topic in the queue policy, and use the queue's key"
)
_HELP = "subscribe an SQS queue, or a Firehose stream, and confirm the subscription"


class NoDurableSubscriber(Rule):
    """No queue and no delivery stream keeps the messages of the topic.

    ## What it finds

    Topics without a confirmed subscription of an SQS queue or a Firehose stream: a warning when nobody at
    all is subscribed, a note when others are. Told from the list of subscriptions, or from a topic's own
    count when that is 0. An audit also reads each queue: one that SNS may not send to keeps nothing, and one
    that the caller may not read makes the answer undetermined.

    ## Why it matters

    SNS keeps a message only until it has tried to deliver it. AWS recommends a queue or a delivery stream
    behind the topic for whoever wants to keep a chat; what arrives while nobody is subscribed is gone.

    ## Example

        "Subscriptions": [{"Protocol": "email", "SubscriptionArn": "PendingConfirmation", ...}]

    ## Use instead

        "Subscriptions": [{"Protocol": "sqs", "SubscriptionArn": "arn:aws:sns:...", ...}]

    ## Fix safety

    No fix: which queue is to keep the chats is for the owner to say.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    """

    id = "no-durable-subscriber"
    family = "sns"
    summary = "no queue and no delivery stream keeps the messages of the topic"
    severity = Severity.WARNING
    needs_policy = False
    needs_live = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for one confirmed subscription that keeps what it gets."""
        known = case.topic.subscriptions
        if isinstance(known, Unknown):
            yield known
            return
        confirmed = [one for one in known if one.confirmed]
        keeping = [one for one in confirmed if one.protocol in _DURABLE]
        if any(one.undelivered == "" for one in keeping):
            return
        unsure = [one for one in keeping if isinstance(one.undelivered, Unknown)]
        if unsure:
            yield self._not_known(case, unsure[0])
        elif keeping:
            yield self._not_delivered(case, keeping[0])
        else:
            yield self.finding(
                case.name,
                f"{_who(known)}: no SQS queue and no Firehose stream keeps the messages",
                case.here(case.topic.arn_place),
                severity=Severity.NOTE if confirmed else Severity.WARNING,
                help=_HELP,
            )

    def _not_known(self, case: TopicAnalysis, one: Subscription) -> Finding:
        reason = one.undelivered.told if isinstance(one.undelivered, Unknown) else ""
        message = f"whether `{one.endpoint}` gets the messages is not known: {reason}"
        return self.undetermined(case.name, message, case.here(case.topic.arn_place))

    def _not_delivered(self, case: TopicAnalysis, one: Subscription) -> Finding:
        message = f"`{one.endpoint}` is subscribed, but gets no messages: {one.undelivered}"
        return self.finding(case.name, message, case.here(case.topic.arn_place), help=_QUEUE_HELP)


def _who(known: tuple[Subscription, ...]) -> str:
    pending = sum(not one.confirmed for one in known)
    protocols = sorted({one.protocol for one in known if one.confirmed})
    if protocols:
        return f"only {' and '.join(protocols)} is subscribed"
    return f"nobody is subscribed, {pending} not confirmed" if pending else "nobody is subscribed"
