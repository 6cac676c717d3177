"""Finds the roots that a change of Terraform files reaches: by the module that a file belongs to, and its callers."""

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


_NOT_READ = "the values that Terragrunt gives to a module are not read"
_HELP = "check the plan: `terragrunt plan -out=plan.bin`, `terragrunt show -json plan.bin > plan.json`"


def is_terragrunt(path: Path) -> bool:
    """True for a configuration of Terragrunt."""
    return path.name == TERRAGRUNT


def modules_of(path: Path, top: Path) -> Iterator[Path]:
    """Give a file of each module of the repository that a configuration deploys."""
    try:
        text = read_text(path)
    except InputError:
        return
    for folder, _ in called_in(text, absolute(path.parent), str(top)):
        texts = read_texts(Path(os.path.relpath(folder)), [])
        if texts and matters(Path(folder), texts, []):
            yield texts[0].path


def not_read(path: Path) -> Skipped:
    """Note that a configuration says more than is read of it."""
    return Skipped(name_of(path), _NOT_READ, help=_HELP)


_QUOTED = re.compile(r'"((?:\$\{[^}\n]*\}|[^"\n]){1,300})"')
_OPEN = re.compile(r"\$\{[^}]*\}|%\{[^}]*\}|\*+")
"""The parts of a path that differ from use to use: interpolations, and the wildcards of `fileset`."""


def readers_of(path: Path, top: Path) -> Iterator[Path]:
    """Give a file of each Terraform module that may read a file, itself or in a module that it calls.

    What is read lies in the folder of the module or of its root, or below.
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
    """True for a text that the path of a file may end with, whatever its interpolations stand for."""
    fixed = _OPEN.split(literal.removeprefix("./"))
    if not fixed[-1].strip("./"):
        return False  # nothing but an interpolation
    return re.search(rf"(?:^|/){'.*'.join(map(re.escape, fixed))}$", full) is not None


class Reached(NamedTuple):
    """What a change reaches.

    ``roots`` are the files of the root modules, ``names`` the names of all files of these and of the modules that
    they call. ``values`` are pairs of a root's folder and a changed file of values that Terraform reads for it
    only with `-var-file`. ``skipped`` are files that reach a module and are not read.
    """

    roots: tuple[Path, ...] = ()
    names: frozenset[str] = frozenset()
    values: tuple[tuple[Path, Path], ...] = ()
    skipped: tuple[Skipped, ...] = ()


def reached(paths: Iterable[Path], exclude: Callable[[Path], bool]) -> Reached:
    """Find what changed files reach, also those that a module reads; a file that no module reads reaches nothing."""
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
    """The files of Terraform that a changed file stands for: itself, those that may read it, or those it deploys."""
    if is_terragrunt(path):
        return list(modules_of(path, _top(path)))
    if is_module_file(path) or is_values(path):
        return [path]
    return list(readers_of(path, _top(path)))


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
    return repository_of(Path(absolute(path.parent)), (Path.cwd(),))


class _Calls:
    """The modules below some folders, and which of them call which.

    A folder goes by its real path: a link to it is the same module. A link to a file makes the file one of the
    module that the link lies in.
    """

    def __init__(self, tops: Iterable[Path], exclude: Callable[[Path], bool]) -> None:
        self.folders: dict[str, Path] = {}
        self.callers: dict[str, set[str]] = {}
        below = [Path(os.path.relpath(top)) for top in sorted(tops)]
        for path, _ in find_files(below, [], exclude):
            if is_hcl(path):
                self.add(path)

    def add(self, path: Path) -> None:
        """Add the module that a file belongs to, and the calls in the file."""
        self.folders.setdefault(os.path.realpath(path.parent), path.parent)
        for called in called_by(Text(path, _text(path))):
            self.callers.setdefault(os.path.realpath(called), set()).add(os.path.realpath(path.parent))

    def links_to(self, path: Path) -> Iterator[Path]:
        """The links in modules that lead to a file."""
        real = os.path.realpath(path)
        for folder in self.folders.values():
            for one in listed(folder, [], (*HCL, *VALUES)):
                if os.path.islink(one) and os.path.realpath(one) == real:  # noqa: PTH114 - never raises
                    yield one

    def module_of(self, path: Path) -> str:
        """The folder of the module that a file belongs to; values may lie in a folder below."""
        own = os.path.realpath(path.parent)
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
