"""`checker audit`: the options of auditing live accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.audit import audit_accounts
from checker.app.audit_options import AuditOptions
from checker.app.run import Options, split
from checker.cli.options import (
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
    TopicOption,
    TopicTagOption,
    read_choice,
)
from checker.core.finding import Severity
from checker.live.aws.access import Access, Coverage


def audit(
    context: typer.Context,
    region: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME,...", help="A Region to audit; repeatable.  [default: the profile's]"),
    ] = None,
    all_regions: Annotated[
        bool, typer.Option("--all-regions", help="Audit every Region that is switched on.")
    ] = False,
    accounts: Annotated[
        list[str] | None,
        typer.Option(metavar="ID,...", help="The accounts to audit; repeatable.  [default: the caller's]"),
    ] = None,
    organization: Annotated[
        bool, typer.Option("--organization", help="Audit every active account of the organisation.")
    ] = False,
    role_name: Annotated[
        str, typer.Option(metavar="NAME", help="The role to assume in accounts other than the caller's.")
    ] = "",
    external_id: Annotated[str, typer.Option(metavar="ID", help="External ID for assuming the role.")] = "",
    profile: ProfileOption = "",
    endpoint_url: EndpointOption = "",
    threads: Annotated[
        int, typer.Option(min=1, max=256, help="How many calls may be under way at once.")
    ] = 32,
    manifest: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A streaming manifest: its topics are judged, for its instances."),
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
            help="Hours of CloudTrail events to read for streams; 0: none.  [default: 24]",
        ),
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Record each account and Region in this file, for --resume."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="JOURNAL", help="Continue an interrupted audit, with its options.")
    ] = None,
    security_hub: Annotated[
        bool, typer.Option("--security-hub", help="Send findings to Security Hub, archive fixed ones.")
    ] = False,
    dask: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS", help="Work on a trusted Dask cluster: it can run code. tls://HOST:PORT."
        ),
    ] = "",
    select: SelectOption = None,
    ignore: IgnoreOption = None,
    severity: SeverityOption = None,
    formats: FormatsOption = None,
    output: ReportFileOption = "",
    fail_on: FailOnOption = None,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict", help="Also exit 3 if a result is undetermined.", show_default=False
        ),
    ] = None,
    baseline: BaselineOption = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the findings to this baseline, and report only others."),
    ] = None,
    config: ConfigOption = None,
    isolated: IsolatedOption = False,
) -> int:
    """Audit live accounts: topics that Amazon Connect streams to, their policies, keys and subscriptions.

    Reads only. A call ends after 60 seconds, and a silent service is not asked again. Exit codes: 0 clean, 1 findings, 2 usage, 3 incomplete: something could not be read, 130 interrupted.
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
