"""Finds the rules: it walks the package ``checker.rules`` and rule packs, and imports no rule by name."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from checker.packs import PackError, packs
from checker.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


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
