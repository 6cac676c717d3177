"""The CloudWatch counters of a topic: the parameters of GetMetricData, and the sums in its response.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from checker.lint.causes import Counters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.core.arn import Arn


MINUTE, HOUR = 60, 3600
"""Periods in seconds over which CloudWatch sums."""

_METRICS = {
    "published": "NumberOfMessagesPublished",
    "delivered": "NumberOfNotificationsDelivered",
    "filtered_out": "NumberOfNotificationsFilteredOut",
    "failed": "NumberOfNotificationsFailed",
}


def counter_parameters(topic: Arn, since: datetime, period: int) -> dict[str, Any]:
    """Return the parameters that read the counters of a topic from the minute of a time until now."""
    return {
        "MetricDataQueries": [_query(name, metric, topic, period) for name, metric in _METRICS.items()],
        "StartTime": since.replace(second=0, microsecond=0),
        "EndTime": datetime.now(UTC) + timedelta(seconds=MINUTE),
    }


def counters_in(answer: Mapping[str, Any]) -> Counters:
    """Return the sums over all periods of a response."""
    sums = {result["Id"]: _sum(result) for result in answer.get("MetricDataResults") or ()}
    return Counters(**{name: sums.get(name) for name in _METRICS})


def _query(name: str, metric: str, topic: Arn, period: int) -> dict[str, Any]:
    dimensions = [{"Name": "TopicName", "Value": topic.resource}]
    stat = {
        "Metric": {"Namespace": "AWS/SNS", "MetricName": metric, "Dimensions": dimensions},
        "Period": period,
        "Stat": "Sum",
    }
    return {"Id": name, "MetricStat": stat}


def _sum(result: Mapping[str, Any]) -> int | None:
    """Return the sum over all periods. None if there is no data."""
    values = result.get("Values") or ()
    return int(sum(values)) if values else None
