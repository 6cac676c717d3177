"""Runs a flow for a command: heeds signals, shows each step as it happens, and gives the exit code."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from checker.chain import BROKEN, UNKNOWN
from checker.cli.run import known_rules
from checker.cli.terminal import Exit, paint_for, tell
from checker.passage import End
from checker.report.flow import step_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.live.access import Access
    from checker.live.flow.asked import Asked
    from checker.live.flow.run import Stops
    from checker.passage import Passage, Step

_ATTEMPTS = 4


def carry_through(asked: Asked, access: Access, *, as_report: bool) -> Passage:
    """Run a flow. Its steps are the report where that is a text on standard output, else they are progress."""
    from checker.live.flow.run import Stops, run_flow  # boto3 takes a fifth of a second to import
    from checker.live.session import sign_in

    stream = sys.stdout if as_report else sys.stderr
    paint = paint_for(stream)

    def show(step: Step) -> None:
        print(step_line(step, paint), file=stream, flush=True)

    sessions = sign_in(access._replace(attempts=_ATTEMPTS))
    stops = Stops(threading.Event(), threading.Event())
    with _heeded(stops):
        return run_flow(asked, sessions, known_rules(), show, stops)


@contextmanager
def _heeded(stops: Stops) -> Iterator[None]:
    """Let the first signal end the flow, after the call under way, and the second the clearing away."""

    def stop(*_: object) -> None:
        if stops.flow.is_set():
            stops.clearing.set()
        else:
            stops.flow.set()
            tell("interrupted: clearing away; once more leaves everything as it is")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code(passage: Passage) -> int:
    """Say by a number how a flow ended."""
    if passage.end is End.INTERRUPTED:
        return 130
    if passage.end in (End.SILENT, End.HELD):
        return Exit.FINDINGS
    if passage.end is End.REFUSED:
        known = passage.cause is not None and (passage.cause.link or passage.cause.rule)
        return Exit.FINDINGS if known else Exit.INCOMPLETE
    kept = [one.kept for one in passage.topics if one.kept is not None]
    if any(one.retention.status == BROKEN for one in kept):
        return Exit.FINDINGS
    unsure = any(one.retention.status == UNKNOWN or one.fault for one in kept)
    return Exit.INCOMPLETE if passage.left_behind or unsure else Exit.CLEAN
