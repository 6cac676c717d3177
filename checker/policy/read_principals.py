"""Reads the elements Principal and NotPrincipal.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.model import EVERYONE, Principal, Principals
from checker.policy.node import Object, describe
from checker.policy.reading import value_of
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import PRINCIPAL_TYPES

if TYPE_CHECKING:
    from checker.finding import Route
    from checker.policy.node import Node
    from checker.policy.reading import Reading


def principals(
    reading: Reading, element: str, node: Node | Unknown | None, route: Route
) -> Principals | Unknown:
    """Read the element of a statement; ``route`` is that of the statement."""
    if node is None:
        help_text = "a resource-based policy says whom a statement is for"
        return reading.problem("the statement has no Principal", route, help_text)
    if isinstance(node, Unknown):
        return node
    route = (*route, element)
    value = value_of(node)
    if value == EVERYONE:
        return Principals(element == "NotPrincipal", (Principal(EVERYONE, EVERYONE, route),))
    if isinstance(value, Unknown):
        return value
    if not isinstance(node, Object):
        shown = f"`{value}`" if value is not None else describe(node)
        help_text = 'write `{"Service": "connect.amazonaws.com"}`, or `{"AWS": ...}` for an account or role'
        return reading.problem(f"{element} is `*` or an object, not {shown}", route, help_text)
    return _object(reading, node, route)


def _object(reading: Reading, node: Object, route: Route) -> Principals:
    """Read what Principal or NotPrincipal holds: types, each with one or several names."""
    entries: list[Principal] = []
    unknown: Unknown | None = None
    for kind, value in reading.elements(node, PRINCIPAL_TYPES, route, "principal type").items():
        if isinstance(value, Unknown):
            unknown = value
            continue
        for index, one in enumerate(reading.texts(value, (*route, kind))):
            entries.append(Principal(kind, one, (*route, kind, index)))
    if not entries and unknown is None and not reading.dialect.empty_principal:
        reading.problem(f"{route[-1]} names nobody", route, "SNS refuses a statement without a principal")
    return Principals(route[-1] == "NotPrincipal", tuple(entries), unknown)
