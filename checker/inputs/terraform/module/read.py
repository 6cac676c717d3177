"""Reads the modules in folders, and parses only those that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.discover import name_of
from checker.inputs.terraform.module.folder import absolute, called_by, matters, read_texts, rendered_by

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.core.errors import InputError
    from checker.inputs.collect import Facts

_NOTHING = "the module declares no topic, key or Connect instance"


def read_modules(found: Iterable[tuple[Path, bool]], facts: Facts) -> None:
    """Read the modules of files; each file is paired with whether the user named it.

    A called folder is read through its callers and not as a root, because it would lack variable values.
    """
    folders: dict[Path, list[Path]] = {}
    for path, by_name in found:
        folders.setdefault(path.parent, []).extend([path] * by_name)
    chosen = () if facts.of_change else (path for named in folders.values() for path in named)
    names = frozenset(map(name_of, chosen))
    for number, folder in enumerate(_callers_first(folders, facts)):
        facts.given.progress(name_of(folder), number / len(folders))
        if not read_module(folder, names, facts) and not facts.of_change:
            facts.skipped += (Skipped(name_of(one), _NOTHING) for one in sorted(folders[folder]))
    roots = [one for one in facts.declared if absolute(one) not in facts.deployed]
    for folder in [one for one in roots if absolute(one) in facts.called]:
        del facts.declared[folder]  # the module was read before its caller


def _callers_first(folders: Iterable[Path], facts: Facts) -> list[Path]:
    """Order folders so that apparently called ones come last and need not be parsed twice.

    The templates that the files render are recorded as well.
    """
    called: set[str] = set()
    for text in (text for folder in folders for text in read_texts(folder, [])):
        called |= {absolute(one) for one in called_by(text)}
        facts.templates |= set(rendered_by(text))
    return sorted(folders, key=lambda folder: absolute(folder) in called)


def read_module(folder: Path, names: frozenset[str], facts: Facts) -> bool:
    """Read the module in a folder into the declarations; ``names`` are files that the user named.

    False for a folder without topics, keys or Connect resources. Most such folders are not parsed.
    """
    if absolute(folder) in facts.called or absolute(folder) in facts.deployed:
        return True
    faults: list[InputError] = []
    texts = read_texts(folder, faults)
    found = matters(folder, texts, faults)
    if found:
        from checker.inputs.terraform.module.root import read_root  # the parser is slow to import

        read_root(folder, texts, names, facts, faults)
    note(faults, facts)
    return found and (bool(faults) or _declares(folder, facts))


def _declares(folder: Path, facts: Facts) -> bool:
    """True if a module has relevant content; another root may have called it in the meantime."""
    found = facts.declared.get(folder)
    return found is None or bool(found.topics or found.keys or found.instances or found.caller_policies)


def note(faults: Iterable[InputError], facts: Facts) -> None:
    """Add errors, each once, however many modules call the file."""
    for fault in faults:
        if fault.skipped() not in facts.skipped:
            facts.skip(fault)
