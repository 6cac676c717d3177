"""Masks policies that Terraform marks as sensitive, keeping only public words of the policy language.

Findings quote the policy, so secrets must not reach the rules. Only public words are kept: elements,
operators, condition keys, actions and service principals that AWS publishes, and the names of the plan's own
resources. Any other text is Unknown, and so is an object with another key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.terraform.plan.resource import SENSITIVE
from checker.inputs.text import parse_embedded
from checker.policy.model import ALLOW, DENY, EVERYONE
from checker.policy.names import GLOBAL_KEYS, KEY_ACTIONS, KEY_KEYS, SERVICES, TOPIC_ACTIONS, TOPIC_KEYS
from checker.policy.node import Array, Object, Scalar, text_of
from checker.policy.vocabulary import (
    OLD_VERSION,
    POLICY_ELEMENTS,
    PRINCIPAL_TYPES,
    STATEMENT_ELEMENTS,
    VERSION,
    operator_names,
)

if TYPE_CHECKING:
    from checker.policy.node import Node


_DOMAIN = ".amazonaws.com"

_ELEMENTS = frozenset((*POLICY_ELEMENTS, *STATEMENT_ELEMENTS, *PRINCIPAL_TYPES, *operator_names()))
_KEYS = frozenset(key.lower() for key in (*GLOBAL_KEYS, *TOPIC_KEYS, *KEY_KEYS))
_TEXTS = frozenset((OLD_VERSION, VERSION, ALLOW, DENY, EVERYONE, "true", "false"))
_WILD = ("sns:*", "kms:*", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_ACTIONS = frozenset(word.lower() for word in (*TOPIC_ACTIONS, *KEY_ACTIONS, *_WILD))


def masked(node: Node, where: str, own: str = "") -> Node:
    """Replace all text that is not a public word with Unknown.

    ``where`` names the policy, ``own`` is the ARN of its resource.
    """
    if isinstance(node, Object):
        if not all(is_public_key(member.key) for member in node.members):
            return _hidden(node, where)
        members = (one._replace(value=masked(one.value, where, own)) for one in node.members)
        return node._replace(members=tuple(members))
    if isinstance(node, Array):
        return node._replace(items=tuple(masked(one, where, own) for one in node.items))
    return (
        node
        if node.value is None or isinstance(node.value, bool) or _is_public(node.value, own)
        else _hidden(node, where)
    )


def parse_sensitive(node: Node, where: str, own: str = "") -> Node:
    """Parse a secret policy. Raises InputError without quoting the policy."""
    root = node
    try:
        for _ in range(2):  # the JSON may be encoded twice
            text = text_of(root)
            root = parse_embedded(root, text).root if text is not None and isinstance(root, Scalar) else root
    except InputError:
        position = node.source.position(node.start, node.end)
        raise InputError(node.source.name, f"the sensitive policy `{where}` is not JSON", position) from None
    return masked(root, where, own)


def _hidden(node: Node, where: str) -> Scalar:
    return Scalar(Unknown(SENSITIVE, where), node.source, node.start, node.end)


def is_public_key(key: str) -> bool:
    """True for a key that AWS publishes: an element, an operator or a condition key."""
    return key in _ELEMENTS or key.lower() in _KEYS


def _is_public(value: object, own: str) -> bool:
    if not isinstance(value, str):
        return isinstance(value, Unknown)
    return is_public_text(value) or (bool(own) and value == own)


def is_public_text(text: str) -> bool:
    """True for a value that AWS publishes: a version, an effect, an action or a service principal."""
    service = text.removesuffix(_DOMAIN)
    return text in _TEXTS or text.lower() in _ACTIONS or (service != text and service in SERVICES)
