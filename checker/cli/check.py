"""`checker check`: lint files and folders."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.options import FailOn, Format, FormatOption, InstanceOption, OutputOption, StrictOption
from checker.cli.terminal import Exit, fail, paint_for, tell, write
from checker.engine import judge
from checker.finding import Severity
from checker.inputs.load import load
from checker.inputs.roles import instance_arn
from checker.inputs.text import InputError
from checker.inventory import Instance
from checker.registry import all_rules
from checker.report.text import findings_text, skipped_text, summary_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.engine import Report


def check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Files and folders; `-` is standard input."),
    ] = None,
    instance: InstanceOption = None,
    output_format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="The severity from which findings make the exit code 1.")
    ] = FailOn.WARNING,
    strict: StrictOption = False,
    all_topics: Annotated[
        bool, typer.Option("--all-topics", help="Judge topics that have nothing to do with Connect, too.")
    ] = False,
) -> None:
    """Lint topic policies, key policies, AWS CLI output and streaming manifests.

    Files are recognised by their content. Exit codes: 0 clean, 1 findings, 2 unreadable input, 3 incomplete
    (with --strict), 4 internal error.
    """
    try:
        instances = tuple(Instance(instance_arn(text)) for text in instance or ())
    except InputError as error:
        raise fail(error) from None
    inventory = load(paths or [Path()])
    inventory = inventory._replace(instances=(*instances, *inventory.instances))
    report = judge(inventory, all_rules(), all_topics=all_topics)
    write(_lines(report, output_format, plain=output is not None), output)
    errors = paint_for(sys.stderr)
    for skipped in report.skipped:
        tell(*skipped_text(skipped, errors))
    tell(summary_text(report, errors))
    raise typer.Exit(_exit_code(report, Severity(fail_on.value), strict=strict))


def _lines(report: Report, output_format: Format, *, plain: bool) -> Iterable[str]:
    if output_format is Format.JSON:
        import json

        from checker.report.json_v1 import report_v1

        return [json.dumps(report_v1(report), indent=2)]
    return findings_text(
        report, paint_for(sys.stdout)._replace(enabled=False) if plain else paint_for(sys.stdout)
    )


def _exit_code(report: Report, fail_on: Severity, *, strict: bool) -> Exit:
    if report.crashed:
        return Exit.INTERNAL_ERROR
    if report.unreadable:
        return Exit.BAD_INPUT
    worst = report.worst()
    if worst is not None and worst.rank >= fail_on.rank:
        return Exit.FINDINGS
    return Exit.INCOMPLETE if strict and report.incomplete else Exit.CLEAN
