"""Protects sensitive values: a value is checked if it can be redacted in all output; otherwise it is Unknown.

Public words are not redacted: elements, operators, actions and services of the policy language, Regions, and
values without text. A value is kept if each of its texts is distinctive, and `checker.core.terminal_text`
then redacts them. A short or common text, such as `prod`, would match unrelated output, so it becomes
Unknown, as does every sensitive value in a plan.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.regions import REGIONS
from checker.core.terminal_text import can_hide, hide, reveal
from checker.core.unknown import Unknown
from checker.inputs.terraform.plan.masking import is_public_key, is_public_text
from checker.inputs.terraform.plan.resource import SENSITIVE
from checker.policy.node import Array, Number, Object, Scalar, children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checker.policy.node import Node


_OF_ARNS = ("", "arn", "connect", "iam", "instance", "key", "kms", "role", "root", "sns", "sts", "user")
_WORDS = frozenset((*_OF_ARNS, *REGIONS, *(name for names in REGIONS.values() for name in names)))
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""An attribute that code reads from a value, as in `var.ids.account`."""

_PIECES = re.compile(r"[:/]")
_REFERENCE = re.compile(r"\$\{[^}]*\}")


class Secrets:
    """The sensitive texts of one reading. ``decode`` parses JSON in a string, or raises InputError."""

    def __init__(self, decode: Callable[[Scalar], Node]) -> None:
        self.decode = decode
        self.texts: set[str] = set()

    def protect(self, node: Node, where: str) -> Node:
        """Return a sensitive value in a form that is safe to check; ``where`` names it."""
        if isinstance(node, Object):
            if not all(_NAME.fullmatch(one.key) or self._may_stay(one.key) for one in node.members):
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
        return node if self._may_stay(text) else _unknown(node, where)

    def _protect_json(self, node: Scalar, where: str) -> Node:
        try:
            inside = self.protect(self.decode(node), where)
        except InputError:
            return _unknown(node, where)
        return inside if any(isinstance(one, Unknown) for one in _values(inside)) else node

    def _protect_parts(self, node: Scalar, text: str, where: str) -> Node:
        """Protect the literal parts between references, as in `arn:aws:iam::${...}:role/chat`."""
        parts = (piece for part in _REFERENCE.split(text) for piece in _PIECES.split(part))
        return node if all(map(self._may_stay, parts)) else _unknown(node, where)

    def _may_stay(self, text: str) -> bool:
        """True for a public word, and for a text that is now redacted."""
        if _is_public(text):
            return True
        if keep_secret(text):
            self.texts.add(text)
            return True
        return False

    def _holds(self, text: str) -> bool:
        return any(one in text for one in self.texts)


def keep_secret(text: str) -> bool:
    """Redact a text and its parts; false if it is not distinctive enough."""
    if not can_hide(text):
        return False
    hide((text, *(one for one in _PIECES.split(text) if can_hide(one) and not _is_public(one))))
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
    return text in _WORDS or is_public_text(text) or is_public_key(text)


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
