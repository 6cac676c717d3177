"""Edit aws_iam_policy_document, in which a statement is a block that contains arguments and blocks.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.text.edits import CannotEditError, text_edit
from checker.fix.text.hcl_blocks import (
    ARGUMENTS,
    BLOCKS,
    argument_text,
    at_end,
    below_header,
    by_type,
    condition_text,
    conditions_of,
    lines_of,
    list_edits,
    principals_text,
    removal,
    shared_edits,
    statement_text,
    value_text,
)
from checker.fix.text.hcl_writer import HclWriter
from checker.fix.text.json_writer import end_of_line, indent_at
from checker.policy.node import Array, Node, Object, Span, items, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.text.edits import TextEdit
    from checker.fix.text.json_writer import Originals
    from checker.inputs.terraform.hcl.body import Argument, Block


ELSEWHERE = "the statement is created by a dynamic block or written in another document"
_DYNAMIC = "a dynamic block of the statement may write something else with other values; keep the block"
_TESTS = ("test", "variable")
_Names = tuple[str, ...]
_Named = dict[_Names, Node]


class StatementBlock:
    """Computes the edits of one statement block."""

    def __init__(self, writer: HclWriter, block: Block, old: Node, new: Node) -> None:
        if not isinstance(old, Object) or not isinstance(new, Object):
            raise CannotEditError(ELSEWHERE)
        self.writer = writer
        self.block = block
        self.old = old
        self.new = new
        self.source = block.at.source
        self.lines = lines_of(block)
        self.indent = indent_at(self.source.text, block.at.start) + self.lines.unit
        self.added: list[str] = []

    def edits(self) -> Iterator[TextEdit]:
        """Yield the edits that turn the block into the new statement. Raises CannotEditError."""
        for key in dict.fromkeys(member.key for member in (*self.old.members, *self.new.members)):
            old, new = self.old.get(key), self.new.get(key)
            if old is new:
                continue
            if self.has_dynamic(BLOCKS.get(key, key.lower())):
                raise CannotEditError(_DYNAMIC)
            if key in ARGUMENTS:
                yield from self.argument(key, old, new)
            elif key in BLOCKS:
                yield from self.principals(key, old, new)
            elif key == "Condition":
                yield from self.conditions(old, new)
            else:
                raise CannotEditError(f"a statement block does not support `{key}`")
        if self.added:
            yield at_end(self.block, self.added)

    def has_dynamic(self, kind: str) -> bool:
        """Return True if a dynamic block may write blocks of a kind."""
        return any(one.labels == (kind,) for one in self.block.body.blocks("dynamic"))

    def line(self, chunks: list[str]) -> None:
        """Add content on a line of its own at the end."""
        self.added += [f"{self.lines.newline}{self.indent}", *chunks]

    def argument(self, key: str, old: Node | None, new: Node | None) -> Iterator[TextEdit]:
        """Yield the edits of an argument."""
        written = self.block.body.arguments.get(ARGUMENTS[key])
        if written is None:
            if new is not None:
                self.line(argument_text(self.writer, key, new))
        elif new is None:
            at = Span(self.source, written.at.start, written.expression.at.end)
            yield removal(at)
        elif isinstance(old, Array):
            yield from list_edits(self.writer, written, old, new)
        else:
            at = written.expression.at
            yield text_edit(self.source, at.start, at.end, value_text(self.writer, key, new))

    def principals(self, key: str, old: Node | None, new: Node | None) -> Iterator[TextEdit]:
        """Yield the edits of the principal blocks, one per type."""
        before: _Named = {(kind,): names for kind, names in by_type(old).items()}
        after: _Named = {(kind,): names for kind, names in by_type(new).items()}
        added = {kind: names for kind, names in after.items() if kind not in before}
        yield from self.named_blocks(BLOCKS[key], ("type",), before, after, added)
        for (name,), names in added.items():
            self.line(principals_text(self.writer, key, name, names, self.indent, self.lines))

    def conditions(self, old: Node | None, new: Node | None) -> Iterator[TextEdit]:
        """Yield the edits of the condition blocks, one per test and variable."""
        before: _Named = dict(conditions_of(old).items())
        after: _Named = dict(conditions_of(new).items())
        added = {name: values for name, values in after.items() if name not in before}
        yield from self.named_blocks("condition", _TESTS, before, after, added)
        for (test, variable), values in added.items():
            self.line(condition_text(self.writer, test, variable, values, self.indent, self.lines))

    def named_blocks(
        self, kind: str, names: _Names, before: _Named, after: _Named, added: _Named
    ) -> Iterator[TextEdit]:
        """Edit the blocks whose values change. Remove from ``added`` each new entry that reuses a block."""
        listed = "identifiers" if kind in BLOCKS.values() else "values"
        written: dict[_Names | None, list[Block]] = {}
        for block in self.block.body.blocks(kind):
            written.setdefault(_literal_names(block, names), []).append(block)
        for key, values in before.items():
            blocks, then = written.get(key, []), after.get(key)
            if then is values:
                continue
            if not blocks:
                raise CannotEditError(ELSEWHERE)
            reusable = _reusable_name(key, values, added) if then is None and len(blocks) == 1 else None
            if reusable is not None:
                yield from self.renamed(blocks[0], names, key, reusable)
                then = added.pop(reusable)
                then = values if meaning(then) == meaning(values) else then
            if then is None:
                yield from (removal(block.at) for block in blocks)
            elif then is not values:
                yield from shared_edits(self.writer, blocks, listed, values, then)

    def renamed(self, block: Block, names: _Names, old: _Names, new: _Names) -> Iterator[TextEdit]:
        """Change the test, variable or type of a block."""
        for name, before, after in zip(names, old, new, strict=True):
            if before != after:
                at = block.body.arguments[name].expression.at
                yield text_edit(self.source, at.start, at.end, [f'"{after}"'])


def _reusable_name(key: _Names, values: Node, added: _Named) -> _Names | None:
    """Return a new entry that can reuse a removed block: it has the same values or part of the same name."""
    same = (names for names, then in added.items() if meaning(then) == meaning(values))
    alike = (
        names for names in added if len(names) == 1 or any(a == b for a, b in zip(names, key, strict=True))
    )
    return next(same, None) or next(alike, None)


def _literal_names(block: Block, names: _Names) -> _Names | None:
    """Return the literal texts that name a block. None if one of them is an expression."""
    texts = tuple(_text(block.body.arguments.get(name)) for name in names)
    return None if None in texts else tuple(text or "" for text in texts)


def _text(argument: Argument | None) -> str | None:
    if argument is None:
        return None
    at = argument.expression.at
    text = at.source.text[at.start : at.end]
    plain = text[:1] == text[-1:] == '"' and not set("$%\\") & set(text)
    return text[1:-1] if plain else None


_HEADER = 'data "aws_iam_policy_document"'


def is_blocks(root: Node) -> bool:
    """Return True for the policy of a data source."""
    return root.source.outer is None and root.source.text.startswith(_HEADER, root.start)


class Blocks:
    """Computes the edits of one data source."""

    def __init__(self, root: Node, originals: Originals) -> None:
        from checker.inputs.terraform.hcl.parse import parse  # the parser is slow to import

        self.root = root
        self.writer = HclWriter(originals)
        self.source = root.source
        documents = [block for block in parse(self.source).written if block.header.start == root.start]
        if not documents:
            raise CannotEditError(ELSEWHERE)
        self.document = documents[0]
        self.blocks = {block.at.start: block for block in self.document.body.blocks("statement")}

    def edits(self, new: Node) -> Iterator[TextEdit]:
        """Yield the edits after which the data source renders ``new``. Raises CannotEditError."""
        if not isinstance(new, Object) or not isinstance(self.root, Object):
            raise CannotEditError(ELSEWHERE)
        if new.get("Version") is not self.root.get("Version"):
            yield below_header(self.document, 'version = "2012-10-17"')
        statements = _statements(new)
        kept = {statement.start: statement for statement in statements if statement.end > statement.start}
        for old in _statements(self.root):
            twin = kept.get(old.start)
            if twin is None:
                yield removal(self.block(old).at)
            elif twin is not old:
                yield from StatementBlock(self.writer, self.block(old), old, twin).edits()
        added = [statement for statement in statements if statement.end <= statement.start]
        if added:
            yield self.added(added)

    def block(self, statement: Node) -> Block:
        """Return the block that contains a statement."""
        block = self.blocks.get(statement.start) if statement.source is self.source else None
        if block is None or block.at.end != statement.end:
            raise CannotEditError(ELSEWHERE)
        return block

    def added(self, statements: list[Node]) -> TextEdit:
        """Add statement blocks after the last one, or at the end of the data source if it has none."""
        last = max(self.blocks.values(), key=lambda block: block.at.start, default=None)
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
            chunks += [f"{gap}{indent}", *statement_text(self.writer, statement, indent, lines)]
            gap = lines.newline * 2
        if last is None:
            return at_end(self.document, chunks)
        at = end_of_line(text, last.at.end)
        return text_edit(self.source, at, at, chunks)


def _statements(root: Object) -> tuple[Node, ...]:
    statements = root.get("Statement")
    return items(statements) if isinstance(statements, Array) else ()
