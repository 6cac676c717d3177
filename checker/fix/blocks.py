"""Edits of aws_iam_policy_document: statements are blocks, and what is in them arguments and blocks.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.block_place import at_end, below_header, lines_of, taken_out
from checker.fix.block_statement import ELSEWHERE, StatementBlock
from checker.fix.block_text import statement_text
from checker.fix.edits import CannotEditError
from checker.fix.hcl_flow import HclFlow
from checker.fix.layers import text_edit
from checker.fix.style import end_of_line, indent_at
from checker.policy.node import Array, Node, Object, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.edits import TextEdit
    from checker.fix.flow import Originals
    from checker.inputs.hcl.body import Block

_HEADER = 'data "aws_iam_policy_document"'


def is_blocks(root: Node) -> bool:
    """True for the policy of a data source."""
    return root.source.outer is None and root.source.text.startswith(_HEADER, root.start)


class Blocks:
    """The edits of one data source."""

    def __init__(self, root: Node, originals: Originals) -> None:
        from checker.inputs.hcl.parse import parse  # the parser is slow to import

        self.root = root
        self.flow = HclFlow(originals)
        self.source = root.source
        documents = [one for one in parse(self.source).written if one.header.start == root.start]
        if not documents:
            raise CannotEditError(ELSEWHERE)
        self.document = documents[0]
        self.blocks = {one.at.start: one for one in self.document.body.blocks("statement")}

    def edits(self, new: Node) -> Iterator[TextEdit]:
        """The edits after which the data source renders ``new``. Raises CannotEditError."""
        if not isinstance(new, Object) or not isinstance(self.root, Object):
            raise CannotEditError(ELSEWHERE)
        if new.get("Version") is not self.root.get("Version"):
            yield below_header(self.document, 'version = "2012-10-17"')
        statements = _statements(new)
        kept = {one.start: one for one in statements if one.end > one.start}
        for old in _statements(self.root):
            twin = kept.get(old.start)
            if twin is None:
                yield taken_out(self.block(old).at)
            elif twin is not old:
                yield from StatementBlock(self.flow, self.block(old), old, twin).edits()
        added = [one for one in statements if one.end <= one.start]
        if added:
            yield self.added(added)

    def block(self, statement: Node) -> Block:
        """The block that a statement is written as."""
        found = self.blocks.get(statement.start) if statement.source is self.source else None
        if found is None or found.at.end != statement.end:
            raise CannotEditError(ELSEWHERE)
        return found

    def added(self, statements: list[Node]) -> TextEdit:
        """Add statement blocks after the last, or else at the end of the data source."""
        last = max(self.blocks.values(), key=lambda one: one.at.start, default=None)
        lines = lines_of(self.document)
        text = self.source.text
        indent = (
            indent_at(text, last.at.start)
            if last
            else f"{indent_at(text, self.document.at.start)}{lines.unit}"
        )
        gap = lines.newline * (2 if last or self.document.body.arguments else 1)
        chunks: list[str] = []
        for statement in statements:
            chunks += [f"{gap}{indent}", *statement_text(self.flow, statement, indent, lines)]
            gap = lines.newline * 2
        if last is None:
            return at_end(self.document, chunks)
        at = end_of_line(text, last.at.end)
        return text_edit(self.source, at, at, chunks)


def _statements(root: Object) -> tuple[Node, ...]:
    found = root.get("Statement")
    return items(found) if isinstance(found, Array) else ()
