"""A part of a plan or state that is read with positions, and the JSON pointers of what stands in it. RFC 6901"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.node import Array, Object
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.node import Node


class PartSource(Source):
    """The values of one resource, cut out of the file; ``pointer`` is theirs, ``root`` what they were read into."""

    __slots__ = ("pointer", "root")

    def __init__(self, outer: Source, start: int, end: int, pointer: str) -> None:
        super().__init__(outer.name, outer.text[start:end], outer, range(start, end + 1))
        self.pointer = pointer
        self.root: Node | None = None

    def pointer_at(self, offset: int) -> str | None:
        """Point to the value that an offset is in; what is inside a string is the string's."""
        steps = _steps(self.root, offset) if self.root is not None else ()
        return "".join((self.pointer, *(f"/{step}" for step in steps)))


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
