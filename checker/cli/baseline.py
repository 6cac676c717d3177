"""`checker baseline write`: record the known findings, so that `check` reports only new ones."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.app.baseline_file import write_baseline
from checker.app.exit_codes import Ending
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
            help="Write the baseline to this file.",
            show_default=f"as configured, else {DEFAULT}",
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
) -> Ending:
    """Record the current findings for `checker check --baseline`.

    Findings are identified by rule, file and place, not by line. Entries for anything that this run did not check
    stay in the file.

    Exit codes: 0 written, 2 unreadable input or nothing to check, 4 internal error.
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
            first.what, first.reason, first.position, "no baseline was written; fix the file or exclude it"
        )
    for skipped in run.report.skipped:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    if not run.report.examined:
        raise InputError(
            ", ".join(map(str, paths or ())) or ".",
            "nothing was checked, no baseline was written",
            help_text="name files with topics or keys; `checker check` lists what it checks",
        )
    write_baseline(run.report, path, regular=output is None)
    return Ending()


def _configured(configuration: Configuration) -> Path | None:
    """Return the configured file. Raises InputError for a link out of the folder of the configuration."""
    path = baseline_path(configuration)
    if path is not None:
        real_path(Path(configuration.baseline), Path(configuration.folder))
    return path
