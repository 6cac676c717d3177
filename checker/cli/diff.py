"""`checker diff`: who gains and who loses access by a branch, or between two policies, roots, templates or folders."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.app.diff import DiffRequest, FailOnChange, outputs_of, show_diff
from checker.app.exit_codes import Ending
from checker.app.options import read_given
from checker.cli.options import (
    AllowOutsideOption,
    InstanceOption,
    OutputOption,
    ParameterOption,
    VariableOption,
)

_PathsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="OLD NEW | [PATH]...",
        help="Two files or folders; with --base, the paths to compare.",
        show_default=False,
    ),
]
_BaseOption = Annotated[
    str,
    typer.Option(
        metavar="REV",
        help="Compare the working tree with the merge base of REV and HEAD.",
        show_default=False,
    ),
]
_FormatOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME[=FILE]",
        help="text, json, markdown, github or sarif; repeatable with a FILE for each.",
        show_default="text",
    ),
]
_FailOnOption = Annotated[
    FailOnChange, typer.Option("--fail-on", help="Exit 1 only for gains, or only for losses, of access.")
]
_TopicOption = Annotated[
    str,
    typer.Option("--topic-arn", metavar="ARN", help="ARN of the topic, if the policies do not name it."),
]
_KeyOption = Annotated[str, typer.Option("--key-arn", metavar="ARN", help="ARN of the key.")]
_ResourceOption = Annotated[
    str, typer.Option(metavar="NAME", help="Compare only the topic or key with this name.")
]


def diff(
    paths: _PathsArgument = None,
    base: _BaseOption = "",
    topic: _TopicOption = "",
    key: _KeyOption = "",
    resource: _ResourceOption = "",
    instance: InstanceOption = None,
    variable: VariableOption = None,
    parameter: ParameterOption = None,
    allow_outside: AllowOutsideOption = False,
    fail_on: _FailOnOption = FailOnChange.ANY,
    output_format: _FormatOption = None,
    output: OutputOption = None,
) -> Ending:
    """Show who gains and who loses access by a change.

    `checker diff --base main` compares the working tree, also what is not committed, with the commit where the
    branch left `main`, as `git diff main...` does, and shows every topic and key that the change affects.

    `checker diff OLD NEW` compares two inputs: Terraform folders, templates, plans, topic or key policies, output of
    `aws sns get-topic-attributes` or `aws kms get-key-policy`, `-`, or `REV:PATH` of git.

    Each difference comes with a request that proves it, and holds in every deployment.

    Exit codes: 0 the same access, 1 access changes, 2 unreadable input, 3 not known, 4 internal error.
    """
    request = DiffRequest(topic, key, resource, tuple(instance or ()), fail_on)
    given, written = (
        read_given(variable, parameter, allow_outside=allow_outside),
        outputs_of(output_format or (), output),
    )
    return show_diff(paths or (), base, request, given=given, output=written)
