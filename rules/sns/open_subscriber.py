"""The rule `open-subscriber`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.delivery.of_topic import deliveries
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.lint.delivery.model import Delivery, DeliveryWarning


class OpenSubscriber(Rule):
    r"""Subscribed function or queue that other AWS customers can send to.

    ## What it finds

    Functions and queues behind the topic whose policy lets any AWS account, or SNS for topics of other accounts, send
    messages. A permission for sns.amazonaws.com without a source ARN is the usual reason.

    ## What it proves

    PASS means that no request of an account that the policy does not name, and no
    topic of such an account in the topic's Region, is allowed by the policies of
    the functions and queues that were read. Delivery streams, HTTPS endpoints and
    email addresses have no such policy, and are not checked. A policy that was not
    read is not known.

    ## Why it matters

    Another AWS customer can subscribe the function or queue to a topic of their own, and send it messages that look
    like a chat.

    ## Example

        aws lambda add-permission --function-name chat --statement-id sns --action lambda:InvokeFunction \
            --principal sns.amazonaws.com

    ## Use instead

        aws lambda add-permission --function-name chat --statement-id sns --action lambda:InvokeFunction \
            --principal sns.amazonaws.com --source-arn arn:aws:sns:us-east-1:111122223333:chat

    ## Fix safety

    There is no fix, because it would change another resource than the topic and its key.

    ## References

    - https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    - https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """

    id = "open-subscriber"
    family = "sns"
    summary = "other AWS customers can send to a subscribed function or queue"
    severity = Severity.WARNING
    opens = True
    needs_policy = False
    needs_live = True
    reads_endpoints = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for endpoints whose policy allows, or may allow, other senders."""
        if isinstance(case.topic.subscriptions, Unknown):
            yield case.topic.subscriptions
        for delivery in deliveries(case):
            for other in delivery.problems:
                yield other if isinstance(other, Unknown) else self._open(case, delivery, other)

    def _open(self, case: TopicAnalysis, delivery: Delivery, other: DeliveryWarning) -> Finding:
        message = f"`{delivery.endpoint}`: {other.message}"
        return self.finding(case.name, message, case.at_subscription(delivery.subscription), help=other.help)
