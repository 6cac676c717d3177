"""What is said of the subscriptions that keep a topic's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.chain import BROKEN, OK, UNKNOWN
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.arn import Arn
    from checker.iam.truth import Truth

SQS, FIREHOSE = "sqs", "firehose"
KINDS = (SQS, FIREHOSE)
"""The protocols of subscriptions that keep what they get."""


class Wanted(NamedTuple):
    """What is to keep the messages; ``stream``, for `firehose`, is there already.

    ``force`` to change also a queue that CloudFormation, Terraform or the like manages.
    """

    kind: str
    stream: Arn | None = None
    instance: Arn | None = None
    force: bool = False


class Step(NamedTuple):
    """One link from the topic to where its messages are kept: ``ok``, ``broken`` or ``unknown``, why, and what to do."""

    name: str
    status: str
    reason: str
    help: str = ""


class Warned(NamedTuple):
    """Something that does not keep messages from arriving and should not be so all the same."""

    message: str
    help: str


class Keeper(NamedTuple):
    """One subscription of a queue or a delivery stream, link by link; ``subscription`` is its ARN once confirmed."""

    kind: str
    subscription: str
    endpoint: str
    steps: tuple[Step, ...]
    warnings: tuple[Warned, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """``broken`` if one link is, else ``unknown`` if one is, else ``ok``."""
        return worst(step.status for step in self.steps)

    @property
    def broken(self) -> tuple[str, ...]:
        """The names of the links that are broken."""
        return tuple(step.name for step in self.steps if step.status == BROKEN)


class Retention(NamedTuple):
    """Whether the messages of a topic are kept; ``unread`` says why its subscriptions could not be listed."""

    topic: str
    kind: str
    keepers: tuple[Keeper, ...] = ()
    unread: Unknown | None = None

    @property
    def status(self) -> str:
        """``ok`` if one subscription is; ``unknown`` if one may be; ``broken`` if none is, or there is none."""
        found = {keeper.status for keeper in self.keepers}
        if OK in found:
            return OK
        return UNKNOWN if UNKNOWN in found or self.unread is not None else BROKEN


def worst(statuses: Iterable[str]) -> str:
    """The status of a chain of links."""
    found = set(statuses)
    return next((one for one in (BROKEN, UNKNOWN) if one in found), OK)


def step(name: str, truth: Truth, good: str, bad: str, help_text: str = "") -> Step:
    """Say what is known of a link: that it holds, that it does not, or why nobody can tell."""
    if isinstance(truth, Unknown):
        return Step(name, UNKNOWN, truth.told, help_text)
    return Step(name, OK, good) if truth else Step(name, BROKEN, bad, help_text)
