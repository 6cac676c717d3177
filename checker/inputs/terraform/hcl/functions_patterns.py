"""Implements `regex` and `regexall` for patterns that mean the same in Go and in Python.

The result of any other pattern, or of one that may take too long, is unknown.
https://developer.hashicorp.com/terraform/language/functions/regex
"""

from __future__ import annotations

import re
from math import comb
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.inputs.terraform.hcl.functions_lists import TYPES
from checker.inputs.terraform.hcl.values import array, first_unknown, known, mapping, text, unknown, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from checker.inputs.terraform.hcl.limits import Budget
    from checker.policy.node import Node, Span

    Function = Callable[[Sequence[Node], Span, Budget], Node]


_NOT_SHARED = pattern(
    r"\(\?(?!:|P<|[is]+\))|\\[0-9AQEZzpPCGhHRXkgv]|\[\[|\{,|\{\d{4}|[*+?}]\+|&&|--|~~|\|\||\)[*+{]"
)
"""Syntax that Go or Python lacks or reads differently, and repeated groups, which may take exponential time."""
_CHOICES = pattern(r"[*+|]|(?<![(*+}])\?|\{[0-9]+,")
"""Places at which a pattern may go on in several ways; escaped characters count, too."""
_MAX_STEPS = 5_000_000
_MAX_PATTERN = 300
_NOT_EVALUATED = "the pattern is not supported"


def _compiled(pattern: str, value: str, budget: Budget) -> re.Pattern[str] | None:
    """Return a pattern that finds the same in both languages, in reasonable time; ``None`` for any other."""
    choices = len(_CHOICES.findall(pattern)) + 1
    if len(pattern) > _MAX_PATTERN or _NOT_SHARED.search(pattern) or ("$" in pattern and "\n" in value):
        return None
    steps = comb(len(value) + choices, choices)
    if steps > _MAX_STEPS or not budget.spend(1 + steps // 500):
        return None
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def _of_match(match: re.Match[str], at: Span) -> Node:
    """Return the matched text, or the texts of the groups: an object if they have names."""
    if match.groupdict():
        return mapping([(name, known(one, at)) for name, one in match.groupdict().items()], at)
    groups = match.groups()
    return array([known(one, at) for one in groups], at) if groups else known(match[0], at)


def _function(work: Callable[[list[re.Match[str]], Span], Node]) -> Function:
    def function(arguments: Sequence[Node], at: Span, budget: Budget) -> Node:
        given = [text(one) for one in arguments]
        why = first_unknown(given)
        if why is not None:
            return unknown(why, at)
        if len(given) != 2 or None in given:
            return wrong(TYPES, at)
        pattern, value = map(str, given)
        compiled = _compiled(pattern, value, budget)
        if compiled is None or len(compiled.groupindex) not in (0, compiled.groups):
            return unknown(_NOT_EVALUATED, at, pattern)
        found = list(compiled.finditer(value))
        budget.spend_text(len(value) * (1 + len(found)))
        return work(found, at)

    return function


def _first(found: list[re.Match[str]], at: Span) -> Node:
    return _of_match(found[0], at) if found else wrong("the pattern matches nothing", at)


def _all(found: list[re.Match[str]], at: Span) -> Node:
    """Return all matches; Go and Python disagree about empty ones."""
    if any(not one[0] for one in found):
        return unknown(_NOT_EVALUATED, at)
    return array([_of_match(one, at) for one in found], at)


PATTERN_FUNCTIONS: dict[str, Function] = {"regex": _function(_first), "regexall": _function(_all)}
