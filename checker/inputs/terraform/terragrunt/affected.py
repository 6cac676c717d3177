"""Finds the units that a change affects: those that deploy a module, and those that read a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.inputs.terraform.module.folder import absolute
from checker.inputs.terraform.terragrunt.deployment import root_of
from checker.inputs.terraform.terragrunt.search import Search, generates_resources
from checker.inputs.terraform.terragrunt.unit import resolve_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.terraform.module.folder import Folder


class DeployedUnit(NamedTuple):
    """A unit that concerns Connect: its configuration, its module, and the full paths of the files that it reads."""

    path: Path
    module: Path
    files: frozenset[str]


def deployed_units(paths: Iterable[Path]) -> Iterator[DeployedUnit]:
    """Yield the units whose modules are here and matter; a unit that cannot be read has none."""
    search = Search(())
    parsed: dict[str, Folder] = {}
    for path in paths:
        try:
            found = None if search.is_irrelevant(path) else _deployed(path, search, parsed)
        except InputError:
            continue  # reported when the unit is read
        if found is not None:
            yield found


def _deployed(path: Path, search: Search, parsed: dict[str, Folder]) -> DeployedUnit | None:
    files = search.files_of(path)
    unit = resolve_unit(Path(absolute(path)), files)
    if unit is None or unit.module is None:
        return None
    if not (search.matters(unit.module, files) or search.may_matter(path) or generates_resources(unit)):
        return None
    root = root_of(unit, unit.module, parsed, [])  # evaluates what reads other files
    parsed[str(unit.module)] = root.shared
    read = {*map(str, unit.state.met), *unit.state.opened}
    return DeployedUnit(path, files.named(unit.module), frozenset(read))
