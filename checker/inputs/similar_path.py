"""Suggests an existing file or folder for a misspelled path."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from pathlib import Path

from checker.policy.wildcard import did_you_mean

_CLOSE = 0.8
"""Lowest similarity. Names share their endings, so that it is higher than for other words."""
_MOST_NAMES = 5_000
"""Names of a folder that are compared. More would take noticeable time for a mere suggestion."""


def similar_path(name: str) -> str:
    """Return a help text with the existing path that is closest to a missing one; empty if none is close."""
    missing = _first_missing(Path(name))
    close = did_you_mean(missing.name, _names_beside(missing), _CLOSE)
    if not close:
        return ""
    found = missing.with_name(close)
    whole = found / Path(name).relative_to(missing)
    return f"did you mean `{(whole if _exists(whole) else found).as_posix()}`?"


def _first_missing(path: Path) -> Path:
    """Return the part of a path up to the first name that does not exist."""
    return next((one for one in reversed((path, *path.parents)) if not _exists(one)), path)


def _exists(path: Path) -> bool:
    return os.path.lexists(path)


def _names_beside(path: Path) -> list[str]:
    """Return names in the folder of a path, except hidden ones; none if it cannot be listed."""
    with suppress(OSError, ValueError), os.scandir(path.parent) as entries:
        return [one.name for one in islice(entries, _MOST_NAMES) if not one.name.startswith(".")]
    return []
