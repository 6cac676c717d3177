"""Policies that Terraform marks as sensitive: judged by the words of the policy language, and by nothing else in them.

A finding quotes what it is about, so what is secret must not reach the rules. Only words that everybody may
know are kept: elements, operators, condition keys, actions and service principals that AWS publishes, and the
names of the plan's own resources. Any other text is Unknown, and so is an object with a key that is none of these.
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
    """Put Unknown in the place of whatever is not a word of the policy language.

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
    """Parse a policy that is secret. Raises InputError, which quotes nothing of it either."""
    root = node
    try:
        for _ in range(2):  # it may be encoded twice
            text = text_of(root)
            root = parse_embedded(root, text).root if text is not None and isinstance(root, Scalar) else root
    except InputError:
        position = node.source.position(node.start, node.end)
        raise InputError(node.source.name, f"the sensitive policy `{where}` is no JSON", position) from None
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
