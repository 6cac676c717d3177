"""Prints the minimal IAM policy for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.app.exit_codes import Ending
from checker.app.terminal import write
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.live.permissions import (
    Limits,
    audit_policy,
    explain_policy,
    fix_policy,
    flow_policy,
    retention_statements,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.live.permissions import Extras


def print_audit_policy(limits: Limits, extras: Extras) -> Ending:
    """Print the policy for `checker audit`."""
    return _print(audit_policy(limits, extras))


def print_explain_policy(limits: Limits) -> Ending:
    """Print the policy for `checker explain`."""
    return _print(explain_policy(limits))


def print_fix_policy(limits: Limits, *, create: bool) -> Ending:
    """Print the policy for `checker fix`; ``create`` includes the permissions for a replacement."""
    return _print(fix_policy(limits, create=create))


def print_flow_policy(limits: Limits, *, retain: str, create: bool) -> Ending:
    """Print the policy for `checker flow`; ``retain`` is empty, `sqs` or `firehose`. Raises InputError."""
    if create and not retain:
        help_text = "add `--retain sqs` or `--retain firehose`"
        raise InputError("--create", "requires --retain", help_text=help_text)
    policy = flow_policy(limits)
    if retain:
        policy["Statement"] += retention_statements(limits, retain, create=create)
    return _print(policy)


def read_limits(
    partition: str,
    topics: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
    instances: Sequence[str] | None = None,
) -> Limits:
    """Read the resources that limit a policy. Raises InputError for an ARN of another service."""
    for option, service, given in (
        ("--topic-arn", "sns", topics),
        ("--key-arn", "kms", keys),
        ("--instance-arn", "connect", instances),
    ):
        for text in given or ():
            arn = Arn.parse(text)
            if arn is None or arn.service != service:
                raise InputError(option, f"`{text}` is not an ARN of {service}")
    return Limits(tuple(topics or ()), tuple(keys or ()), tuple(instances or ()), partition)


def _print(policy: dict[str, Any]) -> Ending:
    write(json_lines(policy))
    return Ending()
