"""The block `statement` of a policy document as a statement of IAM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.terraform.marks import has_marks
from checker.inputs.terraform.modules import mapping
from checker.policy.node import Array, Member, Node, Object, Scalar, items, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.terraform.arguments import Arguments, Path

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
    """Read the blocks `principals`: a type and its identifiers each. Type `*` means everybody."""
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
    """Read the blocks `condition`: a test, a variable and its values each."""
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
    """Make a member of a value, if there is one; its key stands nowhere, so it is placed at the value."""
    return (Member(key, node, node.start, node.end),) if node is not None else ()


def _is_open(given: Arguments, node: Node, path: Path, keys: tuple[str, ...]) -> bool:
    """True where not even the keys of the blocks are known."""
    inside = (has_marks(given.resource.unknown, *path, i, key) for i, _ in _blocks(node) for key in keys)
    return given.resource.lacks(*path) or any(inside)


def _blocks(node: Node) -> list[tuple[int, Object]]:
    listed = node.items if isinstance(node, Array) else ()
    return [(index, one) for index, one in enumerate(listed) if isinstance(one, Object)]


def _written(written: object, block: Object, keys: tuple[str, ...]) -> Mapping[str, object]:
    """What is written for a block. Blocks are a set and come in any order: the one with the same keys is meant."""
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
    """Make an object of pairs; the values of one key are joined."""
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
