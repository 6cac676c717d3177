"""The rule `undeliverable-subscription`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import FIREHOSE, LAMBDA, SQS
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.delivery.model import FILTER, SUBSCRIPTION, decisive
from checker.lint.delivery.of_topic import deliveries, is_supplied
from checker.lint.rule import Rule
from checker.lint.status import BROKEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.lint.delivery.model import Delivery


class UndeliverableSubscription(Rule):
    r"""Subscription whose function, queue or delivery stream SNS cannot reach.

    ## What it finds

    Confirmed subscriptions of a Lambda function, an SQS queue or a Firehose stream that receive no message:

    - the function, queue, stream or role does not exist;
    - the resource policy of the function, or of the version or alias that is subscribed, does not let
      sns.amazonaws.com do `lambda:InvokeFunction` for this topic;
    - the queue policy does not let sns.amazonaws.com do `sqs:SendMessage` for this topic;
    - the queue is encrypted with a key that SNS cannot use;
    - the queue is a FIFO queue, which SNS does not subscribe to a standard topic;
    - the role of the subscription does not trust SNS, or cannot write to the stream;
    - an organization policy denies the use of the queue, its key, the stream or the role.

    An audit and `explain ARN` read what is behind each subscription. In files, what the same Terraform root, plan or
    template declares counts, and output of the AWS CLI.

    ## What it proves

    PASS means that the policies that were read let SNS deliver, for the request
    that it makes for this topic. What cannot be read, an endpoint of another
    account, and a Region pair of which AWS documents no service principal, are not
    known. Whether a function then handles the chat, or an HTTPS endpoint answers,
    is not checked.

    ## Why it matters

    Connect publishes the chat, SNS accepts it, and this subscriber never gets it. It shows only in the metric
    NumberOfNotificationsFailed and in delivery logs.

    ## Example

        aws sns subscribe --protocol lambda --topic-arn arn:aws:sns:...:chat --notification-endpoint arn:aws:lambda:...

    without a permission for SNS in the function's resource policy.

    ## Use instead

        aws lambda add-permission --function-name chat --statement-id AllowSns --action lambda:InvokeFunction \
            --principal sns.amazonaws.com --source-arn arn:aws:sns:us-east-1:111122223333:chat

    ## Fix safety

    There is no fix, because it would change another resource than the topic and its key. `checker flow --retain sqs
    --create` adds the missing statement to the policy of a queue.

    ## References

    - https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    - https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    - https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    """

    id = "undeliverable-subscription"
    family = "sns"
    summary = "SNS cannot deliver to a subscribed function, queue or delivery stream"
    severity = Severity.ERROR
    needs_policy = False
    needs_live = True
    reads_endpoints = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for the first link behind each subscription that is broken or not known."""
        if isinstance(case.topic.subscriptions, Unknown):
            yield case.topic.subscriptions
        for delivery in deliveries(case):
            if delivery.kind in (LAMBDA, SQS, FIREHOSE) and SUBSCRIPTION not in delivery.broken:
                yield from self._check(case, delivery)

    def _check(self, case: TopicAnalysis, delivery: Delivery) -> Iterator[Finding | Unknown]:
        steps = [one for one in delivery.steps if one.name not in (SUBSCRIPTION, FILTER)]
        problem, at = decisive(steps), case.at_subscription(delivery.subscription)
        if problem is None:
            return
        if problem.status == BROKEN:
            message = f"`{delivery.endpoint}` is subscribed, but gets no messages: {problem.reason}"
            yield self.finding(case.name, message, at, help=problem.help)
        elif is_supplied(case):
            message = f"not known whether `{delivery.endpoint}` gets the messages: {problem.reason}"
            yield self.undetermined(case.name, message, at, help=problem.help)
        else:
            yield Unknown(f"whether `{delivery.endpoint}` gets the messages: {problem.reason}")
