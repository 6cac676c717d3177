"""What `checker check` does. Imports no Typer: the hook's call, paths and no options, needs no option parser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from checker.cli.terminal import Exit, complain, paint_for, tell, write
from checker.engine import judge
from checker.finding import Severity
from checker.inputs.load import load
from checker.inputs.text import InputError
from checker.inventory import Instance
from checker.registry import all_rules
from checker.report.paint import Paint
from checker.report.setting import Setting
from checker.report.text import findings_text, skipped_text, summary_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.outcome import Report


def lint(
    paths: Sequence[Path],
    *,
    instances: Sequence[str] = (),
    as_json: bool = False,
    output: Path | None = None,
    fail_on: Severity = Severity.WARNING,
    strict: bool = False,
    all_topics: bool = False,
) -> Exit:
    """Judge files and folders, report, and give the exit code."""
    try:
        return _lint(paths or [Path()], instances, as_json, output, fail_on, strict, all_topics)
    except InputError as error:
        return complain(error)


def _lint(
    paths: Sequence[Path],
    instances: Sequence[str],
    as_json: bool,
    output: Path | None,
    fail_on: Severity,
    strict: bool,
    all_topics: bool,
) -> Exit:
    known = tuple(_instance(text) for text in instances)
    inventory = load(paths)
    inventory = inventory._replace(instances=(*known, *inventory.instances))
    report = judge(inventory, all_rules(), all_topics=all_topics)
    write(_lines(report, as_json, Paint() if output else paint_for(sys.stdout)), output)
    errors = paint_for(sys.stderr)
    for skipped in report.skipped:
        tell(*skipped_text(skipped, errors))
    tell(summary_text(report, errors))
    return _exit_code(report, fail_on, strict)


def _instance(text: str) -> Instance:
    from checker.inputs.roles import instance_option

    return Instance(instance_option(text))


def _lines(report: Report, as_json: bool, paint: Paint) -> Iterable[str]:
    if not as_json:
        return findings_text(report, Setting(paint=paint))
    import json

    from checker.report.json_v1 import report_v1

    return [json.dumps(report_v1(report), indent=2)]


def _exit_code(report: Report, fail_on: Severity, strict: bool) -> Exit:
    if report.crashed:
        return Exit.INTERNAL_ERROR
    if report.unreadable:
        return Exit.BAD_INPUT
    worst = report.worst()
    if worst is not None and worst.rank >= fail_on.rank:
        return Exit.FINDINGS
    return Exit.INCOMPLETE if strict and report.incomplete else Exit.CLEAN
