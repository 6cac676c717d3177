"""Write the text of aws_iam_policy_document, in which statements are blocks.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.text.compare import compare
from checker.fix.text.edits import CannotEditError, text_edit
from checker.fix.text.hcl_writer import aligned
from checker.fix.text.json_writer import Layout, between, indent_at
from checker.policy.node import Array, Node, Object, Scalar, items, meaning, text_of
from checker.policy.text_json import word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.fix.text.edits import TextEdit
    from checker.fix.text.hcl_writer import HclWriter
    from checker.inputs.terraform.hcl.body import Argument, Block
    from checker.policy.node import Span


ARGUMENTS = {
    "Sid": "sid",
    "Effect": "effect",
    "Action": "actions",
    "NotAction": "not_actions",
    "Resource": "resources",
    "NotResource": "not_resources",
}
BLOCKS = {"Principal": "principals", "NotPrincipal": "not_principals"}
Conditions = dict[tuple[str, str], Node]
_TEXTS = ("Sid", "Effect")
_EVERYONE = "*"
_FLAT = Layout(lines=False, indent="", closing="", unit="  ", newline="\n")


class Lines(NamedTuple):
    """The line ending and the indentation unit of a file."""

    newline: str
    unit: str

    def inside(self, indent: str) -> Layout:
        """Return the layout of the content of a block with this indentation."""
        return Layout(
            lines=True, indent=indent + self.unit, closing=indent, unit=self.unit, newline=self.newline
        )


def conditions_of(node: Node | None) -> Conditions:
    """Return the values by test and variable. Raises CannotEditError if part of the condition is unknown."""
    if node is None:
        return {}
    if not isinstance(node, Object) or not all(isinstance(member.value, Object) for member in node.members):
        raise CannotEditError("part of the condition is not known")
    return {
        (test.key, key.key): key.value
        for test in node.members
        if isinstance(test.value, Object)
        for key in test.value.members
    }


def block_text(header: str, parts: Iterable[list[str]], layout: Layout) -> list[str]:
    """Write a block with empty lines between its parts. The first line is not indented."""
    inside = between(parts, f"{layout.newline}{layout.newline}{layout.indent}")
    start, end = f"{layout.newline}{layout.indent}", f"{layout.newline}{layout.closing}"
    return [f"{header} {{", start, *inside, f"{end}}}"]


def lines_text(pairs: Iterable[tuple[str, list[str]]], layout: Layout) -> list[str]:
    """Write the lines of some arguments, which form one part of a block."""
    return [*between(aligned(pairs), f"{layout.newline}{layout.indent}")]


def statement_text(writer: HclWriter, statement: Node, indent: str, lines: Lines) -> list[str]:
    """Write a whole statement block, arguments first. The first line is not indented."""
    if not isinstance(statement, Object):
        raise CannotEditError("a statement that is not an object")
    layout = lines.inside(indent)
    values = {key: statement.get(key) for key in ARGUMENTS}
    present = {key: value for key, value in values.items() if value is not None and text_of(value) != ""}
    pairs = [(ARGUMENTS[key], value_text(writer, key, value, layout)) for key, value in present.items()]
    parts = [lines_text(pairs, layout)] if pairs else []
    for key in BLOCKS:
        for kind, names in by_type(statement.get(key)).items():
            parts.append(principals_text(writer, key, kind, names, layout.indent, lines))
    for (test, variable), compared in conditions_of(statement.get("Condition")).items():
        parts.append(condition_text(writer, test, variable, compared, layout.indent, lines))
    return block_text("statement", parts, layout)


def argument_text(writer: HclWriter, key: str, value: Node) -> list[str]:
    """Write one argument, such as `actions = [...]`."""
    return [f"{ARGUMENTS[key]} = ", *value_text(writer, key, value)]


def value_text(writer: HclWriter, key: str, value: Node, layout: Layout = _FLAT) -> list[str]:
    """Write the value of an argument: a text for Sid and Effect, else a list. Long lists use several lines."""
    if key in _TEXTS:
        return writer.node(value, _FLAT, None)
    if isinstance(value, Object):
        raise CannotEditError("an object instead of a text")
    return writer.listed([_as_text(writer, item) for item in items(value)], layout.deeper(), None)


def _as_text(writer: HclWriter, node: Node) -> Node:
    """Write `true` as `"true"`, unless the node is copied from the file."""
    if not isinstance(node, Scalar) or isinstance(node.value, str | Unknown) or id(node) in writer.originals:
        return node
    return node._replace(value=word(node.value))


def principals_text(
    writer: HclWriter, key: str, kind: str, names: Node, indent: str, lines: Lines
) -> list[str]:
    """Write the block of one principal type."""
    layout = lines.inside(indent)
    pairs = (("type", [writer.scalar(kind)]), ("identifiers", value_text(writer, "Principal", names, layout)))
    return block_text(BLOCKS[key], [lines_text(pairs, layout)], layout)


def by_type(value: Node | None) -> dict[str, Node]:
    """Return the principals by type. `*` is a type of its own."""
    if value is None:
        return {}
    if isinstance(value, Object):
        return {member.key: member.value for member in value.members}
    if text_of(value) == _EVERYONE:
        return {_EVERYONE: value}
    raise CannotEditError("part of the principals is not known")


def condition_text(
    writer: HclWriter, test: str, variable: str, values: Node, indent: str, lines: Lines
) -> list[str]:
    """Write one condition block."""
    layout = lines.inside(indent)
    compared = value_text(writer, "Condition", values, layout)
    pairs = (("test", [writer.scalar(test)]), ("variable", [writer.scalar(variable)]), ("values", compared))
    return block_text("condition", [lines_text(pairs, layout)], layout)


_ONE_LINE = "the block is written on one line"


def lines_of(block: Block) -> Lines:
    """Detect the line ending and the indentation unit of a block."""
    text = block.at.source.text
    outer = indent_at(text, block.at.start)
    inside = (
        *(argument.at for argument in block.body.arguments.values()),
        *(inner.at for inner in block.body.written),
    )
    indents = (indent_at(text, part.start) for part in inside)
    units = (indent.removeprefix(outer) for indent in indents if indent != outer and indent.startswith(outer))
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
    """Return the text that moves the closing brace to a line of its own. Empty if it is on one already."""
    text = block.at.source.text
    opened = text.index("{", block.header.end) + 1
    inside = text[opened : block.at.end - 1]
    if "\n" not in inside and inside.strip():
        raise CannotEditError(_ONE_LINE)
    return (
        "" if "\n" in text[at : block.at.end] else lines_of(block).newline + indent_at(text, block.at.start)
    )


def removal(at: Span) -> TextEdit:
    """Remove the lines of a block or argument."""
    source, start, end = at.source, at.start, at.end
    text = source.text
    line, after = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    after = len(text) if after < 0 else after
    if text[line:start].strip() or text[end:after].strip():
        return text_edit(source, start, end, [])
    return text_edit(source, line, min(len(text), after + 1), [])


_WORKED_OUT = "the list is written elsewhere or computed by an expression"
_SHARED = "several blocks share these values"


def list_edits(writer: HclWriter, argument: Argument, old: Node, new: Node) -> Iterator[TextEdit]:
    """Yield the edits of a list in brackets. Raises CannotEditError for any other expression."""
    at = argument.expression.at
    if not at.source.text.startswith("[", at.start):
        raise CannotEditError(_WORKED_OUT)
    before = Array(items(old), at.source, at.start, at.end)
    after = Array(items(new), at.source, at.start, at.end)
    for change in compare(before, after):
        yield from writer.edits(change)


def shared_edits(
    writer: HclWriter, blocks: Sequence[Block], name: str, old: Node, new: Node
) -> Iterator[TextEdit]:
    """Yield the edits of the lists of several blocks whose values are merged."""
    if len(blocks) == 1:
        argument = _argument(blocks[0], name)
        yield from list_edits(writer, argument, old, new)
        return
    wanted = [meaning(item) for item in items(new)]
    if any(value not in map(meaning, items(old)) for value in wanted):
        raise CannotEditError(_SHARED)
    for block in blocks:
        argument = _argument(block, name)
        own = [item for item in items(old) if _is_in(item, argument.expression.at)]
        kept = [item for item in own if meaning(item) in wanted]
        if own and not kept:
            yield removal(block.at)
        elif len(kept) < len(own):
            yield from list_edits(writer, argument, _array(own), _array(kept))


def _argument(block: Block, name: str) -> Argument:
    argument = block.body.arguments.get(name)
    if argument is None:
        raise CannotEditError(_WORKED_OUT)
    return argument


def _is_in(node: Node, at: Span) -> bool:
    return isinstance(node, Scalar) and node.source is at.source and at.start <= node.start < at.end


def _array(inside: list[Node]) -> Array:
    return Array(tuple(inside), inside[0].source, inside[0].start, inside[-1].end)
