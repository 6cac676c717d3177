"""Which files a run reads: those named, and in folders those that may be about SNS, KMS or Connect."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from checker.inputs.text import YAML_SUFFIXES, decode, read_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STDIN = Path("-")

_SUFFIXES = (".json", *YAML_SUFFIXES)
_SKIPPED_FOLDERS = frozenset(("node_modules", "__pycache__", "venv", "site-packages"))
_WORDS = ("sns", "kms", "connect")


def find_files(paths: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Give every file once, those handed over by name first, and whether it was."""
    named = list(dict.fromkeys(paths))
    seen = {path.absolute() for path in named}
    yield from ((path, True) for path in named if path == STDIN or path.is_file())
    for folder in named:
        for path in _walk(folder) if folder.is_dir() else ():
            if path.absolute() not in seen:
                seen.add(path.absolute())
                yield path, False


def missing(paths: Iterable[Path]) -> list[Path]:
    """The paths that lead to no file or folder."""
    return [path for path in paths if path != STDIN and not path.exists()]


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in _SKIPPED_FOLDERS)
        yield from (Path(root, name) for name in sorted(names) if name.endswith(_SUFFIXES))


def read_input(path: Path) -> str:
    """Read a file, or standard input for ``-``. Raises InputError."""
    return decode(name_of(path), sys.stdin.buffer.read()) if path == STDIN else read_text(path)


def name_of(path: Path) -> str:
    """How reports call a file."""
    return "<stdin>" if path == STDIN else path.as_posix()


def may_matter(text: str) -> bool:
    """False for a file that has none of the words it would need; most files of a repository do not."""
    folded = text.lower()
    return any(word in folded for word in _WORDS)
