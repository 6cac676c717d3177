"""Applies the operations of a fix to the nodes of a document, independent of its text."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

from checker.core.finding import Put, Reference, Remove, Rename, ValueElsewhere
from checker.core.unknown import Unknown
from checker.policy.model import EVERYONE, Condition, Patterns, Principal, Principals, Statement
from checker.policy.node import Array, Member, Node, Number, Object, Scalar, items
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.core.finding import Operation, Route
    from checker.policy.text_json import Plain

    Change = Callable[[Node | None], Node | None]
    from checker.policy.model import Policy


class ReferenceText(str):
    """The text of a reference, as the value of a node; written as a reference, not as a string."""

    __slots__ = ()


class NoPlaceError(LookupError):
    """The document has no place for an operation."""


def changed(root: Node, operations: Iterable[Operation]) -> Node:
    """Apply operations in order, each to the result of the one before. Raises NoPlaceError."""
    node = root
    for operation in operations:
        result = _applied(node, operation, root)
        if result is None:
            raise NoPlaceError("the document would be empty")
        node = result
    return node


def _applied(node: Node, operation: Operation, original: Node) -> Node | None:
    if isinstance(operation, Rename):
        return _rewritten(node, operation.route[:-1], lambda current: _renamed(current, operation))
    if isinstance(operation, Remove):
        return _rewritten(node, operation.route, _removed)
    value = node_of(operation.value, original)
    if isinstance(operation, Put):
        return _rewritten(node, operation.route, lambda current: _in_its_style(current, value))
    return _rewritten(node, operation.route, lambda current: _appended(current, value))


def fresh(value: Plain) -> Node:
    """Make a node of a new value that is not part of a document."""
    return node_of(value, Scalar("", Source("", ""), 0, 0))


def node_of(value: Plain, original: Node) -> Node:
    """Make a node of a new value; ``ValueElsewhere`` is replaced by the node of ``original`` that it points to."""
    if isinstance(value, ValueElsewhere):
        return at(original, value.route)
    source, start = original.source, original.start
    if isinstance(value, Reference):
        return Scalar(ReferenceText(value.text), source, start, start)
    if value is None or isinstance(value, str | bool | Number):
        return Scalar(value, source, start, start)
    if isinstance(value, Mapping):
        members = (Member(key, node_of(item, original), start, start) for key, item in value.items())
        return Object(tuple(members), source, start, start)
    return Array(tuple(node_of(item, original) for item in value), source, start, start)


def at(root: Node, route: Route) -> Node:
    """Return the node that a route leads to; a scalar counts as a list of one. Raises NoPlaceError."""
    node: Node | None = root
    for step in route:
        if isinstance(step, int):
            inside = items(node) if node is not None else ()
            node = inside[step] if step < len(inside) else None
        else:
            node = node.get(step) if isinstance(node, Object) else None
    if node is None:
        raise NoPlaceError(route)
    return node


def _removed(current: Node | None) -> None:
    if current is None:
        raise NoPlaceError("the value to remove does not exist")


def _renamed(current: Node | None, operation: Rename) -> Node:
    key = operation.route[-1]
    if not isinstance(current, Object) or current.get(str(key)) is None:
        raise NoPlaceError(operation.route)
    twin = current.get(operation.key)
    if twin is not None and not (isinstance(twin, Object) and not twin.members):
        raise NoPlaceError(f"`{operation.key}` already exists")
    members = (
        member._replace(key=operation.key) if member.key == key else member
        for member in current.members
        if member.key != operation.key or member.value is not twin
    )
    return current._replace(members=tuple(members))


def _in_its_style(current: Node | None, value: Node) -> Node:
    """Keep a list a list, because other uses of the value may depend on it."""
    if isinstance(current, Array) and isinstance(value, Scalar):
        return Array((value,), value.source, value.start, value.start)
    return value


def _appended(current: Node | None, value: Node) -> Node:
    if current is None:
        return value
    if isinstance(current, Array):
        return current._replace(items=(*current.items, value))
    return Array((current, value), current.source, current.start, current.start)


def _rewritten(node: Node | None, route: Route, change: Change) -> Node | None:
    """Change the node that a route leads to; create missing objects on the way, and remove empty ones."""
    if not route:
        return change(node)
    step, rest = route[0], route[1:]
    if isinstance(step, int):
        return _item_rewritten(node, step, rest, change)
    if node is not None and not isinstance(node, Object):
        raise NoPlaceError(route)
    old = node.get(step) if node is not None else None
    new = _rewritten(old, rest, change)
    if node is None:
        return None if new is None else Object((Member(step, new, new.start, new.start),), new.source, 0, 0)
    return _with_member(node, step, old, new)


def _with_member(node: Object, key: str, old: Node | None, new: Node | None) -> Object | None:
    if old is None:
        added = () if new is None else (Member(key, new, node.start, node.start),)
        return node._replace(members=(*node.members, *added))
    members = []
    for member in node.members:
        if member.key != key or member.value is not old:
            members.append(member)
        elif new is not None:
            members.append(member._replace(value=new))
    return node._replace(members=tuple(members)) if members else None


def _item_rewritten(node: Node | None, index: int, rest: Route, change: Change) -> Node | None:
    inside = items(node) if node is not None else ()
    if index >= len(inside):
        raise NoPlaceError(index)
    new = _rewritten(inside[index], rest, change)
    if not isinstance(node, Array):
        return new
    kept = (*inside[:index], *(() if new is None else (new,)), *inside[index + 1 :])
    return node._replace(items=kept) if kept else None


Content = Hashable
"""Equal for two statements only if they apply to the same requests, with the same effect."""


def contents(policy: Policy) -> dict[Content, Statement | Unknown]:
    """Map the statements of a policy by their content."""
    version = _content(policy.has_variables)
    return {
        (version if _has_variables(statement) else None, _content(statement)): statement
        for statement in policy.statements
    }


def _has_variables(statement: Statement | Unknown) -> bool:
    """True if the statement has policy variables, so that its meaning depends on Version."""
    return "${" in repr(statement)


def _content(part: object) -> Content:
    """Return a hashable value; two unknown values are equal if they have the same name or are one object."""
    if isinstance(part, Unknown):
        return (Unknown, part if part.where else id(part))
    if isinstance(part, Statement):
        elements = (part.effect, part.principals, _folded(part.actions), part.resources)
        return (*map(_content, elements), frozenset(map(_content, part.conditions)))
    if isinstance(part, Principals):
        return (part.negated, frozenset(map(_content, part.entries)), _content(part.unknown))
    if isinstance(part, Principal):
        return EVERYONE if part.is_everyone else (part.type, _content(part.value))
    if isinstance(part, Patterns):
        return (part.negated, frozenset(map(_content, part.values)))
    if isinstance(part, Condition):
        return (part.operator, part.folded_key, frozenset(map(_content, part.values)))
    return part


def _folded(actions: Patterns | Unknown) -> Patterns | Unknown:
    """Return actions in lower case; AWS ignores their letter case."""
    if isinstance(actions, Unknown):
        return actions
    return actions._replace(
        values=tuple(value.lower() if isinstance(value, str) else value for value in actions.values)
    )
