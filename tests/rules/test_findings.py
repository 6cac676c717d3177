"""The whole findings of all cases: what they say, prove and repair, and where. And what each rule says of itself.

`CHECKER_GOLDEN=write pytest tests/rules/test_findings.py` writes the files anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from checker.core.finding import Finding, Fix, Location, Role, format_route
from checker.lint.rule import Rule
from tests.golden import is_as_written
from tests.rules.cases import CASES, HERE, RULES, Case, run_case
from tests.rules.test_cases import describe

ATTRIBUTES = ("family", "severity", "link", "since", "summary")
MARKS = ("opens", "about_everyone", "needs_policy", "varies", "needs_live", "reads_endpoints", "fixable")


def case_lines(case: Case) -> Iterator[str]:
    yield f"# {case.name}"
    for finding in run_case(case).findings:
        yield from finding_lines(finding, case.folder)


def finding_lines(finding: Finding, folder: Path) -> Iterator[str]:
    yield describe(finding, folder, name_file=True)
    yield f"    {finding.resource}: {finding.message}"
    if finding.help:
        yield f"    help: {finding.help}"
    for location in finding.locations:
        yield f"    {place(location, folder)}"
    if finding.witness is not None:
        yield f"    {finding.witness.decision}: {finding.witness.sentence}"
        yield f"    {json.dumps(finding.witness.request, sort_keys=True)}"
    if finding.affects:
        yield f"    affects {', '.join(finding.affects)}"
    for fix in finding.fixes:
        yield from fix_lines(fix)


def place(location: Location, folder: Path) -> str:
    """Write a location with all that is not usual about it."""
    name = Path(location.document.name).relative_to(folder).as_posix()
    notes = ["related" if location.role is Role.RELATED else "", location.note]
    words = [name, format_route(location.route), location.part.value, *filter(None, notes)]
    return f"at {' '.join(words)}"


def fix_lines(fix: Fix) -> Iterator[str]:
    yield f"    fix ({fix.applicability.value}): {fix.title}"
    for operation in fix.operations:
        rest = [repr(value) for value in operation[1:-1]]
        yield f"        {' '.join([operation.kind, format_route(operation.route), *rest])}"
    yield from (f"        {line}" for line in (*fix.plan, *fix.needs))


@pytest.mark.parametrize("rule", sorted({case.rule for case in CASES}))
def test_the_findings_of_all_cases_are_as_written(rule: str) -> None:
    own = [case for case in CASES if case.rule == rule]
    text = "\n".join(line for case in own for line in case_lines(case)).replace(f"{own[0].folder}/", "")
    assert is_as_written(own[0].folder / "findings.txt", f"{text}\n")


def rule_line(rule: Rule) -> str:
    values = (getattr(rule, name) for name in ATTRIBUTES)
    words = [str(getattr(value, "value", value)) for value in values]
    return " | ".join([rule.id, *words, *(mark for mark in MARKS if getattr(rule, mark))])


def test_what_rules_say_of_themselves_is_as_written() -> None:
    text = "".join(f"{rule_line(rule)}\n" for rule in sorted(RULES, key=lambda rule: rule.id))
    assert is_as_written(HERE / "rules.txt", text)
