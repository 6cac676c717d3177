"""Brings expectations into a run: the rule that proves them, and those about no checked topic or key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.coverage import misspelled
from checker.lint.report import UNMET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.core.errors import Skipped
    from checker.expectations.model import Expectation
    from checker.lint.report import Report
    from checker.lint.rule import Rule


def expecting(rules: Iterable[Rule], expectations: tuple[Expectation, ...]) -> tuple[Rule, ...]:
    """Return the rules, with one that proves these expectations."""
    return tuple(_proving(rule, expectations) if rule.id == UNMET else rule for rule in rules)


def _proving(rule: Rule, expectations: tuple[Expectation, ...]) -> Rule:
    """Return the rule of the same class with expectations, which is the only rule with arguments."""
    return type(rule)(expectations)  # type: ignore[call-arg]


def about_nothing(expectations: Sequence[Expectation], report: Report) -> Iterator[Skipped]:
    """Report each expectation about no checked topic or key: nothing is proven for it."""
    judged = {name for target in report.examined for name in target.expectations}
    kinds = {"topics": "topic", "keys": "key"}
    for one in expectations:
        if one.name not in judged:
            kind = kinds[one.about]
            targets = [target for target in report.examined if target.kind == kind]
            known = {name for target in targets for name in (target.resource, target.address) if name}
            patterns = ", ".join(f"`{pattern}`" for pattern in one.patterns)
            reason = f"expectation `{one.name}` is not known: {patterns} matches no checked {kind}"
            skipped = misspelled(one.file, reason, one.patterns[0], known)
            yield skipped._replace(position=one.position, error=False, unproven=True)
