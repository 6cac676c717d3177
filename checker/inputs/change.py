"""Selects the files to read and to report for a set of changed files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.discover import STDIN, name_of
from checker.inputs.large_files import is_module_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Change(NamedTuple):
    """Selected files: ``paths`` are read, ``names`` are the files to report on.

    ``values`` are pairs of a Terraform folder and a values file for it.
    """

    paths: tuple[Path, ...]
    names: frozenset[str]
    values: tuple[tuple[Path, Path], ...] = ()


def read_change(paths: Sequence[Path], exclude: Callable[[Path], bool]) -> Change:
    """Select the inputs for changed files, possibly none. Raises InputError for a folder.

    A Terraform file, or a file that a module reads, selects every root that uses the module, because it has
    no meaning alone.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - it never raises
            raise InputError("--changed", f"`{path}` is a folder", help_text="name the changed files")
    from checker.inputs.terraform.module.change import reached  # imported on demand: only changes need it

    found = reached(paths, exclude)
    others = (path for path in paths if not (os.path.isfile(path) and is_module_file(path)))  # noqa: PTH113 - as above
    names = {name_of(one) for path in paths for one in (path, _from_here(path))}
    return Change((*others, *found.roots), found.names | names, found.values)


def _from_here(path: Path) -> Path:
    """Write a path relative to the current folder, as module files are named."""
    return Path(os.path.relpath(path)) if path != STDIN else path
