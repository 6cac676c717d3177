"""Prints the minimal IAM policy for a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.app.exit_codes import Ending
from checker.app.terminal import write
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.terminal_text import json_lines
from checker.inputs.arn_options import check_bare
from checker.live.permissions import (
    Limits,
    access_statements,
    audit_policy,
    explain_policy,
    fix_policy,
    flow_policy,
    retention_statements,
    trial_policy,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.live.permissions import Extras


def print_audit_policy(limits: Limits, extras: Extras) -> Ending:
    """Print the policy for `checker audit`."""
    return _print(audit_policy(limits, extras), limits)


class AccessOptions(NamedTuple):
    """The options for access that a policy includes: the name of a role, and whether instances are named by alias."""

    role: str = ""
    by_name: bool = False


_NO_ACCESS = AccessOptions()


def print_explain_policy(limits: Limits, access: AccessOptions) -> Ending:
    """Print the policy for `checker explain`."""
    return _print(explain_policy(limits), limits, access)


def print_fix_policy(limits: Limits, access: AccessOptions, *, create: bool) -> Ending:
    """Print the policy for `checker fix`; ``create`` includes the permissions for a replacement."""
    return _print(fix_policy(limits, create=create), limits, access)


def print_flow_policy(
    limits: Limits, access: AccessOptions, *, retain: str, create: bool, try_conditions: bool = False
) -> Ending:
    """Print the policy for `checker flow`; ``retain`` is empty, `sqs` or `firehose`. Raises InputError."""
    if try_conditions:
        if retain or create or limits.topics or limits.keys:
            help_text = "a trial uses topics and keys of its own; limit its policy with --instance-arn"
            raise InputError(
                "--try-conditions", "cannot be combined with other options of a flow", help_text=help_text
            )
        return _print(trial_policy(limits), limits, access)
    if create and not retain:
        help_text = "add `--retain sqs` or `--retain firehose`"
        raise InputError("--create", "requires --retain", help_text=help_text)
    policy = flow_policy(limits)
    if retain:
        policy["Statement"] += retention_statements(limits, retain, create=create)
    return _print(policy, limits, access)


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
            check_bare(option, text)
            arn = Arn.parse(text)
            if arn is None or arn.service != service:
                raise InputError(option, f"`{text}` is not an ARN of {service}")
    return Limits(tuple(topics or ()), tuple(keys or ()), tuple(instances or ()), partition)


def _print(policy: dict[str, Any], limits: Limits, access: AccessOptions = _NO_ACCESS) -> Ending:
    statements = access_statements(limits, access.role, by_name=access.by_name)
    write(json_lines({**policy, "Statement": [*policy["Statement"], *statements]}))
    return Ending()
