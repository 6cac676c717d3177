"""Patterns of a policy: variables such as ``${aws:SourceAccount}``, and ARNs that are compared part by part.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.policy.wildcard import Glob, Tokens, glob_of, tokens_of

if TYPE_CHECKING:
    import re

    from checker.core.unknown import Truth
    from checker.iam.decide.request import Request


_VARIABLE = pattern(
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


def expand(pattern: str, request: Request, has_variables: Truth) -> Expansion | Unknown | None:
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


PARTS = 6


class ArnGlob(NamedTuple):
    """An ARN pattern: its parts, each a separate pattern, and the whole as one pattern."""

    parts: tuple[Glob, ...]
    whole: Glob

    @property
    def is_arn(self) -> bool:
        """True if the pattern has the six parts of an ARN."""
        return len(self.parts) == PARTS

    def matches_parts(self, value: str) -> bool:
        """True if each part of ``value`` matches its part of the pattern; both must have six parts."""
        return all(part.matches(text) for text, part in zip(value.split(":", 5), self.parts, strict=True))


@lru_cache(maxsize=4096)
def arn_glob(pattern: str) -> ArnGlob:
    """Split a pattern at its first five colons; there are fewer than six parts if it is not an ARN."""
    return arn_glob_of(tokens_of(pattern))


def arn_glob_of(tokens: Tokens) -> ArnGlob:
    """Split tokens, for example those of a pattern whose variables were replaced."""
    parts: list[Tokens] = []
    rest = tokens
    while len(parts) < 5 and ":" in rest:
        colon = rest.index(":")
        parts.append(rest[:colon])
        rest = rest[colon + 1 :]
    return ArnGlob(tuple(glob_of(part) for part in (*parts, rest)), glob_of(tokens))


def arn_matches(value: str, pattern: ArnGlob) -> Truth:
    """Compare part by part: a wildcard stays within its part, the sixth part is the rest, letter case matters.

    If one side is not a six-part ARN, AWS does not document the result: it is Unknown, or False if the values do
    not match as plain text either.
    """
    if pattern.is_arn and value.count(":") >= PARTS - 1:
        return pattern.matches_parts(value)
    if not pattern.whole.matches(value):
        return False
    return Unknown("an ARN operator compares a value that is not a valid ARN with six parts")
