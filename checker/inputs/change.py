"""The files of a change: which are read, which are reported on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.files import is_hcl, is_values, name_of
from checker.inputs.text import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class Change(NamedTuple):
    """``paths`` are read, ``names`` are the files that reports speak of.

    ``values`` are pairs of a folder of Terraform files and a file with values for it.
    """

    paths: tuple[Path, ...]
    names: frozenset[str]
    values: tuple[tuple[Path, Path], ...] = ()


def read_change(paths: Sequence[Path], exclude: Callable[[Path], bool]) -> Change:
    """Find what a change is about; there may be no files in it. Raises InputError for a folder.

    A file of Terraform stands for every root that its module belongs to, since it means nothing alone.
    """
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - it never raises
            raise InputError(
                "--changed", f"`{path}` is a folder", help_text="name the files that have changed"
            )
    names = frozenset(map(name_of, paths))
    if not any(is_hcl(path) or is_values(path) for path in paths):
        return Change(tuple(paths), names)
    from checker.inputs.hcl.callers import reached  # only where Terraform is among the files

    found = reached(paths, exclude)
    others = (path for path in paths if not is_hcl(path) or not os.path.isfile(path))  # noqa: PTH113 - as above
    return Change((*others, *found.roots), names | found.names, found.values)
