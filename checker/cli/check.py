"""`checker check`: check files and folders."""

from __future__ import annotations

from checker.app.check import lint
from checker.app.exit_codes import Ending
from checker.app.options import read_given, read_options
from checker.cli import options as shared


def check(
    paths: shared.PathsArgument = None,
    instance: shared.InstanceOption = None,
    select: shared.SelectOption = None,
    ignore: shared.IgnoreOption = None,
    severity: shared.SeverityOption = None,
    formats: shared.FormatsOption = None,
    output: shared.ReportFileOption = "",
    fail_on: shared.FailOnOption = None,
    strict: shared.StrictOption = None,
    all_topics: shared.AllTopicsOption = None,
    topic: shared.TopicOption = None,
    topic_tag: shared.TopicTagOption = None,
    changed: shared.ChangedOption = False,
    variable: shared.VariableOption = None,
    parameter: shared.ParameterOption = None,
    source: shared.SourceOption = None,
    allow_outside: shared.AllowOutsideOption = False,
    expect: shared.ExpectOption = None,
    rcp: shared.RcpOption = None,
    baseline: shared.BaselineOption = None,
    config: shared.ConfigOption = None,
    isolated: shared.IsolatedOption = False,
    evidence: shared.EvidenceOption = None,
    verbose: shared.VerboseOption = False,
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
        evidence=evidence,
        rcp=rcp,
        given=read_given(variable, parameter, source, allow_outside=allow_outside),
        verbose=verbose,
        expect=expect,
    )
    return lint(options, formats or (), output)
