"""Lists the rules, or prints the page of one."""

from __future__ import annotations

import sys
from itertools import groupby
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.next_step import after_rules
from checker.app.output import Format
from checker.app.run import known_rules
from checker.app.terminal import paint_for, tell, write
from checker.configuration.load import check_name
from checker.core.terminal_text import json_lines
from checker.report.wrapped_markdown import wrapped_markdown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.lint.rule import Rule
    from checker.report.context import Paint


def show_rules(rule: str | None, output_format: Format) -> Ending:
    """Print all rules, or one of them. Raises InputError for a rule that does not exist."""
    rules = known_rules()
    if rule is not None:
        check_name(rule, [listed.id for listed in rules], "checker rules")
        rules = tuple(listed for listed in rules if listed.id == rule)
    paint = paint_for(sys.stdout)
    if output_format is Format.JSON:
        write(rules_json(rules))
    elif rule is not None:
        write(rule_page(rules[0], paint))
    else:
        write(rule_list(rules, paint))
    if output_format is Format.TEXT:
        tell(after_rules(rule))
    return Ending()


def rules_json(rules: Sequence[Rule]) -> Iterator[str]:
    """Write the rules as a JSON array of objects."""
    facts = [
        {
            "id": rule.id,
            "family": rule.family,
            "severity": rule.severity.value,
            "summary": rule.summary,
            "fixable": rule.fixable,
            "since": rule.since,
        }
        for rule in rules
    ]
    return json_lines(facts)


def rule_list(rules: Sequence[Rule], paint: Paint) -> Iterator[str]:
    """Yield one line per rule, grouped by family."""
    width = max(len(rule.id) for rule in rules)
    by_family = sorted(rules, key=lambda rule: (rule.family, rule.id))
    for index, (family, members) in enumerate(groupby(by_family, key=lambda rule: rule.family)):
        yield from [""] * bool(index)
        yield paint("bold", family)
        for rule in members:
            severity = paint(rule.severity.value, f"{rule.severity.value:<7}")
            yield f"  {rule.id:<{width}}  {severity}  {rule.summary}"


def rule_page(rule: Rule, paint: Paint) -> Iterator[str]:
    """Yield the metadata and the documentation of a rule, wrapped to the terminal."""
    fix = "can be fixed" if rule.fixable else "no fix"
    facts = f"{rule.family}, severity up to {rule.severity.value}, since {rule.since}, {fix}"
    first, *more = wrapped_markdown(f"{rule.id} ({facts})", paint.text_width)
    yield first.replace(rule.id, paint(rule.severity.value, rule.id), 1)
    yield from (*more, "")
    for line in wrapped_markdown(rule.documentation(), paint.text_width):
        yield paint("bold", line.removeprefix("## ")) if line.startswith("## ") else line
