"""The attributes of the awscc provider, which are those of CloudFormation, by the names that the aws provider has for them.

https://registry.terraform.io/providers/hashicorp/awscc/latest/docs/resources/sns_topic and related pages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = {"policy": "key_policy", "is_enabled": "enabled", "customer_master_key_spec": "key_spec"}

_NAMES: Mapping[str, Mapping[str, str]] = {
    "awscc_sns_topic": {"name": "topic_name", "arn": "topic_arn"},
    "awscc_kms_key": _KEY,
    "awscc_kms_replica_key": _KEY,
    "awscc_kms_alias": {"name": "alias_name"},
}


def name_in(kind: str, name: str) -> str:
    """Return the name that a resource type has for an attribute of the aws provider."""
    return _NAMES.get(kind, {}).get(name, name)
