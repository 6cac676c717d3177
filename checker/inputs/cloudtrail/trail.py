"""Events of CloudTrail, folded into contacts and the topics that they stream to.

Files of any size: as S3 keeps them, as `aws cloudtrail lookup-events` prints them, or an event a line; packed or not.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from checker.core.errors import InputError
from checker.inputs.cloudtrail.documents import WRAPPER, lines, records
from checker.inputs.cloudtrail.fragment import Faults
from checker.inputs.cloudtrail.streams import Streams
from checker.inputs.discover import name_of
from checker.inputs.opening import is_packed, open_regular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.inputs.cloudtrail.fragment import Piece
    from checker.inputs.collect import Facts


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


_HEAD = 64 * 1024
_LIST = re.compile(rf"[\ufeff\s]*(?:\[|{WRAPPER})", re.IGNORECASE)


def read_trail(path: Path, facts: Facts) -> bool:
    """Read the events of a file into the facts; what cannot be read of it is noted there.

    False if the file was read whole and none of its events starts or stops a stream. Raises InputError for a file that cannot be read at all.
    """
    name = name_of(path)
    return read_streams(path, facts, lambda done, total: facts.given.progress(name, done / max(total, 1)))


def read_streams(
    path: Path, facts: Facts, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> bool:
    """The same, and say after every chunk how many bytes of the file are read, and of how many."""
    faults = Faults(name_of(path))
    facts.streams = facts.streams or Streams()
    try:
        kept = facts.streams.add(path, _pieces(unpacked(path, faults, progress), faults), faults)
    except OSError as error:
        raise InputError(name_of(path), (error.strerror or str(error)).lower()) from None
    finally:
        facts.skipped += faults.skipped()
    return kept > 0 or any(faults.skipped())


def _pieces(chunks: Iterator[bytes], faults: Faults) -> Iterator[Piece]:
    """Cut a file into its events, by what it begins with."""
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, b"")):
        head += chunk
    read = lines if _has_lines(head[:_HEAD].decode("utf-8", "replace")) else records
    return read(chain([head], chunks), faults)


def _has_lines(head: str) -> bool:
    """True if there is a line that holds a value of its own."""
    stripped = (line.strip() for line in head.split("\n"))
    whole = (one.startswith("{") and one.endswith("}") and len(one) > len("{}") for one in stripped)
    return not _LIST.match(head) and any(whole)
