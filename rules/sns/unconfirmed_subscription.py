"""The rule `unconfirmed-subscription`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import endpoint_names
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.delivery.model import CONFIRM_HELP
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class UnconfirmedSubscription(Rule):
    """Subscription that its endpoint has not confirmed.

    ## What it finds

    Subscriptions that SNS lists as PendingConfirmation. No file shows whether a declared subscription of an HTTPS
    endpoint or an email address was confirmed, so that is undetermined.

    ## What it proves

    PASS means that the list of subscriptions, at the time when it was read, has
    none that is pending. It does not mean that messages arrive:
    `undeliverable-subscription` checks that. A topic without subscriptions passes
    here: `no-durable-subscriber` reports it.

    ## Why it matters

    SNS delivers nothing to a subscription until it is confirmed. The token for it is valid for two days.

    ## Example

        "Subscriptions": [{"Protocol": "https", "SubscriptionArn": "PendingConfirmation", ...}]

    ## Use instead

        aws sns confirm-subscription --topic-arn arn:aws:sns:us-east-1:111122223333:chat --token TOKEN

    ## Fix safety

    There is no fix, because only the endpoint gets the token.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
    - https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    """

    id = "unconfirmed-subscription"
    family = "sns"
    summary = "a subscription of the topic is not confirmed"
    severity = Severity.WARNING
    needs_policy = False
    needs_live = True
    reads_endpoints = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for pending subscriptions."""
        subscriptions = case.topic.subscriptions
        if isinstance(subscriptions, Unknown):
            yield subscriptions
            return
        names = endpoint_names(subscriptions)
        for one in subscriptions:
            if isinstance(one.confirmed, Unknown):
                yield one.confirmed
            elif not one.confirmed:
                message = f"the {one.protocol} subscription of `{names[one.endpoint]}` is not confirmed, and gets no messages"
                yield self.finding(case.name, message, case.at_subscription(one), help=CONFIRM_HELP)
