"""Events of CloudTrail, folded into contacts and the topics that they stream to.

Files of any size: as S3 keeps them, as `aws cloudtrail lookup-events` prints them, or an event a line; packed or not.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.cloudtrail.faults import Faults
from checker.inputs.cloudtrail.lines import lines
from checker.inputs.cloudtrail.records import WRAPPER, records
from checker.inputs.cloudtrail.streams import Streams
from checker.inputs.cloudtrail.unpacked import unpacked
from checker.inputs.files import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from checker.inputs.cloudtrail.piece import Piece
    from checker.inputs.facts import Facts

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
