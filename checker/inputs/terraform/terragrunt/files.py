"""Opens the configurations of Terragrunt, each once in a run, and only inside the repository."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.confinement import HELP, is_unlimited
from checker.inputs.discover import TERRAGRUNT, name_of
from checker.inputs.terraform.hcl.parse import parse
from checker.inputs.text import read_text
from checker.policy.source import Source

if TYPE_CHECKING:
    from checker.inputs.terraform.hcl.body import Body


DEFAULTS = (TERRAGRUNT, f"{TERRAGRUNT}.json")
"""The names of configurations that are searched for without a name."""


_INPUTS = pattern(r"^inputs[ \t]*=[ \t]*\{[ \t]*$", re.MULTILINE)
_END = pattern(r"^\}[ \t]*$", re.MULTILINE)
"""Matches the lines around the inputs as `terragrunt hcl fmt` writes them."""
_MISLEADING = ("/*", "<<")
"""Begin comments and texts of several lines, which may contain such lines."""
_NOT_SPACE = pattern(r"[^\n]")


class Parsed(NamedTuple):
    """A configuration file: its full path, text and content."""

    path: Path
    source: Source
    body: Body


class Configurations:
    """The configurations of a repository, parsed on first use and kept: most units include the same files.

    ``top`` is the folder of the repository. Nothing outside of it is opened, not through links either.
    Files are named relative to the current folder, or ``in_full`` if the user names them so.
    ``is_whole`` is true if it has a `.git`, so that files in the folders above do not belong to it.
    """

    def __init__(self, top: Path, *, in_full: bool = False) -> None:
        self.top = top
        self._in_full = in_full
        self.is_whole = os.path.exists(top / ".git")  # noqa: PTH110 - never raises
        self._real = os.path.realpath(top)
        self._read: dict[Path, Parsed | InputError] = {}

    def named(self, path: Path) -> Path:
        """Return a full path as the other files of the run are named."""
        return path if self._in_full else Path(os.path.relpath(path))

    def contains(self, path: Path) -> bool:
        """True for a path inside the repository, after following links, and for any path if the user allowed it."""
        return is_unlimited() or Path(os.path.realpath(path)).is_relative_to(self._real)

    def read(self, path: Path) -> Parsed:
        """Parse a file given by its full path. Raises InputError."""
        if path not in self._read:
            self._read[path] = self._opened(path)
        found = self._read[path]
        if isinstance(found, InputError):
            raise found
        return found

    def outline(self, path: Path) -> Parsed:
        """Parse a file without its inputs, which take most of the time and do not decide its module. Raises InputError."""
        source = self._source(path)
        text = _without_inputs(source.text)
        return self.read(path) if text == source.text else Parsed(path, source, parse(source, text))

    def _opened(self, path: Path) -> Parsed | InputError:
        try:
            source = self._source(path)
            return Parsed(path, source, parse(source))
        except InputError as error:
            return error

    def _source(self, path: Path) -> Source:
        name = self.named(path)
        if not self.contains(path):
            raise InputError(name_of(name), "files outside of the repository are not read", help_text=HELP)
        return Source(name_of(name), read_text(name))


def _without_inputs(text: str) -> str:
    """Replace the inputs by blanks, if it is certain where they end."""
    start = None if any(one in text for one in _MISLEADING) else _INPUTS.search(text)
    end = _END.search(text, start.end()) if start is not None else None
    if start is None or end is None:
        return text
    blanks = _NOT_SPACE.sub(" ", text[start.start() : end.end()])
    return f"{text[: start.start()]}{blanks}{text[end.end() :]}"
