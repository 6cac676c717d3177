"""Parses YAML with the range of every key and value. Scalars are read as written, without YAML 1.1
conversions.

Nodes are built from the parser's events, with limited depth. Composing nodes would recurse in C and crash on
hostile input. A tag never constructs an object: CloudFormation's short forms are expanded, and other local
tags are ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.policy.node import Array, Member, Node, Number, Object, Scalar
from checker.policy.text_json import MAX_DEPTH, TextError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.source import Source


_PLAIN = ("Ref", "Condition")
_FUNCTIONS = (
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
)
_LONG = {f"!{name}": name for name in _PLAIN} | {f"!{name}": f"Fn::{name}" for name in _FUNCTIONS}


def long_form(tag: str | None) -> str | None:
    """Return the function of a CloudFormation tag; ``None`` for any other tag."""
    return _LONG.get(tag or "")


MAX_NODES = 200_000
"""Limit on values including expanded aliases, because nested aliases grow exponentially."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = pattern(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_PROPERTIES = pattern(r"(?:(?:!<[^>]*>|[!&][^\s,\[\]{}]*)(?:\s|(?<=\s)#[^\n]*\n)*)*")
"""Matches tags and anchors, and the text between them and the value."""


def parse_yaml(source: Source) -> Node:
    """Parse one YAML document into nodes.

    Raises TextError with the offset for invalid YAML, several documents and exceeded limits.
    """
    builder = _built(source)
    if builder.second is not None:
        raise TextError("expected one document, found a second", source, *builder.second)
    return builder.roots[0]


def parse_yaml_documents(source: Source) -> tuple[Node, ...]:
    """Parse all YAML documents of a file into nodes, without empty ones after the first.

    Raises TextError with the offset for invalid YAML and exceeded limits.
    """
    first, *others = _built(source).roots
    return (first, *(one for one in others if not (isinstance(one, Scalar) and one.value is None)))


def _reason(error: yaml.MarkedYAMLError, text: str, at: int) -> str:
    """Return the reason of the parser, which does not name a tab."""
    if text.startswith("\t", at):
        return "YAML does not allow a tab for indentation, use blanks"
    return error.problem or "not YAML"


def _built(source: Source) -> _Builder:
    """Return the builder of a file's documents, of which there is at least one."""
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.index if mark else 0
        raise TextError(_reason(error, source.text, at), source, at) from None
    except yaml.YAMLError as error:
        raise TextError(
            f"not YAML: {str(error).splitlines()[0]}", source, getattr(error, "position", 0)
        ) from None
    if not builder.roots:
        raise TextError("expected a YAML document, found the end of the file", source, 0)
    return builder


class _Built(NamedTuple):
    """A node, with the number of its values and its depth, including expanded aliases."""

    node: Node
    size: int = 1
    height: int = 0


class _Open:
    """A collection that is not complete yet; ``end`` is the end of its last item."""

    __slots__ = ("depth", "end", "event", "height", "inside", "is_object", "key", "start", "written_before")

    def __init__(self, event: Any, depth: int, written_before: int) -> None:
        self.event = event
        self.is_object = isinstance(event, yaml.MappingStartEvent)
        self.start = self.end = event.end_mark.index - bool(event.flow_style)
        self.depth = depth + (1 if long_form(event.tag) is None else 2)
        self.height = 0
        self.written_before = written_before
        self.inside: list[tuple[Scalar | None, Node]] = []
        self.key: Scalar | None = None

    def node(self, source: Source, end: int) -> Node:
        """Build the node; a block ends with its last item, not where the next block begins."""
        end = end if self.event.flow_style else self.end
        if self.is_object:
            return Object(tuple(_members(self.inside)), source, self.start, end)
        return Array(tuple(node for _, node in self.inside), source, self.start, end)


class _Builder:
    __slots__ = ("anchors", "roots", "second", "source", "stack", "written")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.roots: list[Node] = []
        self.second: tuple[int, int] | None = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Built] = {}
        self.written = 0

    def take(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            self.count(1, start)
            self.add(self.tagged(_scalar(event, self.source), event, 0), event.anchor, end)
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event.anchor, start, end)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self.open(event, start)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.close(end)
        elif isinstance(event, yaml.DocumentStartEvent) and self.roots:
            self.anchors = {}
            self.second = self.second or (start, end)

    def count(self, size: int, start: int) -> None:
        self.written += size
        if self.written > MAX_NODES:
            raise TextError(f"more than {MAX_NODES} values, counting expanded aliases", self.source, start)

    def alias(self, name: str | None, start: int, end: int) -> None:
        if name is None or name not in self.anchors:
            raise TextError(f"unknown alias `{name}`", self.source, start, end)
        built = self.anchors[name]
        self.count(built.size, start)
        self.check_depth(self.depth() + built.height, start)
        self.add(built, None, end)

    def depth(self) -> int:
        return self.stack[-1].depth if self.stack else 0

    def check_depth(self, depth: int, start: int) -> None:
        if depth > MAX_DEPTH:
            raise TextError(f"nested more than {MAX_DEPTH} levels deep", self.source, start)

    def open(self, event: Any, start: int) -> None:
        self.count(1, start)
        self.stack.append(_Open(event, self.depth(), self.written - 1))
        self.check_depth(self.depth(), start)

    def close(self, end: int) -> None:
        done = self.stack.pop()
        node = done.node(self.source, end)
        built = _Built(node, self.written - done.written_before, done.height + 1)
        self.add(self.tagged(built, done.event, done.height), done.event.anchor, node.end)

    def tagged(self, built: _Built, event: Any, height: int) -> _Built:
        """Wrap an argument in the function of its short-form tag."""
        function = long_form(event.tag)
        if function is None:
            return built
        start = self.source.text.index("!", event.start_mark.index)
        key_end = start + len(event.tag)
        member = Member(function, built.node, start, key_end)
        node = Object((member,), self.source, start, built.node.end)
        return _Built(node, built.size, height + 2)

    def add(self, built: _Built, anchor: str | None, end: int) -> None:
        if anchor:
            self.anchors[anchor] = built
        if not self.stack:
            self.roots.append(built.node)
            return
        parent = self.stack[-1]
        parent.height = max(parent.height, built.height)
        parent.end = max(parent.end, end)
        self.put(parent, built.node)

    def put(self, parent: _Open, node: Node) -> None:
        if not parent.is_object or parent.key is not None:
            parent.inside.append((parent.key, node))
            parent.key = None
        elif isinstance(node, Scalar):
            parent.key = node
        else:
            raise TextError("expected a key, found a collection", self.source, node.start, node.end)


def _scalar(event: Any, source: Source) -> _Built:
    """Read a scalar; only a plain scalar without a standard YAML tag can be other than text."""
    start, end = event.start_mark.index, event.end_mark.index
    written = _PROPERTIES.match(source.text, start) if event.tag or event.anchor else None
    start = min(written.end(), end) if written else start
    text: str = event.value
    if event.style in ("|", ">"):
        end = start + len(source.text[start:end].rstrip())
    elif not event.style and (event.tag is None or _is_foreign(event.tag)):
        if text in _WORDS:
            return _Built(Scalar(_WORDS[text], source, start, end))
        if _NUMBER.match(text):
            return _Built(Scalar(Number(text), source, start, end))
    return _Built(Scalar(text, source, start, end))


def _is_foreign(tag: str) -> bool:
    """True for an unknown local tag; `!` alone makes its value text."""
    return tag.startswith("!") and tag != "!" and long_form(tag) is None


def _members(inside: list[tuple[Scalar | None, Node]]) -> Iterator[Member]:
    """Return the members of a mapping; merged members come last and do not override its own."""
    pairs = [(key, node) for key, node in inside if key is not None]
    own = [(key, node) for key, node in pairs if not _is_merge(key, node)]
    yield from (Member(_key_text(key), node, key.start, key.end) for key, node in own)
    said = {_key_text(key) for key, _ in own}
    for member in (one for key, node in pairs if _is_merge(key, node) for one in _merged(node)):
        if member.key not in said:
            said.add(member.key)
            yield member


def _merged(node: Node) -> Iterator[Member]:
    for one in node.items if isinstance(node, Array) else (node,):
        yield from one.members if isinstance(one, Object) else ()


def _is_merge(key: Scalar, node: Node) -> bool:
    """True for a YAML 1.1 merge key, https://yaml.org/type/merge.html."""
    if _key_text(key) != "<<" or key.source.text[key.start] != "<":
        return False
    return isinstance(node, Object) or (
        isinstance(node, Array) and all(isinstance(one, Object) for one in node.items)
    )


def _key_text(key: Scalar) -> str:
    if isinstance(key.value, str):
        return key.value
    return key.source.text[key.start : key.end]
