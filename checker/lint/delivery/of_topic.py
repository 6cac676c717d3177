"""The deliveries of a topic's messages, and what its filters accept.

What judges them is imported for topics with subscriptions alone: policies in files have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import Endpoints
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from checker.analysis.endpoints import Subscription
    from checker.analysis.topic import TopicAnalysis
    from checker.core.arn import Arn
    from checker.lint.delivery.filters import Filtered
    from checker.lint.delivery.model import Delivery


def deliveries(case: TopicAnalysis) -> tuple[Delivery, ...]:
    """Judge the known subscriptions of a topic; empty if none is known."""
    return case.once(_deliveries)


def _deliveries(case: TopicAnalysis) -> tuple[Delivery, ...]:
    subscriptions = case.topic.subscriptions
    if isinstance(subscriptions, Unknown) or not subscriptions:
        return ()
    from checker.lint.delivery.deliveries import delivery

    return tuple(delivery(one, case.topic, case.inventory, _instances(case)) for one in subscriptions)


def filters(case: TopicAnalysis) -> tuple[tuple[Subscription, Filtered], ...]:
    """Return the confirmed subscriptions of a topic, each with the messages that its filter policy accepts."""
    return case.once(_filters)


def _filters(case: TopicAnalysis) -> tuple[tuple[Subscription, Filtered], ...]:
    subscriptions = case.topic.subscriptions
    if isinstance(subscriptions, Unknown) or not subscriptions:
        return ()
    from checker.lint.delivery.filters import filtered

    instances = _instances(case)
    return tuple((one, filtered(one, instances)) for one in subscriptions if one.confirmed is not False)


def _instances(case: TopicAnalysis) -> tuple[Arn, ...]:
    return tuple(dict.fromkeys((*case.instances, *case.named_instances)))


def is_supplied(case: TopicAnalysis) -> bool:
    """True if the run knows any endpoint, so that one that is not known needs a word."""
    return case.inventory.endpoints != Endpoints()
