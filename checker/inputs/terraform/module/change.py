"""Finds the root modules that a change affects, through modules and their callers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError, Skipped
from checker.inputs.callers import TERRAGRUNT, called_in, repository_of
from checker.inputs.discover import HCL, VALUES, find_files, is_hcl, is_values, name_of
from checker.inputs.large_files import is_module_file
from checker.inputs.opening import mark_irrelevant
from checker.inputs.snapshot import drop
from checker.inputs.terraform.module.folder import (
    NEAR,
    Text,
    absolute,
    called_by,
    downloads_of,
    listed,
    matters,
    read_texts,
    value_files,
    with_called,
)
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


_NOT_READ = "values that Terragrunt passes to a module are not read"
_HELP = (
    "check the plan instead: `terragrunt plan -out=plan.bin && terragrunt show -json plan.bin > plan.json`"
)


def is_terragrunt(path: Path) -> bool:
    """True for a Terragrunt configuration."""
    return path.name == TERRAGRUNT


def modules_of(path: Path, top: Path) -> Iterator[Path]:
    """Yield a file of each repository module that a configuration deploys."""
    try:
        text = read_text(path)
    except InputError:
        return
    for folder, _ in called_in(text, absolute(path.parent), str(top)):
        texts = read_texts(Path(os.path.relpath(folder)), [])
        if texts and matters(Path(folder), texts, []):
            yield texts[0].path


def not_read(path: Path) -> Skipped:
    """Report that only a part of a configuration is read."""
    return Skipped(name_of(path), _NOT_READ, help=_HELP)


_QUOTED = re.compile(r'"((?:\$\{[^}\n]*\}|[^"\n]){1,300})"')
_OPEN = re.compile(r"\$\{[^}]*\}|%\{[^}]*\}|\*+")
"""Variable parts of a path: interpolations, and the wildcards of `fileset`."""


def readers_of(path: Path, top: Path) -> Iterator[Path]:
    """Yield a file of each Terraform module that may read a file, directly or in a module that it calls.

    Such a file lies in or below the folder of the module or of its root.
    """
    full = absolute(path)
    for distance, above in enumerate(Path(full).parents):
        if distance >= NEAR and not above.is_relative_to(top):
            return
        folder = Path(os.path.relpath(above))
        texts = read_texts(folder, [])
        if any(_mentions(one, full) for one in with_called(folder, texts, [])):
            yield texts[0].path


def _mentions(text: Text, full: str) -> bool:
    ending = Path(full).suffix or Path(full).name
    if ending not in text.text:
        return False
    found = (match[1].strip("\\") for match in _QUOTED.finditer(text.text) if ending in match[1])
    return any(_may_lead_to(one, full) for one in found)


def _may_lead_to(literal: str, full: str) -> bool:
    """True for text that may match the end of a path, for any values of its interpolations."""
    fixed = _OPEN.split(literal.removeprefix("./"))
    if not fixed[-1].strip("./"):
        return False  # an interpolation alone matches every path
    return re.search(rf"(?:^|/){'.*'.join(map(re.escape, fixed))}$", full) is not None


class Reached(NamedTuple):
    """The roots and files that a change affects.

    ``roots`` are the files of root modules. ``names`` are the names of all files in these roots and in the
    modules that they call. ``values`` are pairs of a root's folder and a changed values file that needs
    `-var-file`. ``skipped`` are files that affect a module but are not read.
    """

    roots: tuple[Path, ...] = ()
    names: frozenset[str] = frozenset()
    values: tuple[tuple[Path, Path], ...] = ()
    skipped: tuple[Skipped, ...] = ()


def reached(paths: Iterable[Path], exclude: Callable[[Path], bool]) -> Reached:
    """Find the roots that changed files affect, including files that modules read."""
    standing = {path: _terraform_of(path) for path in paths if os.path.isfile(path)}  # noqa: PTH113 - never raises
    changed = [one for found in standing.values() for one in found]
    if not changed:
        return Reached()
    calls = _Calls({_top(path) for path in changed}, exclude)
    for path in filter(is_module_file, changed):
        calls.add(Path(os.path.relpath(path)))
    changed += [link for path in changed for link in calls.links_to(path)]
    folders = {path: calls.module_of(path) for path in changed}
    roots = [
        calls.folders[one] for one in sorted({root for one in folders.values() for root in calls.roots(one)})
    ]
    files = [file for folder in roots for file in listed(folder, [])]
    skipped = tuple(not_read(path) for path, found in standing.items() if found and is_terragrunt(path))
    return Reached(tuple(files), frozenset(_names(roots)), tuple(_extra(folders, calls)), skipped)


def _terraform_of(path: Path) -> list[Path]:
    """Return the Terraform files for a changed file: itself, its readers, or the modules that it deploys."""
    if is_terragrunt(path):
        return list(modules_of(path, _top(path)))
    if is_module_file(path) or is_values(path):
        return [path]
    return list(readers_of(path, _top(path)))


def _extra(folders: dict[Path, str], calls: _Calls) -> Iterator[tuple[Path, Path]]:
    """Pair values files that Terraform does not load automatically with the folder of their root."""
    for path, name in folders.items():
        folder = calls.folders.get(name)
        if folder is not None and is_values(path) and not _is_read(path, folder):
            yield folder, path


def _is_read(path: Path, folder: Path) -> bool:
    return absolute(path) in map(absolute, value_files(folder, []))


def _top(path: Path) -> Path:
    """Return the folder to search for callers: the repository, else the current folder, else the file's own."""
    return repository_of(Path(absolute(path.parent)), (Path.cwd(),))


class _Calls:
    """The modules below some folders and the calls between them.

    A folder is identified by its real path. A linked file belongs to the module that contains the link.
    """

    def __init__(self, tops: Iterable[Path], exclude: Callable[[Path], bool]) -> None:
        self.folders: dict[str, Path] = {}
        self.callers: dict[str, set[str]] = {}
        below = [Path(os.path.relpath(top)) for top in sorted(tops)]
        for path, _ in find_files(below, [], exclude):
            if is_hcl(path):
                self.add(path)

    def add(self, path: Path) -> None:
        """Add the module of a file, and the calls in the file."""
        self.folders.setdefault(os.path.realpath(path.parent), path.parent)
        for called in called_by(Text(path, _text(path))):
            self.callers.setdefault(os.path.realpath(called), set()).add(os.path.realpath(path.parent))

    def links_to(self, path: Path) -> Iterator[Path]:
        """Return the links in modules that lead to a file."""
        real = os.path.realpath(path)
        for folder in self.folders.values():
            for one in listed(folder, [], (*HCL, *VALUES)):
                if os.path.islink(one) and os.path.realpath(one) == real:  # noqa: PTH114 - never raises
                    yield one

    def module_of(self, path: Path) -> str:
        """Return the module folder of a file; values files may be in a subfolder."""
        own = os.path.realpath(path.parent)
        if not is_values(path):
            return own
        above = (str(one) for one in (Path(own), *Path(own).parents))
        return next((one for one in above if one in self.folders), own)

    def roots(self, folder: str) -> set[str]:
        """Return the root modules that call a module, directly or not; the module itself if uncalled."""
        seen, waiting = {folder}, [folder]
        while waiting:
            new = self.callers.get(waiting.pop(), set()) - seen
            seen |= new
            waiting += new
        return {one for one in seen if one in self.folders and not self.callers.get(one)} or (
            seen & self.folders.keys()
        )


def _text(path: Path) -> str:
    """Read a file to find its calls, without caching; an unreadable file has none."""
    try:
        return read_text(path)
    except InputError:
        return ""
    finally:
        mark_irrelevant(path)
        drop(path)


def _names(roots: Iterable[Path]) -> Iterator[str]:
    """Return the file names of modules and of the modules that they call, as they are named when read."""
    seen: set[str] = set()
    waiting = list(roots)
    waiting += [one.folder for root in waiting for one in downloads_of(root).values()]
    while waiting:
        folder = waiting.pop()
        if absolute(folder) in seen:
            continue
        seen.add(absolute(folder))
        for path in listed(folder, []):
            yield name_of(path)
            waiting += called_by(Text(path, _text(path)))
        yield from map(name_of, value_files(folder, []))
