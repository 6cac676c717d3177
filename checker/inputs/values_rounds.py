"""Distributes the values files of Terraform roots over comparisons, each of which reads a root with one of them."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.callers import is_chosen
from checker.inputs.discover import HCL
from checker.inputs.terraform.module.folder import callers_among

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from checker.analysis.inventory import Key, Topic
    from checker.inputs.diff_inputs import Input

    Pair = tuple[str, str]
    """The folder of a root, and a values file for it, relative to the top of the repository."""


_VARIABLE = pattern(r'^[ \t]*variable\s+"?([\w-]+)', re.MULTILINE)
_KEY = pattern(r'"([\w-]+)"\s*:')
"""Matches the keys of JSON syntax, among which the names of variables are."""


def rounds(pairs: Iterable[Pair]) -> list[tuple[Pair, ...]]:
    """Return the pairs of each comparison, so that each root has at most one in it."""
    by_root: dict[str, list[Pair]] = {}
    for pair in sorted(set(pairs)):
        by_root.setdefault(pair[0], []).append(pair)
    number = max((len(one) for one in by_root.values()), default=0)
    return [tuple(one[index] for one in by_root.values() if index < len(one)) for index in range(number)]


def pairs_below(roots: Iterable[str], files: Iterable[str], folders: frozenset[str]) -> Iterator[Pair]:
    """Pair the values files that Terraform does not load by itself with their roots.

    A file belongs to the first folder above it that has Terraform files, which ``folders`` are.
    """
    wanted = frozenset(roots)
    for file in files:
        if is_chosen(posixpath.basename(file)):
            own = home_of_values(file, folders)
            if own in wanted:
                yield own, file


def home_of_values(file: str, folders: frozenset[str]) -> str:
    """Return the first folder with Terraform files above a values file; empty if there is none."""
    folder = posixpath.dirname(file) or "."
    while folder not in folders and folder != ".":
        folder = posixpath.dirname(folder) or "."
    return folder if folder in folders else ""


def names_in(file: Path) -> frozenset[str]:
    """Return the variables that a values file sets; none if it cannot be read."""
    from checker.inputs.terraform.module.collect_blocks import values_in  # the parser is slow to import

    with suppress(InputError):
        return frozenset(values_in(file)) if file.is_file() else frozenset()
    return frozenset()


def variables_of(roots: Iterable[str], texts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the variables that the files of each root declare."""
    found: dict[str, set[str]] = {root: set() for root in roots}
    for name, text in texts.items():
        own = found.get(posixpath.dirname(name) or ".")
        if own is not None:
            pattern = _KEY if name.endswith(".json") else _VARIABLE
            own |= {match[1] for match in pattern.finditer(text)}
    return {root: frozenset(names) for root, names in found.items()}


def variables_of_units(side: Input) -> dict[str, frozenset[str]]:
    """Return the variables that each Terragrunt unit with topics or keys may set: those of its module, and of its callers."""
    modules: dict[str, set[str]] = {}
    resources: list[Topic | Key] = [*side.inventory.topics, *side.inventory.keys]
    for one in (one for one in resources if one.place.document.name.endswith(HCL)):
        folder = posixpath.relpath(posixpath.dirname(one.place.document.name) or ".", side.folder)
        modules.setdefault(posixpath.relpath(one.home, side.folder), set()).add(folder)
    texts = {name: text for name, text in side.texts.items() if name.endswith(HCL)}
    folders = frozenset(posixpath.dirname(name) or "." for name in texts)
    found = {}
    for unit in modules.keys() - folders:
        declared = variables_of(callers_among(modules[unit], texts, side.folder), texts)
        found[unit] = frozenset().union(*declared.values())
    return found


class RootsOf(NamedTuple):
    """The roots that declare all variables of a values file, and those that declare only some of them."""

    whole: tuple[str, ...]
    partly: tuple[str, ...]


def roots_with(names: frozenset[str], variables: Mapping[str, frozenset[str]]) -> RootsOf:
    """Return the roots that declare the variables of a values file. Terraform only warns about others."""
    shared = {root: names & declared for root, declared in variables.items() if names & declared}
    whole = tuple(root for root, found in shared.items() if found == names)
    return RootsOf(whole, tuple(root for root in shared if root not in whole))
