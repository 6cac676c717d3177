"""Reads cases: `cases/NAME/case.json` and the files in `cases/NAME/in/`. README.md explains the format."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
CASES = FOLDER / "cases"
NOT_YET = FOLDER / "not_yet.txt"
ABOUT = {"kind", "family", "title", "why", "today", "apply_on_copy"}
"""Fields that are for readers."""
NUMBER = "__N__"

Step = dict[str, Any]
"""A command, a call to the sandbox, or files to write, as JSON says it."""


class Case(NamedTuple):
    """A case: files, and what is done with them."""

    folder: Path
    title: str
    steps: tuple[Step, ...]
    sandbox: bool
    generated: tuple[Mapping[str, Any], ...]

    def copy_to(self, root: Path) -> None:
        """Put the case's files into a folder, also those that are generated."""
        if (self.folder / "in").is_dir():
            shutil.copytree(self.folder / "in", root / "in", symlinks=True)
        for spec in self.generated:
            _generate(root, **spec)


def read_case(folder: Path, accounts: Mapping[str, str] | None = None) -> Case:
    """Read a case. ``accounts`` gives it accounts of its own in a sandbox that others use too."""
    text = (folder / "case.json").read_text("utf-8")
    for account, own in (accounts or {}).items():
        text = text.replace(account, own)
    return parse_case(folder, json.loads(text))


def parse_case(folder: Path, fields: dict[str, Any]) -> Case:
    """Read the fields of a case. Raises ValueError for one that the format does not have."""
    if unknown := set(fields) - ABOUT - {"runs", "sandbox", "generate"}:
        raise ValueError(f"{folder.name}: unknown fields: {', '.join(sorted(unknown))}")
    if not fields["runs"]:
        raise ValueError(f"{folder.name}: no step in `runs`")
    return Case(
        folder,
        fields["title"],
        tuple(fields["runs"]),
        fields.get("sandbox", False),
        tuple(fields.get("generate", ())),
    )


def names() -> list[str]:
    """The names of all cases."""
    return sorted(folder.name for folder in CASES.iterdir() if folder.is_dir())


def not_yet() -> set[str]:
    """The names of the cases that do not hold yet: the first word of each line that is not a comment."""
    lines = (line.partition("#")[0].split() for line in NOT_YET.read_text("utf-8").splitlines())
    return {words[0] for words in lines if words}


def _generate(root: Path, of: str, to: str, count: int, remove: bool = False) -> None:
    """Copy a file or folder ``count`` times; `__N__` in names and texts becomes the number of the copy."""
    source = root / of
    for number in map(str, range(count)):
        for path, name in list(_files(source)):
            target = root / to.replace(NUMBER, number) / name.replace(NUMBER, number)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path.read_text("utf-8").replace(NUMBER, number), "utf-8")
    if remove:
        shutil.rmtree(source) if source.is_dir() else source.unlink()


def _files(source: Path) -> Iterator[tuple[Path, str]]:
    """The files to copy, with their names below the source; a single file has none."""
    if source.is_file():
        yield source, ""
        return
    yield from ((path, path.relative_to(source).as_posix()) for path in source.rglob("*") if path.is_file())
