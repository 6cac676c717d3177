"""`checker fix`: show, and with --apply carry out, the smallest safe changes that mend what `check` finds."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.mend import Mending, carried_out, mend
from checker.cli.options import (
    AllTopicsOption,
    ChangedOption,
    ConfigOption,
    FailOnOption,
    Format,
    FormatOption,
    IgnoreOption,
    InstanceOption,
    IsolatedOption,
    OutputOption,
    ParameterOption,
    PathsArgument,
    SelectOption,
    SeverityOption,
    TopicOption,
    TopicTagOption,
    VariableOption,
    read_choice,
    read_given,
)
from checker.cli.run import Options
from checker.cli.terminal import Exit, paint_for, tell, write
from checker.finding import Severity
from checker.report.paint import Paint
from checker.report.repair import diff_text, repair_json, repair_text, summary_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.fix.outcome import Outcome


def fix(
    paths: PathsArgument = None,
    instance: InstanceOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Write the files.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the diff and nothing else.")] = False,
    unsafe_fixes: Annotated[
        bool,
        typer.Option("--unsafe-fixes", help="Also do what may take access from somebody, or give it."),
    ] = False,
    kms_condition: Annotated[
        bool,
        typer.Option(
            "--kms-condition",
            help="Bind key grants to the instances, which AWS does not document for Connect.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; files are never asked about.")] = False,  # noqa: ARG001 - every command that could ask takes it
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
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> int:
    """Mend policies in files, so that Connect can publish and nobody else can; without --apply only show how.

    Every change is proven: Connect for the named instances gains what AWS documents, nobody else gains
    anything, and nobody loses anything but those who should never have had it. Exit codes: 0 nothing to do,
    1 something was shown, written or is left, 2 unreadable input, 4 internal error.
    """
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
    mending = mend(options, unsafe=unsafe_fixes, kms_condition=kms_condition)
    if apply:
        mending = carried_out(mending)
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(mending.outcome, output_format, paint, diff_alone=diff), output)
    tell(summary_line(mending.outcome))
    return _exit_code(mending)


def _lines(outcome: Outcome, output_format: Format, paint: Paint, *, diff_alone: bool) -> Iterable[str]:
    if output_format is Format.JSON:
        return [json.dumps(repair_json(outcome), indent=2)]
    return diff_text(outcome, paint) if diff_alone else repair_text(outcome, paint)


def _exit_code(mending: Mending) -> Exit:
    """What could not be read weighs more than what was found, as in `check`."""
    report = mending.outcome.repair.after.report
    if report.crashed:
        return Exit.INTERNAL_ERROR
    if report.unreadable:
        return Exit.BAD_INPUT
    worst = max((one.finding.severity.rank for one in mending.outcome.left), default=-1)
    found = bool(mending.outcome.repair.texts) or worst >= mending.fail_on.rank
    return Exit.FINDINGS if found else Exit.CLEAN
