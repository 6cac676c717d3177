"""`checker check`: the options of linting files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.cli.lint import lint
from checker.cli.options import FailOn, Format, FormatOption, InstanceOption, OutputOption, StrictOption
from checker.finding import Severity


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
) -> int:
    """Lint topic policies, key policies, AWS CLI output and streaming manifests.

    Files are recognised by their content. Exit codes: 0 clean, 1 findings, 2 unreadable input, 3 incomplete
    (with --strict), 4 internal error.
    """
    return lint(
        paths or [],
        instances=instance or (),
        as_json=output_format is Format.JSON,
        output=output,
        fail_on=Severity(fail_on.value),
        strict=strict,
        all_topics=all_topics,
    )
