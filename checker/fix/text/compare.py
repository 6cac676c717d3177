"""What to change in a text so that it says what a changed tree says: the two trees side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.policy.node import Array, Member, Node, Object, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator


class Replaced(NamedTuple):
    """A value gives way to another. ``parent`` is what it stands in, ``None`` for a whole document."""

    parent: Object | Array | None
    at: int
    old: Node
    new: Node


class Rekeyed(NamedTuple):
    """A member gets another key, and maybe another value."""

    parent: Object
    at: int
    new: Member
    same_value: bool


class Dropped(NamedTuple):
    """Members or items from ``first`` to ``last`` go."""

    parent: Object | Array
    first: int
    last: int


class Added(NamedTuple):
    """Members or items come at the end."""

    parent: Object | Array
    new: tuple[Member, ...] | tuple[Node, ...]


class Wrapped(NamedTuple):
    """A value becomes the first item of a list, and others come after it; what changes in it is told apart."""

    parent: Object | Array | None
    at: int
    old: Object
    new: tuple[Node, ...]


Change = Replaced | Rekeyed | Dropped | Added | Wrapped


def compare(old: Node, new: Node, parent: Object | Array | None = None, index: int = 0) -> Iterator[Change]:
    """Name the changes that lead from one tree to the other, which was made of it; the fewest and smallest."""
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
    """A list made anew, with the items of the old one in the place of those that say the same."""
    left = list(old.items)
    found = []
    for item in new.items:
        twin = next((one for one in left if meaning(one) == meaning(item)), item)
        if twin is not item:
            left.remove(twin)
        found.append(twin)
    return new._replace(items=tuple(found))


def _is_aligned(old: Array, new: Array) -> bool:
    """True if changes of single items lead from one list to the other: what stays is in the same order."""
    kept = {id(one) for one in new.items}
    come = [one for one in new.items if all(one is not other for other in old.items)]
    after = [one if id(one) in kept else come.pop(0) if come else None for one in old.items]
    return [one for one in (*after, *come) if one is not None] == list(new.items)


def _is_made_of(new: Node, old: Node) -> bool:
    """True for a node that was changed; one that was made anew ends where it begins."""
    return (new.source, new.start, new.end) == (old.source, old.start, old.end) and new.end > new.start


def _members(old: Object, new: Object) -> Iterator[Change]:
    kept = {member.key for member in new.members}
    before = {member.key for member in old.members}
    gone = [index for index, member in enumerate(old.members) if member.key not in kept]
    come = [member for member in new.members if member.key not in before]
    values = {member.key: member.value for member in new.members}
    for index, member in enumerate(old.members):
        if member.key in values:
            yield from compare(member.value, values[member.key], old, index)
    for index, member in zip(gone, come, strict=False):
        before_it = old.members[index].value
        same = before_it is member.value or _is_made_of(member.value, before_it)
        yield Rekeyed(old, index, member, same)
        if same:
            yield from compare(before_it, member.value, old, index)
    yield from _runs(old, gone[len(come) :])
    if come[len(gone) :]:
        yield Added(old, tuple(come[len(gone) :]))


def _items(old: Array, new: Array) -> Iterator[Change]:
    spans = {(one.source, one.start, one.end): one for one in new.items if one.end > one.start}
    gone = []
    for index, item in enumerate(old.items):
        twin = spans.get((item.source, item.start, item.end))
        if twin is None:
            gone.append(index)
        else:
            yield from compare(item, twin, old, index)
    known = {(one.source, one.start, one.end) for one in old.items}
    come = [one for one in new.items if (one.source, one.start, one.end) not in known]
    for index, item in zip(gone, come, strict=False):
        yield Replaced(old, index, old.items[index], item)
    yield from _runs(old, gone[len(come) :])
    if come[len(gone) :]:
        yield Added(old, tuple(come[len(gone) :]))


def _runs(parent: Object | Array, indices: list[int]) -> Iterator[Dropped]:
    """Put neighbours together, which go as one."""
    first = 0
    for number, index in enumerate(indices):
        if number + 1 == len(indices) or indices[number + 1] != index + 1:
            yield Dropped(parent, indices[first], index)
            first = number + 1
