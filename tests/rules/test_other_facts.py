"""What each rule says, and which fixes it has, if one fact of a case is not known or another, and for other instances.

`CHECKER_GOLDEN=write pytest tests/rules/test_other_facts.py` writes the files anew.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from checker.analysis.inventory import Instance, Inventory, Setting
from checker.core.arn import Arn
from checker.core.finding import Verdict
from checker.core.unknown import Unknown
from checker.lint.engine import judge
from checker.lint.rule import Rule
from tests.golden import is_as_written
from tests.rules.cases import CASES, Case, facts
from tests.rules.test_findings import fix_lines

VERDICTS = tuple(verdict.value for verdict in Verdict)
OPAQUE = ("PolicyText", "Place", "Arn", "Written")


def unread(record: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Give the record with each of its facts unknown in turn, and the path of that fact."""
    return replaced(record, name, unknown)


def replaced(record: Any, name: str, others: Others) -> Iterator[tuple[str, Any]]:
    """Give the record with each of its facts replaced by each of its ``others`` in turn, and the path of that fact."""
    annotations = {
        name: text for base in type(record).__mro__ for name, text in inspect.get_annotations(base).items()
    }
    for field in record._fields:
        value, path = getattr(record, field), f"{name}.{field}"
        for words, other in others(path, getattr(value, "value", value), str(annotations[field])):
            yield words, record._replace(**{field: Setting(other) if isinstance(value, Setting) else other})
        if isinstance(value, tuple) and not hasattr(value, "_fields"):
            for index, item in enumerate(value):
                if is_record(item):
                    for below, changed in replaced(item, f"{path}[{index}]", others):
                        yield (
                            below,
                            record._replace(**{field: (*value[:index], changed, *value[index + 1 :])}),
                        )
        elif is_record(value):
            yield from (
                (below, record._replace(**{field: changed}))
                for below, changed in replaced(value, path, others)
            )


Others = Callable[[str, Any, str], Iterator[tuple[str, Any]]]


def unknown(path: str, value: Any, annotation: str) -> Iterator[tuple[str, Any]]:
    """Give the fact as one that was not read, if it can be."""
    del value
    if "Unknown" in annotation or "Truth" in annotation:
        yield path, Unknown(f"{path} was not read")


def opposite(path: str, value: Any, annotation: str) -> Iterator[tuple[str, Any]]:
    """Give a yes for a no, an ARN of another Region, account and partition, and nothing for a list."""
    del annotation
    if isinstance(value, bool):
        yield f"{path} is {not value}", not value
    elif isinstance(value, Arn):
        yield f"{path} in us-west-2", value._replace(region="us-west-2")
        yield f"{path} of 444455556666", value._replace(account="444455556666")
        yield f"{path} in aws-cn", value._replace(partition="aws-cn")
    elif isinstance(value, tuple) and value != () and not hasattr(value, "_fields"):
        yield f"{path} is empty", ()


def is_record(value: Any) -> bool:
    return hasattr(value, "_fields") and type(value).__name__ not in (*OPAQUE, "Unknown", "Setting")


HERE, ALSO_HERE, ELSEWHERE = (
    Instance(arn)
    for arn in map(
        Arn.parse,
        (
            "arn:aws:connect:us-east-1:111122223333:instance/aaaaaaaa-0000-0000-0000-000000000001",
            "arn:aws:connect:us-east-1:111122223333:instance/aaaaaaaa-0000-0000-0000-000000000002",
            "arn:aws:connect:us-east-1:444455556666:instance/aaaaaaaa-0000-0000-0000-000000000003",
        ),
    )
    if arn is not None
)
INSTANCES = {
    "no instance": (),
    "one instance": (HERE,),
    "two instances": (HERE, ALSO_HERE),
    "instances of two accounts": (HERE, ELSEWHERE),
}


def variants(inventory: Inventory, *, with_unread: bool) -> Iterator[tuple[str, Inventory]]:
    for name, instances in INSTANCES.items():
        yield name, inventory._replace(instances=instances)
    if with_unread:
        yield from unread(inventory, "inventory")
        yield from replaced(inventory, "inventory", opposite)


def facts_of(case: Case) -> tuple[Inventory, tuple[Rule, ...]]:
    """Read the facts of a case, and its own rule."""
    inventory, rules = facts(case)
    return inventory, tuple(rule for rule in rules if rule.id == case.rule)


def lines(case: Case, *, with_unread: bool) -> Iterator[str]:
    """Write what is different from the case, for each fact."""
    inventory, rules = facts_of(case)
    yield f"# {case.name}"
    usual = said(inventory, rules, case)
    yield from (f"    {line}" for line in usual if line.split()[0] in VERDICTS)
    for name, changed in variants(inventory, with_unread=with_unread):
        found = said(changed, rules, case)
        if found != usual:
            yield f"{name}:"
            yield from (f"    {line}" for line in found)


def said(inventory: Inventory, rules: tuple[Rule, ...], case: Case) -> list[str]:
    """Write the verdicts, doubts and findings of the case's rule."""
    report = judge(inventory, rules)
    words = []
    for one in report.examined:
        if (verdict := one.verdicts.get(case.rule)) is not None:
            doubt = one.doubts.get(case.rule)
            words.append(f"{verdict.value} {one.resource}{f': {doubt}' if doubt is not None else ''}")
    for finding in report.findings:
        if finding.rule == case.rule:
            words.append(f"{finding.severity.value}: {finding.message}; {finding.help}")
            words += [line for fix in finding.fixes for line in fix_lines(fix)]
    return [word.replace(f"{case.folder}/", "") for word in words]


def richest_of(cases: list[Case]) -> str:
    """Name the case with the most facts."""
    return max(cases, key=lambda case: sum(1 for _ in unread(facts(case)[0], "")), default=CASES[0]).name


@pytest.mark.parametrize("rule", sorted({case.rule for case in CASES}))
def test_each_other_fact_is_reported_as_written(rule: str) -> None:
    own = [case for case in CASES if case.rule == rule]
    richest = {richest_of([case for case in own if bool(case.findings) is bad]) for bad in (True, False)}
    text = "\n".join(line for case in own for line in lines(case, with_unread=case.name in richest))
    assert is_as_written(own[0].folder / "other-facts.txt", f"{text}\n")


@pytest.mark.parametrize("rule", sorted({case.rule for case in CASES}))
def test_what_was_found_does_not_pass_if_a_fact_is_not_read(rule: str) -> None:
    """A value that is not known may be the one that was found: PASS would be wrong."""
    for case in (one for one in CASES if one.rule == rule and one.findings):
        inventory, rules = facts_of(case)
        changes = unread(inventory, "inventory") if not passes(inventory, rules) else ()
        assert [name for name, changed in changes if passes(changed, rules)] == [], case.name


def passes(inventory: Inventory, rules: tuple[Rule, ...]) -> bool:
    verdicts = {verdict for one in judge(inventory, rules).examined for verdict in one.verdicts.values()}
    return verdicts <= {Verdict.PASS}
