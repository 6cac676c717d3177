"""Which files a fix may edit: those that the user named, and no file elsewhere that a link leads to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.fix.edits import CannotEditError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.inputs.snapshot import Snapshot


def editable(paths: Sequence[Path], snapshot: Snapshot) -> Callable[[str], bool]:
    """Give a test for the files, by name, that are or lie below the paths that the user named.

    A link is followed to a file below the folder that was named, or beside or below a file that was named. The
    test raises CannotEditError, with the file to name instead, for one that leads elsewhere: a repository
    could hold a link to any file.
    """
    named = [os.path.abspath(path) for path in paths]  # noqa: PTH100 - links are not followed
    trees = [os.path.realpath(path if os.path.isdir(path) else path.parent) for path in paths]  # noqa: PTH112

    def may_edit(name: str) -> bool:
        path = os.path.abspath(name)  # noqa: PTH100 - as above
        if not any(Path(path).is_relative_to(one) for one in named):
            return False
        if path not in snapshot:
            raise CannotEditError(f"`{name}` was moved while it was being read")
        real = snapshot[path].path
        if not any(Path(real).is_relative_to(tree) for tree in trees):
            raise CannotEditError(
                f"`{name}` leads through a link to `{real}`, outside the named paths; name that file to fix it"
            )
        return True

    return may_edit
