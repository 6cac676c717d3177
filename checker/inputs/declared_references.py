"""The references between declared subscriptions, their topics and what they deliver to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.resolve import symbol_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.arn import Arn
    from checker.core.unknown import Truth
    from checker.inputs.declared import Declaration, Declarations, DeclaredSubscription
    from checker.policy.model import Value


class _Link(NamedTuple):
    """A reference of a subscription to a resource."""

    reference: Value
    subscription: DeclaredSubscription


class References:
    """The references of the subscriptions of a deployment. ``home`` is the namespace of its names.

    ``topics`` are the names of topics, each with what the topic's own policy calls it.
    """

    def __init__(self, declared: Declarations, home: str) -> None:
        self.home = home
        self.links = list(_links(declared.subscriptions))
        self.topics = _topics(declared)

    def naming(
        self, names: Sequence[str], arn: Arn | Unknown, qualifier: Value = ""
    ) -> list[DeclaredSubscription]:
        """Return the subscriptions that name a resource."""
        own: Value = arn if isinstance(arn, Unknown) else f"{arn}:{qualifier}" if qualifier else str(arn)
        return [link.subscription for link in self.links if _names(link.reference, names, own)]

    def topic(self, value: Value) -> Value:
        """Return a reference to a topic as the topic's own policy has it; other values as they are."""
        return self.topics.get(value.where, value) if isinstance(value, Unknown) else value


def _links(subscriptions: Sequence[DeclaredSubscription]) -> Iterator[_Link]:
    for one in subscriptions:
        for reference in (one.endpoint, one.delivery.dead_letter, one.delivery.role):
            if reference is not None:
                yield _Link(reference, one)


def _names(reference: Value, names: Sequence[str], own: Value) -> bool:
    if isinstance(reference, Unknown):
        return reference.where in names
    return reference == own


def _topics(declared: Declarations) -> dict[str, str]:
    """Map the names of topics to what their own policies call them; all variants of a topic have one name."""
    texts: dict[str, str] = {}
    several: set[str] = set()
    for topic in declared.topics:
        own = symbol_of(topic.names, topic.arn).removesuffix(f" ({topic.variant})") or str(topic.arn)
        several.update(name for name in topic.names if texts.setdefault(name, own) != own)
    return {name: own for name, own in texts.items() if name not in several}


def exists(one: Declaration, naming: Sequence[DeclaredSubscription]) -> Truth:
    """Return whether a resource exists wherever a subscription names it."""
    for subscription in naming:
        holding = {*subscription.conditions, *subscription.holding}
        missing = [condition for condition in one.conditions if condition not in holding]
        if missing:
            return Unknown(f"whether `{one.address}` exists is not known", missing[0])
    return True
