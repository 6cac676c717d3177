"""Combines the resources that affect each topic and key under one assignment.

Assignments with equal states are equivalent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.deployment import (
    INLINE_POLICY,
    LISTED,
    SUBSCRIPTION,
    TOPIC_POLICY,
    Names,
    Properties,
    Settings,
    as_value,
    is_export,
    text_in,
)
from checker.inputs.cloudformation.evaluation import ALIAS, KEYS, TOPIC, written_arn
from checker.inputs.cloudformation.possible_policies import possible_policies
from checker.inputs.declared import DeclaredDelivery
from checker.inputs.endpoint_settings import delivery_of
from checker.inputs.topic_settings import CLOUDFORMATION
from checker.policy.node import Node, Object, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.possible_policies import PossiblePolicy
    from checker.policy.model import Value


class Alias(NamedTuple):
    """An alias with all its names."""

    names: tuple[str, ...]


class KeyState(NamedTuple):
    """A key with its aliases and policy."""

    properties: Properties
    names: tuple[str, ...]
    aliases: tuple[Alias, ...]
    arn: Value


class Writer(NamedTuple):
    """A resource that writes a policy, with the number of topics that it names.

    ``possible`` is the name of a policy that a macro may write; its ``logical`` is that of the macro.
    """

    logical: str
    policy: Node | None
    owners: int
    possible: str = ""


class SubscriptionState(NamedTuple):
    """A subscription; one in the list of a topic has the topic's ``logical`` name. ``condition`` is that of its resource."""

    logical: str
    protocol: Value
    endpoint: Value
    delivery: DeclaredDelivery = DeclaredDelivery()
    condition: str | None = None


class TopicState(NamedTuple):
    """A topic; one that is declared elsewhere has no properties. ``own_key`` is a key of the same template."""

    owner: Value
    arn: Value
    names: tuple[str, ...]
    properties: Properties | None
    writers: tuple[Writer, ...]
    subscriptions: tuple[SubscriptionState, ...]
    own_key: tuple[str, KeyState] | None = None


class States:
    """The topics and keys of one deployment by logical name; topics declared elsewhere by their reference."""

    def __init__(self, evaluation: Evaluation, deployment: dict[str, Properties]) -> None:
        self.evaluation = evaluation
        self.template = evaluation.template
        self.deployment = deployment
        self.names = Names(evaluation, deployment)
        self.strangers: dict[str, Value] = {}
        resources = self.template.resources.values()
        self.own = {self.template.symbol(one.logical) for one in resources if one.type == TOPIC}

    def of_type(self, *types: str) -> Iterator[tuple[str, Properties]]:
        return ((logical, one) for logical, one in self.deployment.items() if one.type in types)

    def keys(self) -> dict[str, KeyState]:
        """Return the keys."""
        return {
            logical: KeyState(
                properties,
                self.names.of(logical),
                tuple(self.aliases(logical)),
                self.evaluation.attribute(logical, "Arn"),
            )
            for logical, properties in self.of_type(*KEYS)
        }

    def aliases(self, key: str) -> Iterator[Alias]:
        for logical, properties in self.of_type(ALIAS):
            if self.names.follow(properties.value("TargetKeyId")) == key:
                yield Alias(self.names.of(logical))

    def topics(self) -> dict[str, TopicState]:
        """Return the topics of the template, and the topics declared elsewhere that it writes policies for."""
        writers, subscriptions, keys = self.writers(), self.subscriptions(), self.keys()
        found: dict[str, TopicState] = {}
        for logical, properties in self.of_type(TOPIC):
            key = self.names.key_of(properties.value("KmsMasterKeyId"))
            found[logical] = TopicState(
                self.template.symbol(logical),
                written_arn(self.evaluation, logical),
                self.names.of(logical),
                properties,
                tuple(writers.pop(logical, ())),
                (*self.listed(logical, properties.get(LISTED)), *subscriptions.get(logical, ())),
                (key, keys[key]) if key is not None else None,
            )
        return found | {
            owner: self.elsewhere(owner, tuple(writing), tuple(subscriptions.get(owner, ())))
            for owner, writing in writers.items()
        }

    def writers(self) -> dict[str, list[Writer]]:
        """Return the resources that write the policy of each topic."""
        found: dict[str, list[Writer]] = {}
        for logical, properties in self.of_type(TOPIC_POLICY, INLINE_POLICY):
            owners = self.owners(logical, properties)
            for owner in owners:
                writer = Writer(logical, properties.get("PolicyDocument"), len(owners))
                found.setdefault(owner, []).append(writer)
        for possible in possible_policies(self.evaluation):
            for owner in self.possible_owners(possible, (*self.topics_here(), *found)):
                writer = Writer(possible.macro, None, 1, possible.name)
                found.setdefault(owner, []).append(writer)
        return found

    def topics_here(self) -> list[str]:
        return [logical for logical, _ in self.of_type(TOPIC)]

    def possible_owners(self, possible: PossiblePolicy, topics: tuple[str, ...]) -> tuple[str, ...]:
        """Return the topics whose policy a macro may write: those that it names, or all if that is not known."""
        if possible.topics is None:
            return tuple(dict.fromkeys(topics))
        named = [(self.names.topic_of(value) or text_in(value), value) for value in possible.topics]
        is_open = [
            isinstance(value, Unknown) and not value.pieces and name not in topics for name, value in named
        ]
        return tuple(dict.fromkeys(topics if any(is_open) else [name for name, _ in named if name in topics]))

    def owners(self, logical: str, properties: Properties) -> tuple[str, ...]:
        """Return the topics that a resource names, without undeployed topics of the template."""
        node = properties.get("Topics" if properties.type == TOPIC_POLICY else "TopicArn")
        nobody = Unknown("the resource names no topic", self.template.symbol(logical))
        values = [as_value(one) for one in items(node)] if node is not None else [nobody]
        found = (self.names.topic_of(value) or self.foreign_topic(value, logical) for value in values)
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def foreign_topic(self, value: Value, logical: str) -> str | None:
        """Record a topic that is declared elsewhere, under the template's reference to it."""
        text = text_in(value) or self.template.symbol(logical)
        if text in self.own:
            return None
        self.strangers[text] = value
        return text

    def subscriptions(self) -> dict[str, list[SubscriptionState]]:
        """Return the subscriptions of each topic."""
        found: dict[str, list[SubscriptionState]] = {}
        for logical, properties in self.of_type(SUBSCRIPTION):
            topic = properties.value("TopicArn")
            found.setdefault(self.names.topic_of(topic) or text_in(topic), []).append(
                self.subscription(logical, properties)
            )
        return found

    def subscription(self, logical: str, properties: Properties) -> SubscriptionState:
        delivery = delivery_of(Settings(properties), CLOUDFORMATION)
        dead_letter = delivery.dead_letter
        return SubscriptionState(
            logical,
            properties.said("Protocol", ""),
            self.names.named(properties.said("Endpoint", "")),
            delivery._replace(dead_letter=None if dead_letter is None else self.names.named(dead_letter)),
            self.template.resources[logical].condition,
        )

    def listed(self, topic: str, node: Node | None) -> Iterator[SubscriptionState]:
        """Read the inline subscriptions of a topic."""
        for one in items(node) if node is not None else ():
            if isinstance(one, Object):
                nodes = (one.get("Protocol"), one.get("Endpoint"))
                protocol, endpoint = ("" if node is None else as_value(node) for node in nodes)
                yield SubscriptionState(topic, protocol, self.names.named(endpoint))

    def elsewhere(
        self, owner: str, writers: tuple[Writer, ...], subscriptions: tuple[SubscriptionState, ...]
    ) -> TopicState:
        """Make a topic that another template or tool declares."""
        value = self.strangers[owner]
        unique = (
            owner
            if isinstance(value, str) or "#" in owner or is_export(owner)
            else f"{self.template.scope}#{owner}"
        )
        return TopicState(value, value, tuple(dict.fromkeys((unique, owner))), None, writers, subscriptions)
