"""A baseline knows findings by what they are: what moves is known still, and one more of the same is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.configuration.baseline import baseline_of, from_json, hold_back, renewed, to_json
from checker.core.finding import Verdict
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from tests.iam.strategies import policies
from tests.rules.cases import CASES, Case, run_case
from tests.samples import ACCOUNT, document, statement


def report_on(folder: Path, policy: dict[str, Any], **layout: Any) -> Report:
    path = folder / "policy.json"
    path.write_text(json.dumps(policy, **layout))
    return judge(load([path]), all_rules())


def relative(name: str) -> str:
    return Path(name).name


def after(before: Report, now: Report) -> Report:
    baseline = from_json(json.loads(json.dumps(to_json(baseline_of(before.findings, relative)))))
    return hold_back(now, baseline, "checker-baseline.json", relative)


OPEN = statement(Sid="Open")
PINNED = statement(Sid="Pinned", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})
OTHER = statement(Sid="Other", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})


def test_findings_that_are_known_are_held_back_wherever_they_have_moved(tmp_path: Path) -> None:
    before = report_on(tmp_path, document(OPEN, PINNED))
    assert len(before.findings) == 3
    for policy, layout in (
        (document(OPEN, PINNED), {"indent": 2}),
        (document(PINNED, OPEN), {}),
        (document(OTHER, PINNED, OTHER | {"Sid": "More"}, OPEN), {"indent": 1}),
    ):
        now = after(before, report_on(tmp_path, policy, **layout))
        assert now.findings == ()
        assert len(now.suppressed) == 3
        assert now.stale == ()


def test_what_is_new_is_reported_also_in_a_statement_that_is_known(tmp_path: Path) -> None:
    before = report_on(tmp_path, document(OPEN))
    wider = statement(Sid="Open", Action=["sns:Publish", "sns:Subscribe"])
    assert [one.rule for one in after(before, report_on(tmp_path, document(wider))).findings] == [
        "excess-connect-actions"
    ]
    twice = after(before, report_on(tmp_path, document(OPEN, statement(Sid="New"))))
    assert {one.message.split("`")[1] for one in twice.findings} == {"New"}


def test_statements_without_sid_are_counted(tmp_path: Path) -> None:
    nameless = statement()
    before = report_on(tmp_path, document(nameless))
    now = after(before, report_on(tmp_path, document(nameless, nameless)))
    new = [one for one in now.findings if "have no Sid" not in one.message]
    assert len(new) == len(before.findings)
    assert len(now.suppressed) == len(before.findings)


def test_what_is_mended_makes_its_entry_stale_unless_the_file_was_not_looked_at(tmp_path: Path) -> None:
    before = report_on(tmp_path, document(OPEN))
    mended = after(before, report_on(tmp_path, document(PINNED)))
    assert [one.reason.split()[0] for one in mended.stale] == [
        "`missing-source-account`",
        "`missing-source-arn`",
    ]
    elsewhere = before._replace(findings=(), examined=())
    assert after(before, elsewhere).stale == ()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies(), order=st.randoms())
def test_a_baseline_knows_every_finding_of_a_policy_in_any_order(
    policy: dict[str, Any], order: Any, tmp_path: Path
) -> None:
    before = report_on(tmp_path, policy)
    shuffled = list(policy["Statement"])
    order.shuffle(shuffled)
    now = after(before, report_on(tmp_path, {**policy, "Statement": shuffled}, indent=3))
    assert (now.findings, now.stale) == ((), ())


MODULE = """
variable "account" {}
resource "aws_sns_topic" "t" { name = "chat" }
resource "aws_sns_topic_policy" "t" {
  arn    = aws_sns_topic.t.arn
  policy = jsonencode(POLICY)
}
"""


@pytest.mark.parametrize(
    ("examined", "stale"), [(["live"], True), (["module", "live"], True), (["module"], False)]
)
def test_an_entry_is_stale_only_where_its_module_is_examined_as_it_is_called(
    examined: list[str], stale: bool, tmp_path: Path
) -> None:
    def report_of(policy: dict[str, Any], *folders: str) -> Report:
        text = MODULE.replace("POLICY", json.dumps(policy))
        for name, content in (("module", text), ("live", 'module "m" { source = "../module" }')):
            (tmp_path / name).mkdir(exist_ok=True)
            (tmp_path / name / "main.tf").write_text(content)
        return judge(load([tmp_path / name for name in folders]), all_rules())

    (tmp_path / ".git").mkdir()
    before = report_of(document(OPEN), "live")
    assert {one.address for one in before.findings} == {"module.m.aws_sns_topic.t"}
    assert bool(after(before, report_of(document(PINNED), *examined)).stale) is stale


def pairs() -> Iterator[Any]:
    """For each rule, cases that have its finding, each with one that has not and is kept in files of the same kind."""
    for rule in all_rules():
        cases = [(case, [said.split()[1] for said in case.findings]) for case in CASES]
        whole = [
            (one, found) for one, found in cases if not any("undetermined" in said for said in one.findings)
        ]
        for bad, _ in [one for one in whole if rule.id in one[1]][:3]:
            kinds = [path.suffix for path in bad.files]
            alike = (one for one, found in whole if rule.id not in found and bad.folder == one.folder)
            for good in [one for one in alike if [path.suffix for path in one.files] == kinds][:2]:
                yield pytest.param(rule.id, bad, good, id=f"{rule.id}/{bad.name}/{good.name}")


@pytest.mark.parametrize(("rule", "bad", "good"), list(pairs()))
def test_an_entry_of_any_rule_is_stale_once_it_is_fixed_and_is_reported_when_it_comes_back(
    rule: str, bad: Case, good: Case, tmp_path: Path
) -> None:
    def report_of(case: Case) -> Report:
        for number, path in enumerate(case.files):
            (tmp_path / f"{number}{path.suffix}").write_bytes(path.read_bytes())
        names = (f"{number}{path.suffix}" for number, path in enumerate(case.files))
        return run_case(case, [tmp_path / name for name in names])

    before, mended = report_of(bad), report_of(good)
    baseline = baseline_of(before.findings, relative)
    judged = any(one.verdicts.get(rule) is Verdict.PASS for one in mended.examined)
    stale = {one.reason.split("`")[1] for one in hold_back(mended, baseline, "b.json", relative).stale}
    assert (rule in stale) is judged
    again = hold_back(before, renewed(baseline, mended, relative), "b.json", relative)
    assert (rule in {one.rule for one in again.findings}) is judged
