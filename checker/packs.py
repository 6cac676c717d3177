"""Rule packs: other people's rules, installed beside checker and found by the entry points `checker.rules`.

    [project.entry-points."checker.rules"]
    acme = "acme_rules"

names a module, or a package that is walked, whose subclasses of `checker.rule.Rule` are rules.
https://packaging.python.org/en/latest/specifications/entry-points/
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from checker.open_flags import NONBLOCK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

GROUP = "checker.rules"
_MOST = 1024 * 1024
"""Bytes that are read of one file of entry points; they have a few hundred."""


class PackError(Exception):
    """A rule pack is installed and cannot be used."""


def packs() -> Iterator[ModuleType]:
    """Import the rule packs, by name. Raises PackError for one that cannot be imported."""
    if not _any_installed():
        return
    from importlib.metadata import entry_points  # slow to import, and most installations have no pack

    for entry_point in sorted(set(entry_points(group=GROUP)), key=lambda one: (one.name, one.value)):
        try:
            yield entry_point.load()
        except (Exception, SystemExit) as error:
            what = f"rule pack `{entry_point.name}` ({entry_point.value})"
            raise PackError(f"{what} cannot be imported: {type(error).__name__}: {error}") from error


def _at_once(path: str, flags: int) -> int:
    """Open a pipe without waiting for its writer: `python -m` also looks into the current folder."""
    return os.open(path, flags | NONBLOCK)


def _any_installed() -> bool:
    """Look for the group in the metadata of what is installed; it takes a fraction of the import above."""
    mark = f"[{GROUP}]".encode()
    return any(mark in text for folder in sys.path for text in _entry_point_files(folder or os.curdir))


def _entry_point_files(folder: str) -> Iterator[bytes]:
    try:
        with os.scandir(folder) as entries:
            found = [one.path for one in entries if one.name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return
    for path in found:
        try:
            name = os.path.join(path, "entry_points.txt")  # noqa: PTH118 - on every start-up
            with open(name, "rb", opener=_at_once) as file:
                yield file.read(_MOST)
        except OSError:
            continue
