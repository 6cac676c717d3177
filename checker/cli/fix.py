"""`checker fix`: show, and with --apply carry out, the smallest safe changes that mend what `check` finds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from checker.app.fix_files import apply_fixes, ending_of_fix, mend
from checker.app.fix_live import LiveOptions, fix_live
from checker.app.flow import Trial, check_trial
from checker.app.output import Format, Shown
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


def fix(
    paths: PathsArgument = None,
    instance: InstanceOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the files.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the diff and nothing else.")] = False,
    unsafe_fixes: Annotated[
        bool,
        typer.Option("--unsafe-fixes", help="Also do what may take access from somebody, or give it."),
    ] = False,
    kms_condition: KmsConditionOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing before a live policy is written.")] = False,
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
            "--force-managed", help="Also write what CloudFormation, Terraform or the like manages."
        ),
    ] = False,
    create_replacement: Annotated[
        bool,
        typer.Option(
            "--create-replacement",
            help="Where a live topic or its key cannot be mended in place, plan another, and create it with --apply.",
        ),
    ] = False,
    test_flow: Annotated[
        bool,
        typer.Option(
            "--test-flow", help="After a live repair send a chat message through, as `checker flow` does."
        ),
    ] = False,
    contact_flow: Annotated[
        str, typer.Option("--contact-flow-id", metavar="ID", help="For --test-flow: what takes the chat.")
    ] = "",
    wait: Annotated[
        float,
        typer.Option(
            min=1, max=900, metavar="SECONDS", help="For --test-flow: how long to wait for the message."
        ),
    ] = 30,
    rollback_on_failure: Annotated[
        bool,
        typer.Option(
            "--rollback-on-failure", help="For --test-flow: roll the repair back if nothing arrives."
        ),
    ] = False,
    receipts: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the receipt of a live repair is written.")
    ] = Path("checker-receipts"),
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> int:
    """Mend policies in files, or of a live topic and its key; without --apply only show how.

    Without a PATH, `--topic-arn` names one topic in AWS: its policy and that of its key are mended, and a
    receipt makes `checker rollback` possible.

    Every change is proven: Connect for the named instances gains what AWS documents, nobody else gains
    anything, and nobody loses anything but those who should never have had it. Exit codes: 0 nothing to do,
    or everything was fixed, 1 there is something to apply, or findings remain, 2 unreadable input or a change
    that was refused, 3 something of a live topic could not be read or written, 4 internal error. With
    --test-flow also 1 if the message did not arrive.
    """
    check_output(output)
    check_seconds("--wait", wait)
    if (contact_flow or rollback_on_failure) and not test_flow:
        raise InputError(
            "--test-flow", "no chat is tried without it", help_text="give it, or leave its options out"
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
        raise InputError("--test-flow", "only live topics are tried", help_text=help_text)
    if create_replacement:
        help_text = "name one topic with --topic-arn, and no PATH"
        raise InputError("--create-replacement", "only live topics are replaced", help_text=help_text)
    mending = mend(options, unsafe=unsafe_fixes, kms_condition=kms_condition)
    check_output(output)
    if apply:
        mending = apply_fixes(mending)
    shown.write(mending.outcome)
    tell(*shown.remarks(mending.outcome), summary_line(mending.outcome))
    return ending_of_fix(mending.outcome, mending.fail_on).code


def _one(topics: list[str]) -> str:
    """The topic to mend. Raises InputError for several."""
    if len(topics) > 1:
        raise InputError("--topic-arn", "one topic is mended at a time", help_text="run the command for each")
    return topics[0]
