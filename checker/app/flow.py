"""Runs a test chat for a command: handles signals, prints each step, and returns the exit code."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from checker.app.exit_codes import Ending
from checker.app.run import known_rules
from checker.app.signals import heeded
from checker.app.terminal import is_confirmed, outliving_reader, paint_for, show, tell, write
from checker.core.errors import InputError, RefusedError
from checker.core.terminal_text import inert
from checker.fix.live.flow_result import End
from checker.fix.live.receipt_file import RETENTION
from checker.inputs.output_file import real_path
from checker.lint.explain import BROKEN, UNKNOWN
from checker.report.flow import passage_text, step_line
from checker.report.text import skipped_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from checker.core.arn import Arn
    from checker.fix.live.flow_result import FlowResult, Step
    from checker.live.aws.access import Access
    from checker.live.flow.request import FlowRequest
    from checker.live.flow.run import Consent
    from checker.live.repair.planning import Plan
    from checker.live.retention.setup import PlannedCall


_ATTEMPTS = 4


def carry_through(
    asked: FlowRequest, access: Access, *, as_report: bool, consent: Consent | None = None
) -> FlowResult:
    """Run a test chat. The steps are printed to standard output as the report, or to standard error as progress."""
    from checker.live.aws.session import sign_in
    from checker.live.flow.run import Stops, run_flow  # boto3 takes a fifth of a second to import

    stream = sys.stdout if as_report else sys.stderr
    paint = paint_for(stream)

    def show_step(step: Step) -> None:
        with suppress(OSError), outliving_reader():  # the flow still has to clean up
            show([step_line(step, paint)], stream)

    sessions = sign_in(access._replace(attempts=_ATTEMPTS))
    stops = Stops(threading.Event(), threading.Event())

    def stop(count: int) -> None:
        """End the flow at the first signal, after the current call, and the cleanup at the second."""
        (stops.flow if count == 1 else stops.clearing).set()
        if count == 1:
            tell("interrupted: clearing away; once more leaves everything as it is")

    with heeded(stop):
        passage = run_flow(asked, sessions, known_rules(), show_step, stops, consent)
    for skipped in passage.unread:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    return passage


def ending_of_flow(passage: FlowResult) -> Ending:
    """Return how a test chat ended: a missing message and a broken link are findings."""
    refused = passage.end is End.REFUSED
    known = passage.cause is not None and bool(passage.cause.link or passage.cause.rule)
    kept = [one.kept for one in passage.topics if one.kept is not None]
    silent = passage.end in (End.SILENT, End.BLOCKED) or (refused and known)
    return Ending(
        interrupted=passage.end is End.INTERRUPTED,
        incomplete=(refused and not known) or bool(passage.left_behind or passage.unread),
        findings=silent or any(one.retention.status == BROKEN for one in kept),
        undetermined=any(one.retention.status == UNKNOWN or one.fault for one in kept),
    )


class Trial(NamedTuple):
    """The test chat after a fix, and whether to roll the fix back if the message does not arrive."""

    contact_flow: str
    wait: float
    rollback: bool


def check_trial(trial: Trial, instances: Sequence[str], *, apply: bool) -> None:
    """Check that a test chat is possible before anything is written. Raises InputError."""
    for missing, reason, help_text in (
        (not apply, "requires --apply", "add `--apply`, or use `checker flow` to send a chat without a fix"),
        (
            not trial.contact_flow,
            "requires --contact-flow-id",
            "add `--contact-flow-id ID` with the contact flow that handles the test chat",
        ),
        (len(instances) != 1, "requires one instance", "name one instance with `--instance-arn ARN`"),
    ):
        if missing:
            raise InputError("--test-flow", reason, help_text=help_text)


def try_chat(planned: Plan, trial: Trial, access: Access, *, as_report: bool) -> FlowResult:
    """Send a test message after a fix, and print the result as `checker flow` does."""
    from checker.live.flow.request import FlowRequest  # only where a chat is tried

    instance, *_ = planned.wish.instances
    chat = FlowRequest(instance.arn, trial.contact_flow, (planned.topic,), wait=trial.wait)
    passage = carry_through(chat, access, as_report=as_report)
    stream = sys.stdout if as_report else sys.stderr
    with outliving_reader():  # a repair may still have to be rolled back
        show(passage_text(passage, paint_for(stream)), stream)
    return passage


def ask_consent(receipts: Path, topic: Arn, planned: Sequence[PlannedCall], *, yes: bool) -> None:
    """Show the plan, ask unless ``yes``, and write the receipt. Raises RefusedError if it is not confirmed."""
    show(plan_text(topic, planned), sys.stderr)
    if not yes and not is_confirmed(f"make {'this change' if len(planned) == 1 else 'these changes'}"):
        help_text = "add `--yes` to skip confirmation, or `--dry-run` to see the plan alone"
        raise RefusedError("--create", "not confirmed, nothing was changed", help_text=help_text)
    tell(f"receipt: {_write_receipt(topic, planned, receipts)}")


def dry_run(asked: FlowRequest, access: Access) -> Ending:
    """Show the planned calls, and change nothing. Raises CheckerError."""
    from checker.live.aws.topic import reach  # boto3 takes a fifth of a second to import
    from checker.live.retention.setup import rehearse

    pending = False
    for topic in asked.topics:
        assert asked.retain is not None  # noqa: S101 - --create goes with --retain
        planned, fault = rehearse(reach(access, topic), topic, asked.retain)
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
    """Write the receipt of the planned resources, for their removal. Raises InputError."""
    real_path(folder)
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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(json.dumps(value, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        reason = f"the receipt cannot be written: {(error.strerror or str(error)).lower()}"
        help_text = "nothing was changed; choose a folder with --receipts"
        raise InputError(str(path), reason, help_text=help_text) from None
    return path


_UNDO = {
    "sns:Subscribe": "unsubscribe the new endpoint of {}: `aws sns unsubscribe`",
    "sqs:CreateQueue": "delete {} and the messages in it: `aws sqs delete-queue`",
    "sqs:SetQueueAttributes": "remove the new statement, the last, from the policy of {}: `aws sqs set-queue-attributes`",
    "iam:CreateRole": "delete {}: `aws iam delete-role`",
    "iam:PutRolePolicy": "delete the policy of {}: `aws iam delete-role-policy`",
}
