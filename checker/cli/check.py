"""`checker check`: check files and folders."""

from __future__ import annotations

from checker.app.check import lint
from checker.app.exit_codes import Ending
from checker.app.options import read_given, read_options
from checker.cli.options import (
    AllTopicsOption,
    BaselineOption,
    ChangedOption,
    ConfigOption,
    FailOnOption,
    FormatsOption,
    IgnoreOption,
    InstanceOption,
    IsolatedOption,
    ParameterOption,
    PathsArgument,
    ReportFileOption,
    SelectOption,
    SeverityOption,
    SourceOption,
    StrictOption,
    TopicOption,
    TopicTagOption,
    VariableOption,
)


def check(
    paths: PathsArgument = None,
    instance: InstanceOption = None,
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    severity: SeverityOption = None,
    formats: FormatsOption = None,
    output: ReportFileOption = "",
    fail_on: FailOnOption = None,
    strict: StrictOption = None,
    all_topics: AllTopicsOption = None,
    topic: TopicOption = None,
    topic_tag: TopicTagOption = None,
    changed: ChangedOption = False,
    variable: VariableOption = None,
    parameter: ParameterOption = None,
    source: SourceOption = None,
    baseline: BaselineOption = None,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> Ending:
    """Check policies, Terraform, CloudFormation and AWS CLI output.

    Streaming manifests and CloudTrail events are read as well. Files are recognized by their content.

    Exit codes: 0 clean, 1 findings, 2 unreadable input, 3 incomplete (with --strict), 4 internal error.
    """
    options = read_options(
        paths=paths,
        instance=instance,
        topic=topic,
        topic_tag=topic_tag,
        select=select,
        ignore=ignore,
        severity=severity,
        fail_on=fail_on,
        strict=strict,
        all_topics=all_topics,
        changed=changed,
        baseline=baseline,
        config=config,
        isolated=isolated,
        given=read_given(variable, parameter, source),
    )
    return lint(options, formats or (), output)
