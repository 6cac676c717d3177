"""Opens files for reading. Only pipes that the user names are opened, so that no folder can block a run.

All other files are opened within the boundary of the run. Every opened file is recorded as an input of the run, so that no output overwrites it.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import TYPE_CHECKING

from checker.core.open_flags import BINARY, NOFOLLOW, NONBLOCK
from checker.core.record import NamedTuple
from checker.inputs.confinement import entry_of

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
    """Identifies a file regardless of its name."""

    device: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """Return the identity for a file status."""
        return cls(status.st_dev, status.st_ino)


class NotRegularError(OSError):
    """A pipe, device or socket, which may block."""

    help = "name it on the command line to read a pipe or device"

    def __init__(self, mode: int) -> None:
        kind = next((name for test, name in _KINDS if test(mode)), "a special file")
        super().__init__(errno.EINVAL, f"{kind}, not a regular file")


class Role(Enum):
    """How a run uses a file, most important use first. The value completes "is ..."."""

    INPUT = "an input of this run"
    JOURNAL = "the journal of this run"
    IRRELEVANT = "a file in an examined folder and not a report of checker"
    """The file was read but contains nothing to check."""


class _Input(NamedTuple):
    identity: Identity
    role: Role


_INPUTS: ContextVar[dict[str, _Input] | None] = ContextVar("inputs", default=None)


@contextmanager
def inputs_remembered() -> Iterator[None]:
    """Record the files that one run opens."""
    token = _INPUTS.set({})
    try:
        yield
    finally:
        _INPUTS.reset(token)


def remember(path: Path, status: os.stat_result, role: Role = Role.INPUT) -> None:
    """Record a file as an input of the run, or with another role."""
    inputs = _INPUTS.get()
    if inputs is not None and stat.S_ISREG(status.st_mode):
        inputs[str(path)] = _Input(Identity.of(status), role)


def forget(folder: Path) -> None:
    """Forget the inputs in a folder that is removed, since another file may get the identity of one."""
    inputs = _INPUTS.get() or {}
    above = os.path.join(folder, "")  # noqa: PTH118 - with the separator
    for name in [one for one in inputs if os.path.abspath(one).startswith(above)]:  # noqa: PTH100 - as opened
        del inputs[name]


def mark_irrelevant(path: Path) -> None:
    """Record that a file in a folder contains nothing to check; it may be the report of an earlier run."""
    inputs = _INPUTS.get() or {}
    if str(path) in inputs:
        inputs[str(path)] = inputs[str(path)]._replace(role=Role.IRRELEVANT)


def role_of(status: os.stat_result) -> Role | None:
    """Return the most important role of a file in the run, for any name or link."""
    identity = Identity.of(status)
    roles = {one.role for one in (_INPUTS.get() or {}).values() if one.identity == identity}
    return next((role for role in Role if role in roles), None)


def open_regular(path: Path, *, as_input: bool = True) -> BufferedReader:
    """Open a regular file within the boundary of the run, without blocking. Raises OSError, also for any other kind of file.

    ``as_input`` is false for a file that is only searched, so that a report may replace it.
    """
    with entry_of(path) as (name, folder):
        follows = folder is None
        # opening a device may already change its state
        _check_regular(os.stat(name, dir_fd=folder, follow_symlinks=follows).st_mode)
        descriptor = os.open(name, _READ if follows else _READ | NOFOLLOW, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        _check_regular(status.st_mode)  # the file may have been replaced since the first check
    except BaseException:
        os.close(descriptor)
        raise
    if as_input:
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
    if stat.S_ISLNK(mode):  # to itself, or made after its path was resolved
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(mode):
        raise NotRegularError(mode)


def is_packed(path: Path) -> bool:
    """True for a gzip file, regardless of its name. Raises OSError."""
    with open_regular(path) as file:
        return file.read(len(_PACKED)) == _PACKED
