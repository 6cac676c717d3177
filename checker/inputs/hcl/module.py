"""Reads a module: all files of a folder together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.facts import Facts


def read_module(folder: Path, named: frozenset[Path], facts: Facts) -> None:
    """Read the module in a folder into the facts' declarations; ``named`` are files handed over by name."""
    raise NotImplementedError
