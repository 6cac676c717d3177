"""Patterns with ``*`` (any run of characters) and ``?`` (any one character).

Matching is the linear two-pointer walk, not a regex: a regex built from ``*a*a*a...`` backtracks for
minutes, and policies are hostile input.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


RUN, ONE = "any run", "any one"
"""Wildcard tokens; a literal token is a single character, so the two never meet."""

Tokens = tuple[str, ...]


class Glob(NamedTuple):
    """A compiled pattern: a token a character, and its text when it has no wildcard."""

    tokens: Tokens
    literal: str | None

    def matches(self, text: str) -> bool:
        """True if the pattern covers the whole of ``text``, with case."""
        if self.literal is not None:
            return self.literal == text
        return _walk(self.tokens, text)


def glob_of(tokens: Tokens) -> Glob:
    """Compile tokens, for instance those of a pattern after its variables were filled in."""
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
    """A resource that a pattern of six parts covers: each wildcard is filled in, as far as that is needed.

    Any other pattern stays as it is.
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
"""What stands for a part of an ARN that may be anything."""


def tokens_of(pattern: str) -> Tokens:
    """Split a pattern into tokens."""
    if "*" not in pattern and "?" not in pattern:
        return tuple(pattern)
    return tuple(RUN if char == "*" else ONE if char == "?" else char for char in pattern)


def _walk(tokens: Tokens, text: str) -> bool:
    # On a mismatch go back to the last run and let it take one character more; earlier runs never
    # need to grow, so no state but the last run is kept.
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
    """Give the known word that ``word`` most likely misspells, blanks and letter case aside, if any is close.

    ``cutoff`` is how close: 1 for the same letters, 0 for none in common.
    """
    folded = {one.lower(): one for one in known}
    bare = word.strip().lower().replace(" ", "")
    if bare in folded:
        return folded[bare]
    from difflib import get_close_matches  # only when something is misspelt

    close = get_close_matches(bare, folded, n=1, cutoff=cutoff)
    return folded[close[0]] if close else None
