"""The text of statement blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.fix.edits import CannotEditError
from checker.fix.style import Layout
from checker.policy.node import Array, Node, Object, Scalar, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.fix.flow import HclFlow

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
_FLAT = Layout(lines=False, indent="", closing="", unit="  ", newline="\n")


class Lines(NamedTuple):
    """How lines end, and a step of their indentation."""

    newline: str
    unit: str


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


def statement_text(flow: HclFlow, statement: Node, indent: str, lines: Lines) -> list[str]:
    """A whole block, whose first line stands behind the indent."""
    if not isinstance(statement, Object):
        raise CannotEditError("a statement that is no object")
    newline, inner = lines.newline, f"{indent}{lines.unit}"
    arguments = [member for member in statement.members if member.key in ARGUMENTS]
    arguments = [one for one in arguments if (one.key, text_of(one.value)) != ("Effect", "Allow")]
    width = max((len(ARGUMENTS[one.key]) for one in arguments), default=0)
    chunks = ["statement {"]
    for one in arguments:
        chunks += [f"{newline}{inner}", *argument_text(flow, one.key, one.value, width)]
    for key, kind, names in _principals(statement):
        chunks += [f"{newline}{newline}{inner}", *principals_text(flow, key, kind, names, inner, lines)]
    for (test, variable), values in conditions_of(statement.get("Condition")).items():
        chunks += [f"{newline}{newline}{inner}"]
        chunks += condition_text(flow, test, variable, values, inner, lines)
    return [*chunks, f"{newline}{indent}}}"]


def _principals(statement: Object) -> Iterator[tuple[str, str, Node]]:
    for one in statement.members:
        if one.key in BLOCKS:
            yield from ((one.key, kind, names) for kind, names in by_type(one.value).items())


def argument_text(flow: HclFlow, key: str, value: Node, width: int = 0) -> list[str]:
    """One argument: `actions = [...]`."""
    return [f"{ARGUMENTS[key]:{width}} = ", *value_text(flow, key, value)]


def value_text(flow: HclFlow, key: str, value: Node) -> list[str]:
    """A value, which is a list in all arguments but two."""
    if key in _TEXTS:
        return flow.node(value, _FLAT, None)
    if isinstance(value, Array):
        return flow.listed(value)
    if not isinstance(value, Scalar):
        raise CannotEditError("an object where a text belongs")
    return ["[", *flow.node(value, _FLAT, None), "]"]


def principals_text(flow: HclFlow, key: str, kind: str, names: Node, indent: str, lines: Lines) -> list[str]:
    """The block of one type of principal."""
    line = f"{lines.newline}{indent}"
    chunks = [
        f'{BLOCKS[key]} {{{line}{lines.unit}type        = "{kind}"',
        f"{line}{lines.unit}identifiers = ",
    ]
    return [*chunks, *value_text(flow, "Action", names), f"{line}}}"]


def by_type(value: Node | None) -> dict[str, Node]:
    """The principals of each type."""
    if value is None:
        return {}
    if isinstance(value, Object):
        return {member.key: member.value for member in value.members}
    if text_of(value) == "*":
        return {"*": value}
    raise CannotEditError("principals that are not known")


def condition_text(
    flow: HclFlow, test: str, variable: str, values: Node, indent: str, lines: Lines
) -> list[str]:
    """One condition block."""
    texts: Iterable[str] = (f'test     = "{test}"', f'variable = "{variable}"', "values   = ")
    written = [f"{lines.newline}{indent}{lines.unit}{text}" for text in texts]
    return ["condition {", *written, *value_text(flow, "Action", values), f"{lines.newline}{indent}}}"]
