"""Adds the topic policies and subscriptions that AWS SAM generates from connectors and events of functions.

Every other connector and every SAM policy template grants access by roles, queues or functions, never by the policy of
a topic or key.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/reference-sam-connector.html
https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-sns.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.deployment import PERMISSION, QUEUE_POLICY, SUBSCRIPTION, TOPIC_POLICY
from checker.inputs.cloudformation.evaluation import QUEUE, TOPIC
from checker.policy.node import Member, Node, Object, Scalar, items, made, text_of
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.text import TextDocument
    from checker.policy.node import Made


_SERVERLESS = "AWS::Serverless"
_CONNECTOR, _FUNCTION = f"{_SERVERLESS}::Connector", f"{_SERVERLESS}::Function"
_RULE = "AWS::Events::Rule"
_BY_ROLE = (
    _FUNCTION,
    "AWS::Lambda::Function",
    f"{_SERVERLESS}::StateMachine",
    "AWS::StepFunctions::StateMachine",
)
"""The sources of connectors that publish to a topic with the permissions of their own role."""


def with_generated(document: TextDocument) -> TextDocument:
    """Return a template with the resources that AWS SAM generates for topics, at the places that ask for them."""
    resources = document.root.get("Resources") if isinstance(document.root, Object) else None
    if _SERVERLESS not in document.source.text or not isinstance(resources, Object):
        return document
    generated = tuple(_generated(resources))
    if not generated or not isinstance(document.root, Object):
        return document
    whole = resources._replace(members=(*resources.members, *generated))
    members = (one._replace(value=whole) if one.key == "Resources" else one for one in document.root.members)
    return document._replace(root=document.root._replace(members=tuple(members)))


def has_connectors(text: str) -> bool:
    """True for a template that may have connectors, which also grant access to functions and queues."""
    return _SERVERLESS in text and "Connector" in text


def _generated(resources: Object) -> Iterator[Member]:
    types = {one.key: _type(one.value) for one in resources.members}
    for member in resources.members:
        if not isinstance(member.value, Object):
            continue
        for connector in _connectors(member.key, member.value):
            yield from _policies(connector, types)
        if types[member.key] == _FUNCTION:
            yield from _subscriptions(member.key, member.value)


def _type(node: Node) -> str:
    return text_of(node.get("Type")) or "" if isinstance(node, Object) else ""


class Connector(NamedTuple):
    """A connector: its name, its place, its source and its destinations. ``condition`` is that of its resource."""

    name: str
    place: Node
    source: Object | str
    destinations: tuple[Node, ...]
    condition: Node | None


def _connectors(logical: str, resource: Object) -> Iterator[Connector]:
    """Yield a connector that is a resource, and those that are embedded in their source."""
    condition = resource.get("Condition")
    properties = resource.get("Properties")
    if _type(resource) == _CONNECTOR and isinstance(properties, Object):
        source = properties.get("Source")
        yield Connector(
            logical,
            resource,
            source if isinstance(source, Object) else "",
            _destinations(properties),
            condition,
        )
    embedded = resource.get("Connectors")
    for member in embedded.members if isinstance(embedded, Object) else ():
        inside = member.value.get("Properties") if isinstance(member.value, Object) else None
        if isinstance(inside, Object):
            name = f"{logical}{member.key}"
            yield Connector(name, member.value, logical, _destinations(inside), condition)


def _destinations(properties: Object) -> tuple[Node, ...]:
    node = properties.get("Destination")
    return items(node) if node is not None else ()


def _policies(connector: Connector, types: Mapping[str, str]) -> Iterator[Member]:
    """Yield the topic policies of a connector."""
    source = _kind(connector.source, types)
    for number, destination in enumerate(connector.destinations):
        if _kind(destination, types) != TOPIC or source in _BY_ROLE:
            continue
        topic = _topic(destination)
        policy: Made = _policy(topic, _rule(connector.source)) if source == _RULE else _not_known(connector)
        properties: Made = {"Topics": [topic], "PolicyDocument": policy}
        many = f"Destination{number}" if len(connector.destinations) > 1 else ""
        name = f"{connector.name}{many}TopicPolicy"
        yield _resource(name, TOPIC_POLICY, properties, connector.place, connector.condition)


def _kind(end: Node | str, types: Mapping[str, str]) -> str:
    """Return the type of the source or destination of a connector; it names a resource, or states a type."""
    logical = end if isinstance(end, str) else _text(end, "Id")
    return types.get(logical, "") if logical else _type(end) if not isinstance(end, str) else ""


def _text(node: Node, key: str) -> str:
    return text_of(node.get(key)) or "" if isinstance(node, Object) else ""


def _topic(destination: Node) -> Made:
    logical = _text(destination, "Id")
    arn = destination.get("Arn") if isinstance(destination, Object) else None
    if logical:
        return {"Ref": logical}
    return arn if arn is not None else Unknown("the destination of the connector has no ARN")


def _rule(source: Object | str) -> Made:
    logical = source if isinstance(source, str) else _text(source, "Id")
    arn = source.get("Arn") if isinstance(source, Object) else None
    if logical:
        return {"Fn::GetAtt": [logical, "Arn"]}
    return arn if arn is not None else Unknown("the source of the connector has no ARN")


def _policy(topic: Made, rule: Made) -> Made:
    """Write the policy of a topic that is the target of an EventBridge rule."""
    statement: Made = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _not_known(connector: Connector) -> Unknown:
    return Unknown("AWS SAM may write a policy for the connector", connector.name)


def _subscriptions(logical: str, function: Object) -> Iterator[Member]:
    """Yield the subscriptions of a function's events, with the permission or the queue that they need."""
    properties = function.get("Properties")
    events = properties.get("Events") if isinstance(properties, Object) else None
    for member in events.members if isinstance(events, Object) else ():
        inside = member.value.get("Properties") if isinstance(member.value, Object) else None
        topic = inside.get("Topic") if isinstance(inside, Object) else None
        if _type(member.value) == "SNS" and isinstance(inside, Object) and topic is not None:
            event = Event(f"{logical}{member.key}", logical, topic, inside, function.get("Condition"))
            yield from _of_event(event, member.value)


class Event(NamedTuple):
    """An event of a function: the prefix of the names of its resources, its function, topic and properties."""

    name: str
    function: str
    topic: Node
    properties: Object
    condition: Node | None


def _of_event(event: Event, at: Node) -> Iterator[Member]:
    """Yield the resources of an event, which is delivered through a queue or directly."""
    queue = event.properties.get("SqsSubscription")
    flag = queue.value if isinstance(queue, Scalar) and isinstance(queue.value, bool) else None
    arn: Made = {"Fn::GetAtt": [event.function, "Arn"]}
    protocol: Made = Unknown("whether the event has a queue is not known")
    made_of: dict[str, dict[str, Made]] = {}
    if queue is not None and (isinstance(queue, Object) or flag):
        protocol, (arn, made_of) = "sqs", _queue(event, queue)
    elif queue is None or flag is False:
        protocol, made_of = "lambda", {f"{event.name}Permission": _permission(event, arn)}
    settings = {name: node for name in _SETTINGS if (node := event.properties.get(name)) is not None}
    written: Made = {"TopicArn": event.topic, "Protocol": protocol, "Endpoint": arn, **settings}
    yield _resource(event.name, SUBSCRIPTION, written, at, event.condition)
    for name, properties in made_of.items():
        kind = next(kind for ending, kind in _KINDS if name.endswith(ending))
        yield _resource(name, kind, properties, at, event.condition)


_SETTINGS = ("FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
_KINDS = (("Permission", PERMISSION), ("QueuePolicy", QUEUE_POLICY), ("Queue", QUEUE))


def _permission(event: Event, function: Made) -> dict[str, Made]:
    return {
        "FunctionName": function,
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
        "SourceArn": event.topic,
    }


def _queue(event: Event, given: Node) -> tuple[Made, dict[str, dict[str, Made]]]:
    """Return the ARN of the queue of an event, and its resources. SAM writes the policy also of a given queue."""
    name = f"{event.name}Queue"
    arn: Made = {"Fn::GetAtt": [name, "Arn"]}
    url: Made = {"Ref": name}
    made_of: dict[str, dict[str, Made]] = {name: {}}
    if isinstance(given, Object):
        arn = given.get("QueueArn") or Unknown("the event has no QueueArn")
        url = given.get("QueueUrl") or Unknown("the event has no QueueUrl")
        made_of = {}
    statement: Made = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": event.topic}},
    }
    document: Made = {"Version": "2012-10-17", "Statement": [statement]}
    return arn, {**made_of, f"{event.name}QueuePolicy": {"Queues": [url], "PolicyDocument": document}}


def _resource(logical: str, kind: str, properties: Made, at: Node, condition: Node | None) -> Member:
    """Make a resource at the place of a node, in a text of its own, so that no fix edits it."""
    written: dict[str, Made] = {"Type": kind, "Properties": properties}
    if condition is not None:
        written["Condition"] = condition
    text = Source(at.source.name, _GENERATED, at.source, (at.start, at.end))
    return Member(logical, made(written, text, 0, len(_GENERATED)), at.start, at.end)


_GENERATED = " "
