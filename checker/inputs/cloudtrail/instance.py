"""The Connect instance that an event names: CloudTrail shows an id, an ARN, or an ARN that is URL-encoded."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

from checker.core.arn import NEWEST, Arn, partition_of


@lru_cache(maxsize=256)
def instance_of(named: str, region: str, account: str) -> str:
    """Give the ARN of an instance, empty if it cannot be told.

    An id is one of the account and the Region that the event was recorded for.
    """
    decoded = unquote(named)
    arn = Arn.parse(decoded)
    if arn is None:
        arn = Arn(partition_of(region) or NEWEST, "connect", region, account, f"instance/{decoded}")
    return str(arn) if arn.is_instance and arn.region else ""
