"""The IAM action behind each call: what a report names when it is missing, and what `checker permissions` prints.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

_PREFIXES = {"resourcegroupstaggingapi": "tag"}


def api_name(operation: str) -> str:
    """Name a call as the API does, `GetTopicAttributes`; boto3 calls it `get_topic_attributes`."""
    return operation.title().replace("_", "")


def action_of(service: str, operation: str) -> str:
    """Name the action that a call needs, `sns:GetTopicAttributes`."""
    return f"{_PREFIXES.get(service, service)}:{api_name(operation)}"
