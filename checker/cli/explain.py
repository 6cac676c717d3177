"""`checker explain`: explain the chain from an instance to a topic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.chain import InstanceName
from checker.app.exit_codes import Ending
from checker.app.explain import explain_topic
from checker.app.options import read_access, read_given
from checker.app.output import Format
from checker.cli import options as shared

_TopicArgument = Annotated[
    str,
    typer.Argument(
        metavar="TOPIC",
        help="Code that declares a topic, the topic's ARN in AWS, its attributes, or its policy.",
    ),
]
_InstanceOption = Annotated[
    str,
    typer.Option(
        "--instance-arn",
        metavar="ARN",
        help="Connect instance that streams to the topic. Code or AWS may show it.",
        show_default=False,
    ),
]
_ReplicaTopicOption = Annotated[
    str,
    typer.Option(
        "--replica-topic-arn",
        metavar="ARN",
        help="Topic in AWS that the replica of the instance streams to.",
        show_default=False,
    ),
]
_AddressOption = Annotated[
    str,
    typer.Option(
        "--topic", metavar="ADDRESS", help="Topic, if the code declares several.", show_default=False
    ),
]
_KeyPolicyOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Output of `aws kms get-key-policy`, or a key policy.")
]
_KeyOption = Annotated[Path | None, typer.Option(metavar="FILE", help="Output of `aws kms describe-key`.")]


def explain_command(
    topic: _TopicArgument,
    instance: _InstanceOption = "",
    instance_name: shared.InstanceNameOption = "",
    replica_topic: _ReplicaTopicOption = "",
    address: _AddressOption = "",
    key_policy: _KeyPolicyOption = None,
    key: _KeyOption = None,
    variable: shared.VariableOption = None,
    parameter: shared.ParameterOption = None,
    allow_outside: shared.AllowOutsideOption = False,
    rcp: shared.RcpOption = None,
    profile: shared.ProfileOption = "",
    endpoint_url: shared.EndpointOption = "",
    role_arn: shared.RoleArnOption = "",
    role_name: shared.RoleNameOption = "",
    external_id: shared.ExternalIdOption = "",
    output_format: shared.FormatOption = Format.TEXT,
    output: shared.OutputOption = None,
    strict: shared.StrictOption = None,
    evidence: shared.EvidenceOption = None,
) -> Ending:
    """Explain if Connect can publish to a topic, and who else can.

    Prints each link of the chain with its proof, and the first broken one. A topic that code declares is explained
    for every deployment: a Terraform folder, a plan, or a template, as in `template.yaml#Topic`.

    A topic ARN is read from AWS with its key, its subscribers and its use in the last 24 hours, and the likely causes
    of its silence are named. The instance is found, or looked up; reading takes at most 60 seconds. If the instance has
    a replica, the chain to the topic in the replica's Region is explained too.

    Exit codes: 0 no link is broken and the topic is closed, 1 a link is broken, others can publish, or a subscriber
    gets no message, 2 unreadable input,
    3 something is not known (with --strict, or because AWS did not show it), 4 internal error.
    """
    return explain_topic(
        topic,
        InstanceName(instance, instance_name),
        replica_topic=replica_topic,
        address=address,
        key_policy=key_policy,
        key=key,
        rcp=tuple(rcp or ()),
        given=read_given(variable, parameter, allow_outside=allow_outside),
        access=read_access(profile, endpoint_url, role_arn, role_name, external_id),
        output_format=output_format,
        output=output,
        strict=bool(strict),
        evidence=tuple(evidence or ()),
    )
