"""A configuration as typed, frozen facts."""

from __future__ import annotations

import posixpath
import re
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pathspec import GitIgnoreSpec

    from checker.core.finding import Position, Severity


_OF_ROOT = "main.tf"
"""Represents the files of a root, so that a pattern can name the folder, its content, or its `.tf` files."""


class Resource(Protocol):
    """A resource, or a finding about one, with its address and the namespace that it was read from."""

    @property
    def address(self) -> str:
        """The address in infrastructure as code, if it is declared there."""

    @property
    def home(self) -> str:
        """The folder, Terraform root, plan or manifest."""


def root_of(resource: Resource) -> str:
    """Return the Terraform root or template of a declared resource, empty for any other."""
    return resource.home if resource.address else ""


class Choice(NamedTuple):
    """The selected rules and their severities. Names are rule IDs, families or ``all``; ``None`` selects all."""

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = {}

    def then(self, other: Choice) -> Choice:
        """Return this choice with a later one that takes precedence."""
        select = self.select if other.select is None else other.select
        ignore = (*self.ignore, *other.ignore) if other.select is None else other.ignore
        return Choice(select, ignore, {**self.severity, **other.severity})


class Override(NamedTuple):
    """A choice for the files and Terraform roots that match patterns in the syntax of .gitignore.

    ``instances`` are the ARNs of the Connect instances that stream to the topics in these files.
    """

    paths: tuple[str, ...]
    choice: Choice
    instances: tuple[str, ...] = ()
    where: str = ""
    position: Position | None = None


class Suppression(NamedTuple):
    """A suppression of findings: one rule, a resource or path, and the reason.

    ``resource`` is an ARN with wildcards, ``path`` is a pattern in the syntax of .gitignore, and ``until`` is the
    last day, YYYY-MM-DD.
    """

    rule: str
    reason: str
    resource: str = ""
    path: str = ""
    until: str = ""
    where: str = ""
    position: Position | None = None


class Configuration(NamedTuple):
    """The content of a configuration file; ``folder`` is its absolute path with slashes.

    ``None`` represents a setting that is not in the file.
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
    expect: str = ""
    fail_on: Severity | None = None
    strict: bool | None = None
    all_topics: bool | None = None

    def paths_of(self, file: str, root: str) -> tuple[str | None, str | None]:
        """Return the paths that patterns can match for a resource: its file, and a file of its Terraform root.

        A resource of a module belongs to the root that calls the module, regardless of the module's folder.
        """
        return self.relative(file), self.relative(f"{root}/{_OF_ROOT}") if root else None

    def relative(self, path: str) -> str | None:
        """Return a path relative to the configuration's folder; ``None`` for a path outside it."""
        relative = posixpath.relpath(path, self.folder)
        return None if relative == ".." or relative.startswith("../") else relative


def matches(patterns: tuple[str, ...], *paths: str | None) -> bool:
    """True if the patterns match one of the relative paths, which have slashes."""
    return bool(patterns) and any(path is not None and _spec(patterns).match_file(path) for path in paths)


def is_pattern(text: str) -> bool:
    """True if a text is a valid line of a .gitignore."""
    try:
        _spec((text,))
    except (ValueError, re.error):  # a range such as `[z-a]` is the error of a regular expression
        return False
    return True


@lru_cache(maxsize=256)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # only where a configuration has patterns

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # `[[a]` is a set of two characters, also in future
        return GitIgnoreSpec.from_lines(patterns)
