"""The Terraform expressions of a policy for values that each deployment sets.

https://developer.hashicorp.com/terraform/language/expressions/references
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.fix.text.edits import CannotEditError, file_of, raw
from checker.inputs.discover import HCL
from checker.policy.node import Scalar, children

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.node import Node

_REFERENCE = pattern(r'(?:"?\$\{ *)?([A-Za-z_][\w.-]*)(?: *\}"?)?')
"""A reference without keys of instances, alone or as the whole of a text."""


def expressions_in(root: Node) -> Iterator[tuple[str, str]]:
    """Yield the values of a policy that are references, with the names that its own module has for them."""
    if not file_of(root.source).name.endswith(HCL):
        return
    for node in _scalars(root):
        if (
            isinstance(node.value, Unknown)
            and node.value.reference
            and file_of(node.source) is file_of(root.source)
        ):
            with suppress(
                CannotEditError
            ):  # the value has no clear boundaries, or the file must not be quoted
                found = _REFERENCE.fullmatch(raw(node.source, node.start, node.end))
                if found is not None:
                    yield node.value.reference, found[1]


def _scalars(node: Node) -> Iterator[Scalar]:
    for child in children(node):
        yield from _scalars(child)
    if isinstance(node, Scalar):
        yield node
