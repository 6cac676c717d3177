"""The rule `no-durable-subscriber`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.delivery.model import KINDS
from checker.lint.delivery.of_topic import deliveries
from checker.lint.rule import Rule
from checker.lint.status import OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Subscription
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding

_REPORTED = Unknown("each queue and stream behind the topic has a problem that another rule reports")
_HELP = "subscribe an SQS queue, or a Firehose stream, and confirm the subscription"


class NoDurableSubscriber(Rule):
    """No SQS queue or Firehose stream stores the messages of the topic.

    ## What it finds

    Topics without a subscription of an SQS queue or a Firehose stream. A warning if the topic has no confirmed
    subscription at all, a note if it has other subscriptions. The rule reads the list of subscriptions, or the
    topic's own count if that is 0.

    ## What it proves

    PASS means that one queue or stream is proven to receive messages: it is
    confirmed, its filter policy accepts messages, and SNS can deliver to it. If
    each has a problem, `unconfirmed-subscription`, `unmatchable-filter` or
    `undeliverable-subscription` reports it, and this rule is undetermined. So it is
    if one of them is not known. How long the messages are kept, and whether they
    are read, is not checked.

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
    reads_endpoints = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for a confirmed subscription that stores the messages."""
        subscriptions = case.topic.subscriptions
        if isinstance(subscriptions, Unknown):
            yield subscriptions
            return
        durable = [one for one in deliveries(case) if one.kind in KINDS]
        if any(one.status == OK for one in durable):
            return
        unsure = next((step for one in durable if (step := one.first(UNKNOWN)) and not one.broken), None)
        if unsure is not None:
            yield Unknown(f"whether a subscribed queue or stream gets the messages: {unsure.reason}")
        elif durable:
            yield _REPORTED
        elif case.topic.unlisted is not None:
            yield case.topic.unlisted
        else:
            confirmed = [one for one in subscriptions if one.confirmed is not False]
            yield self.finding(
                case.name,
                f"no SQS queue or Firehose stream stores the messages: {_subscribers(subscriptions)}",
                case.here(case.topic.arn_place),
                severity=Severity.NOTE if confirmed else Severity.WARNING,
                help=_HELP,
            )


def _subscribers(subscriptions: tuple[Subscription, ...]) -> str:
    pending = sum(one.confirmed is False for one in subscriptions)
    protocols = sorted({one.protocol for one in subscriptions if one.confirmed is not False})
    if protocols:
        return f"only {' and '.join(protocols)} subscribed"
    return f"no confirmed subscriptions, {pending} pending" if pending else "no subscriptions"
