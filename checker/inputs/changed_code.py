"""Finds the code of the repository of a change, because it shows which topics Connect streams to."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.inputs.discover import find_files, is_code, is_in_tests, is_input, names_aws
from checker.inputs.large_files import head_of
from checker.inputs.repository import repository_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence


_MOST = 20_000
"""The number of files of code that are searched, which takes about a second."""


def top_of(path: Path) -> Path:
    """Return the folder to search for a changed file: its repository, else the current folder, else its own."""
    return repository_of(Path(os.path.normpath(path.parent.absolute())), (Path.cwd(),))


def code_in(files: Iterable[Path], tops: Sequence[Path]) -> Iterator[Path]:
    """Yield the files of code below some folders, except tests."""
    found = (path for path in files if is_code(path) and not is_in_tests(path, tops))
    return islice(found, _MOST)


def code_around(paths: Iterable[Path], exclude: Callable[[Path], bool]) -> tuple[Path, ...]:
    """Return the code of the Git repositories of the changed files that name SNS, KMS or Connect."""
    around = {top_of(path) for path in paths if _may_declare(path)}
    tops = sorted(top for top in around if os.path.exists(top / ".git"))  # noqa: PTH110 - never raises
    if not tops:
        return ()
    below = [Path(os.path.relpath(top)) for top in tops]
    others: list[Path] = []
    for _ in find_files(below, [], exclude, others):
        pass
    return tuple(code_in(others, below))


def _may_declare(path: Path) -> bool:
    """True for a regular file that is an input and names SNS, KMS or Connect."""
    if not is_input(path.name) or not os.path.isfile(path):  # noqa: PTH113 - never raises
        return False
    try:
        return names_aws(head_of(path))
    except InputError:
        return False  # reported when the file is read
