"""`checker flow`: send a chat message through Amazon Connect and wait for it at the topic."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from checker.app.exit_codes import Ending
from checker.app.flow import ask_consent, carry_through, ending_of_flow
from checker.app.flow import dry_run as plan_alone
from checker.app.terminal import check_output, outliving_reader, paint_for, write
from checker.cli.options import EndpointOption, Keeping, OutputOption, ProfileOption, check_seconds
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.inputs.typed_files import instance_option, topic_option
from checker.lint.retention.model import Wanted
from checker.live.aws.access import Access
from checker.live.flow.request import MOST_TOPICS, FlowRequest, Mistake
from checker.report.flow import flow_junit, passage_json, passage_text, step_line
from checker.report.style import Paint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.fix.live.flow_result import FlowResult


class FlowFormat(StrEnum):
    """Formats of the report."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


_RETENTION, _VARIANTS = "Retention", "Variants"


def flow(
    instance: Annotated[
        str, typer.Option("--instance-arn", metavar="ARN", help="Connect instance that streams the chat.")
    ],
    contact_flow: Annotated[
        str,
        typer.Option(
            "--contact-flow-id",
            metavar="ID",
            help="ID of the contact flow that handles the chat; choose one without agents.",
        ),
    ],
    topic: Annotated[
        list[str],
        typer.Option("--topic-arn", metavar="ARN", help="Topic to stream to; repeatable once."),
    ],
    at_start: Annotated[
        bool,
        typer.Option(
            "--at-start",
            help="Start streaming with StartChatContact, not afterwards.",
            rich_help_panel=_VARIANTS,
        ),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Start the chat even if a link is broken.")] = False,
    wait: Annotated[
        float,
        typer.Option(min=1, max=900, metavar="SECONDS", help="Seconds to wait for the message."),
    ] = 30,
    wait_for_metrics: Annotated[
        float,
        typer.Option(
            min=0,
            max=900,
            metavar="SECONDS",
            help="Seconds to wait for CloudWatch metrics if no message arrives.",
            rich_help_panel=_VARIANTS,
        ),
    ] = 0,
    mistake: Annotated[
        Mistake | None,
        typer.Option(
            metavar="NAME",
            help="Repeat a common mistake of applications: `no-connect-participant` or `late-streaming`.",
            rich_help_panel=_VARIANTS,
        ),
    ] = None,
    retain: Annotated[
        Keeping | None,
        typer.Option(
            metavar="sqs|firehose",
            help="Also check that a queue or a delivery stream keeps the messages.",
            rich_help_panel=_RETENTION,
        ),
    ] = None,
    create: Annotated[
        bool,
        typer.Option(
            "--create", help="Create a missing subscription for --retain.", rich_help_panel=_RETENTION
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only show what --create would create.", rich_help_panel=_RETENTION),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Do not ask for confirmation of --create.", rich_help_panel=_RETENTION),
    ] = False,
    receipts: Annotated[
        Path,
        typer.Option(metavar="DIR", help="Folder for the receipts of --create.", rich_help_panel=_RETENTION),
    ] = Path("checker-receipts"),
    stream_arn: Annotated[
        str,
        typer.Option(
            metavar="ARN",
            help="Delivery stream to subscribe with `--retain firehose --create`.",
            show_default=False,
            rich_help_panel=_RETENTION,
        ),
    ] = "",
    force_managed: Annotated[
        bool,
        typer.Option(
            "--force-managed",
            help="Also change the policy of a queue that CloudFormation or Terraform manages.",
            rich_help_panel=_RETENTION,
        ),
    ] = False,
    profile: ProfileOption = "",
    endpoint_url: EndpointOption = "",
    output_format: Annotated[FlowFormat, typer.Option("--format", help="Format of the report.")] = (
        FlowFormat.TEXT
    ),
    output: OutputOption = None,
) -> Ending:
    """Send a chat message through Connect and wait for it at the topic.

    Checks the chain first, and stops at a broken link unless --force is given. A temporary queue is subscribed to
    each topic, and everything temporary is deleted at the end.

    Exit codes: 0 the message arrived, 1 it did not arrive or a link is broken, 2 usage error, 3 the test could not
    be completed or cleaned up, 4 internal error, 130 interrupted.
    """
    check_output(output)
    for option, seconds in (("--wait", wait), ("--wait-for-metrics", wait_for_metrics)):
        check_seconds(option, seconds)
    if dry_run and not create:
        raise InputError("--dry-run", "requires `--retain` and `--create`")
    if not contact_flow.strip():
        raise InputError(
            "--contact-flow-id", "is empty", help_text="give the last part of the contact flow's ARN"
        )
    if at_start and mistake is Mistake.LATE_STREAMING:
        raise InputError(
            "--mistake", "`late-streaming` contradicts --at-start", help_text="remove one of them"
        )
    asked = FlowRequest(
        instance_option(instance),
        contact_flow,
        _topics(topic, force=force),
        at_start=at_start,
        force=force,
        wait=wait,
        wait_for_metrics=wait_for_metrics,
        mistake=mistake,
        retain=_wanted(retain, create, stream_arn, instance_option(instance), force_managed),
        create=create,
    )
    at_once = output_format is FlowFormat.TEXT and output is None
    access = Access(profile=profile, endpoint=endpoint_url)
    if dry_run:
        return plan_alone(asked, access)
    passage = carry_through(asked, access, as_report=at_once, consent=partial(ask_consent, receipts, yes=yes))
    paint = Paint() if output else paint_for(sys.stdout)
    with outliving_reader():
        write(_lines(passage, output_format, paint, steps=not at_once), output)
    return ending_of_flow(passage)


def _topics(texts: list[str], *, force: bool) -> tuple[Arn, ...]:
    """Parse the topics without duplicates. Raises InputError."""
    arns = dict.fromkeys(topic_option("--topic-arn", text) for text in texts)
    if len(arns) > MOST_TOPICS and not force:
        raise InputError(
            "--topic-arn",
            f"{len(arns)} topics: AWS documents a maximum of {MOST_TOPICS} for a contact",
            help_text="remove one, or add --force to see the answer of AWS",
        )
    return tuple(arns)


def _wanted(
    retain: Keeping | None, create: bool, stream_arn: str, instance: Arn, force_managed: bool
) -> Wanted | None:
    """Read the options of --retain. Raises InputError for options that contradict each other."""
    if retain is None:
        for option, given in (
            ("--create", create),
            ("--stream-arn", stream_arn),
            ("--force-managed", force_managed),
        ):
            if given:
                raise InputError(
                    option, "requires --retain", help_text="add `--retain sqs` or `--retain firehose`"
                )
        return None
    stream = Arn.parse(stream_arn)
    if stream_arn and (stream is None or stream.service != "firehose"):
        raise InputError("--stream-arn", f"`{stream_arn}` is not the ARN of a delivery stream")
    if create and retain is Keeping.FIREHOSE and stream is None:
        help_text = "create a delivery stream with its destination, and name it with --stream-arn"
        raise InputError("--create", "only subscribes an existing delivery stream", help_text=help_text)
    return Wanted(retain.value, stream, instance, force_managed)


def _lines(passage: FlowResult, output_format: FlowFormat, paint: Paint, *, steps: bool) -> Iterable[str]:
    if output_format is FlowFormat.JSON:
        return json_lines(passage_json(passage))
    if output_format is FlowFormat.JUNIT:
        return flow_junit(passage)
    told = [step_line(one, paint) for one in passage.steps] if steps else []
    return [*told, *passage_text(passage, paint)]
