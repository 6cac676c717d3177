"""Runs a flow for a command: heeds signals, shows each step as it happens, and gives the exit code."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from checker.app.exit_codes import Ending
from checker.app.run import known_rules
from checker.app.signals import heeded
from checker.app.terminal import outliving_reader, paint_for, show, tell
from checker.core.errors import InputError
from checker.fix.live.flow_result import End
from checker.lint.explain import BROKEN, UNKNOWN
from checker.report.flow import passage_text, step_line
from checker.report.text import skipped_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.fix.live.flow_result import Passage, Step
    from checker.live.aws.access import Access
    from checker.live.flow.request import Asked
    from checker.live.flow.run import Consent
    from checker.live.repair.planning import Plan


_ATTEMPTS = 4


def carry_through(
    asked: Asked, access: Access, *, as_report: bool, consent: Consent | None = None
) -> Passage:
    """Run a flow. Its steps are the report where that is a text on standard output, else they are progress."""
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
        """Let the first signal end the flow, after the call under way, and the second the clearing away."""
        (stops.flow if count == 1 else stops.clearing).set()
        if count == 1:
            tell("interrupted: clearing away; once more leaves everything as it is")

    with heeded(stop):
        passage = run_flow(asked, sessions, known_rules(), show_step, stops, consent)
    for skipped in passage.unread:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    return passage


def ending_of_flow(passage: Passage) -> Ending:
    """How a flow ended: a message that did not arrive and a broken link are findings."""
    refused = passage.end is End.REFUSED
    known = passage.cause is not None and bool(passage.cause.link or passage.cause.rule)
    kept = [one.kept for one in passage.topics if one.kept is not None]
    silent = passage.end in (End.SILENT, End.HELD) or (refused and known)
    return Ending(
        interrupted=passage.end is End.INTERRUPTED,
        incomplete=(refused and not known) or bool(passage.left_behind or passage.unread),
        findings=silent or any(one.retention.status == BROKEN for one in kept),
        undetermined=any(one.retention.status == UNKNOWN or one.fault for one in kept),
    )


class Trial(NamedTuple):
    """The chat to try after a repair, and whether the repair is rolled back if nothing arrives."""

    contact_flow: str
    wait: float
    rollback: bool


def check_trial(trial: Trial, instances: Sequence[str], *, apply: bool) -> None:
    """See that a chat can be tried, before anything is written. Raises InputError."""
    for wrong, help_text in (
        (not apply, "with --apply: a chat is tried after a repair; `checker flow` tries one without"),
        (not trial.contact_flow, "name what takes the chat with --contact-flow-id"),
        (len(instances) != 1, "name one instance with --instance-arn"),
    ):
        if wrong:
            raise InputError("--test-flow", "no chat can be tried", help_text=help_text)


def try_chat(planned: Plan, trial: Trial, access: Access, *, as_report: bool) -> Passage:
    """Send a message through what was repaired, and tell what came of it as `checker flow` does."""
    from checker.live.flow.request import Asked  # only where a chat is tried

    instance, *_ = planned.wish.instances
    chat = Asked(instance.arn, trial.contact_flow, (planned.topic,), wait=trial.wait)
    passage = carry_through(chat, access, as_report=as_report)
    stream = sys.stdout if as_report else sys.stderr
    with outliving_reader():  # a repair may still have to be rolled back
        show(passage_text(passage, paint_for(stream)), stream)
    return passage
