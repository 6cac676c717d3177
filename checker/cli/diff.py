"""`checker diff`: who gains and who loses access between two policies."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from checker.analysis.access_diff import difference
from checker.app.exit_codes import Ending
from checker.app.output import Format
from checker.app.terminal import paint_for, write
from checker.cli.options import (
    FormatOption,
    InstanceOption,
    OutputOption,
    ParameterOption,
    VariableOption,
    read_given,
)
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.core.unknown import Unknown
from checker.inputs.diff_inputs import Side, read_sides, target_of
from checker.inputs.typed_files import instance_option
from checker.report.difference import difference_json, difference_text
from checker.report.style import Paint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.analysis.access_diff import Difference


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="File with the policy before.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="File with the policy after.")],
    topic: Annotated[
        str,
        typer.Option("--topic-arn", metavar="ARN", help="ARN of the topic, if the policies do not name it."),
    ] = "",
    key: Annotated[str, typer.Option("--key-arn", metavar="ARN", help="ARN of the key.")] = "",
    resource: Annotated[
        str, typer.Option(metavar="NAME", help="Topic or key to compare, if a file has several.")
    ] = "",
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
    instances = [instance_option(text) for text in instance or ()]
    before, after = read_sides(old, new, resource, read_given(variable, parameter), key=bool(key))
    target = target_of(before, after, _said(before, topic, key))
    found = difference(before.about(target), after.about(target), target, instances)
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(found, output_format, paint), output)
    return _exit_code(found)


def _said(side: Side, topic: str, key: str) -> str:
    """Return the ARN option for the kind of the policies. Raises InputError for the other option."""
    option, other = ("--topic-arn", "--key-arn") if side.is_key else ("--key-arn", "--topic-arn")
    if topic if side.is_key else key:
        reason = f"the policies are of a {side.kind}"
        raise InputError(option, reason, help_text=f"give `{other} ARN`")
    return key if side.is_key else topic


def _lines(found: Difference, output_format: Format, paint: Paint) -> Iterable[str]:
    if output_format is Format.TEXT:
        return difference_text(found, paint)
    return json_lines(difference_json(found))


def _exit_code(found: Difference) -> Ending:
    unknown = isinstance(found.same, Unknown)
    return Ending(findings=found.same is False, undetermined=unknown)
