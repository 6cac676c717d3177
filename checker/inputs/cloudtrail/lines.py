"""Events of which each has a line: only the lines that matter are looked at, the others are searched at once."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from checker.inputs.cloudtrail.faults import Fault
from checker.inputs.cloudtrail.piece import MAX_PIECE, WANTED, At, Piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.cloudtrail.faults import Faults

_ENDLESS = 256 * 1024 * 1024
"""After so much without the end of a line the file is no JSON Lines, be it unpacked zeros."""

_ENOUGH = 10_001
"""A chunk with more odd lines than that has lines too short for events."""


def lines(chunks: Iterable[bytes], faults: Faults) -> Iterator[Piece]:
    """Give the lines that have one of the names in them, or that do not look like an object."""
    reader = _Lines(faults)
    for chunk in chunks:
        yield from reader.take(chunk)
        if reader.done or faults.hopeless:
            return
    yield from reader.finish()


class _Lines:
    """``rest`` is what has been read of the last line, ``lost`` counts what was dropped of one too long."""

    __slots__ = ("done", "faults", "line", "lost", "offset", "rest")

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.rest = b""
        self.line = 1
        self.offset = 0
        self.lost = 0
        self.done = False

    def take(self, chunk: bytes) -> Iterator[Piece]:
        """Give the lines that end in a chunk."""
        block = self.rest + chunk
        start, end = 0, block.rfind(b"\n") + 1
        if self.lost and end:
            start = self._found_again(block)
        self.rest = block[end:]
        if end > start:
            yield from self._block(block, start, end)
        if len(self.rest) > MAX_PIECE or self.lost:
            self._lose()

    def finish(self) -> Iterator[Piece]:
        """Give the last line, which may lack its end."""
        if self.lost:
            self.faults.note(Fault.LENGTH, self.line)
        elif self.rest:
            yield from self._block(self.rest, 0, len(self.rest))

    def _lose(self) -> None:
        """Forget the beginning of a line that is too long."""
        self.lost += len(self.rest)
        self.offset += len(self.rest)
        self.rest = b""
        if self.lost > _ENDLESS:
            self.faults.end("a line has no end, the rest was not read")
            self.done = True

    def _found_again(self, block: bytes) -> int:
        """Go on after the end of a line that was too long."""
        self.faults.note(Fault.LENGTH, self.line)
        first = block.find(b"\n") + 1
        self.line += 1
        self.offset += first
        self.lost = 0
        return first

    def _block(self, block: bytes, begin: int, stop: int) -> Iterator[Piece]:
        """Give what matters of the whole lines between two offsets."""
        count = block.count(b"\n", begin, stop)
        odd = () if _are_objects(block, begin, stop, count) else _odd(block, begin, stop)
        line, last = self.line, begin
        for start in sorted({*_wanted(block, begin, stop), *islice(odd, _ENOUGH)}):
            line, last = line + block.count(b"\n", last, start), start
            end = block.find(b"\n", start, stop)
            raw = block[start : end if end >= 0 else stop]
            if len(raw) > MAX_PIECE:
                self.faults.note(Fault.LENGTH, line)
                continue
            yield Piece(raw, At(line, 1, self.offset + start - begin))
            if self.faults.hopeless:
                return
        self.line += count
        self.offset += stop - begin


def _are_objects(block: bytes, start: int, end: int, newlines: int) -> bool:
    """Tell by counting whether each of some lines looks like an object; an odd one need not be found out."""
    last = block[max(start, end - 3) : end]
    if block[start : start + 1] != b"{" or last.rstrip()[-1:] != b"}":
        return False
    joints = newlines - last.endswith(b"\n")
    return joints == block.count(b"}\n{", start, end) or joints == block.count(b"}\r\n{", start, end)


def _odd(block: bytes, start: int, end: int) -> Iterator[int]:
    """Give the beginnings of the lines that do not look like an object, and are not empty."""
    if not block[start:end].strip():
        return
    while start < end:
        after = block.find(b"\n", start, end) + 1 or end
        line = block[start:after].strip()
        if line and not (line[:1] == b"{" and line[-1:] == b"}"):
            yield start
        start = after


def _wanted(block: bytes, start: int, stop: int) -> Iterator[int]:
    """Give the beginnings of the lines that have one of the names in them."""
    for name in WANTED:
        found = block.find(name, start, stop)
        while found >= 0:
            yield block.rfind(b"\n", start, found) + 1 or start
            end = block.find(b"\n", found, stop)
            found = block.find(name, end, stop) if end >= 0 else -1
