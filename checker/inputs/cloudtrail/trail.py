"""Reads CloudTrail files into contacts and the topics that they stream to.

Files may have any size and may be compressed: S3 log files, `aws cloudtrail lookup-events` output, or JSON
Lines.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from codecs import BOM_UTF8
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.inputs.cloudtrail.documents import WRAPPER, lines, records
from checker.inputs.cloudtrail.fragment import Faults
from checker.inputs.cloudtrail.streams import Streams
from checker.inputs.discover import home_of, name_of
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
    """Yield the decompressed chunks of a file. A decompression error is noted and ends the file. Raises
    OSError.

    ``progress`` is called before each chunk with the bytes read and the file size.
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
        faults.end("the file is truncated; it was read to its end")
    except (gzip.BadGzipFile, zlib.error):
        faults.end("the file is damaged and cannot be decompressed further; it was read up to that point")
    return b""


_HEAD = 64 * 1024
_LIST = pattern(rf"[\ufeff\s]*(?:\[|{WRAPPER})", re.IGNORECASE)


def read_trail(path: Path, facts: Facts) -> bool:
    """Read the events of a file into the facts; unreadable parts are noted.

    False if the whole file was read and no event starts or stops a stream. Raises InputError for a file that
    cannot be opened.
    """
    name = name_of(path)
    facts.others.add(home_of(path))  # policies in events are history: what they wrote may have been replaced
    return read_streams(path, facts, lambda done, total: facts.given.progress(name, done / max(total, 1)))


def read_streams(
    path: Path, facts: Facts, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> bool:
    """Read the events of a file, and report progress as bytes read and file size after every chunk."""
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
    """Split a file into events, according to its first characters."""
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, b"")):
        head += chunk
    read = lines if _has_lines(head[:_HEAD].decode("utf-8", "replace")) else records
    return read(chain([head.removeprefix(BOM_UTF8)], chunks), faults)


def _has_lines(head: str) -> bool:
    """True if a line contains a complete value."""
    stripped = (line.strip() for line in head.split("\n"))
    whole = (one.startswith("{") and one.endswith("}") and len(one) > len("{}") for one in stripped)
    return not _LIST.match(head) and any(whole)
