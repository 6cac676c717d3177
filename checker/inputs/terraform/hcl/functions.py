"""Calls functions: list, text and file functions, and functions that handle errors, such as `try`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.expression import Call, Expression, written
from checker.inputs.terraform.hcl.functions_encoding import ENCODING_FUNCTIONS
from checker.inputs.terraform.hcl.functions_files import FILE_FUNCTIONS
from checker.inputs.terraform.hcl.functions_lists import LIST_FUNCTIONS, OBJECT_FUNCTIONS, strict
from checker.inputs.terraform.hcl.functions_patterns import PATTERN_FUNCTIONS
from checker.inputs.terraform.hcl.functions_text import TEXT_FUNCTIONS
from checker.inputs.terraform.hcl.render import decode
from checker.inputs.terraform.hcl.values import (
    Wrong,
    decimal,
    first_unknown,
    is_composed,
    is_filled,
    is_null,
    known,
    number,
    placed,
    text,
    truth,
    unknown,
    why_unknown,
    wrong,
)
from checker.policy.node import Array, Node, Scalar, Span, rendered, span_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.inputs.terraform.hcl.limits import Budget

    Function = Callable[[Sequence[Node], Span, Budget], Node]
    from checker.inputs.sensitive import Secrets
    from checker.inputs.terraform.hcl.expression import Scope

    Evaluate = Callable[[Expression, Scope], Node]


def _coalesce(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    """Return the first value that is neither null nor empty; an unknown value may be either."""
    for number_, one in enumerate(arguments):
        why = why_unknown(one)
        if why is not None:
            certain = number_ == len(arguments) - 1 or is_filled(one)
            return one if certain else unknown(why, at)
        if not is_null(one) and text(one) != "":
            return one
    return wrong("all arguments are null or empty", at)


def _coalescelist(at: Span, *lists: Node) -> Node:
    found = next((one for one in lists if isinstance(one, Array) and one.items), None)
    return wrong("all lists are empty", at) if found is None else found


def _one(at: Span, node: Node) -> Node:
    if not isinstance(node, Array) or len(node.items) > 1:
        return wrong("`one` requires a list of at most one item", at)
    return placed(node.items[0], at) if node.items else known(None, at)


def _contains(at: Span, node: Array, wanted: Node) -> Node:
    found = [rendered(one) == rendered(wanted) for one in node.items if why_unknown(one) is None]
    why = first_unknown(map(why_unknown, (*node.items, wanted)))
    return (
        known(any(found), at)
        if why is None or (any(found) and why_unknown(wanted) is None)
        else unknown(why, at)
    )


def _outcome(*, decisive: bool) -> Callable[..., Node]:
    def work(at: Span, node: Array) -> Node:
        found = [truth(one) for one in node.items]
        if any(one is decisive for one in found):
            return known(decisive, at)
        why = first_unknown(found)
        return known(not decisive, at) if why is None else unknown(why, at)

    return work


CHOICE_FUNCTIONS: dict[str, Function] = {
    "coalesce": _coalesce,
    "coalescelist": strict(_coalescelist),
    "one": strict(_one),
    "contains": strict(_contains),
    "anytrue": strict(_outcome(decisive=True)),
    "alltrue": strict(_outcome(decisive=False)),
}


def call(expression: Call, scope: Scope, evaluate: Evaluate) -> Node:
    """Evaluate a call; the result of an unsupported function is Unknown with the text of the call."""
    at, name = expression.at, expression.name.removeprefix("core::")
    if name in ("try", "can"):
        return _try_or_can(expression, name, scope, evaluate)
    arguments = [evaluate(one, scope) for one in expression.arguments]
    if expression.spread and arguments:
        last = arguments.pop()
        if not isinstance(last, Array):
            return unknown("the list of arguments is not known", at, written(at))
        arguments += last.items
    scope.module.budget.spend_looks(*arguments)
    function = _FUNCTIONS.get(name)
    if function is not None:
        found = function(arguments, at, scope.module.budget)
        return _kept(name, found, arguments, scope.module.secrets)
    reads = FILE_FUNCTIONS.get(name)
    if reads is not None:
        return reads(arguments, at, scope, evaluate)
    own = scope.module.call(name, arguments, at)
    if own is not None:
        return own
    return unknown(f"the function `{name}` is not supported", at, written(at))


def _kept(name: str, found: Node, arguments: Sequence[Node], secrets: Secrets) -> Node:
    """Keep the result of a function secret if its arguments are secret.

    https://developer.hashicorp.com/terraform/language/functions/sensitive
    """
    if name == "sensitive":
        return secrets.protect(found, "sensitive")
    if name == "nonsensitive":
        secrets.reveal(found)
    return secrets.derived(found, arguments, f"{name}(...)")


def _try_or_can(expression: Call, name: str, scope: Scope, evaluate: Evaluate) -> Node:
    """Evaluate `try` and `can`. https://developer.hashicorp.com/terraform/language/functions/try"""
    for one in expression.arguments:
        found = evaluate(one, scope)
        why = why_unknown(found)
        failed = isinstance(why, Wrong)
        if name == "can":
            is_open = why is not None and not failed and not why.is_text
            return (
                unknown(why, expression.at)
                if is_open and why is not None
                else known(not failed, expression.at)
            )
        if not failed:
            return found if why is None or why.is_text else unknown(why, span_of(found))
    return wrong("no argument of `try` can be evaluated", expression.at, written(expression.at))


def _jsonencode(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    """Return a list or object unchanged, so that its parts keep their positions; it is encoded on demand."""
    one = arguments[0] if len(arguments) == 1 else wrong("`jsonencode` requires one value", at)
    if isinstance(one, Scalar) and isinstance(one.value, Unknown):
        return one._replace(value=one.value._replace(pieces=()))  # as JSON, a text has quotes
    return known(rendered(one), at) if isinstance(one, Scalar) else one


def _jsondecode(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    one = arguments[0] if len(arguments) == 1 else wrong("`jsondecode` requires one string", at)
    if not isinstance(one, Scalar):
        return one
    if not isinstance(one.value, str) and not is_composed(one):
        return one if isinstance(one.value, Unknown) else wrong("`jsondecode` requires one string", at)
    try:
        return decode(one)
    except InputError as error:
        return wrong(error.reason, at, written(at))


def _tonumber(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    one = arguments[0] if len(arguments) == 1 else known("", at)
    if why_unknown(one) is not None:
        return one
    found = decimal(one)
    return wrong("`tonumber` requires a number", at) if found is None else number(found, at)


def _tobool(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
    holds = truth(arguments[0]) if len(arguments) == 1 else None
    if isinstance(holds, Unknown):
        return unknown(holds, at)
    return wrong("`tobool` requires a boolean", at) if holds is None else known(holds, at)


def _chosen(choose: Callable[..., object]) -> Callable[[Sequence[Node], Span, Budget], Node]:
    def function(arguments: Sequence[Node], at: Span, _budget: Budget) -> Node:
        why = first_unknown(map(why_unknown, arguments))
        if why is not None:
            return unknown(why, at)
        given = [one for one in map(decimal, arguments) if one is not None]
        if len(given) != len(arguments) or not given:
            return wrong("the function requires numbers", at)
        return number(choose(given), at)  # type: ignore[arg-type] # `min` or `max` of decimals is one of them

    return function


_FUNCTIONS = {
    **TEXT_FUNCTIONS,
    **LIST_FUNCTIONS,
    **OBJECT_FUNCTIONS,
    **CHOICE_FUNCTIONS,
    **ENCODING_FUNCTIONS,
    **PATTERN_FUNCTIONS,
    "jsonencode": _jsonencode,
    "jsondecode": _jsondecode,
    "tonumber": _tonumber,
    "tobool": _tobool,
    "min": _chosen(min),
    "max": _chosen(max),
}
