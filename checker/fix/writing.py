"""Writes a mended file: whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from checker.inputs.text import InputError, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BOM = b"\xef\xbb\xbf"


def write_files(texts: Mapping[str, str], read: Mapping[str, str]) -> Iterator[str]:
    """Write every file that has changed, and give its path once it is written.

    ``read`` has what the files said when they were read. Raises InputError for a file that says something else
    by now, and for one that cannot be written; it is left as it was, and so are those after it.
    """
    done: dict[str, str] = {}
    for path, text in texts.items():
        target = os.path.realpath(path)
        if done.get(target) == text:
            continue  # a link to a file that is written already
        if read_text(Path(path)) != read[path]:
            help_text = "run the command again"
            raise InputError(path, "somebody changed the file in the meantime", help_text=help_text)
        write_file(path, text)
        done[target] = text
        yield path


def write_file(path: str, text: str) -> None:
    """Write a file by way of a temporary one beside it; its permissions and its byte order mark stay.

    A link is followed, and what it leads to is written. Raises InputError.
    """
    target = os.path.realpath(path)
    try:
        _replace(target, text)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(path, f"cannot be written: {reason}", help_text="it is as it was before") from None


def _replace(target: str, text: str) -> None:
    folder, name = os.path.split(target)
    if not os.access(target, os.W_OK) and Path(target).exists():
        # A file in a folder that may be written could be replaced all the same.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with Path(target).open("rb") as old:
        mark = old.read(len(_BOM)) == _BOM
        status = os.fstat(old.fileno())
    handle, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "wb") as new:
            new.write((_BOM if mark else b"") + text.encode("utf-8"))
            new.flush()
            os.fsync(new.fileno())
        Path(temporary).chmod(status.st_mode & 0o7777)
        with suppress(OSError):  # only root may give a file away, and others need not
            os.chown(temporary, status.st_uid, status.st_gid)
        os.replace(temporary, target)  # noqa: PTH105 - names, as above
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
