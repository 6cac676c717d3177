"""Find the files with values for the parameters of a CloudFormation template.

Only files near the template are read, and only as text.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from checker.inputs.callers import text_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_KEYS = re.compile(r'"ParameterKey"\s*:\s*"(\w+)"')
_LARGEST = 1_000_000


def files_of_parameters(template: Path, parameters: frozenset[str]) -> tuple[str, ...]:
    """Return the files with values for a template's parameters, as `aws cloudformation deploy` accepts them.

    https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
    """
    keys = ((path, set(_KEYS.findall(text))) for path, text in _around(template))
    return tuple(str(path) for path, found in keys if found and found <= parameters)


def _around(template: Path) -> Iterator[tuple[Path, str]]:
    """Yield other JSON files near a template: beside it, in the parent folder, and in sibling and child folders."""
    folder = template.parent
    folders = [folder.parent, *_folders(folder.parent), *_folders(folder)]
    for path in (path for one in dict.fromkeys(folders) for path in _files(one)):
        if path != template and path.suffix == ".json" and path.stat().st_size <= _LARGEST:
            yield path, text_at(path)


def _folders(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.is_dir() and not path.name.startswith(".")]


def _files(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.is_file()]


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if os.access(folder, os.R_OK | os.X_OK) else []
