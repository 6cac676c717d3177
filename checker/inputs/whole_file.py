"""Writes whole files: after a kill there is the old file or the new one, and never a part of either.

The text goes to a temporary file in the same folder, which then takes the name. A kill may leave the temporary file
behind: `.checker-` with random digits and `.tmp`. No command reads it.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.open_flags import BINARY, DIRECTORY, NOFOLLOW
from checker.inputs.output_file import check_output_file, open_output, real_path, stream_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO


_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | NOFOLLOW | BINARY


def temporary_name() -> str:
    """Return a new name for a temporary file, of a kind that no command reads."""
    return f".checker-{os.urandom(8).hex()}.tmp"


@contextmanager
def whole_output(path: Path, *, regular: bool = False, private: bool = False) -> Iterator[TextIO]:
    """Open an output file as `open_output` does; the text replaces the old file once all of it is written.

    A pipe or device is written at once. So is a file that cannot be replaced: one with several hard links, one that is
    mounted, and one in a folder in which nothing can be created. Raises the errors of `open_output`.
    """
    check_output_file(path, regular=regular)
    real = Path(real_path(path))
    old = _status(real)
    temporary = _temporary(real, private=private) if _is_replaceable(path, old) else None
    if temporary is None:
        with open_output(path, regular=regular, private=private) as file:
            yield file
        return
    try:
        with temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            yield file
            file.flush()
            if old is not None:
                take_status(file.fileno(), old)
        _publish(temporary, real, path, regular=regular)
    finally:
        temporary.unlink(missing_ok=True)


def _status(real: Path) -> os.stat_result | None:
    try:
        return real.lstat()
    except OSError:
        return None


def _is_replaceable(path: Path, old: os.stat_result | None) -> bool:
    """True for a name that is free, or of a regular file without other names."""
    if stream_of(path) is not None:
        return False
    return old is None or (stat.S_ISREG(old.st_mode) and old.st_nlink == 1)


def _temporary(real: Path, *, private: bool) -> Path | None:
    """Create a temporary file beside another. Return None if the folder does not allow it."""
    temporary = real.with_name(temporary_name())
    try:
        os.close(os.open(temporary, _NEW, 0o600 if private else 0o666))
    except OSError:
        return None
    return temporary


def _publish(temporary: Path, real: Path, path: Path, *, regular: bool) -> None:
    """Give a temporary file its name, or copy it to a file that cannot be replaced, such as a mounted one."""
    check_output_file(path, regular=regular)  # again: an input of the run may have taken the name
    try:
        temporary.replace(real)
    except OSError:
        with (
            temporary.open(encoding="utf-8", newline="") as whole,
            open_output(path, regular=regular) as file,
        ):
            file.writelines(whole)


def take_status(descriptor: int, old: os.stat_result) -> None:
    """Copy the permissions and the owner of an old file to the one that replaces it."""
    with suppress(OSError, AttributeError):  # only root can change the owner, and other users do not need to
        os.fchown(descriptor, old.st_uid, old.st_gid)
    with suppress(AttributeError):  # not on Windows
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def write_new(path: Path, text: str) -> None:
    """Write a file whose name must be free, and sync it to disk. Raises FileExistsError and other OSError."""
    temporary = path.with_name(temporary_name())
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _link(temporary, path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> None:
    """Give a file a name that must be free. Raises OSError."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first, by an empty file
        path.open("x").close()
        temporary.replace(path)


def _sync(folder: Path) -> None:
    """Sync the names of a folder to disk, where the system allows it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
