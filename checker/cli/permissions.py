"""`checker permissions`: print the minimal IAM policy for a command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from checker.app.exit_codes import Ending
from checker.app.permissions import (
    AccessOptions,
    print_audit_policy,
    print_explain_policy,
    print_fix_policy,
    print_flow_policy,
    read_limits,
)
from checker.cli.options import DurableKind
from checker.live.permissions import Extras


def _included(option: str, name: str = "", **more: Any) -> Any:
    """Declare an option that adds the permissions for an option of the command."""
    text = f"Include the permissions for {name or option}."
    return typer.Option(option, help=text, rich_help_panel="Options of the command", **more)


_TopicOption = Annotated[
    list[str] | None,
    typer.Option("--topic-arn", metavar="ARN", help="Limit the policy to this topic; wildcards, repeatable."),
]
_KeyOption = Annotated[
    list[str] | None,
    typer.Option("--key-arn", metavar="ARN", help="Limit the policy to this key; wildcards, repeatable."),
]
_InstanceOption = Annotated[
    list[str] | None,
    typer.Option("--instance-arn", metavar="ARN", help="Limit the policy to this instance; repeatable."),
]
_PartitionOption = Annotated[str, typer.Option(metavar="NAME", help="AWS partition.")]
_RoleNameOption = Annotated[str, _included("--role-name", metavar="NAME", show_default=False)]
_InstanceNameOption = Annotated[bool, _included("--instance")]
_OrganizationOption = Annotated[bool, _included("--organization")]
_AllRegionsOption = Annotated[bool, _included("--all-regions")]
_TopicTagOption = Annotated[bool, _included("--topic-tag")]
_TrailOption = Annotated[bool, _included("--trail/--no-trail", "CloudTrail")]
_SecurityHubOption = Annotated[bool, _included("--security-hub")]
_CreateReplacementOption = Annotated[bool, _included("--create-replacement")]
_RetainOption = Annotated[DurableKind | None, _included("--retain")]
_CreateOption = Annotated[bool, _included("--create")]
_TryConditionsOption = Annotated[
    bool,
    typer.Option(
        "--try-conditions",
        help="Print the permissions for --try-conditions instead.",
        rich_help_panel="Options of the command",
    ),
]


def permissions_audit(
    topic: _TopicOption = None,
    key: _KeyOption = None,
    role_name: _RoleNameOption = "",
    organization: _OrganizationOption = False,
    all_regions: _AllRegionsOption = False,
    topic_tag: _TopicTagOption = False,
    trail: _TrailOption = True,
    security_hub: _SecurityHubOption = False,
    partition: _PartitionOption = "aws",
) -> Ending:
    """Print the permissions of `checker audit`, which only reads."""
    extras = Extras(role_name, organization, all_regions, topic_tag, trail, security_hub)
    return print_audit_policy(read_limits(partition, topic, key), extras)


def permissions_explain(
    topic: _TopicOption = None,
    instance: _InstanceOption = None,
    key: _KeyOption = None,
    role_name: _RoleNameOption = "",
    partition: _PartitionOption = "aws",
) -> Ending:
    """Print the permissions of `checker explain` for a topic in AWS."""
    return print_explain_policy(read_limits(partition, topic, key, instance), AccessOptions(role_name))


def permissions_fix(
    topic: _TopicOption = None,
    key: _KeyOption = None,
    instance_name: _InstanceNameOption = False,
    role_name: _RoleNameOption = "",
    create_replacement: _CreateReplacementOption = False,
    partition: _PartitionOption = "aws",
) -> Ending:
    """Print the permissions of `checker fix` for a topic in AWS."""
    access = AccessOptions(role_name, instance_name)
    return print_fix_policy(read_limits(partition, topic, key), access, create=create_replacement)


def permissions_flow(
    topic: _TopicOption = None,
    instance: _InstanceOption = None,
    key: _KeyOption = None,
    instance_name: _InstanceNameOption = False,
    role_name: _RoleNameOption = "",
    retain: _RetainOption = None,
    create: _CreateOption = False,
    try_conditions: _TryConditionsOption = False,
    partition: _PartitionOption = "aws",
) -> Ending:
    """Print the permissions of `checker flow`."""
    limits = read_limits(partition, topic, key, instance)
    access = AccessOptions(role_name, instance_name)
    return print_flow_policy(
        limits, access, retain=retain or "", create=create, try_conditions=try_conditions
    )
