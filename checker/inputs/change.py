"""Selects the files to read and to report for a set of changed files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.changed_code import code_around
from checker.inputs.discover import STDIN, name_of
from checker.inputs.large_files import is_module_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from checker.analysis.inventory import ReadByRoot


class Change(NamedTuple):
    """Selected files: ``paths`` are read, ``names`` are the files to report on.

    ``values`` are pairs of a Terraform folder and a values file for it. ``changed`` are the names of the changed files
    alone. ``possible`` are the full paths of the folders of roots that may read a changed file and are otherwise not
    affected. ``code`` is the code of the repositories, which shows which topics Connect streams to.
    """

    paths: tuple[Path, ...]
    names: frozenset[str]
    values: tuple[tuple[Path, Path], ...] = ()
    changed: frozenset[str] = frozenset()
    possible: frozenset[str] = frozenset()
    code: tuple[Path, ...] = ()

    def names_with(self, roots: Iterable[ReadByRoot]) -> frozenset[str]:
        """Return the names of the files to report on, with those that the affected roots read."""
        affected = (one.files for one in roots if self._affects(one))
        return self.names.union(*affected)

    def _affects(self, root: ReadByRoot) -> bool:
        return os.path.realpath(root.home) not in self.possible or not self.changed.isdisjoint(root.files)


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
    names = frozenset(name_of(one) for path in paths for one in (path, _from_here(path)))
    code = code_around(paths, exclude) if found.code is None else found.code
    return Change((*others, *found.roots), found.names | names, found.values, names, found.possible, code)


def _from_here(path: Path) -> Path:
    """Write a path relative to the current folder, as module files are named."""
    return Path(os.path.relpath(path)) if path != STDIN else path
