"""Compare a policy tree with a changed copy, and list the changes to make in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.policy.node import Array, Member, Node, Object, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator


class Replaced(NamedTuple):
    """A value is replaced by another. ``parent`` is its container, ``None`` for a whole document."""

    parent: Object | Array | None
    at: int
    old: Node
    new: Node


class Rekeyed(NamedTuple):
    """A member gets another key, and possibly another value."""

    parent: Object
    at: int
    new: Member
    same_value: bool


class Dropped(NamedTuple):
    """Members or items from ``first`` to ``last`` are removed."""

    parent: Object | Array
    first: int
    last: int


class Added(NamedTuple):
    """Members or items are added at the end."""

    parent: Object | Array
    new: tuple[Member, ...] | tuple[Node, ...]


class Wrapped(NamedTuple):
    """A value becomes the first item of a list, followed by others. Changes inside it are listed separately."""

    parent: Object | Array | None
    at: int
    old: Object
    new: tuple[Node, ...]


Change = Replaced | Rekeyed | Dropped | Added | Wrapped


def compare(old: Node, new: Node, parent: Object | Array | None = None, index: int = 0) -> Iterator[Change]:
    """Yield a minimal list of changes from one tree to a copy that was derived from it."""
    if old is new:
        return
    if isinstance(old, Object) and isinstance(new, Object) and _is_made_of(new, old):
        yield from _members(old, new)
    elif isinstance(old, Array) and isinstance(new, Array) and _is_made_of(new, old):
        yield from _items(old, new)
    elif (
        isinstance(old, Array) and isinstance(new, Array) and _is_aligned(old, aligned := _aligned(old, new))
    ):
        yield from _items(old, aligned)
    elif isinstance(old, Object) and isinstance(new, Array) and _is_first(old, new):
        yield Wrapped(parent, index, old, new.items[1:])
        yield from compare(old, new.items[0], parent, index)
    else:
        yield Replaced(parent, index, old, new)


def _is_first(old: Node, new: Array) -> bool:
    return bool(new.items) and (new.items[0] is old or _is_made_of(new.items[0], old))


def _aligned(old: Array, new: Array) -> Array:
    """Return the new list with old items in place of new items that have the same meaning."""
    left = list(old.items)
    pairs = []
    for item in new.items:
        twin = next((node for node in left if meaning(node) == meaning(item)), item)
        if twin is not item:
            left.remove(twin)
        pairs.append(twin)
    return new._replace(items=tuple(pairs))


def _is_aligned(old: Array, new: Array) -> bool:
    """Return True if changes of single items are enough: the kept items are in the same order."""
    kept = {id(item) for item in new.items}
    added = [item for item in new.items if all(item is not other for other in old.items)]
    after = [item if id(item) in kept else added.pop(0) if added else None for item in old.items]
    return [node for node in (*after, *added) if node is not None] == list(new.items)


def _is_made_of(new: Node, old: Node) -> bool:
    """Return True for a changed copy of a node. A newly created node has no extent in the text."""
    return (new.source, new.start, new.end) == (old.source, old.start, old.end) and new.end > new.start


def _members(old: Object, new: Object) -> Iterator[Change]:
    kept = {member.key for member in new.members}
    before = {member.key for member in old.members}
    gone = [index for index, member in enumerate(old.members) if member.key not in kept]
    added = [member for member in new.members if member.key not in before]
    values = {member.key: member.value for member in new.members}
    for index, member in enumerate(old.members):
        if member.key in values:
            yield from compare(member.value, values[member.key], old, index)
    for index, member in zip(gone, added, strict=False):
        before_it = old.members[index].value
        same = before_it is member.value or _is_made_of(member.value, before_it)
        yield Rekeyed(old, index, member, same)
        if same:
            yield from compare(before_it, member.value, old, index)
    yield from _runs(old, gone[len(added) :])
    if added[len(gone) :]:
        yield Added(old, tuple(added[len(gone) :]))


def _items(old: Array, new: Array) -> Iterator[Change]:
    spans = {(node.source, node.start, node.end): node for node in new.items if node.end > node.start}
    gone = []
    for index, item in enumerate(old.items):
        twin = spans.get((item.source, item.start, item.end))
        if twin is None:
            gone.append(index)
        else:
            yield from compare(item, twin, old, index)
    known = {(node.source, node.start, node.end) for node in old.items}
    added = [node for node in new.items if (node.source, node.start, node.end) not in known]
    for index, item in zip(gone, added, strict=False):
        yield Replaced(old, index, old.items[index], item)
    yield from _runs(old, gone[len(added) :])
    if added[len(gone) :]:
        yield Added(old, tuple(added[len(gone) :]))


def _runs(parent: Object | Array, indices: list[int]) -> Iterator[Dropped]:
    """Merge adjacent removed items into one change."""
    first = 0
    for number, index in enumerate(indices):
        if number + 1 == len(indices) or indices[number + 1] != index + 1:
            yield Dropped(parent, indices[first], index)
            first = number + 1
