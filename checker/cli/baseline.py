"""`checker baseline write`: take down what is known, so that only what is new is reported."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.cli.baseline_file import write_baseline
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
from checker.cli.run import Options, baseline_path, examine
from checker.cli.terminal import Exit
from checker.inputs.text import InputError
from checker.output_file import real_path

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
    """Write down the findings that are there now; `checker check --baseline FILE` then reports only others.

    Findings are known by rule, file and place, never by line. Entries that this run did not judge stay in the file.
    Exit codes: 0 written, 2 unreadable input.
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
    write_baseline(run.report, path, regular=output is None)
    return Exit.CLEAN


def _configured(configuration: Configuration) -> Path | None:
    """The file that the configuration names. Raises InputError for a link that leads out of its folder."""
    path = baseline_path(configuration)
    if path is not None:
        real_path(Path(configuration.baseline), Path(configuration.folder))
    return path
