"""Write YAML flow collections, block lines and scalars, as in CloudFormation templates.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Part
from checker.fix.text.edits import CannotEditError, Editor, Raw, raw, text_edit
from checker.fix.text.json_writer import JsonWriter, layout_of
from checker.policy.change import ReferenceText
from checker.policy.node import Array, Member, Node, Object, Scalar, children
from checker.policy.text_json import double_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.text.compare import Added, Dropped, Rekeyed, Replaced, Wrapped
    from checker.fix.text.edits import TextEdit
    from checker.fix.text.json_writer import Originals
    from checker.policy.node import Node
    from checker.policy.source import Source


_LONG_FORM = pattern(r"(?:Ref|Fn::\w+):\s")
_PLAIN = pattern(
    r"(?!(?:true|false|yes|no|on|off|null|y|n)\Z)[a-z](?:[\w./:*@+-]*[\w./*@+-])?\Z", re.ASCII | re.IGNORECASE
)
"""A text that no YAML parser reads as another type: a date, a number, a boolean or an alias."""


class YamlFlowWriter(JsonWriter):
    """Writes YAML flow style."""

    pad = " "
    rest_of_line = pattern(r"(?P<comma>[ \t]*,)?(?:[ \t]+(?P<comment>#[^\r\n]*)?)?(?=\r?\n|\Z)")

    def key(self, key: str, beside: Object | None) -> str:
        """Write a key without quotes, unless the adjacent keys are quoted."""
        quoted = beside is not None and beside.members and _quote_of(beside)
        return double_quoted(key) if quoted else scalar(key)

    def added(self, change: Added) -> TextEdit:
        """Add at the end. Keep an empty collection on one line: a closing bracket on a new line may lack indentation.

        https://yaml.org/spec/1.2.2/#74-flow-collection-styles
        """
        if children(change.parent):
            return super().added(change)
        layout = layout_of(change.parent).flat()
        parts = [list(self.part(item, layout, change.parent)) for item in change.new]
        nested = self.bracketed("{" if isinstance(change.parent, Object) else "[", parts, layout)
        return text_edit(change.parent.source, change.parent.start, change.parent.end, nested)

    def copied(self, node: Node) -> str | None:
        """Return a value as the file contains it. None for a block of lines, which must be written anew."""
        text = raw(node.source, node.start, node.end)
        if _LONG_FORM.match(text):
            text = Raw(f"{{ {text} }}")
        return None if "\n" in text or (children(node) and text[0] not in "{[") else text

    def scalar(self, text: str) -> str:
        """Write a text, without quotes if it cannot be misread."""
        return scalar(text)

    def reference(self, name: str) -> str:
        """Refer to a resource of the template in the long form, which is valid in every position."""
        if is_function(name):
            return name
        if (found := Part.read(name)) is not None:
            part, whole = found
            split = f"{{ Fn::Split: [{double_quoted(part.separator)}, {self.reference(whole)}] }}"
            return f"{{ Fn::Select: [{part.number}, {split}] }}"
        logical, attribute = parts_of(name)
        return f"{{ Fn::GetAtt: [{logical}, {attribute}] }}" if attribute else f"{{ Ref: {logical} }}"


def scalar(text: str) -> str:
    """Write a text without quotes if every YAML parser reads it as a text, else in quotes."""
    return text if _PLAIN.match(text) else double_quoted(text)


def is_function(name: str) -> bool:
    """True for a function as a template has it, instead of the name of a resource."""
    return name.startswith(("!", "{"))


def parts_of(name: str) -> tuple[str, str]:
    """Return the logical ID and the attribute in a name. The attribute is empty if there is none.

    A suffix in parentheses, which distinguishes the values of a condition, belongs to neither.
    """
    logical, _, attribute = name.rpartition("#")[2].partition(" (")[0].partition(".")
    return logical, attribute


def _quote_of(node: Object) -> bool:
    first = node.members[0]
    return node.source.text[first.start : first.start + 1] in ("'", '"')


_STEP = "  "
_DASH = "- "


class YamlBlockWriter(Editor):
    """Adds, replaces and removes whole lines. ``originals`` are nodes that are copied from the file."""

    def __init__(self, originals: Originals = frozenset()) -> None:
        self.originals = originals
        self.writer = YamlFlowWriter(originals)

    def replaced(self, change: Replaced) -> TextEdit:
        """Replace a value after its key or dash."""
        parent, old, new = change.parent, change.old, change.new
        if parent is None:
            raise CannotEditError("the whole document would be replaced")
        source = old.source
        if isinstance(parent, Array):
            indent = " " * _column(source, old.start)
            return text_edit(source, old.start, old.end, self.nested(new, indent, source))
        member = parent.members[change.at]
        if isinstance(old, Scalar) and isinstance(new, Scalar):
            return text_edit(source, old.start, old.end, [self.in_old_quotes(old, new)])
        colon = source.text.index(":", member.end) + 1
        indent = " " * _column(source, member.start)
        return text_edit(source, colon, old.end, self.after_colon(new, indent, source))

    def into_list(self, change: Wrapped) -> Iterator[TextEdit]:
        """Turn a mapping into the first item of a list, with a dash in its indentation."""
        old, source = change.old, change.old.source
        start = _starts(old)[0]
        column = _column(source, start) - len(_DASH)
        key = change.parent.members[change.at] if isinstance(change.parent, Object) else None
        blank = not source.text[start - _column(source, start) : start].strip(" ")
        if key is None or not blank or column < _column(source, key.start):
            raise CannotEditError("the indentation leaves no space for a dash before the statement")
        yield text_edit(source, start - len(_DASH), start, [_DASH])
        at = _last_line_end(source, _ends(old)[-1])
        indent = " " * column
        for item in change.new:
            chunks = self.nested(item, indent + _STEP, source)
            yield text_edit(source, at, at, [f"{_newline(source)}{indent}{_DASH}", *chunks])

    def in_old_quotes(self, old: Scalar, new: Scalar) -> str:
        """Write a scalar with the quotes of the old one."""
        quote = old.source.text[old.start : old.start + 1]
        if id(new) in self.originals:
            return raw(new.source, new.start, new.end)
        text = new.value
        if isinstance(text, ReferenceText) or quote != "'":
            return self.without_children(new)
        if isinstance(text, str) and text.isprintable():
            return "'" + text.replace("'", "''") + "'"
        return self.without_children(new)

    def rekeyed(self, change: Rekeyed) -> TextEdit:
        """Replace a member, or only its key."""
        old, source = change.parent.members[change.at], change.parent.source
        if change.same_value:
            return text_edit(source, old.start, old.end, [self.writer.key(change.new.key, change.parent)])
        indent = " " * _column(source, old.start)
        return text_edit(source, old.start, old.value.end, self.member(change.new, indent, source))

    def dropped(self, change: Dropped) -> TextEdit:
        """Remove lines. If the item shares its line with a dash, the dash stays for the next item."""
        parent, text = change.parent, change.parent.source.text
        starts, ends = _starts(parent), _ends(parent)
        start, end = starts[change.first], ends[change.last]
        line = text.rfind("\n", 0, start) + 1
        if text[line:start].strip():
            if change.last + 1 >= len(starts):
                raise CannotEditError("the edit would leave a dash without a value")
            return text_edit(parent.source, start, starts[change.last + 1], [])
        after = text.find("\n", end)
        if change.last + 1 == len(starts) and line:
            # An addition after the last item starts at that item's line end, and the two edits must not clash.
            before = line - (2 if text[line - 2 : line] == "\r\n" else 1)
            return text_edit(parent.source, before, _last_line_end(parent.source, end), [])
        return text_edit(parent.source, line, len(text) if after < 0 else after + 1, [])

    def added(self, change: Added) -> TextEdit:
        """Add lines after the last item."""
        parent, source = change.parent, change.parent.source
        starts, ends = _starts(parent), _ends(parent)
        if not starts:
            raise CannotEditError("every item there depends on a condition")
        indent = " " * _column(source, starts[-1])
        at = _last_line_end(source, ends[-1])
        return text_edit(source, at, at, self.lines(change, indent, source))

    def lines(self, change: Added, indent: str, source: Source) -> Iterator[str]:
        newline = _newline(source)
        for item in change.new:
            yield f"{newline}{indent}"
            if isinstance(item, Member):
                yield from self.member(item, indent, source)
            else:
                yield "- "
                yield from self.nested(item, indent + _STEP, source)

    def member(self, member: Member, indent: str, source: Source) -> Iterator[str]:
        """Write a key and its value."""
        yield f"{scalar(member.key)}:"
        yield from self.after_colon(member.value, indent, source)

    def after_colon(self, node: Node, indent: str, source: Source) -> Iterator[str]:
        """Write a value after the colon of a key with this indentation."""
        copy = self.copied(node)
        if copy is not None:
            yield from (" ", copy)
        elif isinstance(node, Scalar) or not children(node):
            yield f" {self.without_children(node)}"
        else:
            yield f"{_newline(source)}{indent}{_STEP}"
            yield from self.nested(node, indent + _STEP, source)

    def nested(self, node: Node, indent: str, source: Source) -> Iterator[str]:
        """Write a value. Its first line is not indented, the others are."""
        copy = self.copied(node)
        if copy is not None:
            yield copy
        elif isinstance(node, Scalar) or not children(node):
            yield self.without_children(node)
        elif isinstance(node, Array):
            for number, item in enumerate(node.items):
                yield "- " if number == 0 else f"{_newline(source)}{indent}- "
                yield from self.nested(item, indent + _STEP, source)
        else:
            for number, member in enumerate(node.members):
                yield "" if number == 0 else f"{_newline(source)}{indent}"
                yield from self.member(member, indent, source)

    def copied(self, node: Node) -> str | None:
        """Return a value as the file contains it. None if it is new or a block of lines."""
        return self.writer.copied(node) if id(node) in self.originals else None

    def without_children(self, node: Node) -> str:
        """Write a value without nested values."""
        if not isinstance(node, Scalar):
            return "[]" if isinstance(node, Array) else "{}"
        return _short(node.value) if isinstance(node.value, ReferenceText) else self.writer.value(node)


def _short(name: str) -> str:
    """Refer to a resource of the template in the short form."""
    if is_function(name):
        return name
    if (found := Part.read(name)) is not None:
        part, whole = found
        return f"!Select [{part.number}, !Split [{double_quoted(part.separator)}, {_short(whole)}]]"
    logical, attribute = parts_of(name)
    return f"!GetAtt {logical}.{attribute}" if attribute else f"!Ref {logical}"


def _starts(parent: Object | Array) -> list[int]:
    """Return the offsets of a mapping's members, or of a list's dashes."""
    if isinstance(parent, Object):
        return [member.start for member in parent.members]
    text = parent.source.text
    return [text.rindex("-", 0, item.start) for item in parent.items]


def _ends(parent: Object | Array) -> list[int]:
    ends = [member.value.end for member in parent.members] if isinstance(parent, Object) else []
    positions = ends or [item.end for item in parent.items] if isinstance(parent, Array) else ends
    if any(not parent.start <= end <= parent.end for end in positions):
        raise CannotEditError("part of the policy is written elsewhere")
    return positions


def _last_line_end(source: Source, offset: int) -> int:
    """Return the end of the last line before an offset, ignoring blank lines."""
    text = source.text
    end = len(text[:offset].rstrip())
    at = text.find("\n", end)
    at = len(text) if at < 0 else at
    return at - 1 if text[at - 1 : at] == "\r" else at


def _column(source: Source, offset: int) -> int:
    return offset - (source.text.rfind("\n", 0, offset) + 1)


def _newline(source: Source) -> str:
    return "\r\n" if "\r\n" in source.text else "\n"
