"""Every rule over every case: what is found, at which place, and that the form of a policy never matters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.core.finding import Finding, Location, Verdict, format_route
from checker.lint.report import Report
from tests.iam.strategies import policies
from tests.rules.cases import CASES, RULES, Case, run_case
from tests.samples import INSTANCE_ARN


def describe(finding: Finding, folder: Path, *, name_file: bool) -> str:
    location = finding.locations[0]
    position = location.position()
    assert position is not None
    severity = finding.severity.value if finding.verdict is Verdict.FAIL else "undetermined"
    source = [Path(location.document.name).relative_to(folder).as_posix()] if name_file else []
    place = f"{position.line}:{position.column}"
    return " ".join([severity, finding.rule, *source, place, format_route(location.route)])


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}/{case.name}")
def test_each_case_has_exactly_its_findings(case: Case) -> None:
    report = run_case(case)
    assert not report.skipped
    assert not report.crashed
    found = [describe(one, case.folder, name_file=len(case.files) > 1) for one in report.findings]
    assert found == list(case.findings)
    own = [f"{one.message}; {one.help}" for one in report.findings if one.rule == case.rule]
    assert not case.says or any(case.says in text for text in own)


DEFECTS = {
    "action-wildcard",
    "blank-in-key-name",
    "blank-in-operator-name",
    "duplicate-sid",
    "eleven-digit-account",
    "excess-connect-actions",
    "key-lockout",
    "misspelt-conditions",
    "misspelt-principle",
    "misspelt-source-account",
    "no-durable-subscriber",
    "not-a-topic-arn",
    "one-key-in-two-letter-cases",
    "partition-mismatch",
    "region-without-connect",
    "service-under-aws",
    "unpinned-key-grant",
    "unverified-key-condition",
    "variable-in-the-old-version",
    "version-typo",
}


def test_each_defect_has_a_bad_case_with_a_reason_and_a_good_case_without_findings() -> None:
    labelled = [case for case in CASES if case.defect]
    assert {case.defect for case in labelled} == DEFECTS
    bad = {case.defect for case in labelled if case.says and case.findings}
    good = {case.defect for case in labelled if not case.findings}
    assert bad == good == DEFECTS
    assert len(labelled) >= 38


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_has_a_bad_and_a_good_case(rule: Any) -> None:
    own = [case for case in CASES if case.rule == rule.id]
    bad = [case for case in own if any(f" {rule.id} " in finding for finding in case.findings)]
    assert bad
    assert len(own) > len(bad)


Transform = Callable[[dict[str, Any]], dict[str, Any]]


def statements_of(policy: dict[str, Any]) -> list[Any]:
    statements = policy.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def each_statement(policy: dict[str, Any], rewrite: Transform) -> dict[str, Any]:
    rewritten = [rewrite(dict(one)) if isinstance(one, dict) else one for one in statements_of(policy)]
    return {**policy, "Statement": rewritten}


def each_condition(statement: dict[str, Any], rewrite: Callable[[str, Any], tuple[str, Any]]) -> None:
    condition = statement.get("Condition")
    if isinstance(condition, dict):
        statement["Condition"] = {
            operator: dict(rewrite(key, value) for key, value in keys.items())
            for operator, keys in condition.items()
        }


def reverse(policy: dict[str, Any]) -> dict[str, Any]:
    return {**policy, "Statement": statements_of(policy)[::-1]}


def lists(policy: dict[str, Any]) -> dict[str, Any]:
    """Write a list of one wherever a scalar may stand for it."""

    def rewrite(statement: dict[str, Any]) -> dict[str, Any]:
        for element in {"Action", "NotAction", "Resource", "NotResource"} & set(statement):
            statement[element] = listed(statement[element])
        for element in ("Principal", "NotPrincipal"):
            if isinstance(statement.get(element), dict):
                statement[element] = {kind: listed(value) for kind, value in statement[element].items()}
        each_condition(statement, lambda key, value: (key, listed(value)))
        return statement

    return each_statement(policy, rewrite)


def scalars(policy: dict[str, Any]) -> dict[str, Any]:
    """Write a scalar for every list of one."""

    def unlist(value: Any) -> Any:
        if isinstance(value, list):
            return value[0] if len(value) == 1 else value
        return {key: unlist(one) for key, one in value.items()} if isinstance(value, dict) else value

    return {**policy, "Statement": unlist([unlist(one) for one in statements_of(policy)])}


def capitals(policy: dict[str, Any]) -> dict[str, Any]:
    """Write actions and condition keys in capitals."""

    def rewrite(statement: dict[str, Any]) -> dict[str, Any]:
        for element in {"Action", "NotAction"} & set(statement):
            actions = listed(statement[element])
            statement[element] = [one.upper() if isinstance(one, str) else one for one in actions]
        each_condition(statement, lambda key, value: (key.upper(), value))
        return statement

    return each_statement(policy, rewrite)


def same(policy: dict[str, Any]) -> dict[str, Any]:
    return policy


def rewritten(document: Any, transform: Transform) -> Any:
    """Transform the policy wherever the document holds it."""
    if not isinstance(document, dict):
        return document
    if "Statement" in document:
        return transform(document)
    if isinstance(document.get("Attributes"), dict):
        return {**document, "Attributes": rewritten(document["Attributes"], transform)}
    if isinstance(document.get("Policy"), str):
        return {**document, "Policy": json.dumps(rewritten(json.loads(document["Policy"]), transform))}
    return document


FORMS: dict[str, tuple[Transform, int | str | None, str]] = {
    "reversed": (reverse, 2, "\n"),
    "lists": (lists, 2, "\n"),
    "scalars": (scalars, 2, "\n"),
    "capitals": (capitals, 2, "\n"),
    "one-line": (same, None, "\n"),
    "crlf-and-tabs": (same, "\t", "\r\n"),
}


def normalised(location: Location, reversed_lengths: dict[str, int]) -> str:
    """A route in small letters, its statement counted from the other end if the order was turned round."""
    route = list(location.route)
    length = reversed_lengths.get(Path(location.document.name).name)
    if length and len(route) > 1 and isinstance(route[1], int):
        route[1] = length - 1 - route[1]
    return format_route(tuple(route)).lower()


def signature(report: Report, reversed_lengths: dict[str, int]) -> set[tuple[Any, ...]]:
    """The findings without places: rule, severity, verdict and the normalised routes.

    ``reversed_lengths`` counts the statements of each file whose order was turned round.
    """
    return {
        (
            finding.rule,
            finding.severity.value,
            finding.verdict.value,
            frozenset(normalised(location, reversed_lengths) for location in finding.locations),
        )
        for finding in report.findings
    }


def count_statements(document: Any) -> int:
    counts = [0]

    def count(policy: dict[str, Any]) -> dict[str, Any]:
        counts.append(len(statements_of(policy)))
        return policy

    rewritten(document, count)
    return counts[-1]


LOST_IN_REWRITING = {"duplicate-key", "one-key-in-two-letter-cases"}  # in JSON values they are one key
REWRITABLE = [
    case for case in CASES if case.name not in LOST_IN_REWRITING and case.files[0].suffix == ".json"
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", REWRITABLE, ids=lambda case: f"{case.rule}/{case.name}")
def test_the_form_of_a_policy_never_changes_the_findings(case: Case, form: str, tmp_path: Path) -> None:
    transform, indent, newline = FORMS[form]
    paths, lengths = [], {}
    for path in case.files:
        document = json.loads(path.read_text())
        target = tmp_path / path.name
        target.write_bytes(
            json.dumps(rewritten(document, transform), indent=indent).replace("\n", newline).encode()
        )
        paths.append(target)
        lengths[path.name] = count_statements(document) if form == "reversed" else 0
    before, after = run_case(case), run_case(case, paths)
    assert signature(after, lengths) == signature(before, {})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies(), instance=st.sampled_from([None, INSTANCE_ARN]))
def test_no_verdict_on_a_random_policy_depends_on_order(
    policy: dict[str, Any], instance: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "policy.json"
    case = Case("", "random", tmp_path, (path,), instance)
    path.write_text(json.dumps(policy))
    before = run_case(case)
    path.write_text(json.dumps(reverse(policy)))
    after = run_case(case)
    assert signature(after, {"policy.json": len(policy["Statement"])}) == signature(before, {})
    assert not before.crashed
