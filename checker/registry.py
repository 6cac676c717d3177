"""Finds the rules: it walks the package ``checker.rules`` and imports no rule by name."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from checker.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """One instance of every rule, by id. Raises ValueError when two have the same id."""
    found: dict[str, Rule] = {}
    for rule in _walk():
        if rule.id in found:
            raise ValueError(f"two rules have the id `{rule.id}`")
        found[rule.id] = rule()
    return tuple(found[name] for name in sorted(found))


def _walk() -> Iterator[type[Rule]]:
    package = import_module("checker.rules")
    for family in iter_modules(package.__path__):
        inside = import_module(f"checker.rules.{family.name}")
        for module in iter_modules(inside.__path__):
            yield from _rules_in(f"checker.rules.{family.name}.{module.name}")


def _rules_in(name: str) -> Iterator[type[Rule]]:
    for value in vars(import_module(name)).values():
        if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == name:
            yield value
