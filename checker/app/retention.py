"""Shows, confirms and records what `checker flow --create` creates to retain messages."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.terminal import is_confirmed, show, tell, write
from checker.core.errors import InputError, RefusedError
from checker.core.terminal_text import inert
from checker.fix.live.receipt import RETENTION
from checker.inputs.output_file import real_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from checker.core.arn import Arn
    from checker.live.aws.access import Access
    from checker.live.flow.request import FlowRequest
    from checker.live.retention.setup import PlannedCall


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
    from checker.live.retention.setup import plan_setup

    pending = False
    for topic in asked.topics:
        assert asked.retain is not None  # noqa: S101 - --create goes with --retain
        planned, fault = plan_setup(reach(access, topic), topic, asked.retain)
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
