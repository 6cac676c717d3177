"""Events in one document, `{"Records": [...]}` or `{"Events": [...]}`: decoded one by one, never as a whole.

Several documents may follow each other, as unpacking many files into one leaves them.
"""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import TYPE_CHECKING

from checker.inputs.cloudtrail.faults import Fault
from checker.inputs.cloudtrail.piece import MAX_PIECE, NAMES, At, Piece, moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.cloudtrail.faults import Faults

DECODER = JSONDecoder(parse_int=float)
"""No whole number matters here, and Python refuses to read those of thousands of digits."""

_AHEAD = 256 * 1024
_SHORT = 99
_DEEP = 500
"""What is nested too deep to be read has a bracket for each of some thousand levels."""

_SIMPLE = r'"[^"\\]{0,99}"\s*:\s*(?:"[^"\\]{0,9999}"|[\w.+-]{1,99})\s*,\s*'
WRAPPER = rf'\{{\s*+(?:{_SIMPLE}){{0,3}}"(?:Records|Events)"\s*+:\s*+\['
_BETWEEN = re.compile(
    rf'(?:[\s,:\[\]}}\xef\xbb\xbf]++|{WRAPPER}|[\w.+-]++|"(?:[^"\\{{][^"\\]{{0,9999}}+)?")*+', re.IGNORECASE
)
_BEGINNING = re.compile(
    r'\{\s*"(?:event\w+|awsRegion|additionalEventData|userIdentity|CloudTrailEvent|Records|Events)"\s*:',
    re.IGNORECASE,
)
"""What a record begins with, whoever has sorted its keys: where reading goes on after a broken one."""


def records(chunks: Iterable[bytes], faults: Faults) -> Iterator[Piece]:
    """Give the records that have one of the names in them."""
    reader = _Records(iter(chunks), faults)
    while reader.next_record():
        if (piece := reader.record()) is not None:
            yield piece
        if faults.hopeless:
            return


class _Records:
    """A window over the text, whose characters are its bytes; ``at`` is the place of ``position`` in it."""

    __slots__ = ("at", "chunks", "ended", "faults", "position", "text")

    def __init__(self, chunks: Iterator[bytes], faults: Faults) -> None:
        self.chunks = chunks
        self.faults = faults
        self.text = ""
        self.position = 0
        self.at = At(1, 1, 0)
        self.ended = False

    def next_record(self) -> bool:
        """Go to the next value of a list; false at the end."""
        while True:
            self._fill(_AHEAD)
            found = _BETWEEN.match(self.text, self.position)
            end = found.end() if found else self.position
            if end == self.position:
                return end < len(self.text)
            self._go(end)

    def record(self) -> Piece | None:
        """Read the value here, and go to its end."""
        try:
            end, least = self._end(), 1
        except RecursionError:
            end, least = None, _DEEP
        if end is None:
            self.faults.note(Fault.RECORD, self.at.line, self.at.column)
            self._recover(least)
            return None
        raw, at = self.text[self.position : end], self.at
        self._go(end)
        return Piece(raw.encode("latin-1"), at) if any(name in raw for name in NAMES) else None

    def _end(self) -> int | None:
        """Find the end of the value here, looking ever further; ``None`` for what is no JSON."""
        while True:
            try:
                return DECODER.raw_decode(self.text, self.position)[1]
            except ValueError:
                left = len(self.text) - self.position
                if self.ended or left >= MAX_PIECE:
                    return None
                self._fill(2 * left)

    def _recover(self, least: int) -> None:
        """Go to what looks like the next record, so many characters away at least."""
        self._go(min(self.position + least, len(self.text)))
        while (found := _BEGINNING.search(self.text, self.position)) is None:
            if self.ended:
                self._go(len(self.text))
                return
            self._go(max(self.position, len(self.text) - _SHORT))
            self._fill(_AHEAD)
        self._go(found.start())

    def _go(self, to: int) -> None:
        self.at = moved(self.at, self.text, "\n", self.position, to)
        self.position = to

    def _fill(self, ahead: int) -> None:
        """Read on until so much lies ahead, and forget what lies behind."""
        if self.ended or len(self.text) - self.position >= ahead:
            return
        parts = [self.text[self.position :]]
        length = len(parts[0])
        while length < ahead and not self.ended:
            chunk = next(self.chunks, b"")
            self.ended = not chunk
            parts.append(chunk.decode("latin-1"))
            length += len(chunk)
        self.text, self.position = "".join(parts), 0
