"""ARN patterns: six parts compared one by one, a wildcard never crossing into the next.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from checker.policy.unknown import Unknown
from checker.policy.wildcard import Glob, Tokens, glob_of, tokens_of

if TYPE_CHECKING:
    from checker.iam.truth import Truth

PARTS = 6


class ArnGlob(NamedTuple):
    """An ARN pattern: its parts, each with wildcards of its own, and the whole as plain text."""

    parts: tuple[Glob, ...]
    whole: Glob

    @property
    def is_arn(self) -> bool:
        """True if the pattern has the six parts of an ARN."""
        return len(self.parts) == PARTS

    def matches_parts(self, value: str) -> bool:
        """True if every part of ``value`` matches its part of the pattern; both must have six."""
        return all(part.matches(text) for text, part in zip(value.split(":", 5), self.parts, strict=True))


@lru_cache(maxsize=4096)
def arn_glob(pattern: str) -> ArnGlob:
    """Split a pattern at its first five colons; fewer than six parts when it is no ARN."""
    return arn_glob_of(tokens_of(pattern))


def arn_glob_of(tokens: Tokens) -> ArnGlob:
    """Split tokens, for instance those of a pattern after its variables were filled in."""
    parts: list[Tokens] = []
    rest = tokens
    while len(parts) < 5 and ":" in rest:
        colon = rest.index(":")
        parts.append(rest[:colon])
        rest = rest[colon + 1 :]
    return ArnGlob(tuple(glob_of(part) for part in (*parts, rest)), glob_of(tokens))


def arn_matches(value: str, pattern: ArnGlob) -> Truth:
    """Compare part by part: a wildcard stays in its part, the sixth takes the rest, case counts everywhere.

    When one side is no six-part ARN no source says what happens, unless the loosest reading, as plain
    text, fails too.
    """
    if pattern.is_arn and value.count(":") >= PARTS - 1:
        return pattern.matches_parts(value)
    if not pattern.whole.matches(value):
        return False
    return Unknown("an ARN operator on something that is no six-part ARN")
