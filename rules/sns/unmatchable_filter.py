"""The rule `unmatchable-filter`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import endpoint_names
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.delivery.of_topic import filters
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class UnmatchableFilter(Rule):
    """Filter policy that no message of a chat satisfies.

    ## What it finds

    Subscriptions whose filter policy accepts no message that Connect sends: it requires a key that chat messages
    do not have, or a value that Connect never sends. The rule knows the eight message attributes and the members of the
    message body that AWS documents, and both values of FilterPolicyScope.

    ## What it proves

    PASS means that each filter policy accepts at least one message in the format
    that AWS documents. Each combination of the values that AWS documents was tried.
    AWS may add attributes later. Rules with operators that AWS documents for
    numbers and addresses, and nested keys, are not known.

    ## Why it matters

    SNS drops every chat message for this subscriber, without an error. It shows only in the metric
    NumberOfNotificationsFilteredOut.

    ## Example

        FilterPolicyScope: MessageBody
        FilterPolicy: {"MessageVisibility": ["CUSTOMER", "ALL"]}

    MessageVisibility is a message attribute, and not a member of the body.

    ## Use instead

        FilterPolicyScope: MessageAttributes
        FilterPolicy: {"MessageVisibility": ["CUSTOMER", "ALL"]}

    ## Fix safety

    There is no fix, because only the owner knows which messages the subscriber wants.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
    """

    id = "unmatchable-filter"
    family = "sns"
    summary = "the filter policy of a subscription accepts no chat message"
    severity = Severity.ERROR
    needs_policy = False
    needs_live = True
    reads_endpoints = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Try every combination of values of the keys in each filter policy."""
        subscriptions = case.topic.subscriptions
        if isinstance(subscriptions, Unknown):
            yield subscriptions
            return
        from checker.lint.delivery.filters import NONE_HELP, refusal  # for subscriptions alone

        names = endpoint_names(subscriptions)
        for subscription, result in filters(case):
            if isinstance(result.some, Unknown):
                yield result.some
            elif not result.some:
                place = case.at_subscription(subscription)
                message = f"`{names[subscription.endpoint]}` gets no messages: {refusal(result)}"
                yield self.finding(case.name, message, place, help=NONE_HELP)
