"""What a template deploys under one assignment: the properties of its topics, keys and what belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.nodes import conditions_in
from checker.inputs.cloudformation.policytext import policy_node
from checker.inputs.cloudformation.references import ALIAS, KEYS, TOPIC
from checker.policy.node import Node, Object, Scalar, describe, rendered, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.sections import Resource
    from checker.policy.model import Value

TOPIC_POLICY = "AWS::SNS::TopicPolicy"
INLINE_POLICY = "AWS::SNS::TopicInlinePolicy"
SUBSCRIPTION = "AWS::SNS::Subscription"
_KEY, _REPLICA = KEYS
PROPERTIES = {
    TOPIC: ("TopicName", "FifoTopic", "KmsMasterKeyId", "Tags", "Subscription"),
    TOPIC_POLICY: ("Topics", "PolicyDocument"),
    INLINE_POLICY: ("TopicArn", "PolicyDocument"),
    SUBSCRIPTION: ("TopicArn", "Protocol", "Endpoint"),
    _KEY: ("KeyPolicy", "KeySpec", "KeyUsage", "Enabled"),
    _REPLICA: ("KeyPolicy", "Enabled"),
    ALIAS: ("AliasName", "TargetKeyId"),
}
"""The types that are read, and what is read of each."""
LISTED = "Subscription"
"""The subscriptions that a topic lists itself."""

_POLICIES = ("PolicyDocument", "KeyPolicy")


class Properties(NamedTuple):
    """The evaluated properties of a resource; what is not set is not there."""

    type: str
    values: tuple[tuple[str, Node], ...]

    def get(self, name: str) -> Node | None:
        """Give a property, ``None`` if it is not set."""
        return next((node for key, node in self.values if key == name), None)

    def value(self, name: str) -> Value | None:
        """Give a property as a text, ``None`` if it is not set; one that is no text is not known."""
        node = self.get(name)
        return None if node is None else as_value(node)

    def said(self, name: str, default: str) -> Value:
        """Give a property as a text, the default if it is not set."""
        value = self.value(name)
        return default if value is None else value


def as_value(node: Node) -> Value:
    """Give a text; a list or an object in its place is not known."""
    text = scalar_text(node)
    return Unknown(f"expected a string, found {describe(node)}", rendered(node)) if text is None else text


def deployed(evaluation: Evaluation, note: Callable[[InputError], None]) -> dict[str, Properties]:
    """Evaluate what bears on a stream; faults in the text of a policy are noted, and the policy is Unknown."""
    return {
        logical: Properties(resource.type, tuple(_values(evaluation, resource, note)))
        for logical, resource in evaluation.template.resources.items()
        if resource.type in PROPERTIES and _is_deployed(evaluation, resource)
    }


def _is_deployed(evaluation: Evaluation, resource: Resource) -> bool:
    """True for what is deployed for sure; whether a subscription is may hang on what is not chosen."""
    condition, properties = resource.condition, resource.properties
    if resource.type == SUBSCRIPTION:
        named = (*([condition] if condition else ()), *(conditions_in(properties) if properties else ()))
        if not evaluation.is_settled(named):
            return False
    return condition is None or bool(evaluation.holds(condition))


def _values(
    evaluation: Evaluation, resource: Resource, note: Callable[[InputError], None]
) -> list[tuple[str, Node]]:
    found = ((name, _value(evaluation, resource, name, note)) for name in PROPERTIES[resource.type])
    return [(name, node) for name, node in found if node is not None]


def _value(
    evaluation: Evaluation, resource: Resource, name: str, note: Callable[[InputError], None]
) -> Node | None:
    written = resource.properties.get(name) if isinstance(resource.properties, Object) else None
    if name == LISTED and written is not None and not evaluation.is_settled(conditions_in(written)):
        return None  # who is subscribed is not known
    if written is None or name not in _POLICIES:
        return evaluation.property(resource.logical, name)
    try:
        return policy_node(evaluation, written)
    except InputError as error:
        note(error)
        return Scalar(Unknown(error.reason), written.source, written.start, written.end)
