"""The proof before a chat is started: the chain of every topic, as AWS has it now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.chain import BROKEN, UNKNOWN, explain
from checker.inventory import Skipped
from checker.live.faults import Fault, UnreadError
from checker.live.flow.steps import Beginning
from checker.live.lookup import look_up
from checker.live.resource import read_chain
from checker.passage import DONE, FAILED, PREFLIGHT, Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.arn import Arn
    from checker.chain import Explanation
    from checker.live.calls import Calls
    from checker.live.flow.steps import Steps
    from checker.rule import Rule


def examine(
    steps: Steps, calls: Calls, topic: Arn, instance: Arn, rules: Sequence[Rule]
) -> Explanation | UnreadError:
    """Walk the chain of a topic, or say why it could not be read; what is not known of it is noted with the calls.

    Raises StoppedError.
    """
    began = Beginning()
    try:
        found, key = read_chain(calls, topic)
    except UnreadError as error:
        step = began.step(PREFLIGHT, str(topic), FAILED, said=error.told, help_text=error.skipped.help)
        steps.add(step)
        if error.fault is not Fault.GONE:
            calls.note(error)
        return error
    looked_up = look_up(calls, instance, topic.region)
    if looked_up.status == UNKNOWN:
        calls.skip(Skipped(str(instance), looked_up.reason, error=True, help=looked_up.help))
    explanation = explain(found, key, instance, rules, looked_up)
    status = FAILED if explanation.first_broken() else DONE
    steps.add(began.step(PREFLIGHT, str(topic), status, said=_said(explanation)))
    return explanation


def _said(explanation: Explanation) -> str:
    broken = explanation.first_broken()
    if broken is not None:
        return f"the {_words(broken.link.value)} is broken: {broken.reason}"
    unsure = [_words(one.link.value) for one in explanation.links if one.status == UNKNOWN]
    return f"nothing is broken; not known: {', '.join(unsure)}" if unsure else "the chain is whole"


def broken_link(explanation: Explanation | None) -> Cause | None:
    """The first broken link as a cause; ``None`` if none is known to be."""
    return _first(explanation, BROKEN)


def unknown_link(explanation: Explanation | None) -> Cause | None:
    """The first link that is not known, likewise."""
    return _first(explanation, UNKNOWN)


def _first(explanation: Explanation | None, status: str) -> Cause | None:
    one = explanation.first(status) if explanation else None
    return Cause(one.reason, one.help, one.link.value, one.rule) if one else None


def _words(link: str) -> str:
    return link.replace("_", " ")
