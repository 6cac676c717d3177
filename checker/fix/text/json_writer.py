"""Write and edit values in brackets: JSON, JSON inside a string, and similar syntax in other languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.fix.text.edits import CannotEditError, Editor, raw, text_edit
from checker.policy.change import ReferenceText
from checker.policy.node import Array, Member, Node, Object, Scalar, Span, span_of
from checker.policy.text_json import quoted, word

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Sequence

    from checker.fix.text.compare import Added, Dropped, Rekeyed, Replaced, Wrapped
    from checker.fix.text.edits import TextEdit


_INDENT = pattern(r"[ \t]*")
_UNIT = "  "


class Layout(NamedTuple):
    """The layout of a container. ``lines`` is True if each part is on a line of its own.

    ``indent`` precedes each part and ``closing`` precedes the closing bracket. ``unit`` is one step of indentation.
    ``newline`` ends a line.
    """

    lines: bool
    indent: str
    closing: str
    unit: str
    newline: str

    def deeper(self) -> Layout:
        """Return the layout of a nested container."""
        return self._replace(indent=self.indent + self.unit, closing=self.indent)

    def flat(self) -> Layout:
        """Return this layout on one line."""
        return self._replace(lines=False)


TOP_LEVEL = Layout(lines=True, indent=_UNIT, closing="", unit=_UNIT, newline="\n")
"""The layout of a standalone value, with lines that start at the left margin."""


def layout_of(node: Object | Array) -> Layout:
    """Detect the layout of an object or list. An empty one follows the surrounding text."""
    text = node.source.text
    newline = "\r\n" if "\r\n" in text else "\n"
    closing = _closing(text, node)
    first = _first(node)
    if first is None:
        return Layout("\n" in text, closing + _UNIT, closing, _UNIT, newline)
    lines = "\n" in text[node.start : first]
    indent = indent_at(text, first) if lines else closing + _UNIT
    unit = indent.removeprefix(closing) if indent.startswith(closing) and indent != closing else _UNIT
    return Layout(lines, indent, closing, unit, newline)


def _closing(text: str, node: Object | Array) -> str:
    """Return the blanks before the closing bracket if it begins its line, else those before the opening bracket."""
    last = node.end - 1
    line = text[text.rfind("\n", 0, last) + 1 : last]
    return line if "\n" in text[node.start : last] and not line.strip() else indent_at(text, node.start)


def _first(node: Object | Array) -> int | None:
    if isinstance(node, Object):
        return node.members[0].start if node.members else None
    return node.items[0].start if node.items else None


def indent_at(text: str, offset: int) -> str:
    """Return the leading blanks of the line that contains an offset."""
    match = _INDENT.match(text, text.rfind("\n", 0, offset) + 1)
    return match[0] if match else ""


_END = pattern(r"[ \t]*(?:(?:#|//)[^\n]*?)?(?=\r?\n|\Z)")


def end_of_line(text: str, offset: int) -> int:
    """Return the end of the line if only a comment follows the offset, else the offset."""
    match = _END.match(text, offset)
    return match.end() if match else offset


Originals = frozenset[int]
"""Identities of nodes that exist in the file."""


def _with_quotes(old: Node) -> Span:
    """Return the range of a value; of a string with interpolations, the range with its quotes.

    Such a string is a text of its own, without the quotes around it.
    """
    span = span_of(old)
    outer, offsets = old.source.outer, old.source.offsets
    if (
        not isinstance(old, Scalar)
        or outer is None
        or offsets is None
        or (old.start, old.end) != (0, len(old.source.text))
    ):
        return span
    start, end = offsets[0] - 1, offsets[-1] + 1
    is_quoted = start >= 0 and outer.text[start] == outer.text[end - 1 : end] == '"'
    return Span(outer, start, end) if is_quoted else span


class JsonWriter(Editor):
    """Base class for writing values in brackets.

    ``originals`` are nodes that exist in the file and are copied from it. ``colon`` separates key and value.
    ``pad`` is added inside the braces of an object on one line. ``commas`` says whether members on lines of their own
    need commas.
    """

    colon = ": "
    commas = True
    pad = ""
    rest_of_line: re.Pattern[str] | None = None
    """Matches the text between a value and the end of its line, in a language that has comments."""

    def __init__(self, originals: Originals = frozenset()) -> None:
        self.originals = originals

    def key(self, key: str, beside: Object | None) -> str:  # noqa: ARG002 - HCL looks
        """Write a key in the style of the adjacent keys."""
        return quoted(key)

    def scalar(self, text: str) -> str:
        """Write a text."""
        return quoted(text)

    def reference(self, name: str) -> str:
        """Write a reference to a resource. Raises CannotEditError if the language has no references."""
        raise CannotEditError(f"`{name}` has no ARN yet, and JSON cannot refer to it")

    def replaced(self, change: Replaced) -> TextEdit:
        """Replace a value with another."""
        old = change.old
        layout = layout_of(change.parent if change.parent is not None else _as_container(old))
        inner = layout.deeper() if layout.lines else layout
        return text_edit(*_with_quotes(old), self.node(change.new, inner, None))

    def into_list(self, change: Wrapped) -> Iterator[TextEdit]:
        """Add brackets around a value and the items that follow it."""
        source, start, end = change.old.source, change.old.start, change.old.end
        layout = layout_of(change.old)
        inside = layout._replace(indent=layout.closing)
        parts = [[", ", *self.part(item, inside, change.old)] for item in change.new]
        yield text_edit(source, start, start, ["["])
        yield text_edit(source, end, end, [chunk for part in parts for chunk in part] + ["]"])

    def rekeyed(self, change: Rekeyed) -> TextEdit:
        """Replace a member, or only its key."""
        old = change.parent.members[change.at]
        source, key = change.parent.source, self.key(change.new.key, change.parent)
        if change.same_value:
            return text_edit(source, old.start, self.key_end(old, change.parent), [key])
        layout = layout_of(change.parent)
        chunks = self.member(change.new, layout, change.parent)
        return text_edit(source, old.start, old.value.end, chunks)

    def key_end(self, member: Member, _parent: Object) -> int:
        """Return the end of a member's key."""
        return member.end

    def dropped(self, change: Dropped) -> TextEdit:
        """Remove adjacent members or items, with the comma that would be left over."""
        spans = list(_spans(change.parent))
        source, first, last = change.parent.source, change.first, change.last
        if len(spans) == last - first + 1:
            raise CannotEditError("the edit would leave the brackets empty")
        lines = self.lines_of(source.text, spans[first][0], spans[last][1])
        if lines is not None:
            return text_edit(source, *lines, [])
        if last + 1 < len(spans):
            return text_edit(source, spans[first][0], spans[last + 1][0], [])
        return text_edit(source, spans[first - 1][1], spans[last][1], [])

    def lines_of(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Return the whole lines of a range, including a trailing comma and comment. None if it shares its lines."""
        match = self.rest_of_line.match(text, end) if self.rest_of_line else None
        begin = text.rfind("\n", 0, start) + 1
        if match is None or text[begin:start].strip() or text[match.end() : match.end() + 1] == "":
            return None
        return begin, text.index("\n", match.end()) + 1

    def added(self, change: Added) -> TextEdit:
        """Add members or items at the end."""
        parent, layout = change.parent, layout_of(change.parent)
        if isinstance(parent, Array):
            layout = _like_last_item(parent, layout)
        parts = [list(self.part(item, layout, parent)) for item in change.new]
        spans = list(_spans(parent))
        if not spans:
            inside = self.bracketed("{" if isinstance(parent, Object) else "[", parts, layout)
            return text_edit(parent.source, parent.start, parent.end, inside)
        at = spans[-1][1]
        following = list(self.following(parts, layout, parent))
        match = self.rest_of_line.match(parent.source.text, at) if self.rest_of_line else None
        if match is None or not match["comment"] or "\n" not in following[0]:
            return text_edit(parent.source, at, at, following)
        return self.after_comment(parent, at, match, following)

    def after_comment(
        self, parent: Object | Array, at: int, rest: re.Match[str], following: list[str]
    ) -> TextEdit:
        """Add lines after a line that ends in a comment. The comment stays on its line."""
        source, end = parent.source, rest.end()
        comma = following[0][:1] == ","
        first = following[0].removeprefix(",")
        if not comma:
            return text_edit(source, end, end, [first, *following[1:]])
        if rest["comma"]:
            return text_edit(source, end, end, [first, *following[1:], ","])
        return text_edit(source, at, end, [",", raw(source, at, end), first, *following[1:]])

    def following(self, parts: Sequence[list[str]], layout: Layout, parent: Object | Array) -> Iterator[str]:
        """Yield the parts, each preceded by a separator."""
        break_ = self.separator(parent, layout)
        for part in parts:
            yield break_
            yield from part

    def separator(self, parent: Object | Array, layout: Layout) -> str:  # noqa: ARG002 - HCL looks
        """Return the separator between two members or items."""
        outer = layout_of(parent)
        return f",{outer.newline}{outer.indent}" if outer.lines else ", "

    def part(self, entry: Member | Node, layout: Layout, parent: Object | Array) -> Iterable[str]:
        """Write a member or an item."""
        if isinstance(entry, Member):
            return self.member(entry, layout, parent if isinstance(parent, Object) else None)
        return self.node(entry, layout.deeper() if layout.lines else layout, None)

    def member(self, member: Member, layout: Layout, beside: Object | None) -> list[str]:
        """Write a member of an object with this layout."""
        inner = layout.deeper() if layout.lines else layout
        return [self.key(member.key, beside), self.colon, *self.node(member.value, inner, beside)]

    def node(self, node: Node, layout: Layout, beside: Object | None) -> list[str]:
        """Write a value. Copy it if it exists in the file."""
        copy = self.copied(node) if id(node) in self.originals else None
        if copy is not None:
            return [copy]
        if isinstance(node, Scalar):
            return [self.value(node)]
        if isinstance(node, Array):
            return self.listed(node.items, layout, beside)
        return self.bracketed("{", self.members(node, layout, beside), layout)

    def copied(self, node: Node) -> str | None:
        """Return a value as the file contains it. None if it must be written anew."""
        return raw(node.source, node.start, node.end)

    def members(self, node: Object, layout: Layout, beside: Object | None) -> list[list[str]]:
        """Write the members of an object with this layout."""
        return [self.member(member, layout, beside) for member in node.members]

    def listed(self, items: Sequence[Node], layout: Layout, beside: Object | None) -> list[str]:
        """Write a list on one line."""
        flat = layout.flat()
        return self.bracketed("[", [self.node(item, flat, beside) for item in items], flat)

    def value(self, node: Scalar) -> str:
        """Write a scalar."""
        value = node.value
        if isinstance(value, ReferenceText):
            return self.reference(value)
        if isinstance(value, Unknown):
            raise CannotEditError(f"the edit would have to write a value that is not known: {value.reason}")
        return self.scalar(value) if isinstance(value, str) else word(value)

    def bracketed(self, bracket: str, parts: Sequence[list[str]], layout: Layout) -> list[str]:
        """Add brackets around parts. The parts are on lines of their own if the layout has lines."""
        close = {"{": "}", "[": "]"}[bracket]
        if not parts:
            return [bracket + close]
        if not layout.lines:
            pad = self.pad if bracket == "{" else ""
            return [bracket + pad, *between(parts, ", "), pad + close]
        comma = "," if self.commas or bracket == "[" else ""
        line = f"{layout.newline}{layout.indent}"
        return [bracket, line, *between(parts, comma + line), f"{layout.newline}{layout.closing}{close}"]


def _spans(parent: Object | Array) -> Iterator[tuple[int, int]]:
    if isinstance(parent, Object):
        spans = ((member.start, member.value.end) for member in parent.members)
        inside = all(member.value.source is parent.source for member in parent.members)
    else:
        spans = ((item.start, item.end) for item in parent.items)
        inside = all(item.source is parent.source for item in parent.items)
    ranges = list(spans)
    if not inside or any(not parent.start <= a <= b <= parent.end for a, b in ranges):
        raise CannotEditError("part of the policy is written elsewhere")
    yield from ranges


def _like_last_item(parent: Array, layout: Layout) -> Layout:
    """Return the layout for a new item that matches the last item: on several lines or on one."""
    if not parent.items:
        return layout
    last = parent.items[-1]
    if not isinstance(last, Object):
        return layout.flat()
    lines = "\n" in last.source.text[last.start : last.end]
    inner = layout_of(last)
    return layout._replace(lines=True, indent=inner.closing, unit=inner.unit) if lines else layout.flat()


def _as_container(node: Node) -> Object | Array:
    return Array((), node.source, node.start, node.end) if isinstance(node, Scalar) else node


def between(parts: Iterable[list[str]], separator: str) -> Iterator[str]:
    """Yield the parts with a separator between them."""
    for number, part in enumerate(parts):
        if number:
            yield separator
        yield from part
