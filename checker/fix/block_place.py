"""Where in a block something is added or taken out, so that every line of it stays a line.

A block with an argument in the line of its braces takes nothing else:
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md#bodies
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.fix.block_text import Lines
from checker.fix.edits import CannotEditError
from checker.fix.layers import text_edit
from checker.fix.style import indent_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.fix.edits import TextEdit
    from checker.inputs.hcl.body import Block
    from checker.policy.node import Stretch

_ONE_LINE = "the block is written on one line"


def lines_of(block: Block) -> Lines:
    """See how the lines of a block end, and how far what is in it is indented."""
    text = block.at.source.text
    outer = indent_at(text, block.at.start)
    inside = (*(one.at for one in block.body.arguments.values()), *(one.at for one in block.body.written))
    indents = (indent_at(text, one.start) for one in inside)
    units = (one.removeprefix(outer) for one in indents if one != outer and one.startswith(outer))
    unit = next(units, "\t" if outer.startswith("\t") else "  ")
    return Lines("\r\n" if "\r\n" in text else "\n", unit)


def below_header(block: Block, line: str) -> TextEdit:
    """Add a line at the top of a block. Raises CannotEditError."""
    source, lines = block.at.source, lines_of(block)
    at = source.text.index("{", block.header.end) + 1
    outer = indent_at(source.text, block.at.start)
    return text_edit(source, at, at, [f"{lines.newline}{outer}{lines.unit}{line}", _closing(block, at)])


def at_end(block: Block, chunks: Sequence[str]) -> TextEdit:
    """Add lines at the end of a block. Raises CannotEditError."""
    source = block.at.source
    brace = source.text.rindex("}", block.at.start, block.at.end)
    opened = source.text.index("{", block.header.end) + 1
    begin = max(opened, len(source.text[:brace].rstrip()))
    return text_edit(source, begin, begin, [*chunks, _closing(block, begin)])


def _closing(block: Block, at: int) -> str:
    """What is missing before the brace, for it to stand on a line of its own."""
    text = block.at.source.text
    opened = text.index("{", block.header.end) + 1
    inside = text[opened : block.at.end - 1]
    if "\n" not in inside and inside.strip():
        raise CannotEditError(_ONE_LINE)
    return (
        "" if "\n" in text[at : block.at.end] else lines_of(block).newline + indent_at(text, block.at.start)
    )


def taken_out(at: Stretch) -> TextEdit:
    """Take out the lines of a block or argument."""
    source, start, end = at.source, at.start, at.end
    text = source.text
    line, after = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    after = len(text) if after < 0 else after
    if text[line:start].strip() or text[end:after].strip():
        return text_edit(source, start, end, [])
    return text_edit(source, line, min(len(text), after + 1), [])
