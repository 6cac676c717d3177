"""`checker baseline write`: record the known findings, so that `check` reports only new ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.baseline_file import DEFAULT, record_findings
from checker.app.exit_codes import Ending
from checker.app.options import read_given, read_options
from checker.cli import options as shared

_OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write the baseline to this file.",
        show_default=f"as configured, else {DEFAULT}",
    ),
]


def baseline_write(
    paths: shared.PathsArgument = None,
    output: _OutputOption = None,
    instance: shared.InstanceOption = None,
    select: shared.SelectOption = None,
    ignore: shared.IgnoreOption = None,
    all_topics: shared.AllTopicsOption = None,
    topic: shared.TopicOption = None,
    topic_tag: shared.TopicTagOption = None,
    variable: shared.VariableOption = None,
    parameter: shared.ParameterOption = None,
    allow_outside: shared.AllowOutsideOption = False,
    config: shared.ConfigOption = None,
    isolated: shared.IsolatedOption = False,
) -> Ending:
    """Record the current findings for `checker check --baseline`.

    Findings are identified by rule, file and place, not by line. Entries for anything that this run did not check
    stay in the file.

    Exit codes: 0 written, 2 unreadable input or nothing to check, 4 internal error.
    """
    options = read_options(
        paths=paths,
        instance=instance,
        topic=topic,
        topic_tag=topic_tag,
        select=select,
        ignore=ignore,
        all_topics=all_topics,
        config=config,
        isolated=isolated,
        given=read_given(variable, parameter, allow_outside=allow_outside),
    )
    return record_findings(options, output)
