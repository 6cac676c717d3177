"""A part of a plan or state that is read with positions, and the JSON pointers of what stands in it. RFC 6901"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.node import Array, Object
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Text
    from checker.policy.node import Node


class PartSource(Source):
    """The values of one resource, cut out of the file; ``pointer`` is theirs, ``root`` what they were read into."""

    __slots__ = ("pointer", "root")

    def __init__(self, outer: Source, start: int, end: int, pointer: str) -> None:
        super().__init__(outer.name, outer.text[start:end], outer, range(start, end + 1))
        self.pointer = pointer
        self.root: Node | None = None


def pointer_of(text: Text) -> str | None:
    """The pointer of the string that a policy is kept in, or of the values that it was put together from.

    ``text`` is that of a location; ``None`` for one that is in no plan or state.
    """
    at: int | None = None
    source = text if isinstance(text, Source) else None
    while source is not None and not isinstance(source, PartSource):
        at, source = (source.offsets[0] if source.offsets else None), source.outer
    if source is None:
        return None
    steps = _steps(source.root, at) if at is not None and source.root is not None else ()
    return "".join((source.pointer, *(f"/{step}" for step in steps)))


def _steps(node: Node, at: int) -> Iterator[str]:
    """The way to the value that an offset is in."""
    if isinstance(node, Object):
        for member in node.members:
            if member.value.start <= at < member.value.end:
                yield member.key.replace("~", "~0").replace("/", "~1")
                yield from _steps(member.value, at)
    elif isinstance(node, Array):
        for index, one in enumerate(node.items):
            if one.start <= at < one.end:
                yield str(index)
                yield from _steps(one, at)
