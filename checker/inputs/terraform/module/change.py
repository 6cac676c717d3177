"""Finds the root modules that a change affects, through modules and their callers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.changed_code import code_in, top_of
from checker.inputs.discover import (
    CONFIGURATION,
    HCL,
    VALUES,
    find_files,
    is_configuration,
    is_hcl,
    is_unit,
    is_values,
    name_of,
)
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
    read_texts,
    value_files,
    with_called,
)
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.inputs.terraform.terragrunt.affected import DeployedUnit


_QUOTED = pattern(r'"((?:\$\{[^}\n]*\}|[^"\n]){1,300})"')
_OPEN = pattern(r"\$\{[^}]*\}|%\{[^}]*\}|\*+")
"""Variable parts of a path: interpolations, and the wildcards of `fileset`."""


class ModuleTexts(NamedTuple):
    """The texts of a Terraform module and of those that it calls, and its first file, if the folder has a module."""

    first: Path | None
    texts: tuple[Text, ...]

    @classmethod
    def of(cls, folder: Path) -> ModuleTexts:
        """Read the module of a folder, as far as it can be read."""
        own = read_texts(folder, [])
        return cls(own[0].path if own else None, tuple(with_called(folder, own, [])))


def readers_of(
    path: Path, top: Path, module_of: Callable[[Path], ModuleTexts] = ModuleTexts.of
) -> Iterator[Path]:
    """Yield a file of each Terraform module that may read a file, directly or in a module that it calls.

    Such a file lies in or below the folder of the module or of its root. ``module_of`` reads a module; one that
    remembers modules reads a folder once, however many of its files are asked about.
    """
    full = absolute(path)
    for distance, above in enumerate(Path(full).parents):
        if distance >= NEAR and not above.is_relative_to(top):
            return
        folder = Path(os.path.relpath(above))
        first, texts = module_of(folder)
        if first is not None and any(_mentions(one, full) for one in texts):
            yield first


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
    `-var-file`. ``possible`` are the real paths of the roots that only may read a changed file.
    ``code`` are the files of code of the repositories, or ``None`` if they were not searched.
    """

    roots: tuple[Path, ...] = ()
    names: frozenset[str] = frozenset()
    values: tuple[tuple[Path, Path], ...] = ()
    possible: frozenset[str] = frozenset()
    code: tuple[Path, ...] | None = None


def reached(paths: Iterable[Path], exclude: Callable[[Path], bool]) -> Reached:
    """Find the roots that changed files affect, including files that modules read."""
    standing = {path: _terraform_of(path) for path in paths if os.path.isfile(path)}  # noqa: PTH113 - never raises
    changed = [one for found in standing.values() for one in found]
    of_units = [path for path in standing if _is_read_by_units(path, top_of(path))]
    if not changed and not of_units:
        return Reached()
    calls = _Calls({top_of(path) for path in (*changed, *of_units)}, exclude)
    for path in filter(is_module_file, changed):
        calls.add(Path(os.path.relpath(path)))
    changed += [link for path in changed for link in calls.links_to(path)]
    folders = {path: calls.module_of(path) for path in changed}
    found = {root for one in folders.values() for root in calls.roots(one)} | calls.readers(of_units)
    own = [path for path, files in standing.items() if path in files]
    certain = {folders[one] for path in own for one in (path, *calls.links_to(path))}
    possible = found - calls.readers(of_units) - {root for one in certain for root in calls.roots(one)}
    values = tuple(_extra(folders, calls))
    return _reached(sorted(found), calls)._replace(
        values=values, possible=frozenset(possible), code=calls.code
    )


def _reached(found: Sequence[str], calls: _Calls) -> Reached:
    """Return the files to read for roots and units, and the names of all their files."""
    roots = [calls.folders[one] for one in found]
    units = [calls.units[one] for one in found if one in calls.units]
    files = [*(file for folder in roots for file in listed(folder, [])), *(one.path for one in units)]
    names = {*_names([*roots, *(one.module for one in units)]), *_names_of(units)}
    return Reached(tuple(files), frozenset(names))


def _names_of(units: Iterable[DeployedUnit]) -> Iterator[str]:
    """Return the names of the files that units read, as they are named when read."""
    for unit in units:
        yield from (name_of(Path(os.path.relpath(one))) for one in unit.files)


def _terraform_of(path: Path) -> list[Path]:
    """Return the Terraform files for a changed file: itself, or its readers."""
    if is_configuration(path):
        return []
    if is_module_file(path) or is_values(path):
        return [path]
    return list(readers_of(path, top_of(path)))


_TERRAGRUNT = pattern(
    r"^(?:terraform|inputs|locals|include|dependency|generate|remote_state|iam_role)\b", re.MULTILINE
)
"""Matches the blocks of Terragrunt; most other tools with files in the language have none of them."""


def _is_read_by_units(path: Path, top: Path) -> bool:
    """True for a configuration of Terragrunt, and for a file that one in its folder or above names."""
    if is_configuration(path):
        return is_unit(path) or _TERRAGRUNT.search(_text(path)) is not None
    above = Path(absolute(path)).parents if not is_module_file(path) else ()
    folders = (Path(os.path.relpath(one)) for one in above if one.is_relative_to(top))
    return any(path.name in _text(one) for folder in folders for one in listed(folder, [], (CONFIGURATION,)))


def _extra(folders: dict[Path, str], calls: _Calls) -> Iterator[tuple[Path, Path]]:
    """Pair values files that Terraform does not load automatically with the folder of their root."""
    for path, name in folders.items():
        folder = calls.folders.get(name)
        if folder is not None and is_values(path) and not _is_read(path, folder):
            yield folder, path


def _is_read(path: Path, folder: Path) -> bool:
    return absolute(path) in map(absolute, value_files(folder, []))


class _Calls:
    """The modules below some folders and the calls between them. ``code`` are the files of code there.

    A folder is identified by its real path. A linked file belongs to the module that contains the link.
    """

    def __init__(self, tops: Iterable[Path], exclude: Callable[[Path], bool]) -> None:
        self.folders: dict[str, Path] = {}
        self.callers: dict[str, set[str]] = {}
        self.units: dict[str, DeployedUnit] = {}
        below = [Path(os.path.relpath(top)) for top in sorted(tops)]
        others: list[Path] = []
        for path, _ in find_files(below, [], exclude, others):
            if is_hcl(path):
                self.add(path)
        self._add_units(list(filter(is_unit, others)))
        self.code = tuple(code_in(others, below))

    def _add_units(self, paths: list[Path]) -> None:
        """Add the units of Terragrunt as callers of their modules."""
        if not paths:
            return
        from checker.inputs.terraform.terragrunt.affected import (
            deployed_units,  # the parser is slow to import
        )

        for unit in deployed_units(paths):
            folder, module = os.path.realpath(unit.path.parent), os.path.realpath(unit.module)
            self.folders.setdefault(folder, unit.path.parent)
            self.units[folder] = unit
            if module != folder:
                self.callers.setdefault(module, set()).add(folder)

    def readers(self, paths: Iterable[Path]) -> set[str]:
        """Return the folders of the units that read one of the files."""
        full = set(map(absolute, paths))
        return {folder for folder, unit in self.units.items() if not full.isdisjoint(unit.files)}

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
