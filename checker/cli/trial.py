"""The chat that `checker fix --test-flow` tries after a live repair."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NamedTuple

from checker.cli.flowing import carry_through
from checker.cli.terminal import outliving_reader, paint_for, show
from checker.core.errors import InputError
from checker.report.flow import passage_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.fix.live.flow_result import Passage
    from checker.live.aws.access import Access
    from checker.live.repair.planning import Plan


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
