"""Reads a module: all files of a folder together, and the local modules that it calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.declared import Declarations
from checker.inputs.files import name_of
from checker.inputs.hcl.folder import absolute, matters, read_texts
from checker.inventory import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from checker.inputs.facts import Facts
    from checker.inputs.hcl.folder import Folder
    from checker.inputs.text import InputError

_NOTHING = "no topic, key or Connect instance is declared in the module"


class CalledElsewhere(Declarations):
    """Stands for a folder that another of the same run calls, and which is judged through that one alone.

    It keeps the parsed files for the next one that calls it.
    """

    def __init__(self, files: Folder) -> None:
        super().__init__()
        self.files = files


def read_module(folder: Path, named: frozenset[Path], facts: Facts) -> None:
    """Read the module in a folder into the facts' declarations; ``named`` are files handed over by name.

    A folder that has nothing to do with topics, keys or Connect is not parsed. One that another folder calls
    is read as that one calls it, not as a module of its own: it would lack the values of its variables.
    """
    if any(isinstance(one, CalledElsewhere) for path, one in facts.declared.items() if _same(path, folder)):
        return
    faults: list[InputError] = []
    texts = read_texts(folder, faults)
    if matters(folder, texts):
        from checker.inputs.hcl.root import read_root  # the parser is slow to import

        read_root(folder, texts, named, facts, faults)
    elif not facts.of_change:
        facts.skipped += (
            Skipped(name_of(one), _NOTHING) for one in sorted(named) if _same(one.parent, folder)
        )
    note(faults, facts)


def note(faults: Iterable[InputError], facts: Facts) -> None:
    """Note faults, each once, however many modules call the file that has it."""
    for fault in faults:
        if fault.skipped() not in facts.skipped:
            facts.skip(fault)


def take_over(folders: Mapping[Path, Folder], facts: Facts) -> None:
    """Note that these folders are called by another."""
    for folder, files in folders.items():
        for path in [path for path in facts.declared if _same(path, folder)]:
            del facts.declared[path]
        facts.declared[folder] = CalledElsewhere(files)


def _same(one: Path, other: Path) -> bool:
    return absolute(one) == absolute(other)
