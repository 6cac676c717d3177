"""Opens files for reading: regular files alone, unless the user names a pipe, so that no folder can stall a run.

Every file that is opened is remembered as an input of the run, so that nothing the run writes overwrites it.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from checker.core.open_flags import BINARY, NONBLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

_PACKED = b"\x1f\x8b"
_READ = os.O_RDONLY | NONBLOCK | BINARY
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


class Identity(NamedTuple):
    """Which file it is, whatever its name."""

    device: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """Take the identity from the status of a file."""
        return cls(status.st_dev, status.st_ino)


class NotRegularError(OSError):
    """A pipe, a device or a socket, which may never end or never begin."""

    help = "to read a pipe or device, name it on the command line"

    def __init__(self, mode: int) -> None:
        kind = next((name for test, name in _KINDS if test(mode)), "a special file")
        super().__init__(errno.EINVAL, f"{kind}, not a regular file")


class Role(Enum):
    """How a run uses a file, the strongest use first; the value completes "is ..."."""

    INPUT = "an input of this run"
    JOURNAL = "the journal of this run"
    IRRELEVANT = "a file of an examined folder and not a report of checker"
    """Read, but with nothing in it that can be checked."""


class _Input(NamedTuple):
    identity: Identity
    role: Role


_INPUTS: ContextVar[dict[str, _Input] | None] = ContextVar("inputs", default=None)


@contextmanager
def inputs_remembered() -> Iterator[None]:
    """Remember the files that one run opens."""
    token = _INPUTS.set({})
    try:
        yield
    finally:
        _INPUTS.reset(token)


def remember(path: Path, status: os.stat_result, role: Role = Role.INPUT) -> None:
    """Count a file as an input of the run, or as what else the run uses it for."""
    inputs = _INPUTS.get()
    if inputs is not None and stat.S_ISREG(status.st_mode):
        inputs[str(path)] = _Input(Identity.of(status), role)


def mark_irrelevant(path: Path) -> None:
    """Note that a file of a folder has nothing to check in it; it may be the report of an earlier run."""
    inputs = _INPUTS.get() or {}
    if str(path) in inputs:
        inputs[str(path)] = inputs[str(path)]._replace(role=Role.IRRELEVANT)


def role_of(status: os.stat_result) -> Role | None:
    """Give the strongest role of a file in the run, by whatever name or link it was opened."""
    identity = Identity.of(status)
    roles = {one.role for one in (_INPUTS.get() or {}).values() if one.identity == identity}
    return next((role for role in Role if role in roles), None)


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file. Raises OSError, for what is not one without waiting for it."""
    _check_regular(os.stat(path).st_mode)  # noqa: PTH116 - opening a device may already change its state
    descriptor = os.open(path, _READ)
    try:
        status = os.fstat(descriptor)
        _check_regular(status.st_mode)  # the name may lead elsewhere by now
    except BaseException:
        os.close(descriptor)
        raise
    remember(path, status)
    return os.fdopen(descriptor, "rb")


def open_named(path: Path) -> BufferedReader:
    """Open a file that the user names, which may be a pipe or a device. Raises OSError."""
    file = path.open("rb")
    remember(path, os.fstat(file.fileno()))
    return file


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise NotRegularError(mode)


def is_packed(path: Path) -> bool:
    """True for a file of gzip, whatever it is called. Raises OSError."""
    with open_regular(path) as file:
        return file.read(len(_PACKED)) == _PACKED
