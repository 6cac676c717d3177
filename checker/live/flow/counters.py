"""What CloudWatch counts of a topic while the chat goes on.

SNS counts by the minute, and CloudWatch shows it later. A message that the topic policy or the key refuses counts
nowhere.
https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from checker.passage import Counters

if TYPE_CHECKING:
    from checker.arn import Arn
    from checker.live.calls import Calls
    from checker.live.flow.steps import Steps

_METRICS = {
    "published": "NumberOfMessagesPublished",
    "delivered": "NumberOfNotificationsDelivered",
    "filtered_out": "NumberOfNotificationsFilteredOut",
    "failed": "NumberOfNotificationsFailed",
}
_MINUTE = 60
_BETWEEN = 15.0
"""Seconds between two looks at counters that CloudWatch does not show yet."""


def wait_for_counters(steps: Steps, calls: Calls, topic: Arn, since: datetime, seconds: float) -> Counters:
    """Read a topic's counters, again and again for so many seconds while there are none.

    Raises UnreadError, StoppedError.
    """
    end = time.monotonic() + seconds
    counters = _read(steps, calls, topic, since)
    while counters.published is None and time.monotonic() < end:
        calls.wait(_BETWEEN)
        counters = _read(steps, calls, topic, since)
    return counters


def _read(steps: Steps, calls: Calls, topic: Arn, since: datetime) -> Counters:
    """Read them from the minute on in which the flow began.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
    """
    answer = steps.call(
        calls,
        "cloudwatch",
        "get_metric_data",
        str(topic),
        MetricDataQueries=[_query(name, metric, topic) for name, metric in _METRICS.items()],
        StartTime=since.replace(second=0, microsecond=0),
        EndTime=datetime.now(UTC) + timedelta(seconds=_MINUTE),
    )
    sums = {one["Id"]: _sum(one) for one in answer["MetricDataResults"]}
    return Counters(**{name: sums.get(name) for name in _METRICS})


def _query(name: str, metric: str, topic: Arn) -> dict[str, Any]:
    dimensions = [{"Name": "TopicName", "Value": topic.resource}]
    stat = {
        "Metric": {"Namespace": "AWS/SNS", "MetricName": metric, "Dimensions": dimensions},
        "Period": _MINUTE,
        "Stat": "Sum",
    }
    return {"Id": name, "MetricStat": stat}


def _sum(result: dict[str, Any]) -> int | None:
    """The sum over the minutes, ``None`` while there is no datum."""
    values = result.get("Values") or ()
    return int(sum(values)) if values else None
