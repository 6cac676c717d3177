"""Confines reading to the repositories of the named paths, because the text of a file names other files to read.

A file is reached from the top of its repository, folder by folder, without following links. A link that replaces a part
of the path in the meantime is an error, and leads nowhere.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.open_flags import DIRECTORY, NOFOLLOW, PATH
from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OPTION = "--allow-outside"
HELP = f"add `{OPTION}` to read it"
_HELP_OF_FOLDER = f"name a folder that contains both, or add `{OPTION}`"
_MOST_NAMED = 2
_CAN_OPEN_IN_FOLDER = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd
_FOLDER = DIRECTORY | NOFOLLOW | PATH


class Boundary(NamedTuple):
    """The folders in which files may be read, by their paths without links; ``None`` for no limit.

    ``is_repository`` is false if they are only folders that the user named. ``help`` is the next step for a file outside,
    and ``made`` are folders of this run, which no message names.
    """

    tops: tuple[str, ...] | None = None
    is_repository: bool = True
    help: str = HELP
    made: tuple[str, ...] = ()

    def top_of(self, real: str) -> str | None:
        """Return the folder that contains a path without links."""
        tops = (*(self.tops or ()), *self.made)
        return next((top for top in tops if real == top or real.startswith(_inside(top))), None)

    def refusal(self, path: Path, real: str) -> OutsideError:
        """Make the error for a path outside."""
        tops = [f"`{Path(top).as_posix()}`" for top in self.tops or ()]
        shown = " and ".join(tops if len(tops) <= _MOST_NAMED else (tops[0], f"{len(tops) - 1} others"))
        where = f"outside of the {'repository' if self.is_repository else 'folder'} {shown}"
        is_link = real != os.path.abspath(path)  # noqa: PTH100 - links are not followed
        reason = f"it leads to `{Path(real).as_posix()}`, {where}" if is_link else where
        is_plain = self.is_repository or self.help != HELP
        return OutsideError(reason, self.help if is_plain else _HELP_OF_FOLDER)


def _inside(top: str) -> str:
    """Return the beginning of all paths inside a folder."""
    return os.path.join(top, "")  # noqa: PTH118 - with the separator


class OutsideError(OSError):
    """A path that leads out of the repository, also through links."""

    def __init__(self, reason: str, help_text: str) -> None:
        super().__init__(errno.EXDEV, reason)
        self.help = help_text


_BOUNDARY: ContextVar[Boundary | None] = ContextVar("boundary", default=None)


@contextmanager
def within(boundary: Boundary) -> Iterator[None]:
    """Read files only within a boundary."""
    token = _BOUNDARY.set(boundary)
    try:
        yield
    finally:
        _BOUNDARY.reset(token)


@contextmanager
def also_within(folder: Path) -> Iterator[None]:
    """Read files also in a folder that this run made, if there is a boundary."""
    known = _BOUNDARY.get()
    if known is None or known.tops is None:
        yield
        return
    with within(known._replace(made=(*known.made, os.path.realpath(folder)))):
        yield


def is_confined() -> bool:
    """True if a boundary was set, also one without a limit."""
    return _BOUNDARY.get() is not None


def is_unlimited() -> bool:
    """True if the user allowed files outside of the repository."""
    boundary = _BOUNDARY.get()
    return boundary is not None and boundary.tops is None


def fault_outside(path: Path) -> OutsideError | None:
    """Return the error for a path that leads out of the repository; ``None`` for any other. Never raises."""
    boundary = _BOUNDARY.get()
    if boundary is None or boundary.tops is None or "\0" in str(path):
        return None
    real = os.path.realpath(path)
    return None if boundary.top_of(real) is not None else boundary.refusal(path, real)


def is_refusal(help_text: str) -> bool:
    """True for the help text of a file that was not read because it is outside."""
    return help_text in (HELP, _HELP_OF_FOLDER)


@contextmanager
def entry_of(path: Path) -> Iterator[tuple[Path | str, int | None]]:
    """Yield the name with which to open a file, and the descriptor of the folder that contains it.

    Without a boundary, there is no descriptor, and links are followed. Raises OSError, an OutsideError for a path that
    leads out of the boundary.
    """
    boundary = _BOUNDARY.get()
    if boundary is None or boundary.tops is None:
        yield path, None
        return
    real = os.path.realpath(path)
    top = boundary.top_of(real)
    if top is None:
        raise boundary.refusal(path, real)
    if not _CAN_OPEN_IN_FOLDER:
        yield real, None
        return
    *folders, name = (real[len(_inside(top)) :] or os.curdir).split(os.sep)  # noqa: PTH206 - faster, for every file
    descriptor = _descend(top, folders)
    try:
        yield name, descriptor
    finally:
        os.close(descriptor)


def _descend(top: str, folders: Iterable[str]) -> int:
    """Open a folder below another one, without following links."""
    descriptor = os.open(top, _FOLDER)
    for name in folders:
        try:
            inner = os.open(name, _FOLDER, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor
