"""Evaluates the topics, keys and related resources of a template under one assignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.evaluation import (
    ALIAS,
    ARNS,
    FUNCTIONS,
    KEYS,
    QUEUE,
    STREAM,
    TOPIC,
    own_arn,
    written_arn,
)
from checker.inputs.cloudformation.functions import exported_as
from checker.inputs.cloudformation.nodes import conditions_in
from checker.inputs.cloudformation.policy_text import policy_node
from checker.inputs.declared import NOT_KNOWN
from checker.inputs.endpoint_settings import permission_names, queue_names, subscription_names
from checker.inputs.topic_settings import CLOUDFORMATION, names_in
from checker.policy.node import Node, Object, Scalar, describe, rendered, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.sections import Resource
    from checker.policy.model import Value


TOPIC_POLICY = "AWS::SNS::TopicPolicy"
INLINE_POLICY = "AWS::SNS::TopicInlinePolicy"
SUBSCRIPTION = "AWS::SNS::Subscription"
_KEY, _REPLICA = KEYS
PROPERTIES = {
    TOPIC: (*names_in(CLOUDFORMATION), "Tags", "Subscription"),
    TOPIC_POLICY: ("Topics", "PolicyDocument"),
    INLINE_POLICY: ("TopicArn", "PolicyDocument"),
    SUBSCRIPTION: ("TopicArn", "Protocol", "Endpoint", *subscription_names(CLOUDFORMATION)),
    _KEY: ("KeyPolicy", "KeySpec", "KeyUsage", "Enabled"),
    _REPLICA: ("KeyPolicy", "Enabled"),
    ALIAS: ("AliasName", "TargetKeyId"),
}
"""Resource types to read, with the properties to read."""
FUNCTION_ALIAS, FUNCTION_VERSION = "AWS::Lambda::Alias", "AWS::Lambda::Version"
PERMISSION = "AWS::Lambda::Permission"
QUEUE_POLICY, QUEUE_INLINE_POLICY = "AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy"
ENDPOINTS = {
    **dict.fromkeys(FUNCTIONS, ("FunctionName", "AutoPublishAlias")),
    FUNCTION_ALIAS: ("FunctionName", "Name"),
    FUNCTION_VERSION: ("FunctionName",),
    PERMISSION: ("FunctionName", "Action", "Principal", *permission_names(CLOUDFORMATION)),
    QUEUE: queue_names(CLOUDFORMATION),
    QUEUE_POLICY: ("Queues", "PolicyDocument"),
    QUEUE_INLINE_POLICY: ("Queue", "PolicyDocument"),
    STREAM: ("DeliveryStreamName",),
}
"""Resource types that subscriptions may name, and those that write their policies, with the properties to read."""
LISTED = "Subscription"
"""Inline subscriptions of a topic."""

_POLICIES = ("PolicyDocument", "KeyPolicy")


class Properties(NamedTuple):
    """The evaluated properties of a resource, without unset properties."""

    type: str
    values: tuple[tuple[str, Node], ...]

    def get(self, name: str) -> Node | None:
        """Return a property; ``None`` if it is not set."""
        return next((node for key, node in self.values if key == name), None)

    def value(self, name: str) -> Value | None:
        """Return a property as text; ``None`` if it is not set, Unknown if it is not text."""
        node = self.get(name)
        return None if node is None else as_value(node)

    def said(self, name: str, default: str) -> Value:
        """Return a property as text, or the default if it is not set."""
        value = self.value(name)
        return default if value is None else value


class Settings(NamedTuple):
    """The properties of a subscription, permission or queue, as `checker.inputs.endpoint_settings` reads them."""

    properties: Properties

    def text(self, name: str) -> Value | None:
        """Return a property; ``None`` if it is not set or empty."""
        value = self.properties.value(name)
        return None if value == "" else value

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean property; ``None`` if it is not set."""
        value = self.text(name)
        return value if value is None or isinstance(value, Unknown) else value == "true"

    def json(self, name: str) -> Node | Unknown | None:
        """Return a property that is an object or JSON in a string; ``None`` if it is not set."""
        return self.properties.get(name)


def as_value(node: Node) -> Value:
    """Return a node as text; Unknown for a list or object."""
    text = scalar_text(node)
    return Unknown(f"expected a string, found {describe(node)}", rendered(node)) if text is None else text


def deployed(
    evaluation: Evaluation, note: Callable[[InputError], None], *, endpoints: bool = False
) -> dict[str, Properties]:
    """Evaluate the relevant resources. Errors in policy text are noted, and the policy becomes Unknown.

    With ``endpoints``, they include what subscriptions may name.
    """
    wanted = {**PROPERTIES, **ENDPOINTS} if endpoints else PROPERTIES
    return {
        logical: Properties(resource.type, tuple(_values(evaluation, resource, wanted[resource.type], note)))
        for logical, resource in evaluation.template.resources.items()
        if resource.type in wanted and _is_deployed(evaluation, resource)
    }


def _is_deployed(evaluation: Evaluation, resource: Resource) -> bool:
    """True for resources that certainly exist, and for endpoints that may exist."""
    condition = resource.condition
    is_open = resource.type == SUBSCRIPTION or resource.type in ENDPOINTS
    if is_open and not is_settled(evaluation, resource):
        return resource.type in ENDPOINTS
    return condition is None or bool(evaluation.holds(condition))


def is_settled(evaluation: Evaluation, resource: Resource) -> bool:
    """True for a subscription or endpoint that depends on no open choices."""
    condition, properties = resource.condition, resource.properties
    if properties is not None and resource.type in ENDPOINTS and isinstance(properties, Object):
        read = [one for one in properties.members if one.key in ENDPOINTS[resource.type]]
        properties = properties._replace(members=tuple(read))
    named = (*([condition] if condition else ()), *(conditions_in(properties) if properties else ()))
    return evaluation.is_settled(named)


def _values(
    evaluation: Evaluation, resource: Resource, names: tuple[str, ...], note: Callable[[InputError], None]
) -> list[tuple[str, Node]]:
    found = ((name, _value(evaluation, resource, name, note)) for name in names)
    return [(name, node) for name, node in found if node is not None]


def _value(
    evaluation: Evaluation, resource: Resource, name: str, note: Callable[[InputError], None]
) -> Node | None:
    written = resource.properties.get(name) if isinstance(resource.properties, Object) else None
    if name == LISTED and written is not None and not evaluation.is_settled(conditions_in(written)):
        return None  # the subscriptions depend on open choices
    if written is None or name not in _POLICIES:
        return evaluation.property(resource.logical, name)
    try:
        return policy_node(evaluation, written)
    except InputError as error:
        note(error)
        return Scalar(Unknown(error.reason), written.source, written.start, written.end)


_OWN_STACK = ("AWS::StackName", "AWS::StackId")


class Names:
    """Maps all known names of the topics, keys and aliases of one deployment to resources."""

    def __init__(self, evaluation: Evaluation, deployment: dict[str, Properties]) -> None:
        self.evaluation = evaluation
        self.template = evaluation.template
        self.deployment = deployment
        self.called: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}
        for logical, properties in deployment.items():
            for name in filter(None, self.names_of(logical, properties.type)):
                self.called.setdefault(name, logical)
                self.names.setdefault(logical, []).append(name)
        for name, logical in (*self.exports(), *self.outputs()):
            self.names[logical].append(name)

    def of(self, logical: str) -> tuple[str, ...]:
        """Return the names of a resource, starting with its symbol."""
        return tuple(dict.fromkeys(self.names[logical]))

    def names_of(self, logical: str, kind: str) -> Iterator[str]:
        """Return all names of a resource: its symbol first, its partly known ARN last."""
        symbol = self.template.symbol(logical)
        if kind in (TOPIC, ALIAS, *KEYS):
            yield symbol
        if kind == TOPIC:
            yield text_in(written_arn(self.evaluation, logical))
        elif kind in KEYS:
            yield from (self.template.symbol(logical, one) for one in ("Arn", "KeyId"))
            yield text_in(own_arn(self.evaluation, "kms", "key/", Unknown("", symbol)))
        elif kind in ENDPOINTS:
            yield from endpoint_names(self.evaluation, logical, kind)
        elif kind == ALIAS:
            name = self.evaluation.attribute(logical)
            yield from (text_in(name), text_in(own_arn(self.evaluation, "kms", name)))

    def named(self, value: Value) -> Value:
        """Return a reference to a resource of the template for any of its names; other values as they are."""
        found = self.follow(value)
        is_reference = isinstance(value, Unknown) and "${" not in value.where
        return value if found is None or is_reference else Unknown(NOT_KNOWN.reason, self.names[found][0])

    def exports(self) -> Iterator[tuple[str, str]]:
        """Map exported names to the resource. A name that depends on the stack's own name is skipped."""
        for output in self.template.outputs.values():
            export, value = output.get("Export"), output.get("Value")
            name = export.get("Name") if isinstance(export, Object) else None
            text = self.evaluation.text(name) if name is not None else None
            logical = self.called.get(text_in(self.evaluation.text(value))) if value is not None else None
            condition = output.get("Condition")
            if logical is None or text is None or not self.holds(condition):
                continue
            if not any(one in text_in(text) for one in _OWN_STACK):
                yield exported_as(text), logical

    def outputs(self) -> Iterator[tuple[str, str]]:
        """Map the outputs of a nested stack, by their names in the outer template, to the resource."""
        for name, output in self.template.outputs.items() if self.template.stack else ():
            value = output.get("Value")
            logical = self.called.get(text_in(self.evaluation.text(value))) if value is not None else None
            if logical is not None and self.holds(output.get("Condition")):
                yield f"{self.template.stack}.Outputs.{name}", logical

    def holds(self, condition: Node | None) -> bool:
        name = scalar_text(condition) if condition is not None else None
        return not isinstance(name, str) or self.evaluation.holds(name) is not False

    def follow(self, reference: Value | None) -> str | None:
        """Return the resource that a value refers to; ``None`` if it is declared elsewhere."""
        return self.called.get(text_in(reference))

    def topic_of(self, reference: Value | None) -> str | None:
        """Return the topic of the template that a value refers to."""
        found = self.follow(reference)
        return found if found is not None and self.deployment[found].type == TOPIC else None

    def key_of(self, reference: Value | None) -> str | None:
        """Return the key that a reference names, directly or through an alias."""
        found = self.follow(reference)
        if found is not None and self.deployment[found].type == ALIAS:
            found = self.follow(self.deployment[found].value("TargetKeyId"))
        return found if found is not None and self.deployment[found].type in KEYS else None


def endpoint_names(evaluation: Evaluation, logical: str, kind: str) -> Iterator[str]:
    """Yield the names of a resource that a subscription or permission may name: first the reference to its ARN."""
    symbol, form = evaluation.template.symbol, ARNS.get((kind, "Arn"))
    if form is not None:
        service, prefix, of = form
        name = evaluation.attribute(logical, of)
        yield symbol(logical, "Arn")
        yield from (text_in(name), text_in(own_arn(evaluation, service, prefix, name)))
    yield symbol(logical)


def is_export(name: str) -> bool:
    """True for the name of a value that another template exports."""
    return name.startswith(exported_as(""))


def text_in(value: Value | None) -> str:
    """Return a text, or the name of an unknown value."""
    return value.where if isinstance(value, Unknown) else "" if value is None else value
