"""Represents the conditions of a template as expressions over unresolved values.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.cloudformation.parameters import Choice, Other, World
from checker.policy.node import Object, items, rendered, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.inputs.cloudformation.sections import Template
    from checker.policy.node import Node

_DEEPEST = 50
"""Maximum depth of conditions and functions that refer to each other."""


class Is(NamedTuple):
    """A condition that an open variable has a value."""

    variable: str
    value: Choice


class Named(NamedTuple):
    """A reference to another condition."""

    condition: str


class Logic(NamedTuple):
    """A combination of expressions with `and`, `or` or `not`."""

    function: str
    inside: tuple[Expression, ...]


Expression = bool | Is | Named | Logic
_LOGIC = ("Fn::And", "Fn::Or", "Fn::Not")


class Conditions:
    """The conditions of a template. ``strict`` evaluates their operands using supplied values only."""

    def __init__(self, template: Template, strict: Evaluation) -> None:
        self.template = template
        self.strict = strict
        self.read: dict[str, Expression] = {}
        self.opened: dict[str, str] = {}

    def expression(self, name: str) -> Expression:
        """Return a condition as an expression; a missing condition is an open variable."""
        if name not in self.read:
            node = self.template.conditions.get(name)
            self.read[name] = self.left_open(name, name) if node is None else self.parse(node, name)
        return self.read[name]

    def left_open(self, text: str, name: str) -> Is:
        """Make a variable for an undecidable value. Equal texts share one variable."""
        shown = f"condition {name}" if name in self.strict.parameters else name
        return Is(self.opened.setdefault(text, shown), value=True)

    def parse(self, node: Node, name: str = "") -> Expression:
        member = node.members[0] if isinstance(node, Object) and len(node.members) == 1 else None
        condition = text_of(member.value) if member is not None and member.key == "Condition" else None
        if condition is not None:
            return Named(condition)
        if member is not None and member.key in _LOGIC:
            return Logic(member.key, tuple(map(self.parse, items(member.value))))
        compared = items(member.value) if member is not None and member.key == "Fn::Equals" else ()
        known = self.comparison(*compared) if len(compared) == 2 else None
        return self.left_open(rendered(node), name or rendered(node)) if known is None else known

    def comparison(self, left: Node, right: Node) -> Expression | None:
        """Compare two texts. An operand that is a parameter without a value becomes an open variable."""
        texts = self.strict.text(left), self.strict.text(right)
        if isinstance(texts[0], str) and isinstance(texts[1], str):
            return texts[0] == texts[1]
        for node, text in ((left, texts[1]), (right, texts[0])):
            parameter = self.strict.parameter_of(node)
            if parameter is not None and isinstance(text, str):
                return Is(parameter, text) if self.strict.parameters.may_be(parameter, text) else False
        return None

    def variables(self, names: Iterable[str]) -> dict[str, tuple[Choice, ...]]:
        """Return the open variables of conditions, each with its possible choices."""
        found: dict[str, dict[Choice, None]] = {}
        for one in self.leaves(names):
            found.setdefault(one.variable, {})[one.value] = None
        return {name: self.choices(name, tuple(values)) for name, values in found.items()}

    def choices(self, name: str, values: tuple[Choice, ...]) -> tuple[Choice, ...]:
        if values == (True,):
            return (True, False)
        texts = tuple(value for value in values if isinstance(value, str))
        allowed = self.strict.parameters.allowed(name)
        return texts if allowed and set(allowed) <= set(texts) else (*texts, Other(texts))

    def leaves(self, names: Iterable[str]) -> Iterator[Is]:
        waiting: deque[Expression] = deque(Named(name) for name in dict.fromkeys(names))
        seen: set[str] = set()
        while waiting:
            one = waiting.popleft()
            if isinstance(one, Is):
                yield one
            elif isinstance(one, Logic):
                waiting += one.inside
            elif isinstance(one, Named) and one.condition not in seen:
                seen.add(one.condition)
                waiting.append(self.expression(one.condition))


class Assignment:
    """Evaluates the conditions of a template under one assignment."""

    def __init__(self, conditions: Conditions, world: World) -> None:
        self.conditions = conditions
        self.world = world
        self.known: dict[str, bool] = {}
        self.trail: list[str] = []
        self.depth = 0

    def holds(self, name: str) -> bool:
        """Evaluate a condition. Raises InputError for conditions that refer to themselves."""
        if name not in self.known:
            if name in self.trail or self.depth > _DEEPEST:
                raise self.endless(name)
            self.trail.append(name)
            self.depth += 1
            self.known[name] = self.is_true(self.conditions.expression(name))
            self.depth -= 1
            self.trail.pop()
        return self.known[name]

    def is_settled(self, names: Iterable[str]) -> bool:
        """True if the assignment chooses all open variables of these conditions."""
        return all(leaf.variable in self.world for leaf in self.conditions.leaves(names))

    def endless(self, name: str) -> InputError:
        reason = (
            f"condition `{name}` refers to itself"
            if name in self.trail
            else "conditions are nested too deeply"
        )
        template = self.conditions.template
        node = template.conditions[self.trail[0]]
        return InputError(template.name, reason, node.source.position(node.start, node.end))

    def is_true(self, one: Expression) -> bool:
        if isinstance(one, bool):
            return one
        if isinstance(one, Is):
            return self.world.get(one.variable) == one.value
        if isinstance(one, Named):
            return self.holds(one.condition)
        self.depth += 1
        holds = _combined(one.function, map(self.is_true, one.inside))
        self.depth -= 1
        return holds


def _combined(function: str, inside: Iterator[bool]) -> bool:
    if function == "Fn::Not":
        return not next(inside, False)
    return all(inside) if function == "Fn::And" else any(inside)
