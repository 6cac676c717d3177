"""Makes a file that breaks a property smaller: whole lines first, then spans of characters."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

_SECONDS = 60.0


def minimized(data: bytes, breaks: Callable[[bytes], bool], seconds: float = _SECONDS) -> bytes:
    """Remove parts for as long as the property stays broken, or until the time is over."""
    end = time.monotonic() + seconds

    def still(pieces: Sequence[bytes]) -> bool:
        return time.monotonic() < end and breaks(b"".join(pieces))

    lines = _without(data.splitlines(keepends=True), still)
    return b"".join(_without([bytes([one]) for one in b"".join(lines)], still))


def _without(pieces: list[bytes], still: Callable[[Sequence[bytes]], bool]) -> list[bytes]:
    """Remove runs of pieces, long ones first."""
    size = max(len(pieces) // 2, 1)
    while size:
        start = 0
        while start < len(pieces):
            candidate = pieces[:start] + pieces[start + size :]
            if still(candidate):
                pieces = candidate
            else:
                start += size
        size //= 2
    return pieces
