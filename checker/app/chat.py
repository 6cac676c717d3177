"""Runs a test chat: handles signals, and prints each step."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.run import known_rules
from checker.app.signals import handling_signals
from checker.app.terminal import paint_for, show, tell
from checker.fix.live.flow_result import End
from checker.lint.status import BROKEN, UNKNOWN
from checker.report.brief import skipped_text
from checker.report.flow import flow_text, step_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from checker.app.fix_request import FixRequest
    from checker.fix.live.flow_result import FlowResult, Step
    from checker.live.aws.access import Access
    from checker.live.flow.request import FlowRequest
    from checker.live.flow.run import Consent
    from checker.live.flow.steps import Interrupts
    from checker.live.repair.planning import Plan


ATTEMPTS = 4
"""The attempts per call of a flow."""


def run_chat(
    request: FlowRequest, access: Access, *, as_report: bool, consent: Consent | None = None
) -> FlowResult:
    """Run a test chat. The steps are printed to standard output as the report, or to standard error as progress."""
    from checker.live.aws.session import sign_in
    from checker.live.flow.run import run_flow  # boto3 takes a fifth of a second to import

    show_step = steps_shown(sys.stdout if as_report else sys.stderr)
    sessions = sign_in(access._replace(attempts=ATTEMPTS))
    with cleaning_up() as stops:
        result = run_flow(request, sessions, known_rules(), show_step, stops, consent)
    for skipped in result.unread:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    return result


def steps_shown(stream: TextIO) -> Callable[[Step], None]:
    """Return a function that prints a step to a stream, and never fails."""
    paint = paint_for(stream)

    def show_step(step: Step) -> None:
        with suppress(OSError):  # the flow still has to clean up
            show([step_line(step, paint)], stream)

    return show_step


@contextmanager
def cleaning_up() -> Iterator[Interrupts]:
    """End a flow at the first signal, after the current call, and its cleanup at the second."""
    from checker.live.flow.steps import Interrupts  # as above

    stops = Interrupts(threading.Event(), threading.Event())

    def stop(count: int) -> None:
        (stops.flow if count == 1 else stops.cleanup).set()
        if count == 1:
            tell("interrupted: deleting temporary resources; press Ctrl-C again to leave them")

    with handling_signals(stop):
        yield stops


def ending_of_flow(result: FlowResult) -> Ending:
    """Return how a test chat ended: a missing message and a broken link are findings."""
    refused = result.end is End.REFUSED
    known = result.cause is not None and bool(result.cause.link or result.cause.rule)
    kept = [topic.setup for topic in result.topics if topic.setup is not None]
    silent = result.end in (End.SILENT, End.BLOCKED) or (refused and known)
    return Ending(
        interrupted=result.end is End.INTERRUPTED,
        incomplete=(refused and not known) or bool(result.left_behind or result.unread),
        findings=silent or any(setup.retention.status == BROKEN for setup in kept),
        undetermined=any(setup.retention.status == UNKNOWN or setup.fault for setup in kept),
    )


def try_chat(planned: Plan, request: FixRequest, *, as_report: bool) -> FlowResult:
    """Send a test message after a fix, and print the result as `checker flow` does."""
    from checker.live.flow.request import FlowRequest  # only where a chat is tried

    instance, *_ = planned.wanted.instances
    chat = FlowRequest(instance.arn, request.contact_flow, (planned.topic,), wait=request.wait)
    result = run_chat(chat, request.access, as_report=as_report)
    stream = sys.stdout if as_report else sys.stderr
    show(flow_text(result, paint_for(stream)), stream)
    return result
