"""The rule `selective-filter`."""

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


class SelectiveFilter(Rule):
    """Filter policy that drops some messages of a chat.

    ## What it finds

    Subscriptions whose filter policy accepts some messages that Connect sends, and drops others. A note if the policy
    filters only on keys with documented values, such as MessageVisibility, Type and ParticipantRole, as AWS samples
    do on purpose. A warning if it filters on another key, such as ContactId.

    ## What it proves

    PASS means that each filter policy accepts all messages in the format that AWS
    documents, or none (`unmatchable-filter`), for each combination of values.
    Attributes that AWS adds later, and values that it does not document, are not
    covered. Operators for numbers and addresses, and nested keys, are not known.

    ## Why it matters

    The subscriber does not see the whole chat. Some events have no ContactId, so that a filter on it drops them.

    ## Example

        FilterPolicy: {"ContactId": [{"exists": true}]}

    ## Use instead

        FilterPolicy: {"InitialContactId": [{"exists": true}]}

    ## Fix safety

    There is no fix, because only the owner knows which messages the subscriber wants.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
    """

    id = "selective-filter"
    family = "sns"
    summary = "the filter policy of a subscription drops some chat messages"
    severity = Severity.WARNING
    needs_policy = False
    needs_live = True
    reads_endpoints = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look for filter policies that accept some messages and drop others."""
        subscriptions = case.topic.subscriptions
        if isinstance(subscriptions, Unknown):
            yield subscriptions
            return
        from checker.lint.delivery.filters import CHOSEN, accepted_only  # for subscriptions alone

        names = endpoint_names(subscriptions)
        for subscription, result in filters(case):
            if isinstance(result.every, Unknown):
                yield result.every
            elif result.every is False and result.some is True:
                chosen = all(key in CHOSEN for key, _ in result.dropping)
                yield self.finding(
                    case.name,
                    f"`{names[subscription.endpoint]}`: {accepted_only(result)}",
                    case.at_subscription(subscription),
                    severity=Severity.NOTE if chosen and result.dropping else Severity.WARNING,
                    help="suppress this if the subscriber should not get these messages",
                )
