"""For every rule and every case: fixes converge, change nothing twice, and add no worse finding."""

from __future__ import annotations

import pytest

from checker.core.finding import Applicability, Severity, Verdict
from checker.fix.proof import assess
from checker.fix.rounds import repair
from checker.policy.change import changed
from checker.policy.read import read_policy
from tests.fix.workbench import RULES, counted, on_top, reader, repaired
from tests.rules.cases import CASES, Case
from tests.samples import INSTANCE_ARN

RANK = {severity.value: severity.rank for severity in Severity}
CASE = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}/{case.name}")


@CASE
@pytest.mark.parametrize("unsafe", [False, True], ids=["safe", "unsafe"])
def test_a_repair_converges_and_adds_no_finding_of_equal_severity(case: Case, unsafe: bool) -> None:
    read = reader(case.files, case.instance or INSTANCE_ARN)
    found = repair(read, unsafe=unsafe)
    assert not found.after.report.crashed
    again = repair(on_top(read, found.texts), unsafe=unsafe)
    assert again.texts == {}
    worst = max((one.finding.severity.rank for one in found.fixed), default=-1)
    come = counted(found.after) - counted(found.before)
    assert not [key for key in come if RANK[key[1]] >= worst >= 0]
    for one in found.fixed:
        unfixed = [f for f in found.after.report.findings if f.rule == one.finding.rule]
        assert all(f.message != one.finding.message for f in unfixed if f.resource == one.finding.resource)


@CASE
def test_without_unsafe_only_safe_or_documented_fixes_are_applied(case: Case) -> None:
    for one in repaired(case.files, case.instance or INSTANCE_ARN).fixed:
        grants_key = one.finding.rule in ("connect-cannot-use-key", "wrong-key-service")
        assert one.fix.applicability is (Applicability.DOCUMENTED if grants_key else Applicability.SAFE)
    unsafe = [
        one
        for one in repaired(case.files, case.instance or INSTANCE_ARN, unsafe=True).unfixed
        if one.fix is not None and one.fix.operations and one.finding.verdict is Verdict.FAIL
    ]
    assert all(one.reason for one in unsafe)


def test_a_rule_says_that_it_has_fixes_if_a_case_shows_one() -> None:
    fixed = set()
    for case in CASES:
        reading = reader(case.files, case.instance or INSTANCE_ARN)({})
        fixed |= {one.rule for one in reading.report.findings if one.fixes}
    assert fixed == {rule.id for rule in RULES if rule.fixable}


@CASE
def test_the_applicability_of_a_fix_is_proven_and_not_declared(case: Case) -> None:
    reading = reader(case.files, case.instance or INSTANCE_ARN)({})
    known = {id(one.text.document): one for one in reading.policies()}
    for finding in reading.report.findings:
        policy = known.get(id(finding.locations[0].document))
        for fix in finding.fixes if policy is not None else ():
            assert fix.applicability is not Applicability.SAFE
            if fix.operations and policy is not None:
                new = read_policy(changed(policy.root, fix.operations), policy.text.dialect)[0]
                value = assess(policy.case, new)
                assert bool(value.reason) is (value.applicability is not Applicability.SAFE)
