"""Edits of the lists of a statement block, item by item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.block_place import taken_out
from checker.fix.compare import compare
from checker.fix.edits import CannotEditError
from checker.policy.node import Array, Node, Scalar, items, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.fix.edits import TextEdit
    from checker.fix.hcl_flow import HclFlow
    from checker.inputs.hcl.body import Argument, Block
    from checker.policy.node import Stretch

_WORKED_OUT = "the list is written elsewhere, or worked out by an expression"
_SHARED = "several blocks share the values"


def list_edits(flow: HclFlow, argument: Argument, old: Node, new: Node) -> Iterator[TextEdit]:
    """The edits of a list in brackets. Raises CannotEditError for another, which others may count on."""
    at = argument.expression.at
    if not at.source.text.startswith("[", at.start):
        raise CannotEditError(_WORKED_OUT)
    before = Array(items(old), at.source, at.start, at.end)
    after = Array(items(new), at.source, at.start, at.end)
    for change in compare(before, after):
        yield from flow.edits(change)


def shared_edits(
    flow: HclFlow, blocks: Sequence[Block], name: str, old: Node, new: Node
) -> Iterator[TextEdit]:
    """The edits of the lists of blocks whose values are put together."""
    if len(blocks) == 1:
        argument = _argument(blocks[0], name)
        yield from list_edits(flow, argument, old, new)
        return
    wanted = [meaning(one) for one in items(new)]
    if any(one not in map(meaning, items(old)) for one in wanted):
        raise CannotEditError(_SHARED)
    for block in blocks:
        argument = _argument(block, name)
        own = [one for one in items(old) if _is_in(one, argument.expression.at)]
        kept = [one for one in own if meaning(one) in wanted]
        if own and not kept:
            yield taken_out(block.at)
        elif len(kept) < len(own):
            yield from list_edits(flow, argument, _array(own), _array(kept))


def _argument(block: Block, name: str) -> Argument:
    found = block.body.arguments.get(name)
    if found is None:
        raise CannotEditError(_WORKED_OUT)
    return found


def _is_in(node: Node, at: Stretch) -> bool:
    return isinstance(node, Scalar) and node.source is at.source and at.start <= node.start < at.end


def _array(inside: list[Node]) -> Array:
    return Array(tuple(inside), inside[0].source, inside[0].start, inside[-1].end)
