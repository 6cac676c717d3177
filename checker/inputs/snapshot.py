"""The files of a fix as they were first read: plan, proof and the check before writing see one and the same text."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.opening import Identity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Original(NamedTuple):
    """A file as it was read: its text, its path without links, which file it is in which folder, its hard links."""

    text: str
    path: str
    folder: Identity
    file: Identity
    links: int = 1


Snapshot = dict[str, Original]
"""The files that were read, by absolute path; a link goes by its own name."""


class _View(NamedTuple):
    drafts: Mapping[str, str]
    snapshot: Snapshot


_VIEW: ContextVar[_View | None] = ContextVar("view", default=None)


@contextmanager
def drafts(texts: Mapping[str, str], snapshot: Snapshot | None = None) -> Iterator[None]:
    """Read files as if they had these texts, by absolute path, so that a change is tried before it is made.

    Files that are in the snapshot are not read again, and those that are read are added to it.
    """
    token = _VIEW.set(_View(texts, {} if snapshot is None else snapshot))
    try:
        yield
    finally:
        _VIEW.reset(token)


def known_text(path: Path) -> str | None:
    """The draft of a file, or its text when it was first read; ``None`` for a file that is still to be read."""
    view = _VIEW.get()
    if view is None:
        return None
    name = os.path.abspath(path)  # noqa: PTH100 - links are not followed
    original = view.snapshot.get(name)
    return view.drafts.get(name, original.text if original else None)


def drop(path: Path) -> None:
    """Take a file that has no part in the fix out of the snapshot, which would otherwise hold a whole repository."""
    view = _VIEW.get()
    name = os.path.abspath(path)  # noqa: PTH100 - links are not followed
    if view is not None and name not in view.drafts:
        view.snapshot.pop(name, None)


def keep(path: Path, text: str, status: os.stat_result) -> None:
    """Add a file that was read to the snapshot, if there is one."""
    view = _VIEW.get()
    if view is None:
        return
    real = os.path.realpath(path)
    with suppress(OSError):  # its folder was removed meanwhile; what has no original is not written
        folder = os.stat(os.path.dirname(real))  # noqa: PTH116, PTH120 - names, as above
        view.snapshot[os.path.abspath(path)] = Original(  # noqa: PTH100 - as above
            text, real, Identity.of(folder), Identity.of(status), status.st_nlink
        )
