"""Statements of IAM policies that allow no more than is asked for. Knows no boto3.

What an action may be limited to is from the service authorization reference.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

EVERY = ("*",)
"""What lists, and what is created under an id of AWS's choice, can be limited to."""

READ_KEY = ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants")


class Limits(NamedTuple):
    """What the permissions are to be limited to; where nothing is said, to any resource of the kind."""

    topics: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    partition: str = "aws"

    def of(self, service: str, kind: str, given: tuple[str, ...]) -> tuple[str, ...]:
        """The resources of a kind: those that were given, else all."""
        return given or (f"arn:{self.partition}:{service}:*:*:{kind}",)


def statement(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Allow actions on resources, under a condition if one is given."""
    allowed = {"Sid": sid, "Effect": "Allow", "Action": _one(actions), "Resource": _one(resources)}
    return allowed if condition is None else {**allowed, "Condition": condition}


def _one(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
