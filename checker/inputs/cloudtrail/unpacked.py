"""The bytes of a file a chunk at a time, unpacked where it is packed, so that no size of it fills the memory."""

from __future__ import annotations

import gzip
import os
import zlib
from typing import TYPE_CHECKING, Protocol

from checker.inputs.opening import is_packed, open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.inputs.cloudtrail.faults import Faults

CHUNK = 1024 * 1024


class _Stream(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def unpacked(path: Path, faults: Faults, progress: Callable[[int, int], None]) -> Iterator[bytes]:
    """Give the chunks of a file; what cannot be unpacked is noted, and ends it. Raises OSError.

    ``progress`` is called before each with the bytes of the file that are read, and how many there are.
    """
    packed = is_packed(path)
    with open_regular(path) as file:
        total = os.fstat(file.fileno()).st_size
        stream: _Stream = gzip.GzipFile(fileobj=file) if packed else file
        while chunk := _next(stream, faults) if packed else file.read1(CHUNK):
            progress(file.tell(), total)
            yield chunk


def _next(stream: _Stream, faults: Faults) -> bytes:
    try:
        return stream.read1(CHUNK)
    except EOFError:
        faults.end("the file is cut off, it was read as far as it goes")
    except (gzip.BadGzipFile, zlib.error):
        faults.end("the file cannot be unpacked any further, it was read up to there")
    return b""
