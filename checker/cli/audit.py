"""`checker audit`: check the topics in AWS accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.audit import audit_accounts
from checker.app.audit_options import AuditOptions
from checker.app.exit_codes import Ending
from checker.app.options import read_options, split
from checker.cli import options as shared
from checker.live.aws.access import Access, Coverage

_RUN = "Long runs"

_RegionOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME,...", help="Region to audit; repeatable.", show_default="the profile's"),
]
_AllRegionsOption = Annotated[bool, typer.Option("--all-regions", help="Audit every enabled Region.")]
_AccountsOption = Annotated[
    list[str] | None,
    typer.Option(metavar="ID,...", help="Account to audit; repeatable.", show_default="the caller's"),
]
_OrganizationOption = Annotated[
    bool, typer.Option("--organization", help="Audit every active account of the organization.")
]
_ThreadsOption = Annotated[
    int, typer.Option(min=1, max=256, metavar="N", help="Concurrent calls.", rich_help_panel=_RUN)
]
_ManifestOption = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        help="Streaming manifest with topics and their instances.",
        rich_help_panel=shared.TOPICS,
    ),
]
_TrailHoursOption = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=90 * 24,
        metavar="HOURS",
        help="Hours of CloudTrail events to read for streams; 0 reads none.",
        show_default="24",
        rich_help_panel=shared.TOPICS,
    ),
]
_JournalOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Record each account and Region in this file, for --resume.",
        rich_help_panel=_RUN,
    ),
]
_ResumeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="JOURNAL", help="Continue an interrupted audit with its options.", rich_help_panel=_RUN
    ),
]
_SecurityHubOption = Annotated[
    bool,
    typer.Option(
        "--security-hub",
        help="Send findings to Security Hub, and archive fixed ones.",
        rich_help_panel=shared.RESULTS,
    ),
]
_DaskOption = Annotated[
    str,
    typer.Option(
        metavar="tls://HOST:PORT",
        help="Run on this Dask cluster, which can run code here: trust it.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
_WriteBaselineOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Record the findings in this baseline, and report only new ones.",
        rich_help_panel=shared.RESULTS,
    ),
]


_SinceOption = Annotated[
    Path | None,
    typer.Option(
        metavar="REPORT",
        help="Compare with this JSON report or journal of an earlier audit, or all in this folder.",
        rich_help_panel=shared.RESULTS,
    ),
]
_CheckPermissionsOption = Annotated[
    bool,
    typer.Option(
        "--check-permissions",
        help="Only try the calls with a few topics, and report what AWS refuses.",
        rich_help_panel=_RUN,
    ),
]
_SaveOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Save the answers of AWS as output of the AWS CLI, for `checker check DIR`.",
        rich_help_panel=_RUN,
    ),
]
_FailOnNewOption = Annotated[
    bool,
    typer.Option(
        "--fail-on-new",
        help="Exit with 1 only for findings that are new since then.",
        rich_help_panel=shared.RESULTS,
    ),
]


def audit(
    context: typer.Context,
    region: _RegionOption = None,
    all_regions: _AllRegionsOption = False,
    accounts: _AccountsOption = None,
    organization: _OrganizationOption = False,
    role_name: shared.RoleNameOption = "",
    external_id: shared.ExternalIdOption = "",
    profile: shared.ProfileOption = "",
    endpoint_url: shared.EndpointOption = "",
    threads: _ThreadsOption = 32,
    manifest: _ManifestOption = None,
    instance: shared.InstanceOption = None,
    all_topics: shared.AllTopicsOption = None,
    topic: shared.TopicOption = None,
    topic_tag: shared.TopicTagOption = None,
    rcp: shared.RcpOption = None,
    trail_hours: _TrailHoursOption = None,
    journal: _JournalOption = None,
    resume: _ResumeOption = None,
    security_hub: _SecurityHubOption = False,
    dask: _DaskOption = "",
    select: shared.SelectOption = None,
    ignore: shared.IgnoreOption = None,
    severity: shared.SeverityOption = None,
    formats: shared.FormatsOption = None,
    output: shared.ReportFileOption = "",
    fail_on: shared.FailOnOption = None,
    strict: shared.StrictOption = None,
    baseline: shared.BaselineOption = None,
    write_baseline: _WriteBaselineOption = None,
    since: _SinceOption = None,
    fail_on_new: _FailOnNewOption = False,
    save: _SaveOption = None,
    check_permissions: _CheckPermissionsOption = False,
    expect: shared.ExpectOption = None,
    config: shared.ConfigOption = None,
    isolated: shared.IsolatedOption = False,
    evidence: shared.EvidenceOption = None,
) -> Ending:
    """Check the topics in AWS accounts that Connect streams to.

    Reads topic policies, keys, subscriptions and CloudTrail events, and changes nothing. A call ends after
    60 seconds, and a service that does not answer is not called again.

    Exit codes: 0 clean, 1 findings, 2 usage error, 3 incomplete: something could not be read, 4 internal error,
    130 interrupted.
    """
    options = read_options(
        instance=instance,
        topic=topic,
        topic_tag=topic_tag,
        select=select,
        ignore=ignore,
        severity=severity,
        fail_on=fail_on,
        strict=strict,
        all_topics=all_topics,
        baseline=baseline,
        config=config,
        isolated=isolated,
        expect=expect,
        evidence=evidence,
        rcp=rcp,
    )
    request = AuditOptions(
        options,
        Access(profile, endpoint_url, role_name, external_id, threads),
        Coverage(split(accounts), organization, split(region), all_regions),
        tuple(manifest or ()),
        trail_hours,
        journal,
        resume,
        security_hub=security_hub,
        dask=dask,
        write_baseline=write_baseline,
        since=since,
        fail_on_new=fail_on_new,
        save=save,
        check_permissions=check_permissions,
        arguments=tuple(context.obj or ()),
    )
    return audit_accounts(request, formats or (), output)
