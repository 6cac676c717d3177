"""The functions of templates. Each is given the evaluation, its own node and its argument.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.cloudformation.nodes import moved, not_evaluated, valued
from checker.inputs.cloudformation.parameters import NO_VALUE
from checker.inputs.cloudformation.texts import base64, import_value, join, sub
from checker.policy.node import Node, Object, items, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.inputs.cloudformation.evaluation import Evaluation

    Function = Callable[[Evaluation, Object, Node], Node | None]


def ref(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Ref: a parameter, a pseudo parameter, or a resource."""
    name = text_of(argument)
    if name is None:
        return not_evaluated(evaluation, node)
    return None if name == NO_VALUE else valued(node, evaluation.reference(name))


def get_att(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::GetAtt, of `A.B` or `[A, B]`."""
    parts = [evaluation.text(one) for one in items(argument)]
    known = [part for part in parts if isinstance(part, str)]
    logical, _, attribute = ".".join(known).partition(".")
    if len(known) != len(parts) or not attribute:
        return not_evaluated(evaluation, node)
    return valued(node, evaluation.attribute(logical, attribute))


def if_(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::If: the branch that the assignment chooses, with its own place."""
    parts = items(argument)
    condition = text_of(parts[0]) if len(parts) == 3 else None
    holds = evaluation.holds(condition) if condition is not None else None
    if holds is None:
        return not_evaluated(evaluation, node)
    return evaluation.node(parts[1] if holds else parts[2])


def select(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::Select, of an index and a list."""
    parts = items(argument)
    index = evaluation.text(parts[0]) if len(parts) == 2 else None
    listed = evaluation.items(parts[1]) if len(parts) == 2 else None
    if not isinstance(index, str) or listed is None or not index.isdecimal() or len(index) > 6:
        return not_evaluated(evaluation, node)
    return listed[int(index)] if int(index) < len(listed) else not_evaluated(evaluation, node)


def split(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::Split, of a delimiter and a text."""
    parts = [evaluation.text(one) for one in items(argument)]
    if len(parts) != 2 or not isinstance(parts[0], str) or not isinstance(parts[1], str) or not parts[0]:
        return not_evaluated(evaluation, node)
    return valued(node, parts[1].split(parts[0]))


def find_in_map(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Fn::FindInMap, of a map, two keys, and a default where AWS::LanguageExtensions is used."""
    parts = items(argument)
    keys = [evaluation.text(one) for one in parts[:3]]
    known = [key for key in keys if isinstance(key, str)]
    found: Node | None = evaluation.template.mappings.get(known[0]) if len(known) == 3 else None
    for key in known[1:]:
        found = found.get(key) if isinstance(found, Object) else None
    default = parts[3].get("DefaultValue") if len(parts) == 4 and isinstance(parts[3], Object) else None
    if found is not None:
        return moved(node, found)
    return (
        evaluation.node(default)
        if default is not None and len(known) == 3
        else not_evaluated(evaluation, node)
    )


def to_json(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:  # noqa: ARG001 - as all
    """Fn::ToJsonString: the value itself, for a policy is read from either."""
    return evaluation.node(argument)


FUNCTIONS: Mapping[str, Function] = {
    "Ref": ref,
    "Fn::Base64": base64,
    "Fn::FindInMap": find_in_map,
    "Fn::GetAtt": get_att,
    "Fn::If": if_,
    "Fn::ImportValue": import_value,
    "Fn::Join": join,
    "Fn::Select": select,
    "Fn::Split": split,
    "Fn::Sub": sub,
    "Fn::ToJsonString": to_json,
}
