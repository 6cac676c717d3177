"""Reads the templates that Terraform deploys as CloudFormation stacks and stack sets.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudformation_stack
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import InputError, Skipped
from checker.core.finding import Part
from checker.core.record import NamedTuple
from checker.core.unknown import Symbol, Unknown
from checker.inputs.declared import Where
from checker.inputs.kinds.template import TEMPLATE
from checker.inputs.terraform.hcl.render import decode, decode_yaml
from checker.inputs.terraform.hcl.values import is_composed, known, text, why_unknown
from checker.inputs.text import TextDocument
from checker.inputs.yaml_types import octal_reason, with_unknown
from checker.policy.node import Member, Node, Object, Scalar, span_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from checker.inputs.collect import Facts
    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.declare import Resource
    from checker.policy.model import Value


_STACK, _SET = "aws_cloudformation_stack", "aws_cloudformation_stack_set"
_INSTANCES = ("aws_cloudformation_stack_set_instance", "aws_cloudformation_stack_instances")
STACKS = (_STACK, _SET, *_INSTANCES)
_OVERRIDDEN = "instances of the stack set may override it"
_SYSTEMS_MANAGER = "AWS::SSM::"
_AS_FILE = "check the template file itself"


class Parameters(NamedTuple):
    """The parameters that Terraform hands to a template; ``rest`` is set if there may be others.

    The values of ``looked_up`` are unknown to both.
    """

    values: Mapping[str, Value]
    looked_up: set[str]
    rest: Unknown | None = None

    def value(self, name: str) -> Value | None:
        """Return a value; ``None`` for a parameter that Terraform does not set."""
        return self.values.get(name, None if name in self.looked_up else self.rest)


def read_stacks(
    resources: Sequence[Resource], facts: Facts, found: Declarations, note: Callable[[InputError], object]
) -> None:
    """Read the templates of the stacks and stack sets of a root. Templates that are not valid are noted."""
    instances = [one for one in resources if one.kind in _INSTANCES]
    for resource in resources:
        if resource.kind in (_STACK, _SET):
            try:
                _read_stack(resource, instances, facts, found)
            except InputError as error:
                note(error)


def _read_stack(resource: Resource, instances: Sequence[Resource], facts: Facts, found: Declarations) -> None:
    """Read the template of a stack into the declarations of its root; report one that cannot be read.

    ``instances`` are those of the stack sets of the root. Raises InputError for a template that is not valid.
    """
    body = resource.value("template_body")
    reason = _why_not(resource, body)
    root = _template_in(body) if body is not None and not reason else None
    if root is None:
        _report(resource, reason or "the template is not known", facts)
    elif not isinstance(root, Object) or TEMPLATE.match(root) is None:
        _report(resource, "it is not a template", facts)
    else:
        from checker.inputs.cloudformation.stack_sets import own_place  # few modules deploy stacks
        from checker.inputs.cloudformation.template import read_into

        parameters = _parameters(resource, _looked_up(root))
        is_set = resource.kind == _SET
        parameters = _overridden(_of_elsewhere(parameters), resource, instances) if is_set else parameters
        document = TextDocument(root.source, _with_defaults(root, parameters, is_set))
        values = own_place(resource.address) if is_set else _known(resource, parameters)
        declared = facts.inner_declarations(found, resource.address) if is_set else found
        read_into(declared, document, facts, named=resource.named, scope=resource.address, values=values)


def _why_not(resource: Resource, body: Node | None) -> str:
    """Return why the template of a stack cannot be read; empty if it can."""
    if body is None:
        url = resource.text("template_url")
        return "" if url is None else "checker does not read `template_url`"
    why = why_unknown(body)
    return "" if why is None or is_composed(body) else f"{why.reason} (`{why.where}`)"


def _report(resource: Resource, reason: str, facts: Facts) -> None:
    place = resource.place("template_body", "template_url")
    where = place.document.locate(place.route, Part.VALUE)
    whole = f"the template of `{resource.address}` was not read: {reason}"
    skipped = Skipped(place.document.name, whole, position=where, help=_AS_FILE)
    if skipped not in facts.skipped:
        facts.skipped.append(skipped)


def _template_in(body: Node) -> Node | None:
    """Return the template that a value holds as an object, as JSON or as YAML; ``None`` if it is not known."""
    if not isinstance(body, Scalar):
        return body
    written = body.source.text[body.start : body.end] if is_composed(body) else text(body)
    is_json = isinstance(written, str) and written.lstrip().startswith("{")
    root = decode(body) if is_json else with_unknown(decode_yaml(body), octal_reason)
    return None if why_unknown(root) is not None else root


def _looked_up(root: Object) -> set[str]:
    """Return the parameters of which the value is only the name of a parameter in Systems Manager."""
    declared = root.get("Parameters")
    members = declared.members if isinstance(declared, Object) else ()
    types = ((one.key, one.value.get("Type")) for one in members if isinstance(one.value, Object))
    return {name for name, node in types if (text_of(node) or "").startswith(_SYSTEMS_MANAGER)}


def _parameters(resource: Resource, looked_up: set[str]) -> Parameters:
    node = resource.value("parameters")
    why = why_unknown(node) if node is not None else None
    pairs = ((one.key, text(one.value)) for one in node.members) if isinstance(node, Object) else ()
    values = {key: one for key, one in pairs if one is not None and key not in looked_up}
    return Parameters(values, looked_up, why)


def _of_elsewhere(parameters: Parameters) -> Parameters:
    """Return the parameters of a stack set, in which the account and Region of the root are not its own."""
    from checker.inputs.cloudformation.stack_sets import of_outside  # few modules deploy stacks

    return parameters._replace(values={name: of_outside(one) for name, one in parameters.values.items()})


def _overridden(parameters: Parameters, resource: Resource, instances: Sequence[Resource]) -> Parameters:
    """Return the parameters of a stack set, of which its instances may override some, or any if that is not known."""
    for one in instances:
        node = one.value("parameter_overrides") if _may_be_of(one, resource) else None
        if isinstance(node, Object):
            own = {member.key: Unknown(_OVERRIDDEN, member.key) for member in node.members}
            parameters = parameters._replace(values={**parameters.values, **own})
        elif node is not None:
            parameters = Parameters({}, parameters.looked_up, Unknown(_OVERRIDDEN, one.address))
    return parameters


def _may_be_of(instance: Resource, stack_set: Resource) -> bool:
    """True unless an instance is known to be one of another stack set."""
    names = instance.text("stack_set_name"), stack_set.text("name")
    return names[0] == names[1] or any(not isinstance(name, str) for name in names)


def _known(resource: Resource, parameters: Parameters) -> dict[str, Value]:
    """Return the known parameters of a stack, with its Region and account, which are those of its provider."""
    own = resource.text("id")
    arn = Arn.parse(own) if isinstance(own, str) else None
    where = resource.where if arn is None else Where(arn.region, arn.account)
    pseudo = {"AWS::Region": where.region, "AWS::AccountId": where.account}
    known = {name: one for name, one in parameters.values.items() if isinstance(one, str)}
    return known | {
        name: _named(one, name) for name, one in pseudo.items() if isinstance(one, str) or one.pieces
    }


def _named(value: Value, name: str) -> Value:
    """Let a fix in the template refer to a pseudo parameter."""
    if not isinstance(value, Unknown):
        return value
    pieces = (one._replace(reference=f"#{name}") if isinstance(one, Symbol) else one for one in value.pieces)
    return value._replace(pieces=tuple(pieces))


def _with_defaults(root: Object, parameters: Parameters, all_of_them: bool) -> Object:  # noqa: FBT001
    """Set the defaults of parameters to the values that Terraform hands down and that are not known.

    A stack set sets only defaults, because its instances may override them.
    """
    declared = root.get("Parameters")
    if not isinstance(declared, Object):
        return root
    members = tuple(_with_default(one, parameters, all_of_them) for one in declared.members)
    return _replaced(root, "Parameters", declared._replace(members=members))


def _with_default(member: Member, parameters: Parameters, all_of_them: bool) -> Member:  # noqa: FBT001
    value, node = parameters.value(member.key), member.value
    if value is None or not isinstance(node, Object) or not (all_of_them or isinstance(value, Unknown)):
        return member
    at = span_of(node)
    default = known(value, at) if isinstance(value, str) else Scalar(value, *at)
    return member._replace(value=_replaced(node, "Default", default))


def _replaced(node: Object, name: str, value: Node) -> Object:
    """Replace or add a member of an object."""
    others = tuple(one for one in node.members if one.key != name)
    return node._replace(members=(*others, Member(name, value, node.start, node.start)))
