"""`checker audit`: check the topics in AWS accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.audit import audit_accounts
from checker.app.audit_options import AuditOptions
from checker.app.exit_codes import Ending
from checker.app.run import Options, split
from checker.cli.options import (
    ACCESS,
    RESULTS,
    TOPICS,
    AllTopicsOption,
    BaselineOption,
    ConfigOption,
    EndpointOption,
    FailOnOption,
    FormatsOption,
    IgnoreOption,
    InstanceOption,
    IsolatedOption,
    ProfileOption,
    ReportFileOption,
    SelectOption,
    SeverityOption,
    StrictOption,
    TopicOption,
    TopicTagOption,
    read_choice,
)
from checker.core.finding import Severity
from checker.live.aws.access import Access, Coverage

_RUN = "Long runs"


def audit(
    context: typer.Context,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", help="Region to audit; repeatable.", show_default="the profile's"),
    ] = None,
    all_regions: Annotated[bool, typer.Option("--all-regions", help="Audit every enabled Region.")] = False,
    accounts: Annotated[
        list[str] | None,
        typer.Option(metavar="ID,...", help="Account to audit; repeatable.", show_default="the caller's"),
    ] = None,
    organization: Annotated[
        bool, typer.Option("--organization", help="Audit every active account of the organization.")
    ] = False,
    role_name: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Role to assume in accounts other than the caller's.",
            show_default=False,
            rich_help_panel=ACCESS,
        ),
    ] = "",
    external_id: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="External ID for assuming the role.",
            show_default=False,
            rich_help_panel=ACCESS,
        ),
    ] = "",
    profile: ProfileOption = "",
    endpoint_url: EndpointOption = "",
    threads: Annotated[
        int, typer.Option(min=1, max=256, metavar="N", help="Concurrent calls.", rich_help_panel=_RUN)
    ] = 32,
    manifest: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Streaming manifest with topics and their instances.", rich_help_panel=TOPICS
        ),
    ] = None,
    instance: InstanceOption = None,
    all_topics: AllTopicsOption = None,
    topic: TopicOption = None,
    topic_tag: TopicTagOption = None,
    trail_hours: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=90 * 24,
            metavar="HOURS",
            help="Hours of CloudTrail events to read for streams; 0 reads none.",
            show_default="24",
            rich_help_panel=TOPICS,
        ),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Record each account and Region in this file, for --resume.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="JOURNAL",
            help="Continue an interrupted audit with its options.",
            rich_help_panel=_RUN,
        ),
    ] = None,
    security_hub: Annotated[
        bool,
        typer.Option(
            "--security-hub",
            help="Send findings to Security Hub, and archive fixed ones.",
            rich_help_panel=RESULTS,
        ),
    ] = False,
    dask: Annotated[
        str,
        typer.Option(
            metavar="tls://HOST:PORT",
            help="Run on this Dask cluster, which can run code here: trust it.",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = "",
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    severity: SeverityOption = None,
    formats: FormatsOption = None,
    output: ReportFileOption = "",
    fail_on: FailOnOption = None,
    strict: StrictOption = None,
    baseline: BaselineOption = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Record the findings in this baseline, and report only new ones.",
            rich_help_panel=RESULTS,
        ),
    ] = None,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> Ending:
    """Check the topics in AWS accounts that Connect streams to.

    Reads topic policies, keys, subscriptions and CloudTrail events, and changes nothing. A call ends after
    60 seconds, and a service that does not answer is not called again.

    Exit codes: 0 clean, 1 findings, 2 usage error, 3 incomplete: something could not be read, 4 internal error,
    130 interrupted.
    """
    options = Options(
        instances=tuple(instance or ()),
        topics=tuple(topic or ()),
        topic_tags=tuple(topic_tag or ()),
        choice=read_choice(select, ignore, severity),
        fail_on=Severity(fail_on.value) if fail_on else None,
        strict=strict,
        all_topics=all_topics,
        baseline=baseline,
        configuration=config,
        isolated=isolated,
    )
    asked = AuditOptions(
        options,
        Access(profile, endpoint_url, role_name, external_id, threads),
        Coverage(split(accounts or ()), organization, split(region or ()), all_regions),
        tuple(manifest or ()),
        trail_hours,
        journal,
        resume,
        security_hub=security_hub,
        dask=dask,
        write_baseline=write_baseline,
        arguments=tuple(context.obj or ()),
    )
    return audit_accounts(asked, formats or (), output)
