"""Implements the intrinsic functions. Each takes the evaluation, its own node and its argument.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Part, Symbol, Unknown, chosen_by, literal, part_of
from checker.inputs.cloudformation.evaluation import Evaluation
from checker.inputs.cloudformation.nodes import joined, moved, not_evaluated, valued
from checker.inputs.cloudformation.parameters import NO_VALUE
from checker.inputs.cloudformation.sections import has_extensions
from checker.policy.node import Node, Object, items, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.inputs.cloudformation.evaluation import Assigned, Function
    from checker.inputs.cloudformation.sections import Template
    from checker.policy.model import Value
    from checker.policy.node import Node


_GAP = pattern(r"\$\{(!?)([^{}]*)\}")


class Piece(NamedTuple):
    """A part of the result of Fn::Sub, with its source range."""

    value: Value
    start: int
    end: int


def import_value(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::ImportValue to the value that another template exports under the name."""
    name = evaluation.text(argument)
    if name is None:
        return not_evaluated(evaluation, node)
    where = exported_as(name)
    pieces = (Symbol(where, scope="Fn::ImportValue"),) if isinstance(name, str) else ()
    return valued(node, Unknown(f"`{where}` is exported by another stack", where, pieces))


def exported_as(name: Value) -> str:
    """Return the shared name of an exported value for the exporting and importing stacks."""
    return f"Fn::ImportValue {name.where if isinstance(name, Unknown) else name}"


def join(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::Join of a delimiter and a list of texts."""
    parts = items(argument)
    delimiter = evaluation.text(parts[0]) if len(parts) == 2 else None
    listed = evaluation.items(parts[1]) if len(parts) == 2 else None
    texts = [scalar_text(one) for one in listed or ()]
    if not isinstance(delimiter, str) or listed is None or None in texts:
        return not_evaluated(evaluation, node)
    between = [piece for text in texts if text is not None for piece in (delimiter, text)]
    return valued(node, joined(between[1:]))


def sub(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::Sub of a text, or of a text and values for some of its names."""
    found = pieces(evaluation, argument)
    return (
        not_evaluated(evaluation, node) if found is None else valued(node, joined(one.value for one in found))
    )


def pieces(evaluation: Evaluation, argument: Node) -> list[Piece] | None:
    """Split the argument of Fn::Sub into pieces; ``None`` if it is not text."""
    text = text_of(items(argument)[0]) if items(argument) else None
    values = items(argument)[1] if len(items(argument)) == 2 else None
    if text is None:
        return None
    return list(_pieces(evaluation, text, values if isinstance(values, Object) else None))


def _pieces(evaluation: Evaluation, text: str, values: Object | None) -> Iterator[Piece]:
    at = 0
    for gap in _GAP.finditer(text):
        yield Piece(text[at : gap.start()], at, gap.start())
        literal = f"${{{gap[2]}}}"
        yield Piece(literal if gap[1] else _named(evaluation, gap[2], values), gap.start(), gap.end())
        at = gap.end()
    yield Piece(text[at:], at, len(text))


def _named(evaluation: Evaluation, name: str, values: Object | None) -> Value:
    """Resolve a name in a text: a supplied value, an attribute, a parameter or a resource."""
    own = values.get(name) if values is not None else None
    if own is not None:
        value = evaluation.text(own)
        return Unknown(f"`{name}` is not a string", name) if value is None else value
    logical, _, attribute = name.partition(".")
    if attribute:
        return evaluation.attribute(logical, attribute)
    return evaluation.parameters.text(name) if name in evaluation.parameters else evaluation.attribute(name)


def base64(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::Base64."""
    text = evaluation.text(argument)
    if not isinstance(text, str):
        return not_evaluated(evaluation, node)
    return valued(node, b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii"))


def ref(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Ref of a parameter, a pseudo parameter or a resource, which a function may name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-ref.html
    """
    is_call = isinstance(argument, Object) and has_extensions(evaluation.template)
    name = evaluation.text(argument) if is_call else text_of(argument)
    if not isinstance(name, str):
        return not_evaluated(evaluation, node)
    return None if name == NO_VALUE else valued(node, evaluation.reference(name))


def get_att(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::GetAtt of `A.B` or `[A, B]`."""
    parts = [evaluation.text(one) for one in items(argument)]
    known = [part for part in parts if isinstance(part, str)]
    logical, _, attribute = ".".join(known).partition(".")
    if len(known) != len(parts) or not attribute:
        return not_evaluated(evaluation, node)
    return valued(node, evaluation.attribute(logical, attribute))


def if_(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::If to the branch that the assignment chooses, at the branch's position."""
    parts = items(argument)
    condition = text_of(parts[0]) if len(parts) == 3 else None
    holds = evaluation.holds(condition) if condition is not None else None
    if holds is None:
        return not_evaluated(evaluation, node)
    return evaluation.node(parts[1] if holds else parts[2])


def select(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::Select of an index and a list."""
    parts = items(argument)
    index = evaluation.text(parts[0]) if len(parts) == 2 else None
    if not isinstance(index, str) or not index.isdecimal() or len(index) > 6:
        return not_evaluated(evaluation, node)
    part = _selected_part(evaluation, parts[1], int(index))
    if part is not None:
        return valued(node, part)
    listed = evaluation.items(parts[1])
    if listed is None or int(index) >= len(listed):
        return not_evaluated(evaluation, node)
    return listed[int(index)]


def _selected_part(evaluation: Evaluation, node: Node, number: int) -> Value | None:
    """Return a part of a text that depends on the deployment, if a node splits one."""
    argument = node.get("Fn::Split") if isinstance(node, Object) and len(node.members) == 1 else None
    parts = [evaluation.text(one) for one in items(argument)] if argument is not None else []
    separator, whole = parts if len(parts) == 2 else (None, None)
    if not isinstance(separator, str) or not isinstance(whole, Unknown):
        return None
    pieces = part_of(whole, separator, number)
    text = literal(pieces)
    if text is not None:
        return text
    where = Part(separator, number).written(whole.where)
    return Unknown(whole.reason, where, pieces) if pieces else None


def split(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::Split of a delimiter and a text."""
    parts = [evaluation.text(one) for one in items(argument)]
    if len(parts) != 2 or not isinstance(parts[0], str) or not isinstance(parts[1], str) or not parts[0]:
        return not_evaluated(evaluation, node)
    return valued(node, parts[1].split(parts[0]))


def find_in_map(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::FindInMap of a map, two keys, and a default if AWS::LanguageExtensions is used."""
    parts = items(argument)
    keys = [evaluation.text(one) for one in parts[:3]]
    default = parts[3].get("DefaultValue") if len(parts) == 4 and isinstance(parts[3], Object) else None
    by_symbol = _found_by_symbol(evaluation, keys, default) if len(keys) == 3 else None
    if by_symbol is not None:
        return valued(node, by_symbol)
    known = [key for key in keys if isinstance(key, str)]
    found: Node | None = evaluation.template.mappings.get(known[0]) if len(known) == 3 else None
    for key in known[1:]:
        found = found.get(key) if isinstance(found, Object) else None
    if found is not None:
        return moved(node, found)
    is_missing = default is not None and len(known) == 3
    return evaluation.node(default) if default is not None and is_missing else not_evaluated(evaluation, node)


def _found_by_symbol(
    evaluation: Evaluation, keys: Sequence[Value | None], default: Node | None
) -> Unknown | None:
    """Return the entry of a map of which one key depends on the deployment; ``None`` if it is not known."""
    name, first, second = keys
    table = evaluation.template.mappings.get(name) if isinstance(name, str) else None
    otherwise = evaluation.text(default) if default is not None else None
    if default is not None and otherwise is None:
        return None
    if isinstance(first, Unknown) and isinstance(second, str) and isinstance(table, Object):
        rows = ((row.key, row.value.get(second)) for row in table.members if isinstance(row.value, Object))
        cells = [(key, cell) for key, cell in rows if cell is not None]
        return _chosen(first, f"{name}[{first.where}].{second}", cells, otherwise)
    row = table.get(first) if isinstance(table, Object) and isinstance(first, str) else None
    if isinstance(row, Object) and isinstance(second, Unknown):
        cells = [(cell.key, cell.value) for cell in row.members]
        return _chosen(second, f"{name}.{first}[{second.where}]", cells, otherwise)
    return None


def _chosen(
    key: Unknown, where: str, cells: Sequence[tuple[str, Node]], otherwise: Value | None
) -> Unknown | None:
    pieces = chosen_by(key, [(name, scalar_text(cell)) for name, cell in cells], otherwise)
    return Unknown(key.reason, where, pieces) if pieces else None


def length(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:
    """Evaluate Fn::Length of a list of which all items are known."""
    listed = evaluation.items(argument)
    is_known = listed is not None and not any(isinstance(scalar_text(one), Unknown) for one in listed)
    return (
        valued(node, str(len(listed))) if listed is not None and is_known else not_evaluated(evaluation, node)
    )


def to_json(evaluation: Evaluation, node: Object, argument: Node) -> Node | None:  # noqa: ARG001 - as all
    """Evaluate Fn::ToJsonString to the value itself, because policies are read from values and from text."""
    return evaluation.node(argument)


_FUNCTIONS: Mapping[str, Function] = {
    "Ref": ref,
    "Fn::Base64": base64,
    "Fn::FindInMap": find_in_map,
    "Fn::GetAtt": get_att,
    "Fn::If": if_,
    "Fn::ImportValue": import_value,
    "Fn::Join": join,
    "Fn::Length": length,
    "Fn::Select": select,
    "Fn::Split": split,
    "Fn::Sub": sub,
    "Fn::ToJsonString": to_json,
}


def evaluation_of(
    template: Template, given: Mapping[str, Value], assignment: Assigned | None = None
) -> Evaluation:
    """Make an evaluation of a template with the functions that CloudFormation supports."""
    return Evaluation(template, given, _FUNCTIONS, assignment)
