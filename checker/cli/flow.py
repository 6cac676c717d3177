"""`checker flow`: send a chat message through Amazon Connect and wait for it at the topic."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from checker.app.chain import InstanceName
from checker.app.exit_codes import Ending
from checker.app.flow import FlowFormat, FlowOptions, send_chat
from checker.app.options import read_access
from checker.app.trial import try_conditions_of
from checker.cli import options as shared
from checker.live.flow.request import ApplicationMistake

_RETENTION, _VARIANTS, _TRIAL = "Retention", "Variants", "Trial of key conditions"

_InstanceOption = Annotated[
    str,
    typer.Option(
        "--instance-arn",
        metavar="ARN",
        help="Connect instance that streams the chat.",
        show_default=False,
    ),
]
_ContactFlowOption = Annotated[
    str,
    typer.Option(
        "--contact-flow-id",
        metavar="ID",
        help="ID of the contact flow that handles the chat; choose one without agents.",
    ),
]
_TopicOption = Annotated[
    list[str] | None,
    typer.Option(
        "--topic-arn", metavar="ARN", help="Topic to stream to; repeatable, AWS documents up to two."
    ),
]
_AtStartOption = Annotated[
    bool,
    typer.Option(
        "--at-start", help="Start streaming with StartChatContact, not afterwards.", rich_help_panel=_VARIANTS
    ),
]
_ForceOption = Annotated[bool, typer.Option("--force", help="Start the chat even if a link is broken.")]
_WaitOption = Annotated[
    float | None,
    typer.Option(
        min=1,
        max=900,
        metavar="SECONDS",
        help="Seconds to wait for the message.",
        show_default="30, or 300 with --try-conditions",
    ),
]
_WaitForMetricsOption = Annotated[
    float,
    typer.Option(
        min=0,
        max=900,
        metavar="SECONDS",
        help="Seconds to wait for CloudWatch metrics if no message arrives.",
        rich_help_panel=_VARIANTS,
    ),
]
_MistakeOption = Annotated[
    ApplicationMistake | None,
    typer.Option(
        metavar="NAME",
        help="Repeat a common mistake of applications: `no-connect-participant` or `late-streaming`.",
        rich_help_panel=_VARIANTS,
    ),
]
_RetainOption = Annotated[
    shared.DurableKind | None,
    typer.Option(
        metavar="sqs|firehose",
        help="Also check that a queue or a delivery stream keeps the messages.",
        rich_help_panel=_RETENTION,
    ),
]
_CreateOption = Annotated[
    bool,
    typer.Option("--create", help="Create a missing subscription for --retain.", rich_help_panel=_RETENTION),
]
_DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Only show what --create would create.", rich_help_panel=_RETENTION)
]
_YesOption = Annotated[
    bool, typer.Option("--yes", help="Do not ask for confirmation of --create or --apply.")
]
_ReceiptsOption = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder for the receipts of --create and --apply.")
]
_TryConditionsOption = Annotated[
    bool,
    typer.Option(
        "--try-conditions",
        help="Show a trial of key policy conditions, with keys and topics of its own.",
        rich_help_panel=_TRIAL,
    ),
]
_ApplyOption = Annotated[
    bool, typer.Option("--apply", help="Run the trial of --try-conditions.", rich_help_panel=_TRIAL)
]
_EvidenceOutOption = Annotated[
    Path | None,
    typer.Option(
        "--evidence-out",
        metavar="FILE",
        help="Write the results of the trial to this file, for --evidence.",
        rich_help_panel=_TRIAL,
    ),
]
_StreamOption = Annotated[
    str,
    typer.Option(
        metavar="ARN",
        help="Delivery stream to subscribe with `--retain firehose --create`.",
        show_default=False,
        rich_help_panel=_RETENTION,
    ),
]
_ForceManagedOption = Annotated[
    bool,
    typer.Option(
        "--force-managed",
        help="Also change the policy of a queue that CloudFormation or Terraform manages.",
        rich_help_panel=_RETENTION,
    ),
]
_FormatOption = Annotated[FlowFormat, typer.Option("--format", help="Format of the report.")]


def flow(
    contact_flow: _ContactFlowOption,
    topic: _TopicOption = None,
    instance: _InstanceOption = "",
    instance_name: shared.InstanceNameOption = "",
    at_start: _AtStartOption = False,
    force: _ForceOption = False,
    wait: _WaitOption = None,
    wait_for_metrics: _WaitForMetricsOption = 0,
    mistake: _MistakeOption = None,
    retain: _RetainOption = None,
    create: _CreateOption = False,
    dry_run: _DryRunOption = False,
    yes: _YesOption = False,
    receipts: _ReceiptsOption = Path("checker-receipts"),
    stream_arn: _StreamOption = "",
    force_managed: _ForceManagedOption = False,
    try_conditions: _TryConditionsOption = False,
    apply: _ApplyOption = False,
    evidence_out: _EvidenceOutOption = None,
    profile: shared.ProfileOption = "",
    endpoint_url: shared.EndpointOption = "",
    role_arn: shared.RoleArnOption = "",
    role_name: shared.RoleNameOption = "",
    external_id: shared.ExternalIdOption = "",
    output_format: _FormatOption = FlowFormat.TEXT,
    output: shared.OutputOption = None,
) -> Ending:
    """Send a test chat message, and wait for it at the topic.

    Checks the chain first, and stops at a broken link unless --force is given. A temporary queue is subscribed to
    each topic, and everything temporary is deleted at the end.

    With --try-conditions, shows a trial of conditions of key policies, and runs it with --apply. It creates a KMS key
    and a topic for each condition, and deletes them at the end.

    Exit codes: 0 the message arrived, 1 it did not arrive or a link is broken, 2 usage error, 3 the test could not
    be completed or cleaned up, 4 internal error, 130 interrupted.
    """
    options = FlowOptions(
        InstanceName(instance, instance_name),
        contact_flow,
        tuple(topic or ()),
        at_start=at_start,
        force=force,
        wait=wait,
        wait_for_metrics=wait_for_metrics,
        mistake=mistake,
        retain=retain or "",
        create=create,
        dry_run=dry_run,
        yes=yes,
        receipts=receipts,
        stream_arn=stream_arn,
        force_managed=force_managed,
        access=read_access(profile, endpoint_url, role_arn, role_name, external_id),
        format=output_format,
        output=output,
        try_conditions=try_conditions,
        apply=apply,
        evidence_out=evidence_out,
    )
    return try_conditions_of(options) if try_conditions else send_chat(options)
