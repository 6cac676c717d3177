"""Guesses what a misspelt word was meant to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


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
