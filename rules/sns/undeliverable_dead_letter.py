"""The rule `undeliverable-dead-letter`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import shown
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.delivery.model import decisive
from checker.lint.delivery.of_topic import deliveries, is_supplied
from checker.lint.rule import Rule
from checker.lint.status import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.lint.delivery.model import Delivery


class UndeliverableDeadLetter(Rule):
    """Dead-letter queue that SNS cannot send to.

    ## What it finds

    Subscriptions with a redrive policy whose queue does not exist, is in another account or Region than the
    subscription, is a FIFO queue, does not let sns.amazonaws.com do `sqs:SendMessage` for the topic, or is encrypted
    with a key that SNS cannot use.

    ## What it proves

    PASS means that SNS can send to the queue of each redrive policy, by the
    policies that were read and for the request that AWS documents. Subscriptions
    without a redrive policy are not judged. How long the queue keeps messages is
    not checked. A queue, key or policy that was not read is not known.

    ## Why it matters

    Messages that SNS cannot deliver are meant to be kept there. They are lost, and nothing reports it but the metric
    NumberOfNotificationsFailedToRedriveToDlq.

    ## Example

    A queue that `aws sqs create-queue` made, named in a redrive policy, without a queue policy.

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
         "Resource": "arn:aws:sqs:us-east-1:111122223333:chat-dead-letters",
         "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:us-east-1:111122223333:chat"}}}

    ## Fix safety

    There is no fix, because it would change another resource than the topic and its key.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-configure-dead-letter-queue.html
    """

    id = "undeliverable-dead-letter"
    family = "sns"
    summary = "SNS cannot send to the dead-letter queue of a subscription"
    severity = Severity.WARNING
    needs_policy = False
    needs_live = True
    reads_endpoints = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for the first link to each dead-letter queue that is broken or not known."""
        if isinstance(case.topic.subscriptions, Unknown):
            yield case.topic.subscriptions
        for delivery in deliveries(case):
            yield from self._check(case, delivery)

    def _check(self, case: TopicAnalysis, delivery: Delivery) -> Iterator[Finding | Unknown]:
        subscription = delivery.subscription
        problem, at = decisive(delivery.dead_letter), case.at_subscription(subscription)
        if problem is None or subscription.dead_letter is None:
            return
        about = f"the dead-letter queue `{shown(subscription.dead_letter)}` of `{delivery.endpoint}`"
        if problem.status == BROKEN:
            yield self.finding(
                case.name, f"{about} gets no messages: {problem.reason}", at, help=problem.help
            )
        elif is_supplied(case) and not isinstance(subscription.dead_letter, Unknown):
            message = f"not known whether {about} gets messages: {problem.reason}"
            yield self.undetermined(case.name, message, at, help=problem.help)
        else:
            yield Unknown(problem.reason)
