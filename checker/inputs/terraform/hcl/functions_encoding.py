"""Implements functions that decode YAML, CSV and Base64, and hashes.

https://developer.hashicorp.com/terraform/language/functions/yamldecode
"""

from __future__ import annotations

import csv
import hashlib
import re
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.expression import written
from checker.inputs.terraform.hcl.limits import TOO_MUCH
from checker.inputs.terraform.hcl.render import decode_yaml
from checker.inputs.terraform.hcl.values import array, is_composed, known, mapping, text, unknown, wrong
from checker.inputs.yaml_types import with_unknown
from checker.policy.node import Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.inputs.terraform.hcl.limits import Budget
    from checker.policy.node import Span

    Function = Callable[[Sequence[Node], Span, Budget], Node]


_ONE_TEXT = "the function requires one string"


def _of_text(work: Callable[[str], str]) -> Function:
    """Wrap a function of one known text; a ValueError is an error of Terraform."""

    def function(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
        value = _only_text(arguments, at)
        if not isinstance(value, str):
            return value
        if not budget.spend_text(len(value)):
            return unknown(TOO_MUCH, at)
        try:
            return known(work(value), at)
        except ValueError:
            return wrong("the text cannot be decoded", at)

    return function


def _only_text(arguments: Sequence[Node], at: Span) -> str | Node:
    """Return the only argument, a known text; an object may be one that is encoded on demand."""
    one = arguments[0] if len(arguments) == 1 else None
    if one is not None and not isinstance(one, Scalar):
        return unknown("the encoded text is not known", at, written(at))
    value = text(one) if one is not None else None
    if isinstance(value, Unknown):
        return unknown(value, at)
    return wrong(_ONE_TEXT, at) if value is None else value


def _hashed(name: str, encode: Callable[[bytes], str] = bytes.hex) -> Function:
    return _of_text(lambda value: encode(hashlib.new(name, value.encode(), usedforsecurity=False).digest()))


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _yamldecode(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    one = arguments[0] if len(arguments) == 1 else None
    if not isinstance(one, Scalar) or not (isinstance(one.value, str) or is_composed(one)):
        found = _only_text(arguments, at)
        return wrong(_ONE_TEXT, at) if isinstance(found, str) else found
    if not budget.spend_text(len(one.source.text)):
        return unknown(TOO_MUCH, at)
    try:
        return with_unknown(decode_yaml(one), _type_reason)
    except InputError as error:
        return wrong(error.reason, at, written(at))


_OTHER_TYPE = pattern(
    r"[-+.]?\d[\dA-Fa-f_oxX.eE+:-]*|[-+]?\.(?:inf|nan)|true|false|null|yes|no|on|off|\d{4}-\d\d?-\d\d?.*",
    re.IGNORECASE,
)
"""Plain text that versions of YAML read as a number, a boolean or a time."""


def _type_reason(_: Scalar, value: str) -> str:
    """Return why the type of a plain text is not known; empty for other texts."""
    return (
        "its type depends on the version of YAML; write it in quotes" if _OTHER_TYPE.fullmatch(value) else ""
    )


def _csvdecode(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
    value = _only_text(arguments, at)
    if not isinstance(value, str):
        return value
    try:
        rows = list(csv.reader(value.splitlines(keepends=True), strict=True))
    except csv.Error as error:
        return wrong(f"not CSV: {error}", at, written(at))
    head, *others = [one for one in rows if one] or [[]]
    if not head or len(set(head)) < len(head) or any(len(one) != len(head) for one in others):
        return wrong("the rows of the CSV differ from its header", at, written(at))
    if not budget.spend_items(len(head) * len(rows)):
        return unknown(TOO_MUCH, at)
    cells = ([known(cell, at) for cell in row] for row in others)
    return array([mapping(zip(head, row, strict=True), at) for row in cells], at)


ENCODING_FUNCTIONS: dict[str, Function] = {
    "yamldecode": _yamldecode,
    "csvdecode": _csvdecode,
    "base64encode": _of_text(lambda value: _base64(value.encode())),
    "base64decode": _of_text(lambda value: b64decode(value, validate=True).decode()),
    **{name: _hashed(name) for name in ("md5", "sha1", "sha256", "sha512")},
    **{f"base64{name}": _hashed(name, _base64) for name in ("sha256", "sha512")},
}
