"""Expectations about files: what a command changed, and what they say afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.field.findings import as_list
from tests.field.unmet import UnmetError


class Copy(NamedTuple):
    """A case's copy, and the content of its files before the command."""

    root: Path
    before: Mapping[str, bytes]

    def text(self, name: str) -> str:
        """Read a file. Raises UnmetError."""
        try:
            return (self.root / name).read_text("utf-8", "replace")
        except OSError as error:
            raise UnmetError(f"{name}: {error.strerror}") from None

    def differing(self, name: str) -> list[str]:
        """The files at or below a path that are not what they were: edited, new or deleted."""
        now = content(self.root)
        below = [each for each in {*now, *self.before} if f"{each}/".startswith(f"{name.rstrip('/')}/")]
        if not below:
            raise UnmetError(f"{name}: no such file")
        return sorted(each for each in below if now.get(each) != self.before.get(each))


def content(root: Path) -> dict[str, bytes]:
    """The content of all files below a folder."""
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def expect_unchanged(copy: Copy, names: list[str]) -> None:
    """Expect files, and all files of folders, to be what they were. Raises UnmetError."""
    for name in names:
        if changed := copy.differing(name):
            raise UnmetError(f"{changed[0]} was changed")


def expect_changed(copy: Copy, names: list[str]) -> None:
    """Expect that each file was changed. Raises UnmetError."""
    for name in names:
        if not copy.differing(name):
            raise UnmetError(f"{name} was not changed")


def expect_words(copy: Copy, wanted: Mapping[str, Any]) -> None:
    """Expect words in files; a list inside the list means: one of them. Raises UnmetError."""
    for name, words in wanted.items():
        text = copy.text(name)
        for word in as_list(words):
            if not any(each in text for each in as_list(word)):
                raise UnmetError(f"{name} does not have {word!r}")


def expect_no_words(copy: Copy, unwanted: Mapping[str, Any]) -> None:
    """Expect that files do not have words. Raises UnmetError."""
    for name, words in unwanted.items():
        text = copy.text(name)
        if present := [word for word in as_list(words) if word in text]:
            raise UnmetError(f"{name} has {present[0]!r}")


def expect_json(copy: Copy, names: list[str]) -> None:
    """Expect that files are JSON. Raises UnmetError."""
    for name in names:
        try:
            json.loads(copy.text(name))
        except ValueError as error:
            raise UnmetError(f"{name} is not JSON: {error}") from None
