"""Patterns of paths, which read as the lines of a .gitignore."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def matches(patterns: tuple[str, ...], *paths: str | None) -> bool:
    """True if one of several relative paths, with slashes, is one that the patterns name."""
    return bool(patterns) and any(path is not None and _spec(patterns).match_file(path) for path in paths)


def is_pattern(text: str) -> bool:
    """False for what no .gitignore could have on a line."""
    try:
        _spec((text,))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # only where a configuration has patterns

    return GitIgnoreSpec.from_lines(patterns)
