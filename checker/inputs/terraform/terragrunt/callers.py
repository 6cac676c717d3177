"""Finds the units that deploy modules, which are callers of these modules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.callers import called_in, text_at
from checker.inputs.terraform.terragrunt.search import Search, module_in, position_in
from checker.inputs.terraform.terragrunt.unit import resolve_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.terraform.terragrunt.files import Configurations


def sites_of_units(paths: Iterable[str], named: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield the module of each unit with the place, as ``file:line``.

    A unit whose module is not here may name a folder of this repository in a Git source.
    """
    search = Search(named)
    for path in map(Path, paths):
        text, files = text_at(path), search.files_of(path)
        try:
            found = _site(path, text, files)
        except InputError:
            found = None  # reported when the unit is read
        called = called_in(text, str(path.parent), str(files.top))
        yield from [found] if found is not None else ((one, f"{path}:{line}") for one, line in called)


def _site(path: Path, text: str, files: Configurations) -> tuple[str, str] | None:
    module = module_in(text, path.parent, files)
    if module is not None:
        return str(module), f"{path}:{position_in(text)}"
    unit = resolve_unit(path, files)
    if unit is None or unit.module is None or not unit.has_own_folder:
        return None
    at = unit.source.at if unit.source is not None else None
    is_own = at is not None and at.source is unit.configuration.parsed.source
    return str(unit.module), f"{path}:{at.position().line if at is not None and is_own else 1}"
