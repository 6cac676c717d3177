"""Patterns with ``*`` (any run of characters) and ``?`` (any one character).

Matching uses two pointers rather than a regular expression: an expression built from ``*a*a*a...`` backtracks
for minutes, and policies are untrusted input.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


RUN, ONE = "any run", "any one"
"""Wildcard tokens. A literal token is a single character, so it never equals one of these."""

Tokens = tuple[str, ...]


class Glob(NamedTuple):
    """A compiled pattern: its tokens, and its text if it has no wildcard."""

    tokens: Tokens
    literal: str | None

    def matches(self, text: str) -> bool:
        """True if the pattern matches the whole of ``text``, including letter case."""
        if self.literal is not None:
            return self.literal == text
        return _walk(self.tokens, text)


def glob_of(tokens: Tokens) -> Glob:
    """Compile tokens, for example those of a pattern whose variables were replaced."""
    wild = RUN in tokens or ONE in tokens
    return Glob(tokens, None if wild else "".join(tokens))


@lru_cache(maxsize=4096)
def glob(pattern: str) -> Glob:
    """Compile a pattern in which every ``*`` and ``?`` is a wildcard."""
    return glob_of(tokens_of(pattern))


def is_wild(pattern: str) -> bool:
    """True if a pattern has a wildcard."""
    return "*" in pattern or "?" in pattern


def example_of(pattern: str) -> str:
    """Return an example of a resource that an ARN pattern of six parts matches, without wildcards.

    Any other pattern is returned as it is.
    """
    parts = pattern.split(":", 5)
    if not is_wild(pattern) or len(parts) < 6:
        return pattern
    filled = (
        _USUAL.get(at, "x") if part == "*" else part.replace("*", "").replace("?", "0")
        for at, part in enumerate(parts)
    )
    return ":".join(filled)


_USUAL = {1: "aws", 2: "sns", 3: "us-east-1", 4: "000000000000", 5: "topic"}
"""Example values for the parts of an ARN, by index."""


def tokens_of(pattern: str) -> Tokens:
    """Split a pattern into tokens."""
    if "*" not in pattern and "?" not in pattern:
        return tuple(pattern)
    return tuple(RUN if char == "*" else ONE if char == "?" else char for char in pattern)


def _walk(tokens: Tokens, text: str) -> bool:
    # On a mismatch, extend the last `*` by one character. Earlier ones never need to grow, so only the last is
    # kept.
    at = token = 0
    run = resume = -1
    while at < len(text):
        current = tokens[token] if token < len(tokens) else ""
        if current is RUN:
            run, resume = token, at
            token += 1
        elif current is ONE or current == text[at]:
            token += 1
            at += 1
        elif run >= 0:
            resume += 1
            at, token = resume, run + 1
        else:
            return False
    return all(rest is RUN for rest in tokens[token:])


def did_you_mean(word: str, known: Iterable[str], cutoff: float = 0.75) -> str | None:
    """Find the known word closest to ``word``, ignoring blanks and letter case; ``None`` if none is close.

    ``cutoff`` is the lowest similarity: 1 for identical, 0 for nothing in common.
    """
    folded = {name.lower(): name for name in known}
    bare = word.strip().lower().replace(" ", "")
    if bare in folded:
        return folded[bare]
    from difflib import get_close_matches  # imported here because only misspelled words need it

    close = get_close_matches(bare, folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None


def closest(word: str, known: Iterable[str], cutoff: float = 0.75) -> list[str]:
    """Find all known words that are closest to a word in lower case, such as both Regions for `us-est-1`."""
    from difflib import SequenceMatcher  # as above

    similar = {name: SequenceMatcher(None, name, word).ratio() for name in known}
    best = max(similar.values(), default=0)
    return [name for name, ratio in similar.items() if ratio == best >= cutoff]
