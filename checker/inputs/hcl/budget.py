"""How much may be worked out, so that no file keeps a run busy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.node import Scalar, children

if TYPE_CHECKING:
    from checker.policy.node import Node

TOO_MUCH = "too much to work out"

MAX_STEPS = 150_000
"""About half a second; a module of fifty resources takes some five thousand."""

MAX_NESTING = 60
"""References that lead to references, and expressions in expressions; each takes some stack."""

MAX_TEXT = 512 * 1024
MAX_ITEMS = 1024
MAX_SIZE = 20_000
"""Values in a value; a policy of the size that AWS takes has some two thousand."""

_LOOKED_AT = 8


class Budget:
    """Steps that are left, and how deep the one that is taken is."""

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.left = steps
        self.depth = 0
        self.marks = 0
        self._sizes: dict[int, tuple[Node, int]] = {}  # keeps the nodes, so that no number is used again

    def size(self, node: Node) -> int:
        """Count the values in a value; one that stands in many places counts in each."""
        if isinstance(node, Scalar):
            return 1
        known = self._sizes.get(id(node))
        if known is None:
            known = self._sizes[id(node)] = (node, 1 + sum(map(self.size, children(node))))
        return known[1]

    def spend_looks(self, *nodes: Node) -> bool:
        """Take the steps that it takes to look through values."""
        return self.spend(1 + sum(map(self.size, nodes)) // _LOOKED_AT)

    def new_mark(self) -> int:
        """Give a number that no other mark has."""
        self.marks += 1
        return self.marks

    def spend(self, steps: int = 1) -> bool:
        """Take steps; false when there are none left."""
        self.left -= steps
        return self.left > 0

    def spend_text(self, length: int) -> bool:
        """The same for a text of this length."""
        return length <= MAX_TEXT and self.spend(1 + length // 64)

    def spend_items(self, count: int) -> bool:
        """The same for a list of so many items."""
        return self.spend(1 + count)
