"""Finds the roots that a change of Terraform files reaches: by the module that a file belongs to, and its callers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.inputs.files import find_files, is_hcl, is_values, name_of
from checker.inputs.hcl.folder import Text, absolute, called_by, listed, value_files
from checker.inputs.opening import mark_irrelevant
from checker.inputs.snapshot import drop
from checker.inputs.text import InputError, read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Reached(NamedTuple):
    """What a change reaches.

    ``roots`` are the files of the root modules, ``names`` the names of all files of these and of the modules that
    they call. ``values`` are pairs of a root's folder and a changed file of values that Terraform reads for it
    only with `-var-file`.
    """

    roots: tuple[Path, ...] = ()
    names: frozenset[str] = frozenset()
    values: tuple[tuple[Path, Path], ...] = ()


def reached(paths: Iterable[Path], exclude: Callable[[Path], bool]) -> Reached:
    """Find what changed files reach; those that are no files of Terraform reach nothing."""
    changed = [path for path in paths if (is_hcl(path) or is_values(path)) and os.path.isfile(path)]  # noqa: PTH113 - never raises
    if not changed:
        return Reached()
    calls = _Calls({_top(path) for path in changed}, exclude)
    for path in filter(is_hcl, changed):
        calls.add(Path(os.path.relpath(path)))
    folders = {path: calls.module_of(path) for path in changed}
    roots = [
        calls.folders[one] for one in sorted({root for one in folders.values() for root in calls.roots(one)})
    ]
    files = [file for folder in roots for file in listed(folder, [])]
    return Reached(tuple(files), frozenset(_names(roots)), tuple(_extra(folders, calls)))


def _extra(folders: dict[Path, str], calls: _Calls) -> Iterator[tuple[Path, Path]]:
    """Pair the files of values that Terraform does not read by itself with the folder of their root."""
    for path, name in folders.items():
        folder = calls.folders.get(name)
        if folder is not None and is_values(path) and not _is_read(path, folder):
            yield folder, path


def _is_read(path: Path, folder: Path) -> bool:
    return absolute(path) in map(absolute, value_files(folder, []))


def _top(path: Path) -> Path:
    """The folder that callers are looked for in: the repository, else the current folder, else the file's own."""
    here, folder = Path.cwd(), Path(absolute(path.parent))
    top = next((one for one in (folder, *folder.parents) if os.path.exists(one / ".git")), None)  # noqa: PTH110 - never raises
    return top or (here if folder.is_relative_to(here) else folder)


class _Calls:
    """The modules below some folders, by their full names, and which of them call which."""

    def __init__(self, tops: Iterable[Path], exclude: Callable[[Path], bool]) -> None:
        self.folders: dict[str, Path] = {}
        self.callers: dict[str, set[str]] = {}
        below = [Path(os.path.relpath(top)) for top in sorted(tops)]
        for path, _ in find_files(below, [], exclude):
            if is_hcl(path):
                self.add(path)

    def add(self, path: Path) -> None:
        """Add the module that a file belongs to, and the calls in the file."""
        self.folders.setdefault(absolute(path.parent), path.parent)
        self.note(path)

    def note(self, path: Path) -> None:
        """Note the modules that a file calls."""
        for called in called_by(Text(path, _text(path))):
            self.callers.setdefault(absolute(called), set()).add(absolute(path.parent))

    def module_of(self, path: Path) -> str:
        """The folder of the module that a file belongs to; values may lie in a folder below."""
        own = absolute(path.parent)
        if not is_values(path):
            return own
        above = (str(one) for one in (Path(own), *Path(own).parents))
        return next((one for one in above if one in self.folders), own)

    def roots(self, folder: str) -> set[str]:
        """The modules that nothing calls and that call a module, directly or through others; itself if none does."""
        seen, waiting = {folder}, [folder]
        while waiting:
            new = self.callers.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return {one for one in seen if one in self.folders and not self.callers.get(one)} or (
            seen & self.folders.keys()
        )


def _text(path: Path) -> str:
    """Read a file to see what it calls, and keep nothing of it; one that cannot be read calls nothing."""
    try:
        return read_text(path)
    except InputError:
        return ""
    finally:
        mark_irrelevant(path)
        drop(path)


def _names(roots: Iterable[Path]) -> Iterator[str]:
    """Name the files of modules and of those that they call, as these are named when they are read."""
    seen: set[str] = set()
    waiting = list(roots)
    while waiting:
        folder = waiting.pop()
        if absolute(folder) in seen:
            continue
        seen.add(absolute(folder))
        for path in listed(folder, []):
            yield name_of(path)
            waiting += called_by(Text(path, _text(path)))
        yield from map(name_of, value_files(folder, []))
