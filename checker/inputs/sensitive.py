"""Protects sensitive values, so that no report, fix or diff contains them.

Public words are kept: elements, operators, condition keys, actions and services that AWS publishes.

* In a plan, any other text is Unknown, and so is an object with another key (``masked``). A policy that allows
  everyone is still a finding.
* In Terraform source, a value is kept if each of its texts is distinctive, and `checker.core.terminal_text`
  then redacts them (``Secrets``). A short or common text, such as `prod`, would match unrelated output, so it
  becomes Unknown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.regions import REGIONS
from checker.core.terminal_text import can_hide, hide, reveal
from checker.core.unknown import Unknown
from checker.inputs.text import parse_embedded
from checker.policy.model import ALLOW, DENY, EVERYONE
from checker.policy.names import GLOBAL_KEYS, KEY_ACTIONS, KEY_KEYS, SERVICES, TOPIC_ACTIONS, TOPIC_KEYS
from checker.policy.node import Array, Number, Object, Scalar, children, text_of
from checker.policy.vocabulary import (
    OLD_VERSION,
    POLICY_ELEMENTS,
    PRINCIPAL_TYPES,
    STATEMENT_ELEMENTS,
    VERSION,
    operator_names,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checker.policy.node import Node


SENSITIVE = "a sensitive value"

_DOMAIN = ".amazonaws.com"
_ELEMENTS = frozenset((*POLICY_ELEMENTS, *STATEMENT_ELEMENTS, *PRINCIPAL_TYPES, *operator_names()))
_KEYS = frozenset(key.lower() for key in (*GLOBAL_KEYS, *TOPIC_KEYS, *KEY_KEYS))
_TEXTS = frozenset((OLD_VERSION, VERSION, ALLOW, DENY, EVERYONE, "true", "false"))
_WILD = ("sns:*", "kms:*", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_ACTIONS = frozenset(word.lower() for word in (*TOPIC_ACTIONS, *KEY_ACTIONS, *_WILD))


def masked(node: Node, where: str, own: str = "") -> Node:
    """Replace all text that is not a public word with Unknown.

    ``where`` names the policy, ``own`` is the ARN of its resource, which is not replaced.
    """
    if isinstance(node, Object):
        if not all(_is_public_key(member.key) for member in node.members):
            return _unknown(node, where)
        members = (one._replace(value=masked(one.value, where, own)) for one in node.members)
        return node._replace(members=tuple(members))
    if isinstance(node, Array):
        return node._replace(items=tuple(masked(one, where, own) for one in node.items))
    return node if _is_public_value(node.value, own) else _unknown(node, where)


def parse_sensitive(node: Node, where: str, own: str = "") -> Node:
    """Parse a sensitive policy and mask it. Raises InputError without quoting the policy."""
    root = node
    try:
        for _ in range(2):  # the JSON may be encoded twice
            text = text_of(root)
            root = parse_embedded(root, text).root if text is not None and isinstance(root, Scalar) else root
    except InputError:
        position = node.source.position(node.start, node.end)
        raise InputError(node.source.name, f"the sensitive policy `{where}` is not JSON", position) from None
    return masked(root, where, own)


def _is_public_value(value: object, own: str) -> bool:
    if isinstance(value, str):
        return _is_public_key(value) or _is_public_text(value) or (bool(own) and value == own)
    return value is None or isinstance(value, bool | Unknown)


def _is_public_key(key: str) -> bool:
    """True for a key that AWS publishes: an element, an operator or a condition key."""
    return key in _ELEMENTS or key.lower() in _KEYS


def _is_public_text(text: str) -> bool:
    """True for a value that AWS publishes: a version, an effect, an action or a service principal."""
    service = text.removesuffix(_DOMAIN)
    return text in _TEXTS or text.lower() in _ACTIONS or (service != text and service in SERVICES)


_OF_ARNS = ("", "arn", "connect", "iam", "instance", "key", "kms", "role", "root", "sns", "sts", "user")
_WORDS = frozenset((*_OF_ARNS, *REGIONS, *(name for names in REGIONS.values() for name in names)))
_NAME = pattern(r"[A-Za-z_]\w*", re.ASCII)
"""An attribute that code reads from a value, as in `var.ids.account`."""

_PIECES = pattern(r"[:/]")
_REFERENCE = pattern(r"\$\{[^}]*\}")


class Secrets:
    """The sensitive texts of one reading. ``decode`` parses JSON in a string, or raises InputError."""

    def __init__(self, decode: Callable[[Scalar], Node]) -> None:
        self.decode = decode
        self.texts: set[str] = set()

    def protect(self, node: Node, where: str) -> Node:
        """Return a sensitive value in a form that is safe to check; ``where`` names it."""
        if isinstance(node, Object):
            if not all(_NAME.fullmatch(one.key) or self._may_stay(one.key, where) for one in node.members):
                return _unknown(node, where)
            return node._replace(
                members=tuple(one._replace(value=self.protect(one.value, where)) for one in node.members)
            )
        if isinstance(node, Array):
            return node._replace(items=tuple(self.protect(one, where) for one in node.items))
        return self._protect_text(node, where)

    def derived(self, found: Node, arguments: Iterable[Node], where: str) -> Node:
        """Protect the result of a function if one of its arguments is sensitive."""
        if not self.texts:
            return found
        given = {text for one in arguments for text in texts_of(one)}
        if not any(map(self._holds, given)):
            return found
        return self._derived(found, given, where)

    def reveal(self, node: Node) -> None:
        """Allow a value to be shown."""
        texts = set(texts_of(node))
        self.texts -= texts
        reveal(texts.union(*map(_PIECES.split, texts)))

    def _derived(self, node: Node, given: set[str], where: str) -> Node:
        if isinstance(node, Object):
            values = (self._derived(one.value, given, where) for one in node.members)
            members = (one._replace(value=new) for one, new in zip(node.members, values, strict=True))
            return node._replace(members=tuple(members))
        if isinstance(node, Array):
            return node._replace(items=tuple(self._derived(one, given, where) for one in node.items))
        known = set(texts_of(node))
        return node if known <= given or any(map(self._holds, known)) else self._protect_text(node, where)

    def _protect_text(self, node: Scalar, where: str) -> Node:
        text = next(texts_of(node), "")
        if isinstance(node.value, Unknown):
            text = node.value.where if "${" in node.value.where else ""
        if text.lstrip().startswith(("{", "[")):
            return self._protect_json(node, where)
        if isinstance(node.value, Unknown):
            return self._protect_parts(node, text, where)
        if not _is_public(text):
            _hide_lines(node, text)
        return node if self._may_stay(text, where) else _unknown(node, where)

    def _protect_json(self, node: Scalar, where: str) -> Node:
        try:
            inside = self.protect(self.decode(node), where)
        except InputError:
            return _unknown(node, where)
        return inside if any(isinstance(one, Unknown) for one in _values(inside)) else node

    def _protect_parts(self, node: Scalar, text: str, where: str) -> Node:
        """Protect the literal parts between references, as in `arn:aws:iam::${...}:role/chat`."""
        parts = (piece for part in _REFERENCE.split(text) for piece in _PIECES.split(part))
        return node if all(self._may_stay(one, where) for one in parts) else _unknown(node, where)

    def _may_stay(self, text: str, where: str) -> bool:
        """True for a public word, and for a text that is now redacted."""
        if _is_public(text):
            return True
        if keep_secret(text, where):
            self.texts.add(text)
            return True
        return False

    def _holds(self, text: str) -> bool:
        return any(one in text for one in self.texts)


def keep_secret(text: str, source: str) -> bool:
    """Redact a text and its parts, with the name of its source; false if it is not distinctive enough."""
    if not can_hide(text):
        return False
    hide((text, *(one for one in _PIECES.split(text) if can_hide(one) and not _is_public(one))), source)
    return True


def texts_of(node: Node) -> Iterator[str]:
    """Return the texts and numbers in a value, and the keys of its objects."""
    if isinstance(node, Scalar):
        value = node.value.text if isinstance(node.value, Number) else node.value
        yield from (value,) if isinstance(value, str) else ()
        return
    if isinstance(node, Object):
        yield from (one.key for one in node.members)
    for one in children(node):
        yield from texts_of(one)


def _values(node: Node) -> Iterator[object]:
    if isinstance(node, Scalar):
        yield node.value
    for one in children(node):
        yield from _values(one)


def _is_public(text: str) -> bool:
    return text in _WORDS or _is_public_text(text) or _is_public_key(text)


def _hide_lines(node: Scalar, text: str) -> None:
    """Redact the source lines of a text if the text does not appear in them literally."""
    written = node.source.text[node.start : node.end]
    at = node.source.position(node.start, node.end)
    if can_hide(text) and at.line == at.end_line and text in written:
        return
    if text in written or written.startswith(('"', "<<")):
        lines = (node.source.line(number).strip() for number in range(at.line, at.end_line + 1))
        hide(one for one in lines if can_hide(one))


def _unknown(node: Node, where: str) -> Scalar:
    return Scalar(Unknown(SENSITIVE, where), node.source, node.start, node.end)
