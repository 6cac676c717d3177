"""Values that a file marks as sensitive, for as long as a command runs: judged, and kept from all output.

Readers of files `hide` a value as soon as they meet it; `checker.terminal_text` writes `(sensitive)` in its
place in everything that is printed or written. Only a text that cannot be taken for another is replaced: one
of eight characters or more that is not just a word. Readers treat any other as not known, see
`checker.inputs.secrets`.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHOWN = "(sensitive)"
_SHORTEST, _SHORTEST_WORD = 8, 16


class _Hidden:
    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.revealed: set[str] = set()
        self.pattern: re.Pattern[str] | None = None


_HIDDEN: ContextVar[_Hidden | None] = ContextVar("hidden", default=None)


@contextmanager
def hiding() -> Iterator[None]:
    """Begin with nothing to hide, and forget at the end what there was."""
    token = _HIDDEN.set(_Hidden())
    try:
        yield
    finally:
        _HIDDEN.reset(token)


def can_hide(text: str) -> bool:
    """True for a text that can be replaced wherever it stands without spoiling anything else."""
    return len(text) >= (_SHORTEST_WORD if text.isalpha() else _SHORTEST)


def hide(texts: Iterable[str]) -> None:
    """Keep texts from all output to come."""
    hidden = _HIDDEN.get()
    new = set(texts) - hidden.texts if hidden is not None else ()
    if hidden is not None and new:
        hidden.texts.update(new)
        hidden.pattern = None


def reveal(texts: Iterable[str]) -> None:
    """Show texts after all, as `nonsensitive` asks for."""
    hidden = _HIDDEN.get()
    if hidden is not None:
        hidden.revealed.update(texts)
        hidden.pattern = None


def redacted(text: str) -> str:
    """Write a text with `(sensitive)` for each value that is hidden."""
    hidden = _HIDDEN.get()
    if hidden is None or not hidden.texts - hidden.revealed:
        return text
    if hidden.pattern is None:  # the longest first: one value may be a part of another
        longest_first = sorted(hidden.texts - hidden.revealed, key=len, reverse=True)
        hidden.pattern = re.compile("|".join(map(re.escape, longest_first)))
    return hidden.pattern.sub(SHOWN, text)
