"""The subscribers of a topic, each with its status and the reason, over all deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployments import in_words
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.delivery.dead_letter import PREFIX
from checker.lint.delivery.model import FILTER, SUBSCRIPTION, decisive
from checker.lint.delivery.of_topic import deliveries
from checker.lint.status import BROKEN, OK, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.analysis.deployments import Deployments
    from checker.analysis.topic import TopicAnalysis
    from checker.lint.delivery.model import Delivery, Step


_RULES = {SUBSCRIPTION: "unconfirmed-subscription", FILTER: "unmatchable-filter"}
_BEHIND, _DEAD_LETTER = "undeliverable-subscription", "undeliverable-dead-letter"


class Subscriber(NamedTuple):
    """One subscription: its status ``ok``, ``broken`` or ``unknown``, and the reason.

    ``rule`` reports the reason if it is broken, and ``help`` says what to do. ``steps`` are all links to the endpoint,
    then those to the dead-letter queue, on which the status does not depend.
    """

    protocol: str
    endpoint: str
    status: str
    reason: str
    rule: str = ""
    help: str = ""
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_pending(self) -> bool:
        """True for a subscription that is not confirmed."""
        return self.rule == _RULES[SUBSCRIPTION]


def subscribers(case: TopicAnalysis) -> tuple[Subscriber, ...] | Unknown:
    """Return the known subscribers of a topic, or why they are not known."""
    if isinstance(case.topic.subscriptions, Unknown):
        return case.topic.subscriptions
    whole = case.with_endpoints
    judged = [tuple(map(_subscriber, deliveries(one))) for one in whole.in_deployments]
    return tuple(_merged(ways, whole.deployments) for ways in zip(*judged, strict=True))


def _merged(ways: Sequence[Subscriber], found: Deployments) -> Subscriber:
    """Merge a subscriber of all deployments; a status that differs depends on the deployment."""
    first = ways[0]
    other = next((one.status for one in ways if one.status != first.status), None)
    if other is None:
        return first
    statuses = [one.status for one in ways]
    so, not_so = (in_words(found.settled_by(statuses, status)) for status in (first.status, other))
    reason = f"depends on the deployment: {first.status} if {so}, {other} if {not_so}"
    return first._replace(status=UNKNOWN, reason=reason, rule="", help="")


def rule_of(step: Step) -> str:
    """Return the rule that reports a step if it is broken."""
    return _DEAD_LETTER if step.name.startswith(PREFIX) else _RULES.get(step.name, _BEHIND)


def _subscriber(delivery: Delivery) -> Subscriber:
    problem = decisive(delivery.steps)
    return Subscriber(
        delivery.kind,
        delivery.endpoint,
        delivery.status,
        problem.reason if problem else "SNS delivers the messages",
        rule_of(problem) if problem and problem.status == BROKEN else "",
        problem.help if problem else "",
        (*delivery.steps, *delivery.dead_letter),
        tuple(one.message for one in delivery.warnings),
        (*delivery.notes, *_partial(delivery)),
    )


def _partial(delivery: Delivery) -> tuple[str, ...]:
    """Return the description of a filter policy that drops some messages."""
    step = next((one for one in delivery.steps if one.name == FILTER), None)
    return (step.reason,) if step and step.status == OK and " drops " in step.reason else ()
