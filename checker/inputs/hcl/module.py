"""Reads modules: all files of a folder together, and the local modules that they call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.files import name_of
from checker.inputs.hcl.folder import absolute, called_by, matters, read_texts, rendered_by

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.core.errors import InputError
    from checker.inputs.facts import Facts

_NOTHING = "no topic, key or Connect instance is declared in the module"


def read_modules(found: Iterable[tuple[Path, bool]], facts: Facts) -> None:
    """Read the modules that files belong to; beside each file stands whether it was handed over by name.

    A folder that another calls is read as that one calls it, not as a module of its own: it would lack the
    values of its variables.
    """
    folders: dict[Path, list[Path]] = {}
    for path, by_name in found:
        folders.setdefault(path.parent, []).extend([path] * by_name)
    chosen = () if facts.of_change else (path for named in folders.values() for path in named)
    names = frozenset(map(name_of, chosen))
    for folder in _callers_first(folders, facts):
        if not read_module(folder, names, facts) and not facts.of_change:
            facts.skipped += (Skipped(name_of(one), _NOTHING) for one in sorted(folders[folder]))
    for folder in [one for one in facts.declared if absolute(one) in facts.called]:
        del facts.declared[folder]  # it was read before the one that calls it


def _callers_first(folders: Iterable[Path], facts: Facts) -> list[Path]:
    """Put folders last that others seem to call, so that they are not parsed once more before the callers.

    The templates that the files render are noted on the way.
    """
    called: set[str] = set()
    for text in (text for folder in folders for text in read_texts(folder, [])):
        called |= {absolute(one) for one in called_by(text)}
        facts.templates |= set(rendered_by(text))
    return sorted(folders, key=lambda folder: absolute(folder) in called)


def read_module(folder: Path, names: frozenset[str], facts: Facts) -> bool:
    """Read the module in a folder into the facts' declarations; ``names`` are files handed over by name.

    False for a folder that has nothing to do with topics, keys or Connect: most are not even parsed.
    """
    if absolute(folder) in facts.called:
        return True
    faults: list[InputError] = []
    texts = read_texts(folder, faults)
    found = matters(folder, texts, faults)
    if found:
        from checker.inputs.hcl.root import read_root  # the parser is slow to import

        read_root(folder, texts, names, facts, faults)
    note(faults, facts)
    return found and (bool(faults) or _declares(folder, facts))


def _declares(folder: Path, facts: Facts) -> bool:
    """True if a module that was read has something to judge; another root may have called it meanwhile."""
    found = facts.declared.get(folder)
    return found is None or bool(found.topics or found.keys or found.instances)


def note(faults: Iterable[InputError], facts: Facts) -> None:
    """Note faults, each once, however many modules call the file that has it."""
    for fault in faults:
        if fault.skipped() not in facts.skipped:
            facts.skip(fault)
