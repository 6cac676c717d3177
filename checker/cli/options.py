"""Options that several commands share."""

from __future__ import annotations

import os
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from checker.analysis.documented import KeyCondition
from checker.app.output import Format
from checker.app.progress import progress_bar
from checker.app.run import split
from checker.configuration.model import Choice
from checker.core.errors import InputError
from checker.core.finding import Severity
from checker.inputs.collect import Given


class Keeping(StrEnum):
    """What keeps a topic's messages."""

    SQS = "sqs"
    FIREHOSE = "firehose"


class FailOn(StrEnum):
    """The severity from which findings make the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Files and folders; `-` is standard input."),
]
KmsConditionOption = Annotated[
    KeyCondition | None,
    typer.Option(
        "--kms-condition",
        help="Limit Connect's use of the key: `topic` to messages to the topic; `instance` to the instances, "
        "which AWS does not document.",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="How to write the report.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to a file.")
]
ReportFileOption = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not to standard output.")
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Exit 3 if something was skipped or could not be determined.")
]
InstanceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instance-arn", metavar="ARN", help="A Connect instance that streams to the topics; repeatable."
    ),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE,...", help="The rules or families that count; repeatable.  [default: all]"),
]
FormatsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME[=FILE]",
        help="text, json, sarif, junit, github or markdown; repeatable, each to a file of its own.",
    ),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option(help="The severity from which findings make the exit code 1.  [default: warning]"),
]
ChangedOption = Annotated[
    bool,
    typer.Option(
        "--changed",
        help="Take the paths for the files of a change: pass over what is about something else, read the "
        "files beside them for keys and instances, and report on the paths alone.",
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE,...", help="Rules or families that do not count; repeatable."),
]
SeverityOption = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE=LEVEL", help="Report a rule as error, warning or note; repeatable."),
]
AllTopicsOption = Annotated[
    bool | None,
    typer.Option(
        "--all-topics/--no-all-topics",
        help="Judge topics that have nothing to do with Connect, too.",
        show_default=False,
    ),
]
TopicOption = Annotated[
    list[str] | None,
    typer.Option(
        "--topic-arn", metavar="ARN", help="Judge this topic whatever its policy says; wildcards, repeatable."
    ),
]
TopicTagOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY[=VALUE]", help="Judge topics with this tag whatever their policy says; repeatable."
    ),
]
BaselineOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Report only what this file does not know.")
]
VariableOption = Annotated[
    list[str] | None,
    typer.Option("--var", metavar="NAME=VALUE", help="The value of a Terraform variable; repeatable."),
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="The value of a CloudFormation parameter, or of AWS::Region and the like; repeatable.",
    ),
]
SourceOption = Annotated[
    Path | None,
    typer.Option(
        "--source", metavar="DIR", help="The Terraform files that a plan was made from, to show their lines."
    ),
]
ProfileOption = Annotated[str, typer.Option(metavar="NAME", help="The profile to use.  [default: boto3's]")]
EndpointOption = Annotated[
    str,
    typer.Option("--endpoint-url", metavar="URL", help="Where AWS is, for a sandbox.  [default: boto3's]"),
]
ConfigOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Read this configuration and look for no other.")
]
IsolatedOption = Annotated[bool, typer.Option("--isolated", help="Read no configuration.")]


def check_seconds(option: str, seconds: float) -> None:
    """See that a time is one. Raises InputError for what is no number of seconds."""
    if not isfinite(seconds):
        raise InputError(option, f"`{seconds}` is no number of seconds")


def read_given(
    variables: list[str] | None, parameters: list[str] | None, source: Path | None = None
) -> Given:
    """Read the options that fill in templates. Raises InputError for one without a value."""
    if source is not None and not os.path.isdir(source):  # noqa: PTH112 - it never raises
        raise InputError("--source", f"`{source}` is no folder", help_text="name the folder of the .tf files")
    return Given(
        _pairs("--var", variables), _pairs("--parameter", parameters), source, progress=progress_bar()
    )


def _pairs(option: str, texts: list[str] | None) -> tuple[tuple[str, str], ...]:
    for text in texts or ():
        if "=" not in text or text.startswith("="):
            raise InputError(option, f"`{text}` has no value", help_text="write `NAME=VALUE`")
    split_up = (text.partition("=") for text in texts or ())
    return tuple((name, value) for name, _, value in split_up)


def read_choice(select: list[str] | None, ignore: list[str] | None, severity: list[str] | None) -> Choice:
    """Read the options that choose rules. Raises InputError for a severity that there is none of."""
    levels = dict(_level(text) for text in split(severity or ()))
    return Choice(split(select) if select else None, split(ignore or ()), levels)


def _level(text: str) -> tuple[str, Severity]:
    rule, _, level = text.partition("=")
    try:
        return rule, Severity(level)
    except ValueError:
        raise InputError(
            "--severity", f"`{text}` names no severity", help_text="write `RULE=error`, `warning` or `note`"
        ) from None
