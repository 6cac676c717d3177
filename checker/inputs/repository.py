"""Finds the repository of a file, which is what a run may read.

It is the nearest folder above with a `.git`, else with a configuration of checker, else the named folder, or the folder of
the named file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.inputs.confinement import HELP, Boundary, is_confined, within
from checker.inputs.discover import CONFIGURATIONS
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager

_GIT = ".git"
_PROJECT = "pyproject.toml"
TABLE = pattern(r"^\s*\[+\s*tool\s*\.\s*checker\b[^\n]*", re.MULTILINE)
"""Matches the header of the configuration in a pyproject.toml."""


def git_top(folder: Path) -> Path | None:
    """Return the nearest folder with a Git repository, a worktree or a submodule, from a full path upwards."""
    return next((one for one in (folder, *folder.parents) if os.path.exists(one / _GIT)), None)  # noqa: PTH110 - never raises


def repository_of(folder: Path, named: Iterable[Path]) -> Path:
    """Return the nearest parent folder with a Git repository, else the topmost of the named folders around
    the file.
    """
    around = (one for one in named if folder.is_relative_to(one))
    return git_top(folder) or min(around, key=lambda one: len(one.parts), default=folder)


def find_configuration(folder: Path) -> Path | None:
    """Find the configuration in a folder or the folders above it, up to the top of the repository."""
    for here in (folder, *folder.parents):
        for name in CONFIGURATIONS:
            if _is_file(here / name):
                return here / name
        project = here / _PROJECT
        if _is_file(project) and TABLE.search(read_text(project)):
            return project
        if os.path.exists(here / _GIT):  # noqa: PTH110 - this function never raises
            return None
    return None


def _is_file(path: Path) -> bool:
    """True for any path except a folder; for a pipe or a broken link, the error on reading explains the problem."""
    return os.path.lexists(path) and not os.path.isdir(path)  # noqa: PTH112 - these functions never raise


def confined_to(
    paths: Iterable[Path], *, of_change: bool = False, allow_outside: bool = False, help_text: str = HELP
) -> AbstractContextManager[None]:
    """Read only files in the repositories of the paths. With ``of_change``, the paths may be links to any file.
    ``help_text`` is the next step for a file outside.

    What the user names is in a repository of its own, so that it can always be read. Raises InputError for a
    configuration that cannot be read.
    """
    if allow_outside:
        return within(Boundary())
    tops = {top: None for path in paths for top in _tops_of(path, of_change=of_change)}
    found = tuple(dict.fromkeys(os.path.realpath(top) for top in tops))
    is_repository = all(os.path.exists(Path(top, _GIT)) for top in found)  # noqa: PTH110 - never raises
    return within(Boundary(found, is_repository=is_repository, help=help_text))


def confined_once(
    paths: Iterable[Path], *, of_change: bool, allow_outside: bool
) -> AbstractContextManager[object]:
    """Confine a reading as `confined_to` does, unless its run is confined."""
    from contextlib import nullcontext

    return (
        nullcontext()
        if is_confined()
        else confined_to(paths, of_change=of_change, allow_outside=allow_outside)
    )


def _tops_of(path: Path, *, of_change: bool) -> Iterator[Path]:
    """Return the repository of a path, and that of the file or folder that a named link leads to."""
    full = Path(os.path.abspath(path))  # noqa: PTH100 - links are not followed
    if of_change:
        yield repository_of(full.parent, (Path.cwd(),))
        return
    for one in dict.fromkeys((full, Path(os.path.realpath(path)))):
        yield _top_of(one if os.path.isdir(one) else one.parent)  # noqa: PTH112 - never raises


def _top_of(folder: Path) -> Path:
    top = git_top(folder)
    if top is not None:
        return top
    configuration = find_configuration(folder)
    return configuration.parent if configuration is not None else folder
