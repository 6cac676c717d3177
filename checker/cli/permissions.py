"""`checker permissions`: print the least IAM policy that a command needs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from checker.app.exit_codes import Exit
from checker.app.terminal import write
from checker.cli.options import Keeping
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.live.permissions import (
    Extras,
    Limits,
    audit_policy,
    fix_policy,
    flow_policy,
    retention_statements,
)

_Topics = Annotated[
    list[str] | None,
    typer.Option("--topic-arn", metavar="ARN", help="Limit it to topics; wildcards, repeatable."),
]
_Keys = Annotated[
    list[str] | None,
    typer.Option("--key-arn", metavar="ARN", help="Limit it to keys; wildcards, repeatable."),
]
_Instances = Annotated[
    list[str] | None, typer.Option("--instance-arn", metavar="ARN", help="Limit it to instances; repeatable.")
]
_Partition = Annotated[str, typer.Option(metavar="NAME", help="The partition of AWS.")]


def permissions_audit(
    topic: _Topics = None,
    key: _Keys = None,
    role_name: Annotated[str, typer.Option(metavar="NAME", help="For --role-name: entering accounts.")] = "",
    organization: Annotated[bool, typer.Option("--organization", help="For --organization.")] = False,
    all_regions: Annotated[bool, typer.Option("--all-regions", help="For --all-regions.")] = False,
    topic_tag: Annotated[bool, typer.Option("--topic-tag", help="For --topic-tag.")] = False,
    trail: Annotated[bool, typer.Option("--trail/--no-trail", help="For --trail-hours above 0.")] = True,
    security_hub: Annotated[bool, typer.Option("--security-hub", help="For --security-hub.")] = False,
    partition: _Partition = "aws",
) -> int:
    """Print what `checker audit` needs: reading, and no more."""
    extras = Extras(role_name, organization, all_regions, topic_tag, trail, security_hub)
    return _print(audit_policy(_limits(partition, topic, key), extras))


def permissions_fix(
    topic: _Topics = None,
    key: _Keys = None,
    create_replacement: Annotated[
        bool, typer.Option("--create-replacement", help="For --create-replacement.")
    ] = False,
    partition: _Partition = "aws",
) -> int:
    """Print what `checker fix` needs for live topics and keys."""
    return _print(fix_policy(_limits(partition, topic, key), create=create_replacement))


def permissions_flow(
    topic: _Topics = None,
    instance: _Instances = None,
    key: _Keys = None,
    retain: Annotated[
        Keeping | None, typer.Option("--retain", help="For --retain: judging what keeps the messages.")
    ] = None,
    create: Annotated[bool, typer.Option("--create", help="For --create: setting it up as well.")] = False,
    partition: _Partition = "aws",
) -> int:
    """Print what `checker flow` needs: one chat, a queue that watches it, and what keeps the messages for good."""
    if create and retain is None:
        raise InputError("--create", "it goes with --retain", help_text="`--retain sqs` sets up a queue")
    limits = _limits(partition, topic, key, instance)
    policy = flow_policy(limits)
    if retain is not None:
        policy["Statement"] += retention_statements(limits, retain.value, create=create)
    return _print(policy)


def _limits(partition: str, topic: _Topics = None, key: _Keys = None, instance: _Instances = None) -> Limits:
    for option, service, given in (
        ("--topic-arn", "sns", topic),
        ("--key-arn", "kms", key),
        ("--instance-arn", "connect", instance),
    ):
        for text in given or ():
            arn = Arn.parse(text)
            if arn is None or arn.service != service:
                raise InputError(option, f"`{text}` is no ARN of {service}")
    return Limits(tuple(topic or ()), tuple(key or ()), tuple(instance or ()), partition)


def _print(policy: dict[str, Any]) -> int:
    write(json_lines(policy))
    return Exit.CLEAN
