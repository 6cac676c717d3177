"""`checker flow`: send one real chat message through Amazon Connect and see it come out of the topic."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
from checker.live.flow.steps import MOST_TOPICS, FlowRequest, Mistake
from checker.report.flow import flow_junit, passage_json, passage_text, step_line
from checker.report.style import Paint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.fix.live.flow_result import FlowResult


class FlowFormat(StrEnum):
    """How a flow is reported."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def flow(
    instance: Annotated[str, typer.Option("--instance-arn", metavar="ARN", help="The Connect instance.")],
    contact_flow: Annotated[
        str, typer.Option("--contact-flow-id", metavar="ID", help="The contact flow that takes the chat.")
    ],
    topic: Annotated[
        list[str],
        typer.Option("--topic-arn", metavar="ARN", help="A topic to stream to; given twice for two."),
    ],
    at_start: Annotated[
        bool,
        typer.Option("--at-start", help="Stream to the first topic by StartChatContact itself."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Start the chat though the proof finds a broken link.")
    ] = False,
    wait: Annotated[
        float,
        typer.Option(min=1, max=900, metavar="SECONDS", help="How many seconds the message is waited for."),
    ] = 30,
    wait_for_metrics: Annotated[
        float,
        typer.Option(
            min=0,
            max=900,
            metavar="SECONDS",
            help="How many seconds CloudWatch's counters are waited for if nothing arrives.",
        ),
    ] = 0,
    mistake: Annotated[
        Mistake | None,
        typer.Option(
            metavar="NAME", help="Make a mistake that applications make, to see what it looks like."
        ),
    ] = None,
    retain: Annotated[
        Keeping | None,
        typer.Option(
            metavar="sqs|firehose", help="See whether a queue or a delivery stream keeps the messages."
        ),
    ] = None,
    create: Annotated[
        bool, typer.Option("--create", help="For --retain: set it up where nothing does.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="For --create: show what would be created, and end.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="For --create: do not ask for confirmation.")] = False,
    receipts: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder for the receipts of --create.")
    ] = Path("checker-receipts"),
    stream_arn: Annotated[
        str, typer.Option(metavar="ARN", help="For --retain firehose --create: the stream to subscribe.")
    ] = "",
    force_managed: Annotated[
        bool,
        typer.Option("--force-managed", help="For --create: also open a queue that a deployment manages."),
    ] = False,
    profile: ProfileOption = "",
    endpoint_url: EndpointOption = "",
    output_format: Annotated[FlowFormat, typer.Option("--format", help="How to write the report.")] = (
        FlowFormat.TEXT
    ),
    output: OutputOption = None,
) -> int:
    """Start a chat, stream it, say something, and see it come out of the topic; then clear everything away.

    The chain is proven first, and a broken link ends it unless forced. For as long as it lasts, a queue of its
    own is subscribed to each topic. Take a contact flow that calls no agent. --create shows what it would create,
    asks, and writes a receipt before it changes anything.

    Exit codes: 0 the message arrived, 1 it did not or a link is broken, 2 usage, 3 something else kept the flow
    from being carried through or cleared away, 4 internal error, 130 interrupted.
    """
    check_output(output)
    for option, seconds in (("--wait", wait), ("--wait-for-metrics", wait_for_metrics)):
        check_seconds(option, seconds)
    if dry_run and not create:
        raise InputError("--dry-run", "goes with `--retain` and `--create`")
    if not contact_flow.strip():
        raise InputError(
            "--contact-flow-id", "it is empty", help_text="it is the last part of the flow's ARN"
        )
    if at_start and mistake is Mistake.LATE_STREAMING:
        raise InputError(
            "--mistake", "a stream that begins with the chat is not late", help_text="leave --at-start out"
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
    return ending_of_flow(passage).code


def _topics(texts: list[str], *, force: bool) -> tuple[Arn, ...]:
    """Read the topics, each once. Raises InputError."""
    arns = dict.fromkeys(topic_option("--topic-arn", text) for text in texts)
    if len(arns) > MOST_TOPICS and not force:
        raise InputError(
            "--topic-arn",
            f"{len(arns)} topics: AWS documents that a contact is streamed to {MOST_TOPICS} at most",
            help_text="leave one out, or see with --force what AWS says",
        )
    return tuple(arns)


def _wanted(
    retain: Keeping | None, create: bool, stream_arn: str, instance: Arn, force_managed: bool
) -> Wanted | None:
    """Read what is to keep the messages. Raises InputError for options that do not go together."""
    if retain is None:
        for option, given in (
            ("--create", create),
            ("--stream-arn", stream_arn),
            ("--force-managed", force_managed),
        ):
            if given:
                raise InputError(option, "it goes with --retain", help_text="`--retain sqs` judges queues")
        return None
    stream = Arn.parse(stream_arn)
    if stream_arn and (stream is None or stream.service != "firehose"):
        raise InputError("--stream-arn", f"`{stream_arn}` is no ARN of a delivery stream")
    if create and retain is Keeping.FIREHOSE and stream is None:
        help_text = "make a delivery stream with its destination, and name it with --stream-arn"
        raise InputError("--create", "a stream is not made, only subscribed", help_text=help_text)
    return Wanted(retain.value, stream, instance, force_managed)


def _lines(passage: FlowResult, output_format: FlowFormat, paint: Paint, *, steps: bool) -> Iterable[str]:
    if output_format is FlowFormat.JSON:
        return json_lines(passage_json(passage))
    if output_format is FlowFormat.JUNIT:
        return flow_junit(passage)
    told = [step_line(one, paint) for one in passage.steps] if steps else []
    return [*told, *passage_text(passage, paint)]
