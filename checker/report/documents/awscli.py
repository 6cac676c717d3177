"""Policies as commands of the AWS CLI, quoted for a POSIX shell.

https://docs.aws.amazon.com/cli/latest/reference/sns/set-topic-attributes.html
https://docs.aws.amazon.com/cli/latest/reference/kms/put-key-policy.html
"""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from checker.policy.plain import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.arn import Arn
    from checker.policy.plain import Plain

_CONTINUED = " \\\n  "


def set_topic_policy(topic: Arn, policy: Mapping[str, Plain]) -> str:
    """Write the command that sets a topic's policy."""
    options = (
        ("--region", topic.region),
        ("--topic-arn", str(topic)),
        ("--attribute-name", "Policy"),
        ("--attribute-value", json_text(policy)),
    )
    return _command("aws sns set-topic-attributes", options)


def put_key_policy(key: Arn, policy: Mapping[str, Plain]) -> str:
    """Write the command that sets a key's policy, which KMS calls `default`."""
    options = (
        ("--region", key.region),
        ("--key-id", str(key)),
        ("--policy-name", "default"),
        ("--policy", json_text(policy)),
    )
    return _command("aws kms put-key-policy", options)


def _command(name: str, options: Sequence[tuple[str, str]]) -> str:
    return _CONTINUED.join((name, *(f"{option} {quote(value)}" for option, value in options)))
