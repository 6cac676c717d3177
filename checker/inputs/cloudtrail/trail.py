"""In the making."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from checker.inputs.facts import Facts


def read_trail(path: Path, facts: Facts) -> None:
    """Read a file into the facts."""
    raise NotImplementedError
