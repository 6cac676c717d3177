"""Who deploys a CloudFormation template: the templates that nest it, and the files with values of its parameters.

Only the files around the template are looked at, and only their text.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIXES = (".yaml", ".yml", ".json", ".template")
_NESTED = re.compile(r"""["']?\b(?:TemplateURL|Location)["']?\s*:\s*["']?([^\s"'#{},]+)""")
_KEYS = re.compile(r'"ParameterKey"\s*:\s*"(\w+)"')
_LARGEST = 1_000_000


def nesting(template: Path) -> tuple[str, ...]:
    """The places that nest a template by its path, as ``file:line``."""
    return tuple(
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
        for path, text in _around(template)
        for match in _NESTED.finditer(text)
        if os.path.normpath(path.parent / match[1]) == str(template)
    )


def files_of_parameters(template: Path, parameters: frozenset[str]) -> tuple[str, ...]:
    """The files with values for the parameters of a template, as `aws cloudformation deploy` takes them.

    https://docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/
    """
    keys = ((path, set(_KEYS.findall(text))) for path, text in _around(template) if path.suffix == ".json")
    return tuple(str(path) for path, found in keys if found and found <= parameters)


def _around(template: Path) -> Iterator[tuple[Path, str]]:
    """The other files beside a template, in the folder above, and in the folders beside and below."""
    folder = template.parent
    folders = [folder.parent, *_folders(folder.parent), *_folders(folder)]
    for path in (path for one in dict.fromkeys(folders) for path in _files(one)):
        if path != template and path.suffix in _SUFFIXES and path.stat().st_size <= _LARGEST:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def _folders(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.is_dir() and not path.name.startswith(".")]


def _files(folder: Path) -> list[Path]:
    return [path for path in _listed(folder) if path.is_file() and os.access(path, os.R_OK)]


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if os.access(folder, os.R_OK | os.X_OK) else []
