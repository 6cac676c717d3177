"""Evaluates the intrinsic functions of a template under one assignment; results keep the template's
positions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.core.pattern import pattern
from checker.core.unknown import ANY, ID, NAME, TEXT, Symbol, Unknown, pieces_in
from checker.inputs.cloudformation.nodes import joined, not_evaluated, valued
from checker.inputs.cloudformation.parameters import Parameters
from checker.inputs.cloudformation.sections import is_macro
from checker.policy.node import Array, Node, Object, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from checker.inputs.cloudformation.parameters import World
    from checker.inputs.cloudformation.sections import Template
    from checker.policy.model import Value

    Function = Callable[["Evaluation", Object, Node], Node | None]


TOPIC, ALIAS, INSTANCE = "AWS::SNS::Topic", "AWS::KMS::Alias", "AWS::Connect::Instance"
FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
QUEUE, STREAM = "AWS::SQS::Queue", "AWS::KinesisFirehose::DeliveryStream"
STACK = "AWS::CloudFormation::Stack"
KEYS = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")


def attribute(evaluation: Evaluation, logical: str, name: str) -> Value:
    """Make the unknown value of a resource attribute, or of `Ref` if no attribute is named."""
    resource = evaluation.template.resources.get(logical)
    if resource is None:
        return Unknown(f"the template has no `{logical}`", f"{logical}.{name}" if name else logical)
    if resource.type == TOPIC and name in ("", "TopicArn"):
        arn = written_arn(evaluation, logical)
        if isinstance(arn, str):
            return arn
        return unresolved(evaluation.template, logical)._replace(pieces=arn.pieces)
    said = _SAID.get((resource.type, name))
    node = evaluation.property(logical, said) if said else None
    value = scalar_text(node) if node is not None else None
    return _assigned(evaluation, resource.type, logical, name) if value is None else value


_SAID = {
    (TOPIC, "TopicName"): "TopicName",
    (ALIAS, ""): "AliasName",
    **{(kind, ""): "FunctionName" for kind in FUNCTIONS},
    (QUEUE, "QueueName"): "QueueName",
    (STREAM, ""): "DeliveryStreamName",
}
"""The attributes that a property sets."""

_NAMES = {
    (TOPIC, "TopicName"): NAME,
    (QUEUE, "QueueName"): NAME,
    **dict.fromkeys(((kind, "") for kind in (*FUNCTIONS, STREAM)), NAME),
    (INSTANCE, "Id"): ID,
    **dict.fromkeys(((kind, name) for kind in KEYS for name in ("", "KeyId")), ID),
}
"""The attributes that AWS assigns, and their kinds."""

ARNS = {
    (INSTANCE, ""): ("connect", "instance/", "Id"),
    (INSTANCE, "Arn"): ("connect", "instance/", "Id"),
    **dict.fromkeys(((kind, "Arn") for kind in KEYS), ("kms", "key/", "KeyId")),
    **dict.fromkeys(((kind, "Arn") for kind in FUNCTIONS), ("lambda", "function:", "")),
    (QUEUE, "Arn"): ("sqs", "", "QueueName"),
    (STREAM, "Arn"): ("firehose", "deliverystream/", ""),
}
"""The attributes that are ARNs in the stack's account and Region: service, type and the attribute with the ID.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-connect-instance.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
"""


def _assigned(evaluation: Evaluation, kind: str, logical: str, name: str) -> Unknown:
    """Make the unknown value of an attribute that AWS assigns, with what is known of its text."""
    template = evaluation.template
    found = unresolved(template, logical, name)
    if (kind, name) in ARNS:
        service, prefix, of = ARNS[kind, name]
        is_id = (kind, of) not in _SAID
        last = _symbol(template, logical, of, ID) if is_id else evaluation.attribute(logical, of)
        arn = own_arn(evaluation, service, prefix, last)
        return found._replace(pieces=pieces_in((arn,)))
    if (kind, name) in _NAMES:
        shown = "KeyId" if kind in KEYS else name
        return _symbol(template, logical, shown, _NAMES[kind, name])._replace(where=found.where)
    is_output = kind == STACK and name.startswith("Outputs.")
    return _symbol(template, logical, name, TEXT if is_output else ANY)._replace(where=found.where)


def _symbol(template: Template, logical: str, name: str, kind: str) -> Unknown:
    reference = template.symbol(logical, name)
    shown = f"{logical}.{name}" if name else logical
    symbol = Symbol(shown, kind, (), template.scope, reference)
    return unresolved(template, logical, name)._replace(pieces=(symbol,))


def unresolved(template: Template, logical: str, name: str = "") -> Unknown:
    """Make the unknown value of an attribute that AWS assigns."""
    shown = f"{logical}.{name}" if name else logical
    return Unknown(f"`{shown}` is known only after deployment", template.symbol(logical, name))


def written_arn(evaluation: Evaluation, logical: str) -> Value:
    """Build a topic ARN in the form that users write; unknown parts stay gaps."""
    return own_arn(evaluation, "sns", evaluation.attribute(logical, "TopicName"))


def own_arn(evaluation: Evaluation, service: str, *resource: Value) -> Value:
    """Build the ARN of a resource in the stack's account and Region."""
    own = (evaluation.parameters.text(f"AWS::{part}") for part in ("Partition", "Region", "AccountId"))
    partition, region, account = own
    return joined(("arn:", partition, f":{service}:", region, ":", account, ":", *resource))


_RESOLVED = "{{resolve:"
_DYNAMIC = pattern(r"(\{\{resolve:[^{}]*\}\})")


def _resolved(text: str) -> Unknown:
    """Make the unknown value of a text with dynamic references, each of which has one value in a deployment.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    parts = [part for part in _DYNAMIC.split(text) if part]
    pieces = tuple(Symbol(one, scope=_RESOLVED) if _DYNAMIC.fullmatch(one) else one for one in parts)
    return Unknown("a dynamic reference is resolved during deployment", text, pieces)


_MOST_LOOKED_UP = 20
_DEEPEST = 120
"""Maximum depth of names that refer to each other; it exceeds the depth of any document."""


class Assigned(Protocol):
    """The choices for open values of a template, and the conditions that hold under them."""

    @property
    def world(self) -> World:
        """Return the choices."""

    def holds(self, name: str) -> bool:
        """Evaluate a condition."""

    def is_settled(self, names: Iterable[str]) -> bool:
        """True if all open variables of these conditions are chosen."""


class Evaluation:
    """Evaluates nodes under one assignment; without one, nothing is chosen and defaults are ignored.

    ``functions`` maps function names to their implementations.
    """

    def __init__(
        self,
        template: Template,
        given: Mapping[str, Value],
        functions: Mapping[str, Function],
        assignment: Assigned | None = None,
    ) -> None:
        self.template = template
        self.functions = functions
        self.assignment = assignment
        chosen = assignment.world if assignment is not None else {}
        self.parameters = Parameters(
            template.parameters,
            given,
            chosen,
            template.constraints,
            strict=assignment is None,
            template=template.scope,
        )
        self.known: dict[tuple[str, str], Value] = {}
        self.looking_up: list[tuple[str, str]] = []
        self.depth = 0

    def node(self, node: Node) -> Node | None:
        """Evaluate a node; ``None`` for AWS::NoValue, which removes the property or item."""
        if self.depth > _DEEPEST:
            return valued(node, Unknown("functions are nested too deeply"))
        self.depth += 1
        found = self.inside(node)
        self.depth -= 1
        return found

    def inside(self, node: Node) -> Node | None:
        if isinstance(node, Array):
            found = [self.node(one) for one in node.items]
            return node._replace(items=tuple(one for one in found if one is not None))
        if isinstance(node, Object):
            return self.call(node) if _is_call(node) else self.object(node)
        text = node.value
        if isinstance(text, str) and _RESOLVED in text:
            return node._replace(value=_resolved(text))
        return node

    def object(self, node: Object) -> Object:
        inside = ((member, self.node(member.value)) for member in node.members)
        return node._replace(members=tuple(m._replace(value=v) for m, v in inside if v is not None))

    def call(self, node: Object) -> Node | None:
        """Evaluate a function call; an unsupported function is Unknown."""
        member, *others = node.members
        function = None if others else self.functions.get(member.key)
        return not_evaluated(self, node) if function is None else function(self, node, member.value)

    def text(self, node: Node) -> Value | None:
        """Evaluate a node as text; ``None`` for a list, an object or no value."""
        found = self.node(node)
        return scalar_text(found) if found is not None else None

    def items(self, node: Node) -> tuple[Node, ...] | None:
        """Evaluate a node as a list; ``None`` if the list is not known."""
        found = self.node(node)
        return found.items if isinstance(found, Array) else None

    def holds(self, condition: str) -> bool | None:
        """Evaluate a condition; ``None`` without an assignment."""
        return None if self.assignment is None else self.assignment.holds(condition)

    def is_settled(self, conditions: Iterable[str]) -> bool:
        """True if all open variables of these conditions are chosen."""
        return self.assignment is None or self.assignment.is_settled(conditions)

    def parameter_of(self, node: Node) -> str | None:
        """Return the parameter without a value that a node refers to, if any."""
        name = text_of(node.get("Ref")) if isinstance(node, Object) and len(node.members) == 1 else None
        open_one = name is not None and name in self.parameters and self.parameters.settled(name) is None
        return name if open_one else None

    def reference(self, name: str) -> Value | list[str]:
        """Evaluate `Ref` for a parameter or resource."""
        return self.parameters.value(name) if name in self.parameters else self.attribute(name)

    def attribute(self, logical: str, name: str = "") -> Value:
        """Evaluate `Fn::GetAtt`, or `Ref` if no attribute is named; names may depend on each other."""
        symbol = (logical, name)
        if symbol not in self.known:
            if symbol in self.looking_up or len(self.looking_up) > _MOST_LOOKED_UP:
                return unresolved(self.template, logical, name)
            self.looking_up.append(symbol)
            self.known[symbol] = attribute(self, logical, name)
            self.looking_up.pop()
        return self.known[symbol]

    def property(self, logical: str, name: str) -> Node | None:
        """Evaluate a property of a resource; ``None`` if it is not set."""
        properties = self.template.resources[logical].properties
        if not isinstance(properties, Object):
            return None
        node = properties.get(name)
        if node is None and any(map(is_macro, properties.members)):
            return not_evaluated(self, properties)
        return self.node(node) if node is not None else None


def _is_call(node: Object) -> bool:
    """True for an object that CloudFormation replaces with the result of a function."""
    return any(one.key.startswith("Fn::") for one in node.members) or [m.key for m in node.members] == ["Ref"]
