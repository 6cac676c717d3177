"""The fixtures are what Terraform makes today: planned again where it is installed, with nobody to ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.core.finding import Finding, Severity, Verdict
from checker.inputs.load import load
from checker.inputs.terraform.plan.resource import NOT_IN_PLAN
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from scripts.terraform_fixtures import PLANNED, MissingToolError, Tools, planned, planned_in
from tests.inputs.terraform.plan.plans import FIXTURES, judged, policies, read


@pytest.fixture(scope="module")
def tools() -> Tools:
    try:
        return Tools.find()
    except MissingToolError as error:
        pytest.skip(f"{error}, so that no plan can be made")


@pytest.mark.parametrize("name", PLANNED[-1:])
def test_a_plan_made_now_reads_like_the_one_that_is_kept(name: str, tools: Tools, tmp_path: Path) -> None:
    """One module: that takes ten seconds; `python -m scripts.terraform_fixtures` makes all of them."""
    made = read(tmp_path, planned(tools, name))
    kept = read(tmp_path, json.loads((FIXTURES / f"{name}.json").read_text()))
    assert policies(made) == policies(kept)
    assert [(one.rule, one.message, one.address) for one in judged(made)] == [
        (one.rule, one.message, one.address) for one in judged(kept)
    ]


ROOT = """
resource "aws_connect_instance" "main" {
  instance_alias           = "chat"
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}

resource "aws_sns_topic" "chat" {
  name = "chat"
}

data "aws_iam_policy_document" "chat" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["111122223333"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [SOURCE]
    }
  }
}

resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}
"""
INSTANCE = "aws_connect_instance.main.arn"


def is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and finding.verdict is Verdict.FAIL


@pytest.mark.parametrize(("source", "is_broken"), [(INSTANCE, False), (f'"${{{INSTANCE}}}/*"', True)])
def test_a_plan_names_the_files_for_an_expression_that_it_does_not_contain(
    source: str, is_broken: bool, tools: Tools, tmp_path: Path
) -> None:
    """Both roots have the same plan, although Connect can publish in only one of them."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "main.tf").write_text(ROOT.replace("SOURCE", source))
    assert any(map(is_error, judge(load([folder]), all_rules()).findings)) is is_broken
    report = judge(read(tmp_path, planned_in(tools, folder)), all_rules())
    assert not any(map(is_error, report.findings))
    (finding,) = (one for one in report.findings if one.rule == "connect-not-allowed")
    assert finding.verdict is Verdict.UNDETERMINED
    assert NOT_IN_PLAN in finding.message
    assert f"`{INSTANCE}`" in finding.message
