"""The texts and values that the rows of a page share, each stored once, so that very many findings fit.

Findings of one rule differ mostly in the ARN of their resource. A text with that ARN, or with a part of it, is stored as
its pieces, with numbers for what comes from the ARN. All such rows share it, and the script fills in the ARN of the row.
"""

from __future__ import annotations

import json
from typing import Any

from checker.core.arn import Arn
from checker.core.record import NamedTuple

_SHORTEST = 8
"""A shorter name is left in its texts, because it would be found in words as well."""


def parts_of(resource: str) -> tuple[str, ...]:
    """Return what texts of a row are stored without: the ARN of its resource, its account, Region and name.

    The script takes the same parts. A part that is empty or short is not looked for.
    """
    arn = Arn.parse(resource)
    if arn is None:
        return ()
    name = arn.resource.rpartition("/")[2]
    return resource, arn.account, arn.region, name if len(name) >= _SHORTEST else ""


def _pieces(text: str, parts: tuple[str, ...]) -> tuple[str | int, ...]:
    """Split a text at the parts of an ARN, and put their numbers in their place."""
    pieces: list[str | int] = [text]
    for number, part in enumerate(parts):
        if part and part in text:
            pieces = [one for piece in pieces for one in _split(piece, part, number)]
    return tuple(pieces)


def _split(piece: str | int, part: str, number: int) -> list[str | int]:
    if not isinstance(piece, str):
        return [piece]
    split: list[str | int] = []
    for text in piece.split(part):
        split += (number, text) if text else (number,)
    return split[1:]


def json_size(value: Any) -> int:
    """Return the length of a value in the JSON of a page, in which a bracket of HTML is an escape."""
    written = json.dumps(value, separators=(", ", ": "))
    return len(written) + 5 * (written.count("<") + written.count(">"))


class Mark(NamedTuple):
    """The state of a pool, to which it can return."""

    texts: int
    values: int
    size: int


class Pool:
    """``size`` is the length of the JSON of ``texts`` and ``values``."""

    def __init__(self) -> None:
        self.texts: list[str | list[str | int]] = []
        self.values: list[Any] = []
        self.size = 0
        self._numbers: dict[tuple[str | int, ...], int] = {}
        self._known: dict[str, int] = {}

    def text(self, text: str, parts: tuple[str, ...] = ()) -> int:
        """Return the number of a text of a row with the parts of an ARN."""
        pieces = _pieces(text, parts)
        if pieces not in self._numbers:
            self._numbers[pieces] = len(self.texts)
            stored = text if pieces == (text,) else list(pieces)
            self.texts.append(stored)
            self.size += json_size(stored) + 2
        return self._numbers[pieces]

    def value(self, value: Any, parts: tuple[str, ...]) -> int:
        """Return the number of a value of texts, lists and objects, in which each text is its number."""
        stored = self._stored(value, parts)
        written = json.dumps(stored)
        if written not in self._known:
            self._known[written] = len(self.values)
            self.values.append(stored)
            self.size += len(written) + 2
        return self._known[written]

    def _stored(self, value: Any, parts: tuple[str, ...]) -> Any:
        if isinstance(value, str):
            return self.text(value, parts)
        if isinstance(value, dict):
            return {key: self._stored(item, parts) for key, item in value.items()}
        return [self._stored(item, parts) for item in value]

    def mark(self) -> Mark:
        """Return the present state."""
        return Mark(len(self.texts), len(self.values), self.size)

    def restore(self, mark: Mark) -> None:
        """Remove what was added since a mark."""
        del self.texts[mark.texts :], self.values[mark.values :]
        self.size = mark.size
        self._numbers = {key: number for key, number in self._numbers.items() if number < mark.texts}
        self._known = {key: number for key, number in self._known.items() if number < mark.values}
