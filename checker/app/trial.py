"""Tries conditions of key policies: the plan, the consent, the receipt, the report and the evidence file."""

from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checker.app.chat import ATTEMPTS, cleaning_up, steps_shown
from checker.app.exit_codes import Ending
from checker.app.flow import FlowFormat, check_contact_flow, save_receipt
from checker.app.options import check_seconds
from checker.app.terminal import check_output, confirm, paint_for, plan_reader, show, tell, write
from checker.core.errors import InputError
from checker.core.terminal_text import json_lines
from checker.fix.live.receipt import TRIAL, new_id
from checker.inputs.arn_options import instance_option
from checker.report.context import Paint
from checker.report.trial import plan_text, trial_json, trial_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from checker.app.flow import FlowOptions
    from checker.fix.live.trial import Setup, TrialResult
    from checker.live.aws.session import Sessions
    from checker.live.trial.run import TrialRequest


_WAIT = 300.0
"""Default in seconds: KMS documents that changes may take minutes to apply everywhere."""


def try_conditions_of(options: FlowOptions) -> Ending:
    """Show a trial, or run it with --apply, and write what was observed. Raises CheckerError."""
    wait = _WAIT if options.wait is None else options.wait
    _check(options, wait)
    from checker.live.aws.session import sign_in  # boto3 takes a fifth of a second to import

    sessions = sign_in(options.access._replace(attempts=ATTEMPTS))
    request = _request(options, sessions, wait)
    if not options.apply:
        write(plan_text(request.setups, wait))
        tell("nothing was changed; add `--apply` to run the trial")
        return Ending(findings=True)
    with plan_reader():
        show(plan_text(request.setups, wait), sys.stderr)
    help_text = "add `--yes` to skip confirmation, or omit `--apply` to see the plan alone"
    confirm("--try-conditions", "run this trial", yes=options.yes, help_text=help_text)
    tell(f"receipt: {_write_receipt(request, options.receipts)}")
    result = _run(request, sessions)
    _write_evidence(result, options.evidence_out)
    paint = Paint() if options.output else paint_for(sys.stdout)
    write(_lines(request, result, options.format, paint), options.output)
    return _ending(result)


def _check(options: FlowOptions, wait: float) -> None:
    """Check the options of a trial. Raises InputError for those of a test chat."""
    for option, given in (
        ("--topic-arn", options.topics),
        ("--at-start", options.at_start),
        ("--force", options.force),
        ("--mistake", options.mistake),
        ("--retain", options.retain),
        ("--create", options.create),
        ("--wait-for-metrics", options.wait_for_metrics),
        ("--stream-arn", options.stream_arn),
        ("--force-managed", options.force_managed),
    ):
        if given:
            raise InputError(option, "contradicts --try-conditions, which uses topics and keys of its own")
    if options.instance.name:
        help_text = "name its ARN with `--instance-arn`"
        raise InputError("--instance", "not supported with --try-conditions", help_text=help_text)
    if options.dry_run and options.apply:
        raise InputError("--dry-run", "contradicts --apply")
    if options.format not in (FlowFormat.TEXT, FlowFormat.JSON):
        reason = f"`{options.format}` is not supported with --try-conditions"
        raise InputError("--format", reason, help_text="use text or json")
    check_seconds("--wait", wait)
    check_contact_flow(options.contact_flow)
    check_output(options.output)
    check_output(options.evidence_out)


def _request(options: FlowOptions, sessions: Sessions, wait: float) -> TrialRequest:
    """Return the trial in the caller's account. Raises CheckerError."""
    from checker.fix.live.trial import VARIANTS, set_up
    from checker.live.aws.access import Unit
    from checker.live.aws.calls import Calls
    from checker.live.aws.lookup import caller_of
    from checker.live.trial.run import TrialRequest

    instance, trial = instance_option(options.instance.arn), new_id()
    calls = Calls(sessions, Unit(instance.account, instance.region), threading.Event()).at(instance)
    account = caller_of(calls).account
    setups = tuple(set_up(variant, instance, account, trial) for variant in VARIANTS)
    return TrialRequest(trial, instance, options.contact_flow, setups, wait)


def _run(request: TrialRequest, sessions: Sessions) -> TrialResult:
    """Run the trial; the first signal ends it and starts the cleanup, the second ends the cleanup."""
    from checker.live.trial.run import run_trial

    with cleaning_up() as stops:
        return run_trial(request, sessions, steps_shown(sys.stderr), stops)


def _write_evidence(result: TrialResult, path: Path | None) -> None:
    """Write what was observed, also after an interrupt: messages that arrived are evidence. Raises InputError."""
    if path is None:
        return
    from checker.inputs.evidence_file import evidence_json

    if not result.observations:
        tell(f"{path}: not written, because the trial shows nothing")
        return
    write(json_lines(evidence_json(one for _, one in result.observations)), path)
    tell(f"evidence: {path}; use it with `--evidence {path}`")


def _lines(
    request: TrialRequest, result: TrialResult, output_format: FlowFormat, paint: Paint
) -> Iterable[str]:
    if output_format is FlowFormat.JSON:
        return json_lines(trial_json(request.setups, result))
    return trial_text(request.setups, result, paint)


def _ending(result: TrialResult) -> Ending:
    """Return how a trial ended: that a condition does not work is a result, that nothing works is a finding."""
    return Ending(
        interrupted=result.interrupted,
        incomplete=bool(result.fault or result.left_behind),
        findings=not result.control_arrived,
    )


def _write_receipt(request: TrialRequest, folder: Path) -> Path:
    """Write the receipt of the temporary resources, before they are created. Raises CheckerError."""
    now = datetime.now(UTC)
    path = folder / f"checker-trial-{request.id[:8]}-{now:%Y%m%dT%H%M%S}.json"
    value = {
        "version": 1,
        "kind": TRIAL,
        "time": now.isoformat(timespec="seconds"),
        "trial": request.id,
        "instance": str(request.instance),
        "topics": [str(setup.topic) for setup in request.setups],
        "key_policies": [setup.key_policy for setup in request.setups],
        "undo": [*_undo(request.setups, request.id)],
    }
    save_receipt(path, value)
    return path


def _undo(setups: Sequence[Setup], trial: str) -> Iterable[str]:
    yield from (f"delete {setup.topic}: `aws sns delete-topic`" for setup in setups)
    yield f"delete the keys with the tag `checker:trial` = `{trial}`: `aws kms schedule-key-deletion`"
    yield "delete the queues whose names begin with `checker-flow-`: `aws sqs delete-queue`"
