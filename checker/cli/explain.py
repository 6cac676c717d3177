"""`checker explain`: explain the chain from an instance to a topic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.explain import explain_topic
from checker.app.options import read_given
from checker.app.output import Format
from checker.cli import options as shared
from checker.live.aws.access import Access

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
        help="Connect instance that streams to the topic. Code may declare it.",
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
    address: _AddressOption = "",
    key_policy: _KeyPolicyOption = None,
    key: _KeyOption = None,
    variable: shared.VariableOption = None,
    parameter: shared.ParameterOption = None,
    rcp: shared.RcpOption = None,
    profile: shared.ProfileOption = "",
    endpoint_url: shared.EndpointOption = "",
    output_format: shared.FormatOption = Format.TEXT,
    output: shared.OutputOption = None,
    strict: shared.StrictOption = None,
) -> Ending:
    """Explain if Connect can publish to a topic, and who else can.

    Prints each link of the chain with its proof, and the first broken one. A topic that code declares is explained
    for every deployment: a Terraform folder, a plan, or a template, as in `template.yaml#Topic`. A topic ARN is read
    from AWS with its key, and the instance is looked up; reading takes at most 60 seconds.

    Exit codes: 0 the chain is whole and closed, 1 a link is broken or others can publish, 2 unreadable input,
    3 something is not known (with --strict, or because AWS did not show it), 4 internal error.
    """
    return explain_topic(
        topic,
        instance,
        address=address,
        key_policy=key_policy,
        key=key,
        rcp=tuple(rcp or ()),
        given=read_given(variable, parameter),
        access=Access(profile=profile, endpoint=endpoint_url),
        output_format=output_format,
        output=output,
        strict=bool(strict),
    )
