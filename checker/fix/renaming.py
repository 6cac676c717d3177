"""Replace texts in a policy with the names that its own module has for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import AccountOf
from checker.core.pattern import pattern
from checker.core.unknown import ACCOUNT_IN_ARN, Part
from checker.iam.prove.source_keys import SOURCE_KEYS
from checker.policy.node import Array, Node, Object, Scalar, children

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

_MODULES = pattern(r"^(module\.[^.\[]+(\[[^\]]*\])?\.)+")
_INSTANCE_KEYS = pattern(r"\[[^\]]*\]")
_KEY = pattern(r'\[("[^"]*"|\d+)\]')


def each_name(name: str) -> str:
    """Return a resource's name inside a block with `for_each` or `count`, where each instance has a key."""
    return _KEY.sub(lambda key: "[each.key]" if key[1].startswith('"') else "[count.index]", name)


def local_name(symbol: str) -> str:
    """Return a resource's name, or a part of its attribute, inside the module that declares it."""
    found = Part.read(symbol)
    return found[0].written(local_name(found[1])) if found else _MODULES.sub("", symbol)


def module_of(symbol: str) -> str:
    """Return the module in the name of a resource, without instance keys; empty for the root."""
    found = _MODULES.match(symbol)
    return _INSTANCE_KEYS.sub("", found[0]).removesuffix(".") if found else ""


def texts_of(node: Node) -> Iterator[str]:
    """Yield all texts of a value, including nested values."""
    for child in children(node):
        yield from texts_of(child)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        yield node.value


def new_texts_of(node: Node) -> Iterator[str]:
    """Yield the texts of a changed value that no file has yet."""
    for child in children(node):
        yield from new_texts_of(child)
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.start == node.end:
        yield node.value


def renamed(node: Node, names: Mapping[str, str], *, fresh_only: bool = False) -> Node:
    """Replace texts with names. ``fresh_only`` limits this to new texts. Unchanged nodes keep their identity."""
    if isinstance(node, Array):
        items = tuple(renamed(item, names, fresh_only=fresh_only) for item in node.items)
        return node if _are_same(items, node.items) else node._replace(items=items)
    if isinstance(node, Object):
        values = [renamed(m.value, names, fresh_only=fresh_only) for m in node.members]
        if _are_same(values, children(node)):
            return node
        members = (m._replace(value=value) for m, value in zip(node.members, values, strict=True))
        return node._replace(members=tuple(members))
    name = names.get(_known_as(node.value)) if isinstance(node.value, str) else None
    return node if name is None or (fresh_only and node.start < node.end) else node._replace(value=name)


def _known_as(text: str) -> str:
    """Return the name of a text in a renaming: that of the account of an instance is a part of its ARN."""
    return ACCOUNT_IN_ARN.written(text.arn) if isinstance(text, AccountOf) else text


def _are_same(some: Sequence[Node], others: Sequence[Node]) -> bool:
    return all(node is other for node, other in zip(some, others, strict=True))


def with_variables(
    node: Node, names: Mapping[str, Node], keys: Collection[str] = SOURCE_KEYS, *, inside: bool = False
) -> Node:
    """Replace the literal values of conditions on ``keys`` with variables. Keep all other values."""
    if isinstance(node, Array):
        return node._replace(
            items=tuple(with_variables(item, names, keys, inside=inside) for item in node.items)
        )
    if isinstance(node, Object):
        members = (
            m._replace(value=with_variables(m.value, names, keys, inside=inside or m.key.lower() in keys))
            for m in node.members
        )
        return node._replace(members=tuple(members))
    return names.get(node.value, node) if inside and isinstance(node.value, str) else node
