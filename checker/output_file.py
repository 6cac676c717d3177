"""Opens the files that a run writes: never an input of the run, never through a link that leads elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from checker.inputs.opening import NotRegularError, is_input, remember
from checker.inputs.text import InputError

if TYPE_CHECKING:
    from io import BufferedRandom
    from typing import TextIO

_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_HERE = Path()
_SYSTEM = frozenset(("/dev", "/dev/fd", "/proc/self/fd"))
"""The folders where links are the system's own: `/dev/stdout` leads to wherever standard output goes."""


def open_output(path: Path, *, append: bool = False, regular: bool = False) -> TextIO:
    """Open a file to write; what it says is discarded, unless ``append``.

    ``regular``: the user did not name it, so that a pipe or device in its place is refused. Raises InputError for
    an input of the run and for a link that leads elsewhere, else OSError.
    """
    flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else 0) | (_NONBLOCK if regular else 0)
    check_output_file(path, regular=regular)
    descriptor = _open(path, flags)
    try:
        status = os.fstat(descriptor)
        _check_status(path, status, regular=regular)
        if stat.S_ISREG(status.st_mode) and not append:
            os.ftruncate(descriptor, 0)  # only now, when it is known not to be an input
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")


def open_existing(path: Path) -> BufferedRandom:
    """Open a regular file that exists, to read and to change it. Raises as `open_output` does."""
    descriptor = _open(path, os.O_RDWR | _NONBLOCK)
    try:
        _check_regular(os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb+")


def protect(path: Path) -> None:
    """Count a file that the run writes itself as one that no other output may overwrite."""
    remember(path, os.stat(path))  # noqa: PTH116 - a name, not a Path


def check_output_file(path: Path, *, regular: bool = False) -> None:
    """See that a file may be written, and open nothing. Raises as `open_output` does."""
    real = real_path(path)
    if os.path.exists(real):  # noqa: PTH110 - names, here and below
        _check_status(path, os.stat(real), regular=regular)  # noqa: PTH116


def real_path(path: Path, folder: Path = _HERE) -> str:
    """The path without links. Raises InputError for a link that leads elsewhere.

    A relative path stays in the ``folder`` that it starts from, unless it says `..`; any other stays in the
    folder that it names. A link that was planted in a repository cannot lead the write out of it.
    """
    if _is_of_system(path):
        return str(path)
    real = os.path.realpath(folder / path)
    named = path.is_absolute() or ".." in path.parts
    tree = os.path.realpath((folder / path).parent if named else folder)
    if not is_below(real, tree):
        raise InputError(str(path), f"leads through a link to `{real}`", help_text=f"name `{real}` instead")
    return real


def _is_of_system(path: Path) -> bool:
    return os.path.dirname(os.path.abspath(path)) in _SYSTEM  # noqa: PTH100, PTH120 - as above


def is_below(path: str, folder: str) -> bool:
    """True for a path in a folder, or the folder; both are without links."""
    return Path(path).is_relative_to(folder)


def _open(path: Path, flags: int) -> int:
    real = real_path(path)
    follow = 0 if _is_of_system(path) else _NOFOLLOW
    try:
        return os.open(real, flags | follow | _BINARY, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError(str(path), "was replaced by a link", help_text="run the command again") from None
        raise


def _check_status(path: Path, status: os.stat_result, *, regular: bool) -> None:
    if is_input(status):
        help_text = "name another file; nothing was written"
        raise InputError(str(path), "is an input of this run, and would be overwritten", help_text=help_text)
    if regular:
        _check_regular(status)


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(status.st_mode)
