"""`checker check`: the options of linting files and folders."""

from __future__ import annotations

from typing import Annotated

import typer

from checker.cli.lint import lint
from checker.cli.options import (
    AllTopicsOption,
    BaselineOption,
    ConfigOption,
    FailOn,
    IgnoreOption,
    InstanceOption,
    IsolatedOption,
    ParameterOption,
    PathsArgument,
    SelectOption,
    SeverityOption,
    SourceOption,
    TopicOption,
    TopicTagOption,
    VariableOption,
    read_choice,
    read_given,
)
from checker.cli.run import Options
from checker.finding import Severity


def check(
    paths: PathsArgument = None,
    instance: InstanceOption = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    severity: SeverityOption = None,
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="NAME[=FILE]",
            help="text, json, sarif, junit, github or markdown; repeatable, each to a file of its own.",
        ),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Write to a file, not to standard output.")
    ] = "",
    fail_on: Annotated[
        FailOn | None,
        typer.Option(help="The severity from which findings make the exit code 1.  [default: warning]"),
    ] = None,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict",
            help="Exit 3 if something was skipped, could not be determined or is stale.",
            show_default=False,
        ),
    ] = None,
    all_topics: AllTopicsOption = None,
    topic: TopicOption = None,
    topic_tag: TopicTagOption = None,
    changed: Annotated[
        bool,
        typer.Option(
            "--changed",
            help="Take the paths for the files of a change: pass over what is about something else, read the "
            "files beside them for keys and instances, and report on the paths alone.",
        ),
    ] = False,
    variable: VariableOption = None,
    parameter: ParameterOption = None,
    source: SourceOption = None,
    baseline: BaselineOption = None,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> int:
    """Lint policies, AWS CLI output, manifests, Terraform (files, plans, states), CloudFormation and CloudTrail.

    Files are recognised by their content. Exit codes: 0 clean, 1 findings, 2 unreadable input, 3 incomplete
    (with --strict), 4 internal error.
    """
    options = Options(
        tuple(paths or ()),
        tuple(instance or ()),
        tuple(topic or ()),
        tuple(topic_tag or ()),
        read_choice(select, ignore, severity),
        Severity(fail_on.value) if fail_on else None,
        strict,
        all_topics,
        changed,
        baseline,
        config,
        isolated,
        read_given(variable, parameter, source),
    )
    return lint(options, formats or (), output)
