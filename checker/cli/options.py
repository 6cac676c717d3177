"""Options that commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from checker.analysis.documented import KeyCondition
from checker.app.output import Format


class DurableKind(StrEnum):
    """Kinds of subscribers that keep a topic's messages."""

    SQS = "sqs"
    FIREHOSE = "firehose"


class FailOn(StrEnum):
    """Values of --fail-on."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


RULES, TOPICS, INPUT, CONFIGURATION = "Rules", "Topics", "Input", "Configuration"
ACCESS, EXIT_CODE, RESULTS = "AWS access", "Exit code", "Results"
"""Panels of a help text, which group the options that few calls need."""

PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[PATH]...", help="Files and folders; `-` is standard input.", show_default="."),
]
KmsConditionOption = Annotated[
    KeyCondition | None,
    typer.Option(
        "--kms-condition",
        help="Limit Connect's use of the key to the `topic`; `instance` is unverified.",
        rich_help_panel="Key policy",
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="Format of the report.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to this file.")
]
ReportFileOption = Annotated[
    str,
    typer.Option("--output", "-o", metavar="FILE", help="Write the report to this file.", show_default=False),
]
ExpectOption = Annotated[
    Path | None,
    typer.Option(
        "--expect",
        metavar="FILE",
        help="Prove the expectations in this file for each topic and key.",
        rich_help_panel=RULES,
    ),
]
StrictOption = Annotated[
    bool | None,
    typer.Option(
        "--strict/--no-strict",
        help="Also exit 3 if a result is undetermined.",
        show_default=False,
        rich_help_panel=EXIT_CODE,
    ),
]
VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Also list what is assumed of every deployment.")
]
InstanceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instance-arn", metavar="ARN", help="Connect instance that streams to the topics; repeatable."
    ),
]
InstanceNameOption = Annotated[
    str,
    typer.Option(
        "--instance",
        metavar="NAME",
        help="Connect instance by its alias or ID, looked up in the topic's account.",
        show_default=False,
    ),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE,...",
        help="Rules or families to run; repeatable.",
        show_default="all",
        rich_help_panel=RULES,
    ),
]
FormatsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--format",
        metavar="NAME[=FILE]",
        help="text, json, html, digest, csv, markdown, sarif, junit, github, gitlab or rdjson; repeatable with a FILE for each.",
        show_default="text",
    ),
]
FailOnOption = Annotated[
    FailOn | None,
    typer.Option(
        metavar="LEVEL",
        help="Exit 1 for findings of this severity and above: `error`, `warning` or `note`.",
        show_default="warning",
        rich_help_panel=EXIT_CODE,
    ),
]
ChangedOption = Annotated[
    bool,
    typer.Option(
        "--changed",
        help="Check PATHs as changed files: read their neighbors for context, report on PATHs only.",
        rich_help_panel=INPUT,
    ),
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(metavar="RULE,...", help="Rules or families to skip; repeatable.", rich_help_panel=RULES),
]
SeverityOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="RULE=LEVEL",
        help="Report a rule as `error`, `warning` or `note`; repeatable.",
        rich_help_panel=RULES,
    ),
]
AllTopicsOption = Annotated[
    bool | None,
    typer.Option(
        "--all-topics/--no-all-topics",
        help="Also check topics without any link to Connect.",
        show_default=False,
        rich_help_panel=TOPICS,
    ),
]
TopicOption = Annotated[
    list[str] | None,
    typer.Option(
        "--topic-arn",
        metavar="ARN",
        help="Check this topic whatever its policy says; wildcards, repeatable.",
        rich_help_panel=TOPICS,
    ),
]
TopicTagOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY[=VALUE]",
        help="Check topics with this tag whatever their policy says; repeatable.",
        rich_help_panel=TOPICS,
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Report only findings that are not in this baseline.", rich_help_panel=RESULTS
    ),
]
VariableOption = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        metavar="NAME=VALUE",
        help="Value of a Terraform variable; repeatable.",
        rich_help_panel=INPUT,
    ),
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=VALUE",
        help="Value of a CloudFormation parameter or of `AWS::Region`; repeatable.",
        rich_help_panel=INPUT,
    ),
]
RcpOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--rcp",
        metavar="FILE",
        help="Resource control policy that applies to the accounts; repeatable.",
        rich_help_panel=INPUT,
    ),
]
SourceOption = Annotated[
    Path | None,
    typer.Option(
        "--source",
        metavar="DIR",
        help="Folder of the `.tf` files of a plan, to report their lines.",
        rich_help_panel=INPUT,
    ),
]
AllowOutsideOption = Annotated[
    bool,
    typer.Option(
        "--allow-outside",
        help="Also read files outside of the repository that files in it name.",
        rich_help_panel=INPUT,
    ),
]
ProfileOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="AWS profile with the credentials.",
        show_default="from the environment",
        rich_help_panel=ACCESS,
    ),
]
EndpointOption = Annotated[
    str,
    typer.Option(
        "--endpoint-url",
        metavar="URL",
        help="Endpoint in place of AWS, for a sandbox.",
        show_default="AWS",
        rich_help_panel=ACCESS,
    ),
]
RoleArnOption = Annotated[
    str,
    typer.Option(
        metavar="ARN", help="Role to assume for all calls.", show_default=False, rich_help_panel=ACCESS
    ),
]
RoleNameOption = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="Role to assume in accounts other than the caller's.",
        show_default=False,
        rich_help_panel=ACCESS,
    ),
]
ExternalIdOption = Annotated[
    str,
    typer.Option(
        metavar="ID",
        help="External ID for assuming the role.",
        show_default=False,
        rich_help_panel=ACCESS,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Read this configuration only.",
        show_default="checker.yaml in this folder or above",
        rich_help_panel=CONFIGURATION,
    ),
]
IsolatedOption = Annotated[
    bool, typer.Option("--isolated", help="Read no configuration.", rich_help_panel=CONFIGURATION)
]
EvidenceOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--evidence",
        metavar="FILE",
        help="Observed uses of keys, from `flow --try-conditions --evidence-out`; repeatable.",
        rich_help_panel=INPUT,
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]
