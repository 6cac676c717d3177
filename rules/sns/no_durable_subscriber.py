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
_QUEUE_HELP = "allow sns.amazonaws.com to do `sqs:SendMessage` for this topic in the queue policy, and to use the queue's key"
_HELP = "subscribe an SQS queue, or a Firehose stream, and confirm the subscription"


class NoDurableSubscriber(Rule):
    """No SQS queue or Firehose stream stores the messages of the topic.

    ## What it finds

    Topics without a confirmed subscription of an SQS queue or a Firehose stream. A warning if the topic has no
    confirmed subscription at all, a note if it has other subscriptions. The rule reads the list of
    subscriptions, or the topic's own count if that is 0. An audit also reads each queue. A queue that SNS
    cannot send to does not count. A queue that the caller cannot read makes the result undetermined.

    ## Why it matters

    SNS stores a message only until it has tried to deliver it. To keep chats, AWS recommends a queue or a
    delivery stream behind the topic. Messages that arrive while the topic has no subscriber are lost.

    ## Example

        "Subscriptions": [{"Protocol": "email", "SubscriptionArn": "PendingConfirmation", ...}]

    ## Use instead

        "Subscriptions": [{"Protocol": "sqs", "SubscriptionArn": "arn:aws:sns:...", ...}]

    ## Fix safety

    There is no fix. The owner decides which queue stores the chats.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    """

    id = "no-durable-subscriber"
    family = "sns"
    summary = "no SQS queue or Firehose stream stores the messages of the topic"
    severity = Severity.WARNING
    needs_policy = False
    needs_live = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for a confirmed subscription that stores the messages."""
        subscriptions = case.topic.subscriptions
        if isinstance(subscriptions, Unknown):
            yield subscriptions
            return
        confirmed = [one for one in subscriptions if one.confirmed is not False]
        durable = [one for one in confirmed if one.protocol in _DURABLE]
        if any(one.undelivered == "" for one in durable):
            return
        unsure = [one for one in durable if isinstance(one.undelivered, Unknown)]
        if unsure:
            yield self._not_known(case, unsure[0])
        elif durable:
            yield self._not_delivered(case, durable[0])
        elif case.topic.unlisted is not None:
            yield case.topic.unlisted
        else:
            yield self.finding(
                case.name,
                f"no SQS queue or Firehose stream stores the messages: {_subscribers(subscriptions)}",
                case.here(case.topic.arn_place),
                severity=Severity.NOTE if confirmed else Severity.WARNING,
                help=_HELP,
            )

    def _not_known(self, case: TopicAnalysis, subscription: Subscription) -> Finding:
        undelivered = subscription.undelivered
        reason = undelivered.described if isinstance(undelivered, Unknown) else ""
        message = f"not known whether `{subscription.endpoint}` gets the messages: {reason}"
        return self.undetermined(case.name, message, case.here(case.topic.arn_place))

    def _not_delivered(self, case: TopicAnalysis, subscription: Subscription) -> Finding:
        message = f"`{subscription.endpoint}` is subscribed, but gets no messages: {subscription.undelivered}"
        return self.finding(case.name, message, case.here(case.topic.arn_place), help=_QUEUE_HELP)


def _subscribers(subscriptions: tuple[Subscription, ...]) -> str:
    pending = sum(one.confirmed is False for one in subscriptions)
    protocols = sorted({one.protocol for one in subscriptions if one.confirmed is not False})
    if protocols:
        return f"only {' and '.join(protocols)} subscribed"
    return f"no confirmed subscriptions, {pending} pending" if pending else "no subscriptions"
