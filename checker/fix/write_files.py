"""Write fixed files atomically, and only if they have not changed since they were read."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from checker.core.errors import InputError, RefusedError
from checker.core.open_flags import DIRECTORY, NOFOLLOW, NONBLOCK, PATH
from checker.core.record import NamedTuple
from checker.inputs.opening import Identity
from checker.inputs.text import MAX_BYTES, decode, encoded, unreadable_file
from checker.inputs.whole_file import take_status, temporary_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.snapshot import Original


_FOLDER = DIRECTORY | NOFOLLOW | PATH
"""Flags to open a folder that may be searchable but not readable."""
_FILE = os.O_RDONLY | NOFOLLOW | NONBLOCK
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NOFOLLOW


class _Edit(NamedTuple):
    """A file to write: the path as read, the original content, and the new text."""

    path: str
    original: Original
    text: str

    @property
    def name(self) -> str:
        """Return the file's name in its folder."""
        return os.path.basename(self.original.path)  # noqa: PTH119 - a name, not a Path


def write_files(texts: Mapping[str, str], originals: Mapping[str, Original]) -> Iterator[str]:
    """Replace the files that a fix changes, and yield the path of each file once it is written.

    All files are checked before the first is written. Each is checked again before it is replaced. Raises RefusedError
    for a file that changed since it was read, and InputError for one that cannot be written. That file and all later
    ones are unchanged.
    """
    edits = _distinct(texts, originals)
    for edit in edits:
        with _faults_of(edit.path), _folder(edit) as folder:
            _read(edit, folder)
            _check_writable(edit, folder)
    for edit in edits:
        with _faults_of(edit.path), _folder(edit) as folder:
            _replace(edit, folder)
        yield edit.path


def _distinct(texts: Mapping[str, str], originals: Mapping[str, Original]) -> list[_Edit]:
    """Return one edit per file, even if several links lead to it. Raises RefusedError if the new texts differ."""
    edits: dict[str, _Edit] = {}
    for path, text in texts.items():
        original = originals.get(path)
        if original is None:
            raise _replaced(path)
        edit = edits.setdefault(original.path, _Edit(path, original, text))
        if edit.text != text:
            reason = f"is the same file as `{edit.path}`, but the fix changes the two differently"
            raise RefusedError(path, reason, help_text=f"run the command only on `{original.path}`")
    return list(edits.values())


class ReadOnlyError(InputError):
    """The user may not write a file."""


_FOLDER_HELP = "its folder must be writable, too, because a fix replaces the file"


@contextmanager
def _faults_of(path: str) -> Iterator[None]:
    """Convert an operating system error into a message that a file cannot be written."""
    try:
        yield
    except OSError as error:
        fault = unreadable_file(path, error)
        help_text = _FOLDER_HELP if isinstance(error, PermissionError) else ""
        raise InputError(path, f"cannot be written: {fault.reason}", help_text=help_text) from None


@contextmanager
def _folder(edit: _Edit) -> Iterator[int]:
    """Open the folder of a file, and check that it is the folder that was read. Raises RefusedError.

    From then on, the file is opened relative to the folder's descriptor. A link that replaces part of the path
    cannot redirect the write.
    """
    if os.path.realpath(edit.path) != edit.original.path:
        raise _replaced(edit.path)
    try:
        descriptor = os.open(os.path.dirname(edit.original.path), _FOLDER)  # noqa: PTH120 - a name, not a Path
    except OSError:
        raise _replaced(edit.path) from None
    try:
        if Identity.of(os.fstat(descriptor)) != edit.original.folder:
            raise _replaced(edit.path)
        yield descriptor
    finally:
        os.close(descriptor)


def _check_writable(edit: _Edit, folder: int) -> None:
    """Refuse a read-only file. In a writable folder it could otherwise be replaced."""
    if not os.access(edit.name, os.W_OK, dir_fd=folder):
        raise ReadOnlyError(edit.path, "cannot be written: permission denied")


def _read(edit: _Edit, folder: int) -> bytes:
    """Read a file again, and check that its identity and content are unchanged. Raises RefusedError."""
    try:
        descriptor = os.open(edit.name, _FILE, dir_fd=folder)
    except OSError:  # removed, or replaced by a link
        raise _replaced(edit.path) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or Identity.of(status) != edit.original.file:
            raise _replaced(edit.path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if not _says(data, edit.original.text):
        raise _changed(edit.path)
    return data


def _check_same(edit: _Edit, folder: int, data: bytes) -> None:
    if _read(edit, folder) != data:
        raise _changed(edit.path)


def _says(data: bytes, text: str) -> bool:
    try:
        return decode("", data) == text
    except InputError:
        return False


def _changed(path: str) -> RefusedError:
    return RefusedError(path, "the file changed while the fix was planned")


def _replaced(path: str) -> RefusedError:
    return RefusedError(path, "the file was replaced while the fix was planned")


def _replace(edit: _Edit, folder: int) -> None:
    """Write a temporary file beside the old one and rename it. Permissions, owner and byte order mark are kept.

    Two system calls separate the last comparison from the rename. An edit saved between them is lost, because no
    system call compares and replaces atomically.
    """
    data = _read(edit, folder)
    temporary = temporary_name()
    descriptor = os.open(temporary, _NEW, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as new:
            new.write(encoded(edit.text, data))
            new.flush()
            take_status(descriptor, os.stat(edit.name, dir_fd=folder, follow_symlinks=False))
            os.fsync(descriptor)
        _check_same(edit, folder, data)
        os.replace(temporary, edit.name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
