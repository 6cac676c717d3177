"""`checker diff`: who gains and who loses access between two policies, roots, templates or folders."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.app.diff import DiffRequest, show_difference
from checker.app.exit_codes import Ending
from checker.app.options import read_given
from checker.app.output import Format
from checker.cli.options import FormatOption, InstanceOption, OutputOption, ParameterOption, VariableOption

_OldArgument = Annotated[str, typer.Argument(metavar="OLD", help="File or folder before the change.")]
_NewArgument = Annotated[str, typer.Argument(metavar="NEW", help="File or folder after the change.")]
_TopicOption = Annotated[
    str,
    typer.Option("--topic-arn", metavar="ARN", help="ARN of the topic, if the policies do not name it."),
]
_KeyOption = Annotated[str, typer.Option("--key-arn", metavar="ARN", help="ARN of the key.")]
_ResourceOption = Annotated[
    str, typer.Option(metavar="NAME", help="Compare only the topic or key with this name.")
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

    Each difference comes with a request that proves it. OLD and NEW can be Terraform folders, templates, plans,
    topic or key policies, output of `aws sns get-topic-attributes` or `aws kms get-key-policy`, `-`, or `REV:PATH`
    of git. All topics and keys of folders and templates are compared, in every deployment.

    Exit codes: 0 the same access, 1 access changes, 2 unreadable input, 3 not known, 4 internal error.
    """
    return show_difference(
        old,
        new,
        DiffRequest(topic, key, resource, tuple(instance or ())),
        given=read_given(variable, parameter),
        output_format=output_format,
        output=output,
    )
