"""The modules that `terraform init` has downloaded for a root, as `.terraform/modules/modules.json` lists them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.core.errors import InputError
from checker.inputs.terraform.address import split
from checker.inputs.text import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOWNLOADS = ".terraform/modules"
_LIST = f"{_DOWNLOADS}/modules.json"


class Download(NamedTuple):
    """Where a module was taken from, and the folder that holds the copy."""

    source: str
    folder: Path


def downloads_of(root: Path) -> Mapping[str, Download]:
    """Map the calls of a root to downloaded modules, a call in the module `chat` as `chat.NAME`.

    Empty where nothing was downloaded, or the list cannot be read: modules that are not local are not known then.
    """
    if not os.path.isfile(root / _LIST):  # noqa: PTH113 - never raises
        return {}
    try:
        read = json.loads(read_text(root / _LIST))
    except (InputError, ValueError, RecursionError):
        return {}
    listed = read.get("Modules") if isinstance(read, dict) else None
    found = (_download(root, one) for one in (listed if isinstance(listed, list) else ()))
    return dict(one for one in found if one is not None)


def _download(root: Path, entry: object) -> tuple[str, Download] | None:
    """Read an entry; what lies elsewhere than the downloads is not opened on the word of a list."""
    values = entry if isinstance(entry, dict) else {}
    key, source, folder = (values.get(name) for name in ("Key", "Source", "Dir"))
    if not (isinstance(key, str) and isinstance(source, str) and isinstance(folder, str)):
        return None
    path = os.path.normpath(folder)
    if "\0" in path or not Path(path).is_relative_to(_DOWNLOADS) or not os.path.isdir(root / path):  # noqa: PTH112 - as above
        return None
    return key, Download(source, root / path)


def folder_of(address: str, source: str, downloads: Mapping[str, Download]) -> Path | None:
    """Find the copy that a call means; one of another source was downloaded before the call was changed."""
    key = ".".join(step.name for step in split(address)[1::2])
    found = downloads.get(key)
    if found is None:
        return None
    return found.folder if f"/{found.source}".endswith(f"/{source}") else None
