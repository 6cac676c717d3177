"""The arguments of a data source as nodes of a policy: what is not known, or is secret, is Unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.inputs.terraform.marks import has_marks
from checker.inputs.terraform.masking import masked
from checker.inputs.terraform.resource import AFTER_APPLY
from checker.policy.node import Array, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inputs.terraform.resource import Resource

Path = tuple[str | int, ...]


class Arguments(NamedTuple):
    """A resource, and how an expression that is written for it is named."""

    resource: Resource
    name: Callable[[object], str]

    def leaf(self, node: Node | None, path: Path, written: object, around: Node) -> Node | None:
        """A value or a list of values; ``None`` for what is not set. ``around`` holds it where it is not there."""
        if self.resource.lacks(*path):
            return self.unknown(node or around, written)
        if isinstance(node, Array):
            inside = (self.leaf(one, (*path, i), written, around) for i, one in enumerate(node.items))
            known = tuple(one for one in inside if one is not None)
            return self.shielded(node._replace(items=known), path) if known else None
        if node is None or (isinstance(node, Scalar) and node.value in (None, "")):
            return None
        if isinstance(node, Scalar) and isinstance(node.value, str):
            node = node._replace(value=node.value.replace("&{", "${"))
        return self.shielded(node, path)

    def shielded(self, node: Node, path: Path) -> Node:
        """Hide what is sensitive."""
        if not has_marks(self.resource.sensitive, *path):
            return node
        return masked(node, f"{self.resource.address}.{path[0]}")

    def unknown(self, node: Node, written: object) -> Scalar:
        """Stand for a node that is not known, and name the expression that keeps it so."""
        unknown = Unknown(AFTER_APPLY, self.name(written) or self.resource.address)
        return Scalar(unknown, node.source, node.start, node.end)
