"""A configuration as typed, frozen facts."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pathspec import GitIgnoreSpec

    from checker.core.finding import Position, Severity


_OF_ROOT = "main.tf"
"""Stands for the files of a root, so that a pattern may name the folder, all that is in it, or its `.tf` files."""


class Choice(NamedTuple):
    """Which rules count, and how severe they are. Names are ids, families or ``all``; ``None`` selects all."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = {}

    def then(self, other: Choice) -> Choice:
        """Add a choice that comes later and goes before this one."""
        select = self.select if other.select is None else other.select
        ignore = (*self.ignore, *other.ignore) if other.select is None else other.ignore
        return Choice(select, ignore, {**self.severity, **other.severity})


class Override(NamedTuple):
    """A choice for the files and Terraform roots that match patterns, which read as those of a .gitignore.

    ``instances`` are the ARNs of the Connect instances that stream to the topics there.
    """

    paths: tuple[str, ...]
    choice: Choice
    instances: tuple[str, ...] = ()
    where: str = ""
    position: Position | None = None


class Suppression(NamedTuple):
    """Findings that are put up with: of one rule, for a resource or the files of a path, and why.

    ``resource`` is an ARN with wildcards, ``path`` reads as a line of a .gitignore; ``until`` is the last
    day, YYYY-MM-DD.
    """

    rule: str
    reason: str
    resource: str = ""
    path: str = ""
    until: str = ""
    where: str = ""
    position: Position | None = None


class Configuration(NamedTuple):
    """Everything that a configuration file may say; ``folder`` is where it lies, absolute, with slashes.

    ``None`` stands for what it does not say.
    """

    folder: str = "/"
    source: str = ""
    choice: Choice = Choice()
    overrides: tuple[Override, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    exclude: tuple[str, ...] = ()
    instances: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    topic_tags: tuple[str, ...] = ()
    baseline: str = ""
    fail_on: Severity | None = None
    strict: bool | None = None
    all_topics: bool | None = None

    def paths_of(self, file: str, home: str) -> tuple[str | None, str | None]:
        """What patterns may name a resource by: its file, and a file of ``home``, the Terraform root that it is in.

        A resource of a module belongs to the root that calls it, wherever the module lies.
        """
        return self.relative(file), self.relative(f"{home}/{_OF_ROOT}") if home else None

    def relative(self, path: str) -> str | None:
        """Write an absolute path relative to the configuration's folder; ``None`` for one outside it."""
        relative = posixpath.relpath(path, self.folder)
        return None if relative == ".." or relative.startswith("../") else relative


def matches(patterns: tuple[str, ...], *paths: str | None) -> bool:
    """True if one of several relative paths, with slashes, is one that the patterns name."""
    return bool(patterns) and any(path is not None and _spec(patterns).match_file(path) for path in paths)


def is_pattern(text: str) -> bool:
    """False for what no .gitignore could have on a line."""
    try:
        _spec((text,))
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # only where a configuration has patterns

    return GitIgnoreSpec.from_lines(patterns)
