"""Characters that a policy may not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.finding import Part
from checker.policy.node import Array, Node, Object, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.finding import Route


_NEVER_LISTS = ("Version", "Id", "Sid", "Effect")
"""Anything else that is a text alone counts as a list of one."""


def odd_characters(node: Node, last: str, route: Route = ()) -> Iterator[tuple[Route, Part, str]]:
    """Give every key and text of a document that has a character beyond ``last``, and the first such character."""
    if isinstance(node, Object):
        for member in node.members:
            inside: Route = (*route, member.key)
            yield from ((inside, Part.KEY, odd) for odd in _odd(member.key, last))
            alone = member.key == "Statement" and isinstance(member.value, Object)
            yield from odd_characters(member.value, last, (*inside, 0) if alone else inside)
    elif isinstance(node, Array):
        for index, one in enumerate(node.items):
            yield from odd_characters(one, last, (*route, index))
    else:
        alone = bool(route) and isinstance(route[-1], str) and route[-1] not in _NEVER_LISTS
        at = (*route, 0) if alone else route
        yield from ((at, Part.VALUE, odd) for odd in _odd(text_of(node) or "", last))


def _odd(text: str, last: str) -> str:
    """Give the first character beyond the last that is allowed, or a control character other than a line's."""
    return next((char for char in text if char > last or (char < " " and char not in "\t\r\n")), "")
