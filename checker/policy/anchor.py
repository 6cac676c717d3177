"""Names a place in a document so that the name survives what moves the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.policy.node import Array, Node, Number, Object, Scalar, items, scalar_text

if TYPE_CHECKING:
    from checker.finding import Route

_NAMES = ("Sid", "id", "arn", "SubscriptionArn", "GrantId", "Arn")


def anchor(root: Node, route: Route) -> str:
    """Write a route without numbers: an item of a list is named by its Sid, id or ARN, else by its text.

    Statements that are put before it, lists that are sorted and lines that are added leave the name alone.
    """
    node: Node | None = root
    steps = []
    for step in route:
        if node is None:
            steps.append(str(step))
        elif isinstance(step, int):
            inside = items(node)
            node = inside[step] if step < len(inside) else None
            steps.append(f"[{_name(node)}]" if node is not None else "[]")
        else:
            node = node.get(step) if isinstance(node, Object) else None
            steps.append(step.lower())
    return ".".join(steps)


def _name(node: Node) -> str:
    if isinstance(node, Object):
        named = (node.get(key) for key in _NAMES)
        texts = (scalar_text(one) for one in named if one is not None)
        return next((text for text in texts if isinstance(text, str) and text), _content(node))
    return _content(node)


def _content(node: Node) -> str:
    """Write what a node says, apart from order of keys and layout."""
    if isinstance(node, Object):
        return "{" + ",".join(sorted(f"{one.key}:{_content(one.value)}" for one in node.members)) + "}"
    if isinstance(node, Array):
        return "[" + ",".join(map(_content, node.items)) + "]"
    return _scalar(node)


def _scalar(node: Scalar) -> str:
    return node.value.text if isinstance(node.value, Number) else str(node.value)
