"""Finds the units that deploy modules, which are callers of these modules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.callers import text_at
from checker.inputs.terraform.terragrunt.search import Search, module_in, position_in
from checker.inputs.terraform.terragrunt.unit import resolve_unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def sites_of_units(paths: Iterable[str], named: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Yield the module of each unit with the place, as ``file:line``. A unit that cannot be read has none."""
    search = Search(named)
    for path in map(Path, paths):
        try:
            found = _site(path, search)
        except InputError:
            continue  # reported when the unit is read
        if found is not None:
            yield found


def _site(path: Path, search: Search) -> tuple[str, str] | None:
    files, text = search.files_of(path), text_at(path)
    module = module_in(text, path.parent, files)
    if module is not None:
        return str(module), f"{path}:{position_in(text)}"
    unit = resolve_unit(path, files)
    if unit is None or unit.module is None or not unit.has_own_folder:
        return None
    at = unit.source.at if unit.source is not None else None
    is_own = at is not None and at.source is unit.configuration.parsed.source
    return str(unit.module), f"{path}:{at.position().line if at is not None and is_own else 1}"
