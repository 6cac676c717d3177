"""The text of aws_iam_policy_document, whose statements are blocks.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.fix.edits import CannotEditError
from checker.fix.flow import between
from checker.fix.hcl_flow import aligned
from checker.fix.style import Layout
from checker.policy.node import Node, Object, Scalar, items, text_of
from checker.policy.plain import word
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.fix.hcl_flow import HclFlow

ARGUMENTS = {
    "Sid": "sid",
    "Effect": "effect",
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
}
BLOCKS = {"Principal": "principals", "NotPrincipal": "not_principals"}
Conditions = dict[tuple[str, str], Node]
_TEXTS = ("Sid", "Effect")
_EVERYONE = "*"
_FLAT = Layout(lines=False, indent="", closing="", unit="  ", newline="\n")


class Lines(NamedTuple):
    """How lines end, and a step of their indentation."""

    newline: str
    unit: str

    def inside(self, indent: str) -> Layout:
        """The layout of what is in a block that is indented so."""
        return Layout(
            lines=True, indent=indent + self.unit, closing=indent, unit=self.unit, newline=self.newline
        )


def conditions_of(node: Node | None) -> Conditions:
    """The values of each test and variable. Raises CannotEditError for what is no such thing."""
    if node is None:
        return {}
    if not isinstance(node, Object) or not all(isinstance(one.value, Object) for one in node.members):
        raise CannotEditError("part of the condition is not known")
    return {
        (test.key, key.key): key.value
        for test in node.members
        if isinstance(test.value, Object)
        for key in test.value.members
    }


def block_text(header: str, parts: Iterable[list[str]], layout: Layout) -> list[str]:
    """A block with empty lines between its parts, which are laid out so; its first line stands where it begins."""
    inside = between(parts, f"{layout.newline}{layout.newline}{layout.indent}")
    start, end = f"{layout.newline}{layout.indent}", f"{layout.newline}{layout.closing}"
    return [f"{header} {{", start, *inside, f"{end}}}"]


def lines_text(pairs: Iterable[tuple[str, list[str]]], layout: Layout) -> list[str]:
    """The lines of some arguments, which are a part of a block."""
    return [*between(aligned(pairs), f"{layout.newline}{layout.indent}")]


def statement_text(flow: HclFlow, statement: Node, indent: str, lines: Lines) -> list[str]:
    """A whole statement block, whose first line stands behind the indent; its arguments come first."""
    if not isinstance(statement, Object):
        raise CannotEditError("a statement that is no object")
    layout = lines.inside(indent)
    values = {key: statement.get(key) for key in ARGUMENTS}
    said = {key: value for key, value in values.items() if value is not None and text_of(value) != ""}
    pairs = [(ARGUMENTS[key], value_text(flow, key, value, layout)) for key, value in said.items()]
    parts = [lines_text(pairs, layout)] if pairs else []
    for key in BLOCKS:
        for kind, names in by_type(statement.get(key)).items():
            parts.append(principals_text(flow, key, kind, names, layout.indent, lines))
    for (test, variable), compared in conditions_of(statement.get("Condition")).items():
        parts.append(condition_text(flow, test, variable, compared, layout.indent, lines))
    return block_text("statement", parts, layout)


def argument_text(flow: HclFlow, key: str, value: Node) -> list[str]:
    """One argument: `actions = [...]`."""
    return [f"{ARGUMENTS[key]} = ", *value_text(flow, key, value)]


def value_text(flow: HclFlow, key: str, value: Node, layout: Layout = _FLAT) -> list[str]:
    """The value of an argument, which is a list for all but two; a long one on lines, if there are lines."""
    if key in _TEXTS:
        return flow.node(value, _FLAT, None)
    if isinstance(value, Object):
        raise CannotEditError("an object where a text belongs")
    return flow.listed([_as_text(flow, one) for one in items(value)], layout.deeper(), None)


def _as_text(flow: HclFlow, node: Node) -> Node:
    """Write `true` as `"true"`, unless it stands in the file as it is."""
    if not isinstance(node, Scalar) or isinstance(node.value, str | Unknown) or id(node) in flow.originals:
        return node
    return node._replace(value=word(node.value))


def principals_text(flow: HclFlow, key: str, kind: str, names: Node, indent: str, lines: Lines) -> list[str]:
    """The block of one type of principal."""
    layout = lines.inside(indent)
    pairs = (("type", [flow.scalar(kind)]), ("identifiers", value_text(flow, "Principal", names, layout)))
    return block_text(BLOCKS[key], [lines_text(pairs, layout)], layout)


def by_type(value: Node | None) -> dict[str, Node]:
    """The principals of each type; everyone is one of its own."""
    if value is None:
        return {}
    if isinstance(value, Object):
        return {member.key: member.value for member in value.members}
    if text_of(value) == _EVERYONE:
        return {_EVERYONE: value}
    raise CannotEditError("principals that are not known")


def condition_text(
    flow: HclFlow, test: str, variable: str, values: Node, indent: str, lines: Lines
) -> list[str]:
    """One condition block."""
    layout = lines.inside(indent)
    compared = value_text(flow, "Condition", values, layout)
    pairs = (("test", [flow.scalar(test)]), ("variable", [flow.scalar(variable)]), ("values", compared))
    return block_text("condition", [lines_text(pairs, layout)], layout)
