"""Works expressions out, as far as what they refer to is known; never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.hcl.budget import MAX_NESTING, MAX_SIZE, TOO_MUCH
from checker.inputs.hcl.expression import (
    Access,
    Attribute,
    Call,
    Conditional,
    Deferred,
    Expression,
    For,
    Index,
    ListOf,
    Literal,
    Name,
    ObjectOf,
    Operation,
    Step,
    Template,
    Unary,
    Unsupported,
    written,
)
from checker.inputs.hcl.functions import call
from checker.inputs.hcl.loops import loop
from checker.inputs.hcl.operators import negate, operate
from checker.inputs.hcl.reach import reach, splat
from checker.inputs.hcl.render import render
from checker.inputs.hcl.values import array, known, text, truth, unknown, wrong
from checker.policy.node import Member, Node, Object, Stretch, rendered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from checker.inputs.hcl.budget import Budget
    from checker.inputs.secrets import Secrets

_PARSING = 100
"""A short expression takes a quarter of a millisecond to parse."""


class Surroundings(Protocol):
    """What an expression may refer to and read: a module."""

    @property
    def budget(self) -> Budget:
        """How much may still be worked out."""

    @property
    def secrets(self) -> Secrets:
        """The sensitive values that were met."""

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folder that paths start from, and others of which files may be read."""

    @property
    def opened(self) -> set[str]:
        """The full names of the files that were read."""

    def refer(self, name: str, steps: tuple[Step, ...], at: Stretch) -> tuple[Node, int]:
        """Give the value of ``var.a`` or the like, and how many of the steps that took."""

    def is_any(self, node: Node) -> bool:
        """True for what stands for resources or modules of which nobody knows how many there are."""

    def attribute(self, node: Node, name: str) -> Node | None:
        """Give an attribute of a resource or an output of a module, if the value stands for one."""


class Scope(NamedTuple):
    """A module, and the names that loops, `count` and `for_each` bind."""

    module: Surroundings
    names: Mapping[str, Node]

    def within(self, names: Mapping[str, Node]) -> Scope:
        """The scope with more names in it."""
        return Scope(self.module, {**self.names, **names}) if names else self


def evaluate(expression: Expression, scope: Scope) -> Node:
    """Work an expression out."""
    budget = scope.module.budget
    if not budget.spend() or budget.depth > MAX_NESTING:
        reason = TOO_MUCH if budget.left <= 0 else "references nested too deep"
        return unknown(reason, expression.at, written(expression.at))
    budget.depth += 1
    try:
        node = _WAYS[type(expression)](expression, scope)
        return (
            node
            if budget.size(node) <= MAX_SIZE
            else unknown(TOO_MUCH, expression.at, written(expression.at))
        )
    finally:
        budget.depth -= 1


def _literal(expression: Literal, _scope: Scope) -> Node:
    return known(expression.value, expression.at)


def _unsupported(expression: Unsupported, _scope: Scope) -> Node:
    return unknown(expression.reason, expression.at, written(expression.at))


def _deferred(expression: Deferred, scope: Scope) -> Node:
    if not scope.module.budget.spend(_PARSING):
        return unknown(TOO_MUCH, expression.at, written(expression.at))
    try:
        return evaluate(expression.read(), scope)
    except InputError as error:
        return unknown(error.reason, expression.at, written(expression.at))


def _template(expression: Template, scope: Scope) -> Node:
    def inside(one: Expression, names: Mapping[str, Node]) -> Node:
        return evaluate(one, scope.within(names))

    return render(expression.parts, expression.at, inside, scope.module.budget)


def _list(expression: ListOf, scope: Scope) -> Node:
    return array([evaluate(one, scope) for one in expression.items], expression.at)


def _object(expression: ObjectOf, scope: Scope) -> Node:
    members: dict[str, Member] = {}
    for one in expression.elements:
        key = text(evaluate(one.key, scope))
        if not isinstance(key, str):
            where = key.where if isinstance(key, Unknown) else written(one.at)
            return unknown("the name of a key is not known", expression.at, where)
        members[key] = Member(key, evaluate(one.value, scope), one.at.start, one.at.end)
    at = expression.at
    return Object(tuple(members.values()), at.source, at.start, at.end)


def _name(expression: Name, scope: Scope) -> Node:
    found = scope.names.get(expression.name)
    if found is not None:
        return found
    return scope.module.refer(expression.name, (), expression.at)[0]


def _access(expression: Access, scope: Scope) -> Node:
    root, steps = expression.root, expression.steps
    if isinstance(root, Name) and root.name not in scope.names:
        value, used = scope.module.refer(root.name, steps, expression.at)
    else:
        value, used = evaluate(root, scope), 0
    return follow(value, steps[used:], expression.at, scope)


def follow(value: Node, steps: tuple[Step, ...], at: Stretch, scope: Scope) -> Node:
    """Take steps into a value."""
    for step in steps:
        here = Stretch(at.source, at.start, step.end)
        if isinstance(step, Attribute):
            value = _attribute(value, step.name, here, scope)
        elif isinstance(step, Index):
            value = value if scope.module.is_any(value) else reach(value, evaluate(step.key, scope), here)
        else:
            value = splat(value, lambda one, step=step: follow(one, step.steps, at, scope), here)  # type: ignore[misc]
    return value


def _attribute(value: Node, name: str, at: Stretch, scope: Scope) -> Node:
    found = scope.module.attribute(value, name)
    return reach(value, known(name, at), at, dotted=True) if found is None else found


def _call(expression: Call, scope: Scope) -> Node:
    return call(expression, scope, evaluate)


def _operation(expression: Operation, scope: Scope) -> Node:
    value = evaluate(expression.first, scope)
    for sign, operand in expression.rest:
        other = evaluate(operand, scope)
        scope.module.budget.spend_looks(value, other)
        value = operate(value, sign, other, expression.at)
    return value


def _unary(expression: Unary, scope: Scope) -> Node:
    return negate(expression.sign, evaluate(expression.operand, scope), expression.at)


def _conditional(expression: Conditional, scope: Scope) -> Node:
    holds = truth(evaluate(expression.condition, scope))
    if isinstance(holds, bool):
        return evaluate(expression.then if holds else expression.otherwise, scope)
    if holds is None:
        return wrong("the condition is no boolean", expression.at, written(expression.at))
    then, otherwise = evaluate(expression.then, scope), evaluate(expression.otherwise, scope)
    scope.module.budget.spend_looks(then, otherwise)
    return then if rendered(then) == rendered(otherwise) else unknown(holds, expression.at)


def _for(expression: For, scope: Scope) -> Node:
    def inside(one: Expression, names: Mapping[str, Node]) -> Node:
        return evaluate(one, scope.within(names))

    return loop(expression, inside, scope.module.budget)


_WAYS: dict[type, Callable[..., Node]] = {
    Literal: _literal,
    Template: _template,
    ListOf: _list,
    ObjectOf: _object,
    Name: _name,
    Access: _access,
    Call: _call,
    Operation: _operation,
    Unary: _unary,
    Conditional: _conditional,
    For: _for,
    Deferred: _deferred,
    Unsupported: _unsupported,
}
