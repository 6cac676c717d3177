"""The CloudWatch metrics of topics, and which of them count a message that a filter policy drops.

https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.sandbox.aws.filter_policy import BODY, accepts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.sandbox.aws.service_requests import TopicArn
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.journal import Clock


class Metrics:
    """Records the CloudWatch metrics of topics."""

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock

    def published(self, topic: TopicArn, size: int) -> None:
        """Count one published message."""
        self._put(topic, ("NumberOfMessagesPublished", 1, "Count"), ("PublishSize", size, "Bytes"))

    def notified(self, topic: TopicArn, *names: str) -> None:
        """Count one notification under the names of metrics."""
        self._put(topic, *((name, 1, "Count") for name in names))

    def _put(self, topic: TopicArn, *counts: tuple[str, int, str]) -> None:
        moment = datetime.fromtimestamp(self._clock.now(), UTC)
        self._upstream.client("cloudwatch", topic.account, topic.region).put_metric_data(
            Namespace="AWS/SNS",
            MetricData=[
                {
                    "MetricName": name,
                    "Dimensions": [{"Name": "TopicName", "Value": topic.name}],
                    "Timestamp": moment,
                    "Value": value,
                    "Unit": unit,
                }
                for name, value, unit in counts
            ],
        )


_FILTERED = "NumberOfNotificationsFilteredOut"


def filtered_out(
    subscription: dict[str, Any], attributes: dict[str, Any] | None, body: str
) -> tuple[str, ...]:
    """Return the metrics of a message that the filter policy of a subscription drops; empty if it accepts the message.

    ``subscription`` are the attributes of the subscription, ``attributes`` and ``body`` those of the message.
    Assumed: a message counts in the total, under the scope of the filter policy, and under its cause, if it has one.
    """
    if not subscription.get("FilterPolicy"):
        return ()
    scope = subscription.get("FilterPolicyScope") or "MessageAttributes"
    policy = json.loads(subscription["FilterPolicy"])
    cause = next(_body_cause(body) if scope == BODY else _attribute_cause(attributes or {}), "")
    if not cause.startswith("Invalid") and accepts(policy, scope, attributes or {}, body):
        return ()
    return (_FILTERED, f"{_FILTERED}-{scope}", *([f"{_FILTERED}-{cause}"] if cause else []))


def _body_cause(body: str) -> Iterator[str]:
    """A filter policy on the body reads JSON objects alone."""
    if not isinstance(_parsed(body), dict):
        yield "InvalidMessageBody"


def _attribute_cause(attributes: dict[str, Any]) -> Iterator[str]:
    """An attribute of the type String.Array is a JSON list. A policy may accept a message without attributes."""
    if not attributes:
        yield "NoMessageAttributes"
    for attribute in attributes.values():
        if attribute["Type"] == "String.Array" and not isinstance(_parsed(attribute["Value"]), list):
            yield "InvalidAttributes"


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
