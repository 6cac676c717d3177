"""The text of a plan or state, of which a report may show the policies that are judged, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.policy.node import Node, Stretch

_HIDDEN = "(not shown)"
_LONGEST = 1024 * 1024


class ShownSource(Source):
    """A file whose lines are blank but for the stretches that were shown on purpose.

    Terraform writes all of a plan in one line, with whatever secrets it holds.
    """

    __slots__ = ("shown",)

    def __init__(
        self, name: str, text: str, outer: Source | None = None, offsets: Sequence[int] | None = None
    ) -> None:
        super().__init__(name, text, outer, offsets)
        self.shown: list[tuple[int, int]] = []

    def show(self, node: Node | Stretch) -> None:
        """Let reports quote a node of this file, or of a part of it."""
        self.shown.append((file_offset(node.source, node.start), file_offset(node.source, node.end)))

    def line(self, number: int) -> str:
        """Give a line with what is shown of it; one that is very long, or not shown at all, is only named."""
        start = self.line_start(number)
        end = self.text.find("\n", start)
        end = len(self.text) if end < 0 else end
        spans = [(max(a, start), min(b, end)) for a, b in self.shown if a < end and b > start]
        if not spans or end - start > _LONGEST:
            return _HIDDEN
        pieces, at = [], start
        for begin, stop in sorted(spans):
            pieces += [" " * (begin - at), self.text[max(begin, at) : stop]]
            at = max(at, stop)
        return "".join(pieces)


def file_offset(source: Source, offset: int) -> int:
    """Turn an offset of a text inside others into one of the file."""
    inner: Source | None = source
    while inner is not None and inner.offsets is not None:
        offset, inner = inner.offsets[offset], inner.outer
    return offset
