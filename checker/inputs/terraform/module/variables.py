"""Resolves variables: from the caller, the command line, values files and defaults.

https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import ANY, EACH, TEXT, Unknown
from checker.inputs.reading_memory import found_in
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import (
    Call,
    Element,
    Expression,
    ListOf,
    Literal,
    Name,
    ObjectOf,
    Scope,
    written,
)
from checker.inputs.terraform.hcl.template import read_inner
from checker.inputs.terraform.hcl.values import (
    Rest,
    array,
    decimal,
    known,
    mapping,
    symbolic,
    text,
    truth,
    why_unknown,
    wrong,
)
from checker.policy.node import Array, Member, Node, Number, Object, Scalar, Span, span_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.module.session import Called
    from checker.policy.node import Node, Span


_MANY = ("map", "list", "set")


def completed(value: Node, kind: Expression, scope: Scope) -> Node:
    """Convert a value to its type; omitted attributes are null or have a default."""
    if isinstance(kind, Name) and isinstance(value, Scalar):
        return _converted(value, kind.name)
    inside = kind.arguments[0] if isinstance(kind, Call) and kind.arguments else None
    if inside is None or not isinstance(kind, Call) or not scope.module.budget.spend():
        return value
    if kind.name == "optional":
        return completed(value, inside, scope)
    if kind.name in _MANY and isinstance(value, Array):
        return value._replace(items=tuple(completed(one, inside, scope) for one in value.items))
    if kind.name in _MANY and isinstance(value, Object):
        members = (one._replace(value=completed(one.value, inside, scope)) for one in value.members)
        return value._replace(members=tuple(members))
    if kind.name == "object" and isinstance(inside, ObjectOf) and isinstance(value, Object):
        return _object(value, inside, scope)
    return value


def _converted(value: Scalar, kind: str) -> Scalar:
    """Convert a simple value to its type: to a text, or from a text to a number or boolean."""
    said, exact, holds = text(value), decimal(value), truth(value)
    if kind == "string" and isinstance(said, str):
        return value._replace(value=said)
    if kind == "number" and isinstance(value.value, str) and exact is not None:
        return value._replace(value=Number(value.value))
    return value._replace(value=holds) if kind == "bool" and isinstance(holds, bool) else value


def _object(value: Object, kind: ObjectOf, scope: Scope) -> Object:
    kinds = {one.key.value: one for one in kind.elements if isinstance(one.key, Literal)}
    given = {one.key for one in value.members}
    members = [
        one._replace(value=completed(one.value, kinds[one.key].value, scope)) if one.key in kinds else one
        for one in value.members
    ]
    at = span_of(value)
    missing = ((str(name), one) for name, one in kinds.items() if name not in given)
    added = (Member(name, _missing(one, at, scope), at.start, at.end) for name, one in missing)
    return value._replace(members=(*members, *added))


def _missing(element: Element, at: Span, scope: Scope) -> Node:
    kind = element.value
    if isinstance(kind, Call) and kind.name == "optional" and len(kind.arguments) == 2:
        return evaluate(kind.arguments[1], scope)
    return known(None, at)


_SIMPLE = ("", "any", "string", "number", "bool")


def value_of_variable(name: str, where: str, module: Called, at: Span) -> Node:
    """Return the value of a variable; a variable without a value is Unknown with its name."""
    block = module.files.variables.get(name)
    if block is None:
        return wrong("not declared", at, where)
    found = _given(name, block, module)
    kind = block.body.arguments.get("type")
    if found is None:
        is_open = not is_sensitive(block, module.scope)
        value = _open(where, kind.expression if kind is not None else None, module, at, is_open=is_open)
        return _restricted(value, block)
    value = completed(found, kind.expression, module.scope) if kind is not None else found
    return module.secrets.protect(value, where) if is_sensitive(block, module.scope) else value


_NO_VALUE = "the variable has no value"


_KINDS = {"": ANY, "any": ANY, "string": TEXT}
"""The kinds of the symbols of variables, by type; values of other types are not symbols."""
_LISTS = ("list(string)", "set(string)")
"""The types of variables of which each item is a text."""


def _open(where: str, kind: Expression | None, module: Called, at: Span, *, is_open: bool) -> Node:
    """Return a variable without a value, or an attribute of one: a symbol if it can be a text."""
    inside = kind.arguments[0] if isinstance(kind, Call) and kind.arguments else None
    if isinstance(kind, Call) and kind.name == "object" and isinstance(inside, ObjectOf) and is_open:
        kinds = ((str(one.key.value), one.value) for one in inside.elements if isinstance(one.key, Literal))
        return mapping(
            [(name, _open(f"{where}.{name}", one, module, at, is_open=True)) for name, one in kinds], at
        )
    name = written(kind.at).strip('"') if kind is not None else ""
    if is_open and name in _LISTS:
        symbol = module.session.symbol(f"{where}{EACH}", TEXT, where)
        return array([symbolic(Rest(_NO_VALUE, where, (symbol,)), at)], at)
    pieces = (module.session.symbol(where, _KINDS[name]),) if is_open and name in _KINDS else ()
    return symbolic(Unknown(_NO_VALUE, where, pieces), at)


_KEY = pattern(r"(?:\[|\blookup\([^,\n]*,)\s*var\.(\w+)\s*[\],)]")
"""A variable that selects the entry of a table."""


def keys_of_tables(texts: Iterable[str]) -> frozenset[str]:
    """Return the variables that select entries of tables: each key of a table is a value that the files list."""
    return frozenset(name for text in texts for name in found_in(_KEY, text))


def lists_other_values(block: Block, keys: Collection[str]) -> bool:
    """True for a variable of which the files list several values: a validation, or a table by its keys."""
    return len(_allowed(block)) > 1 or block.labels[0] in keys


def has_text_as_default(block: Block) -> bool:
    """True for a variable whose default is a text, but not an empty one, which stands for no value."""
    default = block.body.arguments.get("default")
    value = default.expression.value if default and isinstance(default.expression, Literal) else None
    return isinstance(value, str) and value != ""


def without_default(block: Block) -> Block:
    """Return a variable as if it had no default."""
    left = {name: one for name, one in block.body.arguments.items() if name != "default"}
    return block._replace(body=block.body._replace(arguments=left))


def _allowed(block: Block) -> tuple[str, ...]:
    """Return the texts that a validation of a variable lists."""
    conditions = (one.body.arguments.get("condition") for one in block.body.blocks("validation"))
    listed = (_listed(one.expression, block.labels[0]) for one in conditions if one is not None)
    return next((texts for texts in listed if texts), ())


def _restricted(value: Node, block: Block) -> Node:
    """Restrict a symbol to the texts that a validation lists: `contains(["dev", "prod"], var.env)`.

    https://developer.hashicorp.com/terraform/language/expressions/custom-conditions#input-variable-validation
    """
    why = why_unknown(value)
    symbol = why.only_symbol if why is not None else None
    allowed = _allowed(block)
    if why is None or symbol is None or not allowed:
        return value
    return symbolic(why._replace(pieces=(symbol._replace(kind=TEXT, allowed=allowed),)), span_of(value))


def _listed(condition: Expression, name: str) -> tuple[str, ...]:
    """Return the texts that a condition restricts a variable to; empty for other conditions."""
    if not isinstance(condition, Call) or condition.name != "contains" or len(condition.arguments) != 2:
        return ()
    texts, variable = condition.arguments
    if not isinstance(texts, ListOf) or written(variable.at) != f"var.{name}":
        return ()
    values = [one.value for one in texts.items if isinstance(one, Literal)]
    known = tuple(one for one in values if isinstance(one, str))
    return known if len(known) == len(texts.items) else ()


def is_sensitive(block: Block, scope: Scope) -> bool:
    """True for a variable or output that is sensitive or ephemeral."""
    marks = (block.body.arguments.get(name) for name in ("sensitive", "ephemeral"))
    return any(one is not None and truth(evaluate(one.expression, scope)) is True for one in marks)


def hide_sensitive(module: Called) -> None:
    """Redact the sensitive values of a module's files, including unused ones, because a diff may show them."""
    for name, block in module.files.variables.items():
        if is_sensitive(block, module.scope):
            module.variable(name, block.header)
            for one in (block.body.arguments.get("default"), module.files.values.get(name)):
                if one is not None:
                    module.secrets.protect(
                        evaluate(one.expression, module.scope), module.named(f"var.{name}")
                    )


def _given(name: str, block: Block, module: Called) -> Node | None:
    """Return the value with the highest precedence."""
    if module.given is not None:
        make = module.given.get(name)
        return make() if make is not None else _default(block, module)
    on_line = module.session.variables.get(name)
    if on_line is not None:
        return _read(on_line, block, module)
    argument = module.files.values.get(name)
    return (
        evaluate(argument.expression, Scope(module, {})) if argument is not None else _default(block, module)
    )


def _default(block: Block, module: Called) -> Node | None:
    argument = block.body.arguments.get("default")
    return evaluate(argument.expression, module.scope) if argument is not None else None


def _read(value: str, block: Block, module: Called) -> Node:
    """Parse a command-line value; it is an expression unless the type is simple."""
    argument = block.body.arguments.get("type")
    kind = written(argument.expression.at).strip('"') if argument is not None else ""
    if kind in _SIMPLE:
        return known(value, block.header)
    source, offset = block.header.source, block.header.start
    return evaluate(read_inner(source, value, [offset] * (len(value) + 1)), module.scope)
