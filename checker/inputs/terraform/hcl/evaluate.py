"""Evaluates expressions as far as their references are known; never raises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.unknown import ANY, EACH, Unknown
from checker.inputs.terraform.hcl.expression import (
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
    Passed,
    Step,
    Template,
    Unary,
    Unsupported,
    written,
)
from checker.inputs.terraform.hcl.functions import call
from checker.inputs.terraform.hcl.limits import MAX_NESTING, MAX_SIZE, TOO_MUCH
from checker.inputs.terraform.hcl.operators import loop, negate, operate
from checker.inputs.terraform.hcl.render import render
from checker.inputs.terraform.hcl.values import (
    Rendered,
    Rest,
    Wrong,
    array,
    decimal,
    identity,
    known,
    looked_up,
    placed,
    symbolic,
    text,
    truth,
    under_symbol,
    unknown,
    why_unknown,
    wrong,
)
from checker.policy.node import Array, Member, Node, Object, Scalar, Span, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.core.unknown import Piece
    from checker.inputs.terraform.hcl.expression import Scope


_LONG = 500
_REFERENCE = pattern(r'[\w.-]+(?:\[(?:\d+|"[^"]*")\][\w.-]*)*')


def reach(value: Node, key: Node, at: Span, *, dotted: bool = False) -> Node:
    """Return the member of a list or object under a key; ``at`` is the expression up to here."""
    why, wanted = why_unknown(value), text(key)
    if why is not None:
        where = _unknown_part(value, why, wanted, at, dotted=dotted)
        kind = Wrong if isinstance(why, Wrong) else Unknown
        return symbolic(kind(why.reason, where, _member(why, wanted, dotted=dotted)), at)
    if isinstance(wanted, Unknown):
        return under_symbol(value, wanted, written(at), at)
    found = _inside(value, key, wanted)
    return wrong("no such attribute", at, written(at)) if found is None else placed(found, at)


def _member(why: Unknown, key: str | Unknown | None, *, dotted: bool) -> tuple[Piece, ...]:
    """Return the symbol of a member of a symbol that is not known to be a text."""
    symbol = why.only_symbol
    if symbol is None or symbol.kind != ANY or not isinstance(key, str):
        return ()
    name = f"{symbol.name}.{key}" if dotted else f"{symbol.name}[{key if key.isdigit() else json.dumps(key)}]"
    return (symbol._replace(name=name, reference=name if symbol.reference else ""),)


def _inside(value: Node, key: Node, wanted: str | None) -> Node | None:
    if isinstance(value, Object):
        return value.get(wanted) if wanted is not None else None
    number = decimal(key)
    if not isinstance(value, Array) or number is None or number != int(number):
        return None
    before = value.items[: int(number) + 1]
    rest = next((one for one in before if isinstance(why_unknown(one), Rest)), None)
    if rest is not None:
        return _item(rest, int(number) if len(value.items) == 1 else -1)
    return value.items[int(number)] if 0 <= number < len(value.items) else None


def _item(rest: Node, number: int) -> Node:
    """Return an item of a list of which only the type of the items is known; nothing is known of item -1."""
    why = why_unknown(rest)
    symbol = why.only_symbol if why is not None else None
    if why is None or symbol is None or not symbol.name.endswith(EACH) or number < 0:
        return rest if why is None else unknown(why, span_of(rest))
    name = f"{symbol.name.removesuffix(EACH)}[{number}]"
    return symbolic(Unknown(why.reason, name, (symbol._replace(name=name, reference=name),)), span_of(rest))


def _unknown_part(value: Node, why: Unknown, wanted: str | Unknown | None, at: Span, *, dotted: bool) -> str:
    """Name an unknown part of a value, by the reference to the whole value if there is one."""
    is_name = len(why.where) < _LONG and _REFERENCE.fullmatch(why.where) is not None
    if isinstance(value.source, Rendered) or not is_name or not isinstance(wanted, str):
        return written(at)
    if dotted:
        return f"{why.where}.{wanted}"
    return f"{why.where}[{wanted}]" if wanted.isdigit() else f'{why.where}["{wanted}"]'


def splat(value: Node, into: Callable[[Node], Node], at: Span) -> Node:
    """Apply steps to every item of a list, or to a single value that is not null.

    https://developer.hashicorp.com/terraform/language/expressions/splat
    """
    if isinstance(value, Array):
        return array([one if isinstance(why_unknown(one), Rest) else into(one) for one in value.items], at)
    if isinstance(value, Scalar) and value.value is None:
        return array((), at)
    why = why_unknown(value)
    if why is not None and not _REFERENCE.fullmatch(why.where):
        return unknown(why, at)
    return array([into(value)], at)


_PARSING = 100
"""Minimum length for deferred parsing; parsing a short expression takes a quarter of a millisecond."""


def evaluate(expression: Expression, scope: Scope) -> Node:
    """Evaluate an expression."""
    budget = scope.module.budget
    if not budget.spend() or budget.depth > MAX_NESTING:
        reason = TOO_MUCH if budget.left <= 0 else "references are nested too deeply"
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


def _passed(expression: Passed, _scope: Scope) -> Node:
    return expression.node


def _deferred(expression: Deferred, scope: Scope) -> Node:
    from checker.inputs.terraform.hcl.parse import parse_value  # the parser is slow to import

    if not scope.module.budget.spend(_PARSING):
        return unknown(TOO_MUCH, expression.at, written(expression.at))
    try:
        return evaluate(parse_value(expression.source), scope)
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
            return unknown("the name of the key is not known", expression.at, where)
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


def follow(value: Node, steps: tuple[Step, ...], at: Span, scope: Scope) -> Node:
    """Apply steps to a value."""
    for step in steps:
        here = Span(at.source, at.start, step.end)
        if isinstance(step, Attribute):
            value = _attribute(value, step.name, here, scope)
        elif isinstance(step, Index):
            value = value if scope.module.is_any(value) else reach(value, evaluate(step.key, scope), here)
        else:
            value = splat(value, lambda one, step=step: follow(one, step.steps, at, scope), here)  # type: ignore[misc]
    return value


def _attribute(value: Node, name: str, at: Span, scope: Scope) -> Node:
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
        return wrong("the condition is not a boolean", expression.at, written(expression.at))
    then, otherwise = evaluate(expression.then, scope), evaluate(expression.otherwise, scope)
    scope.module.budget.spend_looks(then, otherwise)
    if identity(then) == identity(otherwise):
        return then
    compared = _compared(expression.condition, scope)
    if compared is None or None in (text(then), text(otherwise)):
        return unknown(holds, expression.at)
    key, value, equal = compared
    first, second = (then, otherwise) if equal else (otherwise, then)
    pair, at = (value, text(first)), expression.at
    return looked_up(key, [pair], written(at), at, text(second))


def _compared(condition: Expression, scope: Scope) -> tuple[Unknown, str, bool] | None:
    """Return the symbol and the text that a condition compares, and whether they are to be equal."""
    if not isinstance(condition, Operation) or [sign for sign, _ in condition.rest] not in (["=="], ["!="]):
        return None
    ((sign, operand),) = condition.rest
    sides = text(evaluate(condition.first, scope)), text(evaluate(operand, scope))
    unknowns = [one for one in sides if isinstance(one, Unknown)]
    texts = [one for one in sides if isinstance(one, str)]
    return (unknowns[0], texts[0], sign == "==") if len(texts) == len(unknowns) == 1 else None


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
    Passed: _passed,
    Unsupported: _unsupported,
}
