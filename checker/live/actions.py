"""The IAM action behind each call: what a report names when it is missing, and what `checker permissions` prints.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

_PREFIXES = {"resourcegroupstaggingapi": "tag"}


def action_of(service: str, operation: str) -> str:
    """Name the action of a call, `sns:GetTopicAttributes`; boto3 calls the operation `get_topic_attributes`."""
    return f"{_PREFIXES.get(service, service)}:{operation.title().replace('_', '')}"
