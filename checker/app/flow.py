"""Sends a chat message through Connect: the options, the consent and the receipt for new resources, the report."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from checker.analysis.endpoints import FIREHOSE
from checker.analysis.inventory import MOST_TOPICS
from checker.app.chat import ending_of_flow, run_chat
from checker.app.exit_codes import Ending
from checker.app.next_step import after_flow
from checker.app.options import check_seconds
from checker.app.terminal import check_output, confirm, paint_for, plan_reader, show, tell, write
from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert, json_lines
from checker.fix.live.receipt import RETENTION
from checker.inputs.arn_options import check_bare, topic_option
from checker.inputs.output_file import real_path
from checker.inputs.whole_file import write_new
from checker.lint.delivery.model import RequestedStorage
from checker.lint.registry import all_rules
from checker.live.aws.access import Access
from checker.live.flow.request import ApplicationMistake, FlowRequest
from checker.report.context import Paint, Setting
from checker.report.flow import flow_json, flow_junit, flow_text, step_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.app.chain import InstanceName
    from checker.fix.live.flow_result import FlowResult
    from checker.live.retention.setup import PlannedCall


class FlowFormat(StrEnum):
    """Formats of the report."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    HTML = "html"


class FlowOptions(NamedTuple):
    """The command-line options of a flow; ``retain`` is empty, `sqs` or `firehose`."""

    instance: InstanceName
    contact_flow: str
    topics: tuple[str, ...]
    at_start: bool = False
    force: bool = False
    wait: float | None = None
    wait_for_metrics: float = 0
    mistake: ApplicationMistake | None = None
    retain: str = ""
    create: bool = False
    dry_run: bool = False
    yes: bool = False
    receipts: Path = Path("checker-receipts")
    stream_arn: str = ""
    force_managed: bool = False
    access: Access = Access()
    format: FlowFormat = FlowFormat.TEXT
    output: Path | None = None
    try_conditions: bool = False
    apply: bool = False
    evidence_out: Path | None = None


_WAIT = 30.0


def send_chat(options: FlowOptions) -> Ending:
    """Send a message, and report whether it arrives, or only show what would be created. Raises CheckerError."""
    check_output(options.output)
    request = read_request(options)
    if options.dry_run:
        return dry_run(request, options.access)
    at_once = options.format is FlowFormat.TEXT and options.output is None
    consent = partial(ask_consent, options.receipts, yes=options.yes)
    result = run_chat(request, options.access, as_report=at_once, consent=consent)
    paint = Paint() if options.output else paint_for(sys.stdout)
    write(_lines(result, options.format, paint, steps=not at_once), options.output)
    tell(*after_flow(result, options.access.words))
    return ending_of_flow(result)


def read_request(options: FlowOptions) -> FlowRequest:
    """Parse the options. Raises InputError for options that are not valid or contradict each other."""
    _check(options)
    topics = _topics(options.topics, force=options.force)
    instance = options.instance.find(topics[0], options.access)
    return FlowRequest(
        instance,
        options.contact_flow,
        topics,
        at_start=options.at_start,
        force=options.force,
        wait=_WAIT if options.wait is None else options.wait,
        wait_for_metrics=options.wait_for_metrics,
        mistake=options.mistake,
        retain=_wanted(options, instance),
        create=options.create,
    )


def _check(options: FlowOptions) -> None:
    for option, given in (("--apply", options.apply), ("--evidence-out", options.evidence_out is not None)):
        if given:
            raise InputError(option, "requires `--try-conditions`")
    if not options.topics:
        raise InputError("--topic-arn", "required without `--try-conditions`")
    check_seconds("--wait", _WAIT if options.wait is None else options.wait)
    check_seconds("--wait-for-metrics", options.wait_for_metrics)
    if options.dry_run and not options.create:
        raise InputError("--dry-run", "requires `--retain` and `--create`")
    options.instance.check()
    if not options.instance.arn and not options.instance.name:
        help_text = "name the Connect instance with its ARN, or with --instance and its alias"
        raise InputError("--instance-arn", "is missing", help_text=help_text)
    check_contact_flow(options.contact_flow)
    if options.at_start and options.mistake is ApplicationMistake.LATE_STREAMING:
        reason = "`late-streaming` contradicts --at-start"
        raise InputError("--mistake", reason, help_text="remove one of them")


def check_contact_flow(contact_flow: str) -> None:
    """Check the ID of a contact flow. Raises InputError."""
    if not contact_flow.strip():
        help_text = "give the last part of the contact flow's ARN"
        raise InputError("--contact-flow-id", "is empty", help_text=help_text)


def _topics(texts: Sequence[str], *, force: bool) -> tuple[Arn, ...]:
    """Parse the topics without duplicates. Raises InputError."""
    arns = dict.fromkeys(topic_option("--topic-arn", text) for text in texts)
    if len(arns) > MOST_TOPICS and not force:
        raise InputError(
            "--topic-arn",
            f"{len(arns)} topics: AWS documents a maximum of {MOST_TOPICS} for a contact",
            help_text="remove one, or add --force to see the answer of AWS",
        )
    return tuple(arns)


def _wanted(options: FlowOptions, instance: Arn) -> RequestedStorage | None:
    """Read the options of --retain. Raises InputError for options that contradict each other."""
    if not options.retain:
        _check_without_retention(options)
        return None
    check_bare("--stream-arn", options.stream_arn)
    stream = Arn.parse(options.stream_arn)
    if options.stream_arn and (stream is None or stream.service != "firehose"):
        raise InputError("--stream-arn", f"`{options.stream_arn}` is not the ARN of a delivery stream")
    if options.create and options.retain == FIREHOSE and stream is None:
        help_text = "create a delivery stream with its destination, and name it with --stream-arn"
        raise InputError("--create", "only subscribes an existing delivery stream", help_text=help_text)
    return RequestedStorage(options.retain, stream, instance, options.force_managed)


def _check_without_retention(options: FlowOptions) -> None:
    for option, given in (
        ("--create", options.create),
        ("--stream-arn", options.stream_arn),
        ("--force-managed", options.force_managed),
    ):
        if given:
            help_text = "add `--retain sqs` or `--retain firehose`"
            raise InputError(option, "requires --retain", help_text=help_text)


def _lines(result: FlowResult, output_format: FlowFormat, paint: Paint, *, steps: bool) -> Iterable[str]:
    if output_format is FlowFormat.JSON:
        return json_lines(flow_json(result))
    if output_format is FlowFormat.JUNIT:
        return flow_junit(result)
    if output_format is FlowFormat.HTML:
        from checker.report.page.flow import flow_page  # only where there is a page to write

        return flow_page(result, Setting(all_rules()))
    step_lines = [step_line(step, paint) for step in result.steps] if steps else []
    return [*step_lines, *flow_text(result, paint)]


def ask_consent(receipts: Path, topic: Arn, planned: Sequence[PlannedCall], *, yes: bool) -> None:
    """Show the plan, ask unless ``yes``, and write the receipt. Raises RefusedError if it is not confirmed."""
    with plan_reader():
        show(plan_text(topic, planned), sys.stderr)
    question = f"make {'this change' if len(planned) == 1 else 'these changes'}"
    help_text = "add `--yes` to skip confirmation, or `--dry-run` to see the plan alone"
    confirm("--create", question, yes=yes, help_text=help_text)
    tell(f"receipt: {_write_receipt(topic, planned, receipts)}")


def dry_run(request: FlowRequest, access: Access) -> Ending:
    """Show the planned calls, and change nothing. Raises CheckerError."""
    from checker.live.aws.topic import reach  # boto3 takes a fifth of a second to import
    from checker.live.retention.setup import plan_setup

    pending = False
    for topic in request.topics:
        assert request.retain is not None  # noqa: S101 - --create goes with --retain
        planned, fault = plan_setup(reach(access, topic), topic, request.retain)
        if fault is not None:
            raise fault
        write(plan_text(topic, planned))
        pending |= bool(planned)
    return Ending(findings=pending)


def plan_text(topic: Arn, planned: Sequence[PlannedCall]) -> Iterator[str]:
    """Describe each planned call."""
    if not planned:
        yield f"{topic}: nothing to create"
        return
    yield f"{topic}: would create"
    for number, call in enumerate(planned, 1):
        yield f"{number}. {call.action} `{inert(call.resource)}`"
        for line in json.dumps(call.parameters, indent=2).splitlines():
            yield f"     {inert(line)}"


def _write_receipt(topic: Arn, planned: Sequence[PlannedCall], folder: Path) -> Path:
    """Write the receipt of the planned resources, for their removal. Raises CheckerError."""
    now = datetime.now(UTC)
    path = folder / f"checker-retain-{topic.resource}-{now:%Y%m%dT%H%M%S%f}.json"
    value = {
        "version": 1,
        "kind": RETENTION,
        "time": now.isoformat(timespec="seconds"),
        "topic": str(topic),
        "calls": [call._asdict() for call in planned],
        "undo": [_UNDO[call.action].format(call.resource) for call in reversed(planned)],
    }
    save_receipt(path, value)
    return path


def save_receipt(path: Path, value: dict[str, object]) -> None:
    """Write a receipt to a new file and sync it to disk. Raises CheckerError."""
    real_path(path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_new(path, json.dumps(value, indent=2) + "\n")
    except OSError as error:
        reason = f"the receipt cannot be written: {(error.strerror or str(error)).lower()}"
        help_text = "nothing was changed; choose a folder with --receipts"
        raise InputError(str(path), reason, help_text=help_text) from None


_UNDO = {
    "sns:Subscribe": "unsubscribe the new endpoint of {}: `aws sns unsubscribe`",
    "sqs:CreateQueue": "delete {} and the messages in it: `aws sqs delete-queue`",
    "sqs:SetQueueAttributes": "remove the new statement, the last, from the policy of {}: `aws sqs set-queue-attributes`",
    "iam:CreateRole": "delete {}: `aws iam delete-role`",
    "iam:PutRolePolicy": "delete the policy of {}: `aws iam delete-role-policy`",
}
