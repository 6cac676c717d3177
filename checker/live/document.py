"""The Document of what was read live: routes lead into it, and there are no lines to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.policy.anchor import anchor
from checker.policy.node import Node, Object, Scalar
from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.finding import Part, Route


class LiveDocument(NamedTuple):
    """What AWS says of one resource, under the ARN of that resource; Document and Text in one."""

    name: str
    root: Node

    def locate(self, route: Route, part: Part) -> None:
        """None: there is no file."""

    def text_of(self, route: Route, part: Part) -> LiveDocument:  # noqa: ARG002 - there is one text
        """Give the resource itself."""
        return self

    def line(self, number: int) -> str:  # noqa: ARG002 - as above
        """Nothing: there are no lines."""
        return ""

    def pointer_to(self, route: Route, part: Part) -> None:
        """None: there is no file."""

    def anchor(self, route: Route) -> str:
        """Name the place that a route leads to."""
        return anchor(self.root, route)


def document_of(name: str, values: Mapping[str, str]) -> LiveDocument:
    """Make the document of a resource that is described by names and texts."""
    return LiveDocument(name, nodes_of(Source(name, ""), values))


def nodes_of(source: Source, value: Mapping[str, object] | str) -> Node:
    """Make nodes without a place of names and texts."""
    from checker.policy.node import Member

    if isinstance(value, str):
        return Scalar(value, source, 0, 0)
    members = (Member(key, nodes_of(source, str(one)), 0, 0) for key, one in value.items())
    return Object(tuple(members), source, 0, 0)
