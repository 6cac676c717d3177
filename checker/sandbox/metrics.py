"""The counters that SNS keeps in CloudWatch.

https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
A message that was refused raises none of them: "published" stays where it was.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from checker.sandbox.clock import Clock
    from checker.sandbox.request import TopicArn
    from checker.sandbox.upstream import Upstream


class Metrics:
    """Counts what was published to a topic, and its notifications."""

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock

    def published(self, topic: TopicArn, size: int) -> None:
        """Count one message that SNS has taken."""
        self._put(topic, ("NumberOfMessagesPublished", 1, "Count"), ("PublishSize", size, "Bytes"))

    def notified(self, topic: TopicArn, name: str) -> None:
        """Count what became of one notification."""
        self._put(topic, (name, 1, "Count"))

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
