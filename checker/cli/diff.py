"""`checker diff`: who gains and who loses access between two policies."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.app.diff import show_difference
from checker.app.exit_codes import Ending
from checker.app.options import read_given
from checker.app.output import Format
from checker.cli.options import FormatOption, InstanceOption, OutputOption, ParameterOption, VariableOption

_OldArgument = Annotated[str, typer.Argument(metavar="OLD", help="File with the policy before.")]
_NewArgument = Annotated[str, typer.Argument(metavar="NEW", help="File with the policy after.")]
_TopicOption = Annotated[
    str,
    typer.Option("--topic-arn", metavar="ARN", help="ARN of the topic, if the policies do not name it."),
]
_KeyOption = Annotated[str, typer.Option("--key-arn", metavar="ARN", help="ARN of the key.")]
_ResourceOption = Annotated[
    str, typer.Option(metavar="NAME", help="Topic or key to compare, if a file has several.")
]


def diff(
    old: _OldArgument,
    new: _NewArgument,
    topic: _TopicOption = "",
    key: _KeyOption = "",
    resource: _ResourceOption = "",
    instance: InstanceOption = None,
    variable: VariableOption = None,
    parameter: ParameterOption = None,
    output_format: FormatOption = Format.TEXT,
    output: OutputOption = None,
) -> Ending:
    """Show who gains and who loses access between two policies.

    Each difference comes with a request that proves it. OLD and NEW can be topic or key policies, output of
    `aws sns get-topic-attributes` or `aws kms get-key-policy`, templates, `-`, or `REV:PATH` of git.

    Exit codes: 0 the policies mean the same, 1 they differ, 2 unreadable input, 3 not known, 4 internal error.
    """
    return show_difference(
        old,
        new,
        topic=topic,
        key=key,
        resource=resource,
        instances=instance or (),
        given=read_given(variable, parameter),
        output_format=output_format,
        output=output,
    )
