"""`checker fix`: show the smallest safe changes that fix findings, and apply them with --apply."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.fix_files import apply_fixes, ending_of_fix, plan_fixes
from checker.app.fix_live import LiveOptions, fix_live
from checker.app.fix_output import Shown
from checker.app.flow import Trial, check_trial
from checker.app.next_step import after_fix
from checker.app.output import Format
from checker.app.run import Options
from checker.app.terminal import check_output, paint_for, tell
from checker.cli.options import (
    AllTopicsOption,
    ChangedOption,
    ConfigOption,
    EndpointOption,
    FailOnOption,
    FormatOption,
    IgnoreOption,
    InstanceOption,
    IsolatedOption,
    KmsConditionOption,
    OutputOption,
    ParameterOption,
    PathsArgument,
    ProfileOption,
    SelectOption,
    SeverityOption,
    TopicOption,
    TopicTagOption,
    VariableOption,
    check_seconds,
    read_choice,
    read_given,
)
from checker.core.errors import InputError
from checker.core.finding import Severity
from checker.live.aws.access import Access
from checker.report.repair import summary_line
from checker.report.style import Paint

_LIVE, _TEST = "Topic in AWS", "Test chat"


def fix(
    paths: PathsArgument = None,
    instance: InstanceOption = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Apply the fixes: write the files, or the policies in AWS.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print only the diff.")] = False,
    unsafe_fixes: Annotated[
        bool,
        typer.Option("--unsafe-fixes", help="Also apply fixes that may grant or remove access."),
    ] = False,
    kms_condition: KmsConditionOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    severity: SeverityOption = None,
    output_format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    fail_on: FailOnOption = None,
    all_topics: AllTopicsOption = None,
    topic: TopicOption = None,
    topic_tag: TopicTagOption = None,
    changed: ChangedOption = False,
    variable: VariableOption = None,
    parameter: ParameterOption = None,
    profile: ProfileOption = "",
    endpoint_url: EndpointOption = "",
    force_managed: Annotated[
        bool,
        typer.Option(
            "--force-managed",
            help="Also change resources that CloudFormation or Terraform manages.",
            rich_help_panel=_LIVE,
        ),
    ] = False,
    create_replacement: Annotated[
        bool,
        typer.Option(
            "--create-replacement",
            help="If the topic or its key cannot be fixed in place, plan a new one; --apply creates it.",
            rich_help_panel=_LIVE,
        ),
    ] = False,
    test_flow: Annotated[
        bool,
        typer.Option(
            "--test-flow",
            help="Send a chat message after the fix, as `checker flow` does.",
            rich_help_panel=_TEST,
        ),
    ] = False,
    contact_flow: Annotated[
        str,
        typer.Option(
            "--contact-flow-id",
            metavar="ID",
            help="ID of the contact flow that handles the test chat.",
            show_default=False,
            rich_help_panel=_TEST,
        ),
    ] = "",
    wait: Annotated[
        float,
        typer.Option(
            min=1,
            max=900,
            metavar="SECONDS",
            help="Seconds to wait for the test message.",
            rich_help_panel=_TEST,
        ),
    ] = 30,
    rollback_on_failure: Annotated[
        bool,
        typer.Option(
            "--rollback-on-failure",
            help="Roll the fix back if the message does not arrive.",
            rich_help_panel=_TEST,
        ),
    ] = False,
    receipts: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            help="Folder for the receipt, which `checker rollback` needs.",
            rich_help_panel=_LIVE,
        ),
    ] = Path("checker-receipts"),
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> Ending:
    """Fix policies in files, or of one topic in AWS and its key.

    Without --apply, only shows the fixes. Without a PATH, --topic-arn names one topic in AWS.

    Each safe fix is proven: Connect gains what AWS documents, for the named instances only. No other caller
    gains access, and only callers that should never have had access lose it.

    Exit codes: 0 nothing to fix, or everything is fixed, 1 fixes to apply or findings remain, 2 unreadable input
    or a refused change, 3 a topic could not be read or written completely, 4 internal error. With --test-flow
    also 1 if the message does not arrive.
    """
    check_output(output)
    check_seconds("--wait", wait)
    if (contact_flow or rollback_on_failure) and not test_flow:
        raise InputError(
            "--test-flow", "required by --contact-flow-id and --rollback-on-failure", help_text="add it"
        )
    options = Options(
        tuple(paths or ()),
        tuple(instance or ()),
        tuple(topic or ()),
        tuple(topic_tag or ()),
        read_choice(select, ignore, severity),
        fail_on=Severity(fail_on.value) if fail_on else None,
        all_topics=all_topics,
        changed=changed,
        configuration=config,
        isolated=isolated,
        given=read_given(variable, parameter),
    )
    paint = Paint() if output else paint_for(sys.stdout)
    shown = Shown(output_format, paint, diff, output)
    if topic and not paths:
        access = Access(profile=profile, endpoint=endpoint_url)
        asked = LiveOptions(
            options,
            access,
            _one(topic),
            unsafe_fixes,
            kms_condition,
            force_managed,
            receipts,
            create_replacement,
            Trial(contact_flow, wait, rollback_on_failure) if test_flow else None,
        )
        if asked.trial is not None:
            check_trial(asked.trial, options.instances, apply=apply)
        return fix_live(asked, shown, apply=apply, yes=yes)
    if test_flow:
        help_text = "name one topic with --topic-arn, and no PATH"
        raise InputError("--test-flow", "works only for a topic in AWS", help_text=help_text)
    if create_replacement:
        help_text = "name one topic with --topic-arn, and no PATH"
        raise InputError("--create-replacement", "works only for a topic in AWS", help_text=help_text)
    plan = plan_fixes(options, unsafe=unsafe_fixes, kms_condition=kms_condition)
    check_output(output)
    if apply:
        plan = apply_fixes(plan)
    shown.write(plan.outcome)
    next_step = after_fix(plan.outcome, options.instances)
    tell(*shown.remarks(plan.outcome), summary_line(plan.outcome), *next_step)
    return ending_of_fix(plan.outcome, plan.fail_on)


def _one(topics: list[str]) -> str:
    """Give the topic to fix. Raises InputError for several."""
    if len(topics) > 1:
        raise InputError(
            "--topic-arn", "only one topic can be fixed at a time", help_text="run the command for each"
        )
    return topics[0]
