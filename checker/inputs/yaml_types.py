"""Replaces plain YAML scalars, of which the type depends on the version of YAML, with unknown values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.policy.node import Array, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.policy.node import Node


_MARKS = ("'", '"', "|", ">")
_OCTAL = pattern(r"[-+]?0[0-7_]+")
"""Plain text that YAML 1.1 reads as an octal number. With an 8 or 9, it is a text. https://yaml.org/type/int.html"""
_IS_OCTAL = "an unquoted number with a leading zero is octal in YAML 1.1; quote it"


def with_unknown(node: Node, reason_of: Callable[[Scalar, str], str]) -> Node:
    """Replace each plain text for which there is a reason with an unknown value; the reason is empty for others."""
    if isinstance(node, Array):
        return node._replace(items=tuple(with_unknown(one, reason_of) for one in node.items))
    if isinstance(node, Object):
        members = (one._replace(value=with_unknown(one.value, reason_of)) for one in node.members)
        return node._replace(members=tuple(members))
    is_plain = isinstance(node.value, str) and not node.source.text.startswith(_MARKS, node.start)
    reason = reason_of(node, node.value) if is_plain and isinstance(node.value, str) else ""
    return node._replace(value=Unknown(reason, str(node.value))) if reason else node


def with_unknown_octals(root: Node) -> Node:
    """Replace the octal numbers of YAML 1.1, which CloudFormation reads, with unknown values.

    A text counts if it is written at its place. One that a variable inserted may be in quotes elsewhere.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
    """
    return with_unknown(root, _reason_in_place)


def octal_reason(_: Scalar, text: str) -> str:
    """Return why a plain text is not the value that YAML 1.1 reads; empty for other texts."""
    return _IS_OCTAL if _OCTAL.fullmatch(text) else ""


def _reason_in_place(node: Scalar, text: str) -> str:
    return octal_reason(node, text) if node.source.text.startswith(text, node.start) else ""
