"""`checker baseline write`: record the known findings, so that `check` reports only new ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.app.baseline_file import write_baseline
from checker.app.exit_codes import Exit
from checker.app.run import Options, baseline_path, examine
from checker.app.terminal import paint_for, tell
from checker.cli.options import (
    AllTopicsOption,
    ConfigOption,
    IgnoreOption,
    InstanceOption,
    IsolatedOption,
    ParameterOption,
    PathsArgument,
    SelectOption,
    TopicOption,
    TopicTagOption,
    VariableOption,
    read_choice,
    read_given,
)
from checker.core.errors import InputError
from checker.inputs.output_file import real_path
from checker.report.text import skipped_text

if TYPE_CHECKING:
    from checker.configuration.model import Configuration

DEFAULT = "checker-baseline.json"


def baseline_write(
    paths: PathsArgument = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=f"The file to write; else the configuration's, or {DEFAULT}.",
        ),
    ] = None,
    instance: InstanceOption = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    all_topics: AllTopicsOption = None,
    topic: TopicOption = None,
    topic_tag: TopicTagOption = None,
    variable: VariableOption = None,
    parameter: ParameterOption = None,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> int:
    """Record the current findings; `checker check --baseline FILE` then reports only others.

    Findings are known by rule, file and place, never by line. Entries that this run did not judge stay in the file.
    Exit codes: 0 written, 2 unreadable input, or nothing to examine.
    """
    options = Options(
        tuple(paths or ()),
        tuple(instance or ()),
        tuple(topic or ()),
        tuple(topic_tag or ()),
        read_choice(select, ignore, None),
        all_topics=all_topics,
        configuration=config,
        isolated=isolated,
        given=read_given(variable, parameter),
    )
    run = examine(options)
    path = output or _configured(run.configuration) or Path(DEFAULT)
    faults = [one for one in run.report.skipped if one.error]
    if faults:
        first = faults[0]
        raise InputError(
            first.what, first.reason, first.position, "a baseline is written of what could be read whole"
        )
    for skipped in run.report.skipped:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    if not run.report.examined:
        raise InputError(
            ", ".join(map(str, paths or ())) or ".",
            "nothing was examined, no baseline was written",
            help_text="name files with topics or keys; `checker check` says what it examines",
        )
    write_baseline(run.report, path, regular=output is None)
    return Exit.CLEAN


def _configured(configuration: Configuration) -> Path | None:
    """The file that the configuration names. Raises InputError for a link that leads out of its folder."""
    path = baseline_path(configuration)
    if path is not None:
        real_path(Path(configuration.baseline), Path(configuration.folder))
    return path
