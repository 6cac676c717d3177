"""Policy variables: ``${aws:SourceAccount}``, with defaults and escapes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.policy.wildcard import Tokens, tokens_of

if TYPE_CHECKING:
    from checker.iam.decide.request import Request


_VARIABLE = re.compile(
    r"\$\{(?P<escape>[*?$])\}|\$\{(?P<key>[^{},\s]+)(?:, '(?P<default>[^']*)')?\}|(?P<bad>\$\{)"
)


class Piece(NamedTuple):
    """A part of an expanded pattern. If it came from a variable, none of its characters is a wildcard."""

    text: str
    filled_in: bool


Expansion = tuple[Piece, ...]

NO_VALUE = None
"""The expansion of a variable without a value: positive operators do not match, negated operators match, and a
Resource matches nothing."""


def expand(pattern: str, request: Request, has_variables: bool | Unknown) -> Expansion | Unknown | None:  # noqa: FBT001
    """Replace the variables of a pattern; NO_VALUE if one of them has no value.

    Under version 2008-10-17, or without Version, ``${...}`` is literal text.
    """
    if "${" not in pattern or has_variables is False:
        return (Piece(pattern, filled_in=False),)
    if isinstance(has_variables, Unknown):
        return has_variables
    pieces: list[Piece] = []
    end = 0
    for match in _VARIABLE.finditer(pattern):
        value = _value(match, request)
        if not isinstance(value, str):
            return value
        pieces += (Piece(pattern[end : match.start()], filled_in=False), Piece(value, filled_in=True))
        end = match.end()
    return (*pieces, Piece(pattern[end:], filled_in=False))


def text_of(expansion: Expansion) -> str:
    """Join the parts of an expanded pattern, for an operator without wildcards."""
    return "".join(piece.text for piece in expansion)


def tokens_in(expansion: Expansion) -> Tokens:
    """Convert an expanded pattern to tokens, for an operator with wildcards."""
    tokens: list[str] = []
    for piece in expansion:
        tokens += piece.text if piece.filled_in else tokens_of(piece.text)
    return tuple(tokens)


def keys_in(pattern: str) -> tuple[str, ...]:
    """Return the context keys, in lower case, that the variables of a pattern refer to."""
    if "${" not in pattern:
        return ()
    return tuple(match["key"].lower() for match in _VARIABLE.finditer(pattern) if match["key"])


def has_escape(pattern: str) -> bool:
    """True if a wildcard is escaped, which AWS documents only for operators with wildcards."""
    return "${*}" in pattern or "${?}" in pattern


def _value(match: re.Match[str], request: Request) -> str | Unknown | None:
    if match["escape"]:
        return match["escape"]
    if match["bad"]:
        return Unknown("`${` starts an invalid policy variable")
    value = request.variable(match["key"])
    if value is None:
        return match["default"]
    if isinstance(value, tuple):
        return Unknown("a policy variable of a multi-valued key", match["key"])
    return value
