"""Finds the rules in the package ``checker.rules`` and in rule packs; no rule is imported by name."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

from checker.core.modules import modules_of
from checker.core.open_flags import NONBLOCK
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


GROUP = "checker.rules"
_MOST = 1024 * 1024
"""The number of bytes to read from one entry point file, which usually has a few hundred."""


class PackError(Exception):
    """An installed rule pack cannot be used."""


def packs() -> Iterator[ModuleType]:
    """Import the rule packs, by name. Raises PackError for one that cannot be imported."""
    if not _any_installed():
        return
    from importlib.metadata import entry_points  # slow to import, and most installations have no pack

    for entry_point in sorted(set(entry_points(group=GROUP)), key=lambda one: (one.name, one.value)):
        try:
            yield entry_point.load()
        except (Exception, SystemExit) as error:
            pack = f"rule pack `{entry_point.name}` ({entry_point.value})"
            raise PackError(f"{pack} cannot be imported: {type(error).__name__}: {error}") from error


def _open_without_waiting(path: str, flags: int) -> int:
    """Open a file, or a pipe without waiting for its writer.

    `python -m` also searches the current folder, which may contain anything.
    """
    return os.open(path, flags | NONBLOCK)


def _any_installed() -> bool:
    """Search the metadata of installed packages for the group, which is much faster than the import above."""
    mark = f"[{GROUP}]".encode()
    return any(mark in text for folder in sys.path for text in _entry_point_files(folder or os.curdir))


def _entry_point_files(folder: str) -> Iterator[bytes]:
    try:
        with os.scandir(folder) as entries:
            found = [one.path for one in entries if one.name.endswith((".dist-info", ".egg-info"))]
    except OSError:
        return
    for path in found:
        try:
            name = os.path.join(path, "entry_points.txt")  # noqa: PTH118 - fast, as this runs on every start
            with open(name, "rb", opener=_open_without_waiting) as file:
                yield file.read(_MOST)
        except OSError:
            continue


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Return one instance of each rule, sorted by ID.

    Raises PackError for a rule pack that cannot be loaded, and for two rules with the same id.
    """
    found: dict[str, Rule] = {}
    for rule in (*built_in(), *_of_packs()):
        if rule.id in found:
            here, there = type(rule).__module__, type(found[rule.id]).__module__
            raise PackError(f"two rules have the id `{rule.id}`, in {there} and {here}")
        found[rule.id] = rule
    return tuple(found[name] for name in sorted(found))


def rule_named(name: str) -> Rule | None:
    """Return the rule with an ID; ``None`` for one that this version does not have."""
    return next((rule for rule in all_rules() if rule.id == name), None)


def built_in() -> Iterator[Rule]:
    """Yield the rules that are part of checker."""
    package = import_module("checker.rules")
    for family in modules_of(package):
        yield from _rules_of(import_module(f"checker.rules.{family}"))


def _of_packs() -> Iterator[Rule]:
    for pack in packs():
        for rule in _rules_of(pack):
            missing = next(
                (name for name in ("id", "family", "summary", "severity") if not hasattr(rule, name)), ""
            )
            if missing:
                raise PackError(f"rule pack `{pack.__name__}`: {type(rule).__name__} has no `{missing}`")
            yield rule


def _rules_of(module: ModuleType) -> Iterator[Rule]:
    """Yield the rules that a module, or any module of a package, defines itself."""
    for value in vars(module).values():
        own = isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
        if own:
            yield value()
    for inside in modules_of(module):
        yield from _rules_of(import_module(f"{module.__name__}.{inside}"))
