"""Finds what decides about access in two folders and was not compared: files that no reader took, and values files."""

from __future__ import annotations

import filecmp
import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.callers import is_chosen
from checker.inputs.composed_names import read_elsewhere, read_files
from checker.inputs.discover import is_left_out
from checker.inputs.parameter_files import parameters_of, unread_parameters
from checker.inputs.reach import loose_files
from checker.inputs.unread_changes import unread_changes
from checker.inputs.values_rounds import names_in, roots_with, variables_of, variables_of_units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.inputs.diff_inputs import Input


_VALUES = "values of variables, with which the root was not compared"
_VALUES_HELP = "`checker diff --base REV` compares a root with each of its values files"


def differing_files(old: Input, new: Input) -> frozenset[str]:
    """Return the files that differ between two folders, or that only one has; none for other inputs."""
    if not (old.is_folder and new.is_folder):
        return frozenset()
    folders = Path(old.folder), Path(new.folder)
    return frozenset(one for one in _files_of(old, new) if _differs(folders[0] / one, folders[1] / one))


def unread_in_folders(old: Input, new: Input, files: frozenset[str]) -> Iterator[Skipped]:
    """Yield the files that may decide about access, and were not read, among those that differ between two folders."""
    if not files:
        return
    every = _files_of(old, new)
    templates = parameters_of({**old.texts, **new.texts})
    for side in (old, new):
        listed = (
            *unread_parameters(Path(side.folder), files, templates),
            *unread_changes(side, files, (".",), "checker diff OLD/{0} NEW/{0}"),
            *_unread_values(old, new, every, side),
            *read_elsewhere(side, loose_files(files, {}) - read_files(old) - read_files(new), ()),
        )
        for one in listed:
            yield one._replace(what=side.shown(posixpath.normpath(posixpath.join(side.names.base, one.what))))


def _files_of(old: Input, new: Input) -> list[str]:
    return sorted({*_files(Path(old.folder)), *_files(Path(new.folder))})


def _differs(one: Path, other: Path) -> bool:
    """True for files with different contents, and if one does not exist."""
    return not (one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False))


def _files(top: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(top):
        folders[:] = [one for one in folders if not is_left_out(one)]
        yield from (os.path.relpath(os.path.join(folder, one), top) for one in names)  # noqa: PTH118 - joined names


def _unread_values(old: Input, new: Input, files: Sequence[str], side: Input) -> Iterator[Skipped]:
    """Yield the values files with variables of a root that has topics or keys.

    They count also if they are equal, because the root differs, and each of them stands for a deployment.
    """
    chosen = [one for one in files if is_chosen(posixpath.basename(one))]
    variables = variables_of(side.roots, {**old.texts, **new.texts}) if chosen else {}
    units = variables_of_units(side) if chosen else {}
    for file in chosen:
        if any(roots_with(names_in(Path(side.folder, file)), {**variables, **units})):
            yield Skipped(file, _VALUES, help=_VALUES_HELP)
