"""Reads the CloudWatch metrics of the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checker.sandbox.running import Account


def counted(account: Account, name: str) -> float:
    """The sum of a metric of the topic `chat`."""
    now = datetime.now(UTC)
    metric = {
        "Namespace": "AWS/SNS",
        "MetricName": name,
        "Dimensions": [{"Name": "TopicName", "Value": "chat"}],
    }
    found: Any = account.client("cloudwatch").get_metric_data(
        MetricDataQueries=[{"Id": "m", "MetricStat": {"Metric": metric, "Period": 7200, "Stat": "Sum"}}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
    )["MetricDataResults"]
    return float(sum(found[0]["Values"]))
