"""Reads events from one document, `{"Records": [...]}` or `{"Events": [...]}`, one record at a time.

Several documents may be concatenated, for example after decompressing many files into one.
"""

from __future__ import annotations

import re
from itertools import islice
from json import JSONDecoder
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.inputs.cloudtrail.fragment import MAX_PIECE, NAMES, WANTED, Fault, FilePosition, Piece, moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.cloudtrail.fragment import Faults


DECODER = JSONDecoder(parse_int=float)
"""No relevant value is an integer, and Python refuses to parse integers with thousands of digits."""

_AHEAD = 256 * 1024
_SHORT = 99
_DEEP = 500
"""Minimum number of brackets in a value that may be nested too deeply to read."""

_SIMPLE = r'"[^"\\]{0,99}"\s*:\s*(?:"[^"\\]{0,9999}"|[\w.+-]{1,99})\s*,\s*'
WRAPPER = rf'\{{\s*+(?:{_SIMPLE}){{0,3}}"(?:Records|Events)"\s*+:\s*+\['
_BETWEEN = pattern(
    rf'(?:[\s,:\[\]}}\xef\xbb\xbf]++|{WRAPPER}|[\w.+-]++|"(?:[^"\\{{][^"\\]{{0,9999}}+)?")*+', re.IGNORECASE
)
_BEGINNING = pattern(
    r'\{\s*"(?:event\w+|awsRegion|additionalEventData|userIdentity|CloudTrailEvent|Records|Events)"\s*:',
    re.IGNORECASE,
)
"""Possible first keys of a record, for any key order; reading resumes there after an invalid record."""


def records(chunks: Iterable[bytes], faults: Faults) -> Iterator[Piece]:
    """Yield the records that contain one of the event names."""
    reader = _Records(iter(chunks), faults)
    while reader.next_record():
        if (piece := reader.record()) is not None:
            yield piece
        if faults.too_many:
            return


class _Records:
    """A window over the text, one character for each byte. ``at`` is the file position of ``position``."""

    __slots__ = ("at", "chunks", "ended", "faults", "position", "text")

    def __init__(self, chunks: Iterator[bytes], faults: Faults) -> None:
        self.chunks = chunks
        self.faults = faults
        self.text = ""
        self.position = 0
        self.at = FilePosition(1, 1)
        self.ended = False

    def next_record(self) -> bool:
        """Advance to the next value of a list; false at the end."""
        while True:
            self._fill(_AHEAD)
            found = _BETWEEN.match(self.text, self.position)
            end = found.end() if found else self.position
            if end == self.position:
                return end < len(self.text)
            self._go(end)

    def record(self) -> Piece | None:
        """Decode the value here and advance to its end."""
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
        """Find the end of the value here in a growing window; ``None`` if the value is not JSON."""
        while True:
            try:
                return DECODER.raw_decode(self.text, self.position)[1]
            except ValueError:
                left = len(self.text) - self.position
                if self.ended or left >= MAX_PIECE:
                    return None
                self._fill(2 * left)

    def _recover(self, least: int) -> None:
        """Advance to the probable start of the next record, at least a given number of characters away."""
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
        """Read ahead by a number of characters, and discard the text already processed."""
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


_ENDLESS = 256 * 1024 * 1024
"""Length limit without a line break, beyond which the file is not treated as JSON Lines."""

_ENOUGH = 10_001
"""Number of suspicious lines in a chunk beyond which the lines are too short for events."""


def lines(chunks: Iterable[bytes], faults: Faults) -> Iterator[Piece]:
    """Yield the lines that contain an event name or do not look like an object."""
    reader = _Lines(faults)
    for chunk in chunks:
        yield from reader.take(chunk)
        if reader.done or faults.too_many:
            return
    yield from reader.finish()


class _Lines:
    """Splits chunks into lines. ``rest`` is the incomplete last line, ``lost`` the discarded length of a long
    line.
    """

    __slots__ = ("done", "faults", "line", "lost", "rest")

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.rest = b""
        self.line = 1
        self.lost = 0
        self.done = False

    def take(self, chunk: bytes) -> Iterator[Piece]:
        """Yield the lines that end in a chunk."""
        block = self.rest + chunk
        start, end = 0, block.rfind(b"\n") + 1
        if self.lost and end:
            start = self._resume(block)
        self.rest = block[end:]
        if end > start:
            yield from self._block(block, start, end)
        if len(self.rest) > MAX_PIECE or self.lost:
            self._lose()

    def finish(self) -> Iterator[Piece]:
        """Yield the last line, which may be unterminated."""
        if self.lost:
            self.faults.note(Fault.LENGTH, self.line)
        elif self.rest:
            yield from self._block(self.rest, 0, len(self.rest))

    def _lose(self) -> None:
        """Discard the beginning of a line that is too long."""
        self.lost += len(self.rest)
        self.rest = b""
        if self.lost > _ENDLESS:
            self.faults.end("unterminated line; the rest was not read")
            self.done = True

    def _resume(self, block: bytes) -> int:
        """Resume after the end of a line that was too long."""
        self.faults.note(Fault.LENGTH, self.line)
        first = block.find(b"\n") + 1
        self.line += 1
        self.lost = 0
        return first

    def _block(self, block: bytes, begin: int, stop: int) -> Iterator[Piece]:
        """Yield the relevant lines between two offsets."""
        count = block.count(b"\n", begin, stop)
        odd = () if _are_objects(block, begin, stop, count) else _suspicious(block, begin, stop)
        line, last = self.line, begin
        for start in sorted({*_wanted(block, begin, stop), *islice(odd, _ENOUGH)}):
            line, last = line + block.count(b"\n", last, start), start
            end = block.find(b"\n", start, stop)
            raw = block[start : end if end >= 0 else stop]
            if len(raw) > MAX_PIECE:
                self.faults.note(Fault.LENGTH, line)
                continue
            yield Piece(raw, FilePosition(line, 1))
            if self.faults.too_many:
                return
        self.line += count


def _are_objects(block: bytes, start: int, end: int, newlines: int) -> bool:
    """Check by counting whether all lines look like objects; individual exceptions may be missed."""
    last = block[max(start, end - 3) : end]
    if block[start : start + 1] != b"{" or last.rstrip()[-1:] != b"}":
        return False
    joints = newlines - last.endswith(b"\n")
    return joints == block.count(b"}\n{", start, end) or joints == block.count(b"}\r\n{", start, end)


def _suspicious(block: bytes, start: int, end: int) -> Iterator[int]:
    """Return the offsets of nonempty lines that do not look like an object."""
    if not block[start:end].strip():
        return
    while start < end:
        after = block.find(b"\n", start, end) + 1 or end
        line = block[start:after].strip()
        if line and not (line[:1] == b"{" and line[-1:] == b"}"):
            yield start
        start = after


def _wanted(block: bytes, start: int, stop: int) -> Iterator[int]:
    """Return the offsets of lines that contain one of the event names."""
    for name in WANTED:
        found = block.find(name, start, stop)
        while found >= 0:
            yield block.rfind(b"\n", start, found) + 1 or start
            end = block.find(b"\n", found, stop)
            found = block.find(name, end, stop) if end >= 0 else -1
