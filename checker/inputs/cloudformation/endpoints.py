"""Declares the functions, permissions, queues and delivery streams of a template that subscriptions may name.

What differs between the assignments of a template's open choices may not exist.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queuepolicy.html
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.declare import declared_subscription
from checker.inputs.cloudformation.deployment import (
    FUNCTION_ALIAS,
    FUNCTION_VERSION,
    LISTED,
    PERMISSION,
    QUEUE_INLINE_POLICY,
    QUEUE_POLICY,
    SUBSCRIPTION,
    Settings,
    as_value,
    is_settled,
    text_in,
)
from checker.inputs.cloudformation.evaluation import FUNCTIONS, QUEUE, STREAM, TOPIC
from checker.inputs.cloudformation.macros import skipped_parts
from checker.inputs.cloudformation.nested import is_nesting, is_remote
from checker.inputs.cloudformation.nodes import conditions_in
from checker.inputs.cloudformation.sam import has_connectors
from checker.inputs.declared import (
    NOT_KNOWN,
    DeclaredFunction,
    DeclaredPermission,
    DeclaredPolicy,
    DeclaredQueue,
    DeclaredStream,
    DeclaredSubscription,
)
from checker.inputs.endpoint_settings import queue_settings_of, tests_of
from checker.inputs.topic_settings import CLOUDFORMATION
from checker.policy.node import Object, items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.inputs.cloudformation.deployment import Properties
    from checker.inputs.cloudformation.sections import Resource, Template
    from checker.inputs.cloudformation.states import States
    from checker.inputs.declared import Declarations
    from checker.policy.model import Value

    Declared = (
        DeclaredFunction
        | DeclaredPermission
        | DeclaredPolicy
        | DeclaredQueue
        | DeclaredStream
        | DeclaredSubscription
    )


_NO_DOCUMENT = Unknown("the resource has no PolicyDocument")
_NO_VALUE = Unknown("the resource does not set it")
_ONE_VARIABLE = pattern(r"\$\{[^{}]+\}")
_BARE = pattern(r"[\w.-]+")
"""A name as a property sets it, which is unique only in its account and Region."""


def may_name_endpoints(template: Template) -> bool:
    """True for a template with subscriptions, and for one that shares its resources with other templates."""
    resources = template.resources.values()
    return bool(template.stack) or any(map(_may_name, resources))


def _may_name(resource: Resource) -> bool:
    has_list = isinstance(resource.properties, Object) and resource.properties.get(LISTED) is not None
    return resource.type == SUBSCRIPTION or (resource.type == TOPIC and has_list) or is_nesting(resource)


def declare_endpoints(worlds: Sequence[States], declared: Declarations) -> None:
    """Declare the endpoints of a template under all assignments."""
    found = Counter(one for states in worlds for one in _Reader(states).endpoints())
    for one, count in found.items():
        resource, is_certain = one.resource, one.is_certain and count == len(worlds)
        condition = resource.condition or f"conditions in {resource.logical}"
        add(one.declared._replace(conditions=() if is_certain else (condition,)), declared)
    for template in [states.template for states in worlds[:1]]:
        declared.gaps += _gaps(template)
    declared.gaps += dict.fromkeys(gap for states in worlds for gap in _open_targets(states))


_TARGETS = {PERMISSION: "FunctionName", QUEUE_POLICY: "Queues", QUEUE_INLINE_POLICY: "Queue"}
"""The property that names the function or queues of a permission or policy."""


def _open_targets(states: States) -> Iterator[Unknown]:
    """Yield the permissions and policies of which open choices decide which function or queue they are for."""
    for resource in states.template.resources.values():
        name, properties = _TARGETS.get(resource.type), resource.properties
        written = properties.get(name) if name and isinstance(properties, Object) else None
        if written is not None and not states.evaluation.is_settled(conditions_in(written)):
            yield Unknown(f"conditions decide what `{resource.logical}` is for", resource.logical)


def _gaps(template: Template) -> Iterator[Unknown]:
    """Yield the reasons why permissions and queue policies may be missing."""
    unread = next(skipped_parts(template), None)
    if unread is not None:
        yield Unknown(f"{unread.reason}, and may add permissions")
    for resource in template.resources.values():
        if is_remote(resource):
            yield Unknown("a nested stack that was not read may add permissions", resource.logical)
    if has_connectors(template.document.source.text):
        yield Unknown("AWS SAM may add permissions for a connector")


def add(one: Declared, declared: Declarations) -> None:
    """Add a resource to its list."""
    if isinstance(one, DeclaredFunction):
        declared.functions.append(one)
    elif isinstance(one, DeclaredPermission):
        declared.permissions.append(one)
    elif isinstance(one, DeclaredPolicy):
        declared.queue_policies.append(one)
    elif isinstance(one, DeclaredQueue):
        declared.queues.append(one)
    elif isinstance(one, DeclaredStream):
        declared.streams.append(one)
    else:
        declared.subscriptions.append(one)


class _Found(NamedTuple):
    """A resource under one assignment. ``is_certain`` is false if it depends on choices that the assignment leaves open."""

    resource: Resource
    declared: Declared
    is_certain: bool


class _Reader:
    """The endpoints of a template under one assignment."""

    def __init__(self, states: States) -> None:
        self.states = states
        self.names = states.names
        self.template = states.template

    def endpoints(self) -> Iterator[_Found]:
        for logical, properties in self.states.deployment.items():
            resource = self.template.resources[logical]
            make = _MAKERS.get(properties.type)
            found: Iterable[Declared] = make(self, logical, properties) if make is not None else ()
            for one in found:
                yield _Found(resource, one, is_settled(self.states.evaluation, resource))

    def function(self, logical: str, properties: Properties) -> Iterator[DeclaredFunction]:
        names = self.references(logical)
        whole = DeclaredFunction(
            self.template.symbol(logical),
            names,
            self.template.place(logical),
            self.arn(logical),
            ids=(self.template.symbol(logical),),
        )
        yield whole
        alias = properties.value("AutoPublishAlias")
        if alias is not None:
            own = f"{logical}.Alias"
            function = Unknown(NOT_KNOWN.reason, names[0])
            yield whole._replace(names=(own,), ids=(), qualifier=alias, function=function)

    def references(self, logical: str) -> tuple[str, ...]:
        """Return the references to the ARN of a resource; not those to its name or URL."""
        others = (self.template.symbol(logical), self.template.symbol(logical, "QueueName"))
        return tuple(one for one in self.names.of(logical) if one not in others and not _BARE.fullmatch(one))

    def arn(self, logical: str) -> Arn | Unknown:
        value = self.states.evaluation.attribute(logical, "Arn")
        return value if isinstance(value, Unknown) else Arn.parse(value) or _NO_VALUE

    def qualified(self, logical: str, properties: Properties) -> Iterator[DeclaredFunction]:
        """Declare an alias or a version; `Ref` is its ARN."""
        symbol = self.template.symbol(logical)
        version = Unknown(NOT_KNOWN.reason, self.template.symbol(logical, "Version"))
        named = properties.value("Name")
        yield DeclaredFunction(
            symbol,
            self.names.of(logical),
            self.template.place(logical),
            qualifier=version if named is None else named,
            function=self.value(properties, "FunctionName"),
        )

    def permission(self, logical: str, properties: Properties) -> Iterator[DeclaredPermission]:
        function, qualifier = self.split(self.value(properties, "FunctionName"))
        yield DeclaredPermission(
            self.template.symbol(logical),
            self.template.place(logical),
            function,
            self.value(properties, "Action"),
            self.value(properties, "Principal"),
            qualifier,
            tests=tests_of(Settings(properties), CLOUDFORMATION),
        )

    def split(self, function: Value) -> tuple[Value, Value | None]:
        """Split the name or ARN of a function of the template from a qualifier behind it, as in `${Function}:live`."""
        name, _, qualifier = text_in(function).rpartition(":")
        name = name[2:-1] if _ONE_VARIABLE.fullmatch(name) else name
        found = self.names.follow(Unknown("", name)) if _BARE.fullmatch(qualifier) else None
        is_function = found is not None and self.states.deployment[found].type in FUNCTIONS
        return (self.names.named(name), qualifier) if is_function else (function, None)

    def value(self, properties: Properties, name: str) -> Value:
        value = properties.value(name)
        return _NO_VALUE if value is None else self.names.named(value)

    def queue(self, logical: str, properties: Properties) -> Iterator[DeclaredQueue]:
        settings = queue_settings_of(Settings(properties), CLOUDFORMATION)
        yield DeclaredQueue(
            self.template.symbol(logical),
            self.references(logical),
            self.template.place(logical),
            self.arn(logical),
            key=settings.key,
            managed_sse=settings.managed_sse,
            period=settings.period,
            redrive=settings.redrive,
            fifo=settings.fifo,
            ids=(self.template.symbol(logical), self.template.symbol(logical, "QueueUrl")),
        )

    def queue_policy(self, logical: str, properties: Properties) -> Iterator[DeclaredPolicy]:
        policy = properties.get("PolicyDocument")
        node = properties.get("Queues") or properties.get("Queue")
        queues = [self.names.named(as_value(one)) for one in items(node)] if node is not None else [_NO_VALUE]
        yield DeclaredPolicy(
            self.template.symbol(logical),
            self.template.place(logical, "Properties", "PolicyDocument"),
            tuple(queues),
            _NO_DOCUMENT if policy is None else policy,
        )

    def stream(self, logical: str, _: Properties) -> Iterator[DeclaredStream]:
        symbol, place = self.template.symbol(logical), self.template.place(logical)
        yield DeclaredStream(symbol, self.names.of(logical), place, self.arn(logical))

    def subscription(self, logical: str, properties: Properties) -> Iterator[DeclaredSubscription]:
        """Declare a subscription of a topic that another template declares."""
        topic = self.names.named(properties.said("TopicArn", ""))
        if self.names.topic_of(topic) is None and text_in(topic) not in self.states.strangers:
            state = self.states.subscription(logical, properties)
            yield declared_subscription(self.template, state, topic)


_MAKERS: dict[str, Callable[[_Reader, str, Properties], Iterable[Declared]]] = {
    **dict.fromkeys(FUNCTIONS, _Reader.function),
    **dict.fromkeys((FUNCTION_ALIAS, FUNCTION_VERSION), _Reader.qualified),
    PERMISSION: _Reader.permission,
    QUEUE: _Reader.queue,
    **dict.fromkeys((QUEUE_POLICY, QUEUE_INLINE_POLICY), _Reader.queue_policy),
    STREAM: _Reader.stream,
    SUBSCRIPTION: _Reader.subscription,
}
