"""Edits of aws_iam_policy_document: statements are blocks, and what is in them arguments and blocks.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.block_text import (
    ARGUMENTS,
    BLOCKS,
    Conditions,
    argument_text,
    condition_text,
    conditions_of,
    principals_text,
    statement_text,
    value_text,
)
from checker.fix.edits import CannotEditError
from checker.fix.flow import HclFlow
from checker.fix.layers import text_edit
from checker.fix.style import indent_at
from checker.policy.node import Array, Node, Object, items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.edits import TextEdit
    from checker.fix.flow import Originals
    from checker.inputs.hcl.body import Block

_HEADER = 'data "aws_iam_policy_document"'
_ELSEWHERE = "the statement is made by a dynamic block, or written in another document"


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
            raise CannotEditError(_ELSEWHERE)
        self.document = documents[0]
        self.blocks = {one.at.start: one for one in self.document.body.blocks("statement")}

    def edits(self, new: Node) -> Iterator[TextEdit]:
        """The edits after which the data source renders ``new``. Raises CannotEditError."""
        if not isinstance(new, Object) or not isinstance(self.root, Object):
            raise CannotEditError(_ELSEWHERE)
        if new.get("Version") is not self.root.get("Version"):
            yield self.after_header('version = "2012-10-17"')
        kept = {}
        added = []
        for statement in _statements(new):
            if statement.end > statement.start:
                kept[statement.start] = statement
            else:
                added.append(statement)
        for old in _statements(self.root):
            twin = kept.get(old.start)
            if twin is None:
                yield self.without(self.block(old))
            elif twin is not old:
                yield from _Statement(self, self.block(old), old, twin).edits()
        if added:
            yield self.added(added)

    def block(self, statement: Node) -> Block:
        """The block that a statement is written as."""
        found = self.blocks.get(statement.start) if statement.source is self.source else None
        if found is None or found.at.end != statement.end:
            raise CannotEditError(_ELSEWHERE)
        return found

    def added(self, statements: list[Node]) -> TextEdit:
        """Add statement blocks after the last."""
        last = max(self.blocks.values(), key=lambda one: one.at.start, default=None)
        header = self.document.header
        indent = indent_at(self.source.text, last.at.start if last else header.start) + ("" if last else "  ")
        chunks = []
        for statement in statements:
            gap = f"{self.newline}{self.newline}{indent}"
            chunks += [gap, *statement_text(self.flow, statement, indent, self.newline)]
        at = last.at.end if last else self.source.text.index("{", header.end) + 1
        return text_edit(self.source, at, at, chunks)

    @property
    def newline(self) -> str:
        """How lines of the file end."""
        return "\r\n" if "\r\n" in self.source.text else "\n"

    def after_header(self, line: str) -> TextEdit:
        """Add a line at the top of the data source."""
        at = self.source.text.index("{", self.document.header.end) + 1
        indent = indent_at(self.source.text, self.document.header.start) + "  "
        return text_edit(self.source, at, at, [f"{self.newline}{indent}{line}"])

    def without(self, one: Block) -> TextEdit:
        """Take out the lines of a block."""
        return self.without_lines(one.at.start, one.at.end)

    def without_lines(self, start: int, end: int) -> TextEdit:
        """Take out the lines from one place to another."""
        text = self.source.text
        line, after = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        if text[line:start].strip() or text[end:after].strip():
            return text_edit(self.source, start, end, [])
        return text_edit(self.source, line, len(text) if after < 0 else after + 1, [])


class _Statement:
    """The edits of one statement block."""

    def __init__(self, blocks: Blocks, block: Block, old: Node, new: Node) -> None:
        if not isinstance(old, Object) or not isinstance(new, Object):
            raise CannotEditError(_ELSEWHERE)
        self.blocks = blocks
        self.block = block
        self.old = old
        self.new = new
        self.source = blocks.source
        self.indent = indent_at(self.source.text, block.at.start) + "  "

    def edits(self) -> Iterator[TextEdit]:
        keys = dict.fromkeys(member.key for member in (*self.old.members, *self.new.members))
        lines: list[str] = []
        for key in keys:
            old, new = self.old.get(key), self.new.get(key)
            if old is new:
                continue
            if key in ARGUMENTS:
                yield from self.argument(key, new, lines)
            elif key in BLOCKS:
                yield from self.principals(key, new, lines)
            elif key == "Condition":
                yield from self.conditions(old, new, lines)
            else:
                raise CannotEditError(f"a statement block has no `{key}`")
        if lines:
            at = self.source.text.rindex("}", self.block.at.start, self.block.at.end)
            begin = len(self.source.text[:at].rstrip())
            yield text_edit(self.source, begin, begin, lines)

    def line(self, chunks: list[str]) -> list[str]:
        return [f"{self.blocks.newline}{self.indent}", *chunks]

    def argument(self, key: str, new: Node | None, lines: list[str]) -> Iterator[TextEdit]:
        written = self.block.body.arguments.get(ARGUMENTS[key])
        if written is None:
            if new is not None:
                lines += self.line(argument_text(self.blocks.flow, key, new))
        elif new is None:
            yield self.blocks.without_lines(written.at.start, written.at.end)
        else:
            at = written.expression.at
            yield text_edit(self.source, at.start, at.end, value_text(self.blocks.flow, key, new))

    def principals(self, key: str, new: Node | None, lines: list[str]) -> Iterator[TextEdit]:
        written = self.block.body.blocks(BLOCKS[key])
        if not written and self.old.get(key) is not None:
            raise CannotEditError(_ELSEWHERE)
        text = (
            principals_text(self.blocks.flow, key, new, self.indent, self.blocks.newline)
            if new is not None
            else []
        )
        for number, one in enumerate(written):
            if number == 0 and text:
                yield text_edit(self.source, one.at.start, one.at.end, text)
            else:
                yield self.blocks.without(one)
        if not written and text:
            lines += self.line(text)

    def conditions(self, old: Node | None, new: Node | None, lines: list[str]) -> Iterator[TextEdit]:
        before, after = conditions_of(old), conditions_of(new)
        written = self.block.body.blocks("condition")
        if len(written) < len(before):
            raise CannotEditError(_ELSEWHERE)
        left = {key: values for key, values in after.items() if key not in before}
        for one in written:
            test, variable = (self.said(one, name) for name in ("test", "variable"))
            values = after.get((test, variable))
            if values is None:
                yield from self.gone(one, test, variable, before, left)
            elif values is not before.get((test, variable)):
                at = one.body.arguments["values"].expression.at
                yield text_edit(self.source, at.start, at.end, value_text(self.blocks.flow, "Action", values))
        for (test, variable), values in left.items():
            text = condition_text(self.blocks.flow, test, variable, values, self.indent, self.blocks.newline)
            lines += self.line(text)

    def gone(
        self, one: Block, test: str, variable: str, before: Conditions, left: Conditions
    ) -> Iterator[TextEdit]:
        """Take a condition out, or give it the test or variable of one that comes with the same values."""
        values = before.get((test, variable))
        for (new_test, new_variable), new_values in list(left.items()):
            if new_values is values and (new_test == test or new_variable == variable):
                del left[new_test, new_variable]
                name, text = ("variable", new_variable) if new_test == test else ("test", new_test)
                at = one.body.arguments[name].expression.at
                yield text_edit(self.source, at.start, at.end, [f'"{text}"'])
                return
        yield self.blocks.without(one)

    def said(self, one: Block, name: str) -> str:
        argument = one.body.arguments.get(name)
        if argument is None:
            raise CannotEditError(_ELSEWHERE)
        at = argument.expression.at
        return at.source.text[at.start : at.end].strip('"')


def _statements(root: Object) -> tuple[Node, ...]:
    found = root.get("Statement")
    return items(found) if isinstance(found, Array) else ()
