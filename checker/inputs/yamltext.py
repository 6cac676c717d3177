"""YAML with the span of every key and value; scalars are read as written, not as YAML 1.1 mangles them.

Built from the parser's events, which nest no deeper than this module allows; composing nodes instead
would recurse in C and crash on hostile depth.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from checker.policy.jsontext import MAX_DEPTH, TextError
from checker.policy.node import Array, Member, Node, Number, Object, Scalar

if TYPE_CHECKING:
    from checker.policy.source import Source

MAX_NODES = 200_000
"""Counted with every alias written out: aliases of aliases grow exponentially."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def parse_yaml(source: Source) -> Node:
    """Read one YAML document into nodes.

    Raises TextError with the offset, for what is no YAML, for several documents, and past the limits.
    """
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TextError(error.problem or "not YAML", source, mark.index if mark else 0) from None
    except yaml.YAMLError as error:
        raise TextError(
            f"not YAML: {str(error).splitlines()[0]}", source, getattr(error, "position", 0)
        ) from None
    if builder.root is None:
        raise TextError("expected a YAML document, found the end of the file", source, 0)
    return builder.root


class _Open:
    """A collection whose end has not been seen yet."""

    __slots__ = ("anchor", "is_object", "items", "key", "members", "start")

    def __init__(self, start: int, anchor: str | None, *, is_object: bool) -> None:
        self.start = start
        self.anchor = anchor
        self.is_object = is_object
        self.items: list[Node] = []
        self.members: list[Member] = []
        self.key: Scalar | None = None


class _Builder:
    __slots__ = ("anchors", "count", "root", "sizes", "source", "stack")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.sizes: list[int] = [0]

    def take(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            self.add(self.scalar(event, start, end), 1, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise TextError(f"unknown alias `{event.anchor}`", self.source, start, end)
            self.add(*self.anchors[event.anchor], None)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self.open(event, start)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.close(end)
        elif isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            raise TextError("expected one document, found a second", self.source, start, end)

    def scalar(self, event: Any, start: int, end: int) -> Scalar:
        text: str = event.value
        if not event.style and event.tag is None:
            if text in _WORDS:
                return Scalar(_WORDS[text], self.source, start, end)
            if _NUMBER.match(text):
                return Scalar(Number(text), self.source, start, end)
        return Scalar(text, self.source, start, end)

    def open(self, event: Any, start: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise TextError(f"nested more than {MAX_DEPTH} levels deep", self.source, start)
        self.stack.append(_Open(start, event.anchor, is_object=isinstance(event, yaml.MappingStartEvent)))
        self.sizes.append(1)

    def close(self, end: int) -> None:
        done = self.stack.pop()
        node: Node
        if done.is_object:
            node = Object(tuple(done.members), self.source, done.start, end)
        else:
            node = Array(tuple(done.items), self.source, done.start, end)
        self.add(node, self.sizes.pop(), done.anchor)

    def add(self, node: Node, size: int, anchor: str | None) -> None:
        self.sizes[-1] += size
        if sum(self.sizes) > MAX_NODES:
            raise TextError(f"more than {MAX_NODES} values, aliases written out", self.source, node.start)
        if anchor:
            self.anchors[anchor] = (node, size)
        if not self.stack:
            self.root = node
        else:
            self.put(self.stack[-1], node)

    def put(self, parent: _Open, node: Node) -> None:
        if not parent.is_object:
            parent.items.append(node)
        elif parent.key is not None:
            key = parent.key
            parent.members.append(Member(_key_text(key), node, key.start, key.end))
            parent.key = None
        elif isinstance(node, Scalar):
            parent.key = node
        else:
            raise TextError("expected a key, found a collection", self.source, node.start, node.end)


def _key_text(key: Scalar) -> str:
    if isinstance(key.value, str):
        return key.value
    return key.source.text[key.start : key.end]
