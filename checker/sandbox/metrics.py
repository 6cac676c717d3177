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
    """Counts what was published to a topic."""

    def __init__(self, upstream: Upstream, clock: Clock) -> None:
        self._upstream = upstream
        self._clock = clock

    def published(self, topic: TopicArn, size: int) -> None:
        """Count one message that SNS has taken, and its notifications.

        Assumed: every subscription without a filter policy takes delivery; those with one are not counted.
        """
        counts = {
            "NumberOfMessagesPublished": (1, "Count"),
            "NumberOfNotificationsDelivered": (self._unfiltered(topic), "Count"),
            "PublishSize": (size, "Bytes"),
        }
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
                for name, (value, unit) in counts.items()
            ],
        )

    def _unfiltered(self, topic: TopicArn) -> int:
        sns = self._upstream.client("sns", topic.account, topic.region)
        subscriptions = sns.list_subscriptions_by_topic(TopicArn=topic.text)["Subscriptions"]
        attributes = (
            sns.get_subscription_attributes(SubscriptionArn=one["SubscriptionArn"])["Attributes"]
            for one in subscriptions
            if one["SubscriptionArn"].startswith("arn:")
        )
        return sum("FilterPolicy" not in one for one in attributes)
