"""Finds the rules: it walks the package ``checker.rules`` and rule packs, and imports no rule by name."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from checker.core.open_flags import NONBLOCK
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


GROUP = "checker.rules"
_MOST = 1024 * 1024
"""Bytes that are read of one file of entry points; they have a few hundred."""


class PackError(Exception):
    """A rule pack is installed and cannot be used."""


def packs() -> Iterator[ModuleType]:
    """Import the rule packs, by name. Raises PackError for one that cannot be imported."""
    if not _any_installed():
        return
    from importlib.metadata import entry_points  # slow to import, and most installations have no pack

    for entry_point in sorted(set(entry_points(group=GROUP)), key=lambda one: (one.name, one.value)):
        try:
            yield entry_point.load()
        except (Exception, SystemExit) as error:
            what = f"rule pack `{entry_point.name}` ({entry_point.value})"
            raise PackError(f"{what} cannot be imported: {type(error).__name__}: {error}") from error


def _at_once(path: str, flags: int) -> int:
    """Open a pipe without waiting for its writer: `python -m` also looks into the current folder."""
    return os.open(path, flags | NONBLOCK)


def _any_installed() -> bool:
    """Look for the group in the metadata of what is installed; it takes a fraction of the import above."""
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
            name = os.path.join(path, "entry_points.txt")  # noqa: PTH118 - on every start-up
            with open(name, "rb", opener=_at_once) as file:
                yield file.read(_MOST)
        except OSError:
            continue


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """One instance of every rule, by id.

    Raises PackError for a rule pack that cannot be loaded, and for two rules with the same id.
    """
    found: dict[str, Rule] = {}
    for rule in (*built_in(), *_of_packs()):
        if rule.id in found:
            here, there = type(rule).__module__, type(found[rule.id]).__module__
            raise PackError(f"two rules have the id `{rule.id}`, in {there} and {here}")
        found[rule.id] = rule
    return tuple(found[name] for name in sorted(found))


def built_in() -> Iterator[Rule]:
    """The rules that come with checker."""
    package = import_module("checker.rules")
    for family in iter_modules(package.__path__):
        yield from _rules_of(import_module(f"checker.rules.{family.name}"))


def _of_packs() -> Iterator[Rule]:
    for pack in packs():
        for rule in _rules_of(pack):
            fault = next(
                (name for name in ("id", "family", "summary", "severity") if not hasattr(rule, name)), ""
            )
            if fault:
                raise PackError(f"rule pack `{pack.__name__}`: {type(rule).__name__} has no `{fault}`")
            yield rule


def _rules_of(module: ModuleType) -> Iterator[Rule]:
    """The rules that a module, or any module of a package, defines itself."""
    for value in vars(module).values():
        own = isinstance(value, type) and issubclass(value, Rule) and value.__module__ == module.__name__
        if own:
            yield value()
    for inside in iter_modules(getattr(module, "__path__", ())):
        yield from _rules_of(import_module(f"{module.__name__}.{inside.name}"))
