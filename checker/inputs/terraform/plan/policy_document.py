"""Renders `data.aws_iam_policy_document` from a plan, as the provider does; unknown parts stay unknown.

A document that depends on unknown values is read during apply. The plan contains its arguments, each value
known or not.
https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.inputs.terraform.merge_statements import merged_by_sid
from checker.inputs.terraform.plan.configuration import mapping
from checker.inputs.terraform.plan.masking import masked, parse_sensitive
from checker.inputs.terraform.plan.plan_index import has_marks
from checker.inputs.terraform.plan.resource import AFTER_APPLY
from checker.inputs.text import parse_embedded
from checker.policy.node import Array, Member, Node, Object, Scalar, items, text_of
from checker.policy.vocabulary import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from checker.inputs.terraform.plan.resource import Resource


_LISTS = (
    ("Action", "actions"),
    ("NotAction", "not_actions"),
    ("Resource", "resources"),
    ("NotResource", "not_resources"),
)


def statement(given: Arguments, node: Object, path: Path, written: Mapping[str, object]) -> Object:
    """Read one block; ``written`` are the expressions of its arguments."""

    def leaf(name: str) -> Node | None:
        return given.leaf(node.get(name), (*path, name), written.get(name), node)

    members = (
        *member("Sid", leaf("sid")),
        *member("Effect", leaf("effect") or Scalar("Allow", node.source, node.start, node.start)),
        *member("Principal", _principals(given, node, (*path, "principals"), written.get("principals"))),
        *member(
            "NotPrincipal", _principals(given, node, (*path, "not_principals"), written.get("not_principals"))
        ),
        *(one for element, name in _LISTS for one in member(element, leaf(name))),
        *member("Condition", _conditions(given, node, (*path, "condition"), written.get("condition"))),
    )
    return Object(members, node.source, node.start, node.end)


def _principals(given: Arguments, node: Object, path: Path, written: object) -> Node | None:
    """Read the `principals` blocks, each a type with its identifiers. Type `*` means everyone."""
    around = node.get(str(path[-1])) or node
    if _is_open(given, around, path, ("type",)):
        return given.unknown(node, written)
    lists = []
    for index, block in _blocks(around):
        kind = text_of(block.get("type")) or ""
        same = _written(written, block, ("type",)).get("identifiers")
        names = given.leaf(block.get("identifiers"), (*path, index, "identifiers"), same, block)
        lists.append((kind, names or _nothing(block)))
    if [kind for kind, _ in lists] == ["*"]:
        everybody = lists[0][1]
        return everybody.items[0] if isinstance(everybody, Array) and everybody.items else everybody
    return given.shielded(_grouped(lists, around), path) if lists else None


def _conditions(given: Arguments, node: Object, path: Path, written: object) -> Node | None:
    """Read the `condition` blocks, each a test and a variable with its values."""
    around = node.get("condition") or node
    if _is_open(given, around, path, ("test", "variable")):
        return given.unknown(node, written)
    tests: dict[str, list[tuple[str, Node]]] = {}
    for index, block in _blocks(around):
        same = _written(written, block, ("test", "variable")).get("values")
        values = given.leaf(block.get("values"), (*path, index, "values"), same, block)
        pair = text_of(block.get("variable")) or "", values or _nothing(block)
        tests.setdefault(text_of(block.get("test")) or "", []).append(pair)
    inside: list[tuple[str, Node]] = [(test, _grouped(pairs, around)) for test, pairs in tests.items()]
    return given.shielded(_grouped(inside, around), path) if inside else None


def member(key: str, node: Node | None) -> tuple[Member, ...]:
    """Make a member for an optional value, at the position of the value."""
    return (Member(key, node, node.start, node.end),) if node is not None else ()


def _is_open(given: Arguments, node: Node, path: Path, keys: tuple[str, ...]) -> bool:
    """True if even the keys of the blocks are unknown."""
    inside = (has_marks(given.resource.unknown, *path, i, key) for i, _ in _blocks(node) for key in keys)
    return given.resource.lacks(*path) or any(inside)


def _blocks(node: Node) -> list[tuple[int, Object]]:
    listed = node.items if isinstance(node, Array) else ()
    return [(index, one) for index, one in enumerate(listed) if isinstance(one, Object)]


def _written(written: object, block: Object, keys: tuple[str, ...]) -> Mapping[str, object]:
    """Return the expressions of a block. Blocks are an unordered set, so they are matched by their keys."""
    blocks = [mapping(one) for one in written] if isinstance(written, list) else []
    same = [
        one
        for one in blocks
        if all(mapping(one.get(key)).get("constant_value") == text_of(block.get(key)) for key in keys)
    ]
    return same[0] if len(same) == 1 else blocks[0] if len(blocks) == 1 else {}


def _nothing(node: Node) -> Array:
    return Array((), node.source, node.start, node.end)


def _grouped(pairs: list[tuple[str, Node]], around: Node) -> Object:
    """Make an object from pairs; the values of one key are joined."""
    found: dict[str, list[Node]] = {}
    for key, node in pairs:
        found.setdefault(key, []).append(node)
    members = (one for key, nodes in found.items() for one in member(key, _joined(nodes)))
    return Object(tuple(members), around.source, around.start, around.end)


def _joined(nodes: list[Node]) -> Node:
    if len(nodes) == 1:
        return nodes[0]
    inside = tuple(one for node in nodes for one in items(node))
    return Array(inside, nodes[0].source, nodes[0].start, max(node.end for node in nodes))


_SOURCES = ("source_json", "source_policy_documents")
_OVERRIDES = ("override_json", "override_policy_documents")


def policy_of(given: Arguments, written: Mapping[str, object]) -> Node:
    """Render the policy of a document; an Unknown scalar if all of it is unknown.

    ``written`` are the expressions of its arguments. Raises InputError for a source that is not JSON.
    """
    resource, values = given.resource, given.resource.values
    for name in ("statement", *_OVERRIDES):  # an unknown override may replace any statement
        if is_open(resource, name):
            return given.unknown(values, written.get(name))
    statements = [*_own(given, written)]
    statements = merged_by_sid((*_inner(given, _SOURCES), *statements, *_inner(given, _OVERRIDES)))
    hidden = [name for name in _SOURCES if is_open(resource, name)]
    statements += (given.unknown(values, written.get(name)) for name in hidden)
    version = given.leaf(values.get("version"), ("version",), written.get("version"), values)
    members = (
        *member("Version", version or Scalar(VERSION, values.source, values.start, values.start)),
        *member("Id", given.leaf(values.get("policy_id"), ("policy_id",), written.get("policy_id"), values)),
        *member("Statement", Array(tuple(statements), values.source, values.start, values.end)),
    )
    return Object(members, values.source, values.start, values.end)


def is_open(resource: Resource, name: str) -> bool:
    """True for an unknown argument, or a list of documents with an unknown item."""
    return resource.lacks(name) or (name != "statement" and has_marks(resource.unknown, name))


def _own(given: Arguments, written: Mapping[str, object]) -> Iterator[Node]:
    blocks, listed = given.resource.values.get("statement"), written.get("statement")
    found = blocks.items if isinstance(blocks, Array) else ()
    fits = isinstance(listed, list) and len(listed) == len(
        found
    )  # dynamic blocks have no list of expressions
    for index, one in enumerate(found):
        if isinstance(one, Object):
            expressions = mapping(listed[index]) if fits and isinstance(listed, list) else {}
            yield statement(given, one, ("statement", index), expressions)


def _inner(given: Arguments, names: tuple[str, ...]) -> Iterator[Node]:
    """Read the statements of other documents, which the plan contains as JSON."""
    for name in names:
        node = given.resource.node(name)
        for one in items(node) if node is not None else ():
            text = text_of(one)
            if text and isinstance(one, Scalar):
                yield from _statements(given, name, one, text)


def _statements(given: Arguments, name: str, node: Scalar, text: str) -> tuple[Node, ...]:
    where = f"{given.resource.address}.{name}"
    hidden = has_marks(given.resource.sensitive, name)
    root = parse_sensitive(node, where) if hidden else parse_embedded(node, text).root
    inside = root.get("Statement") if isinstance(root, Object) else root
    return items(inside) if inside is not None else ()


Path = tuple[str | int, ...]


class Arguments(NamedTuple):
    """The arguments of a resource, and a function that names their expressions."""

    resource: Resource
    name: Callable[[object], str]

    def leaf(self, node: Node | None, path: Path, written: object, around: Node) -> Node | None:
        """Return a value or a list of values; ``None`` if unset. ``around`` is its position if it has none."""
        if self.resource.lacks(*path):
            return self.unknown(node or around, written)
        if isinstance(node, Array):
            inside = (self.leaf(one, (*path, i), written, around) for i, one in enumerate(node.items))
            known = tuple(one for one in inside if one is not None)
            return self.shielded(node._replace(items=known), path) if known else None
        if node is None or (isinstance(node, Scalar) and node.value in (None, "")):
            return None
        if isinstance(node, Scalar) and isinstance(node.value, str):
            node = node._replace(value=node.value.replace("&{", "${"))
        return self.shielded(node, path)

    def shielded(self, node: Node, path: Path) -> Node:
        """Hide sensitive values."""
        if not has_marks(self.resource.sensitive, *path):
            return node
        return masked(node, f"{self.resource.address}.{path[0]}")

    def unknown(self, node: Node, written: object) -> Scalar:
        """Make an Unknown node with the name of the unknown expression."""
        unknown = Unknown(AFTER_APPLY, self.name(written) or self.resource.address)
        return Scalar(unknown, node.source, node.start, node.end)
