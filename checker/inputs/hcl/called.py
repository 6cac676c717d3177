"""The modules that others call: which there are, and what is in those that were called last."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inputs.hcl.folder import Folder

_MOST_TEXT = 500_000
"""Parsed modules are kept up to this many characters of source: some 50 MB of memory."""


class CalledFolders:
    """The folders of called modules, by full name.

    Every name is kept; what was parsed is kept for the modules called last, as long as they are small together.
    Another caller of any other module parses it again.
    """

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._parsed: dict[str, Folder] = {}

    def __contains__(self, name: str) -> bool:
        """Tell whether a module calls this folder."""
        return name in self._names

    @property
    def parsed(self) -> Mapping[str, Folder]:
        """The folders that need not be parsed again."""
        return self._parsed

    def add(self, folders: Mapping[str, Folder]) -> None:
        """Add the folders that a root module calls, and forget the content of those not called for longest."""
        self._names.update(folders)
        self._parsed = {**{name: one for name, one in self._parsed.items() if name not in folders}, **folders}
        excess = sum(map(_size, self._parsed.values())) - _MOST_TEXT
        for name, folder in list(self._parsed.items()):
            if excess <= 0:
                break
            excess -= _size(folder)
            del self._parsed[name]


def _size(folder: Folder) -> int:
    return sum(len(source.text) for source in folder.sources)
