"""`checker permissions`: print the minimal IAM policy for a command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from checker.app.exit_codes import Ending
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


def _included(option: str, name: str = "", **more: Any) -> Any:
    """Declare an option that adds the permissions for an option of the command."""
    text = f"Include the permissions for {name or option}."
    return typer.Option(option, help=text, rich_help_panel="Options of the command", **more)


_Topics = Annotated[
    list[str] | None,
    typer.Option("--topic-arn", metavar="ARN", help="Limit the policy to this topic; wildcards, repeatable."),
]
_Keys = Annotated[
    list[str] | None,
    typer.Option("--key-arn", metavar="ARN", help="Limit the policy to this key; wildcards, repeatable."),
]
_Instances = Annotated[
    list[str] | None,
    typer.Option("--instance-arn", metavar="ARN", help="Limit the policy to this instance; repeatable."),
]
_Partition = Annotated[str, typer.Option(metavar="NAME", help="AWS partition.")]


def permissions_audit(
    topic: _Topics = None,
    key: _Keys = None,
    role_name: Annotated[str, _included("--role-name", metavar="NAME", show_default=False)] = "",
    organization: Annotated[bool, _included("--organization")] = False,
    all_regions: Annotated[bool, _included("--all-regions")] = False,
    topic_tag: Annotated[bool, _included("--topic-tag")] = False,
    trail: Annotated[bool, _included("--trail/--no-trail", "CloudTrail")] = True,
    security_hub: Annotated[bool, _included("--security-hub")] = False,
    partition: _Partition = "aws",
) -> Ending:
    """Print the permissions of `checker audit`, which only reads."""
    extras = Extras(role_name, organization, all_regions, topic_tag, trail, security_hub)
    return _print(audit_policy(_limits(partition, topic, key), extras))


def permissions_fix(
    topic: _Topics = None,
    key: _Keys = None,
    create_replacement: Annotated[bool, _included("--create-replacement")] = False,
    partition: _Partition = "aws",
) -> Ending:
    """Print the permissions of `checker fix` for a topic in AWS."""
    return _print(fix_policy(_limits(partition, topic, key), create=create_replacement))


def permissions_flow(
    topic: _Topics = None,
    instance: _Instances = None,
    key: _Keys = None,
    retain: Annotated[Keeping | None, _included("--retain")] = None,
    create: Annotated[bool, _included("--create")] = False,
    partition: _Partition = "aws",
) -> Ending:
    """Print the permissions of `checker flow`."""
    if create and retain is None:
        raise InputError(
            "--create", "requires --retain", help_text="add `--retain sqs` or `--retain firehose`"
        )
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
                raise InputError(option, f"`{text}` is not an ARN of {service}")
    return Limits(tuple(topic or ()), tuple(key or ()), tuple(instance or ()), partition)


def _print(policy: dict[str, Any]) -> Ending:
    write(json_lines(policy))
    return Ending()
