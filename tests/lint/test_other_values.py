"""A default is one value of several: who gets in with another listed value is found, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.app.run import Options, examine
from checker.core.finding import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from checker.core.finding import Finding

TEMPLATE = """
Parameters:
  Stage: {{Type: String, {stage}}}
Mappings:
  Accounts:
    dev: {{Id: "111122223333"}}
    prod: {{Id: "{prod}"}}
Resources:
  Topic: {{Type: AWS::SNS::Topic}}
  Policy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: Connect
            Effect: Allow
            Principal: {{Service: connect.amazonaws.com}}
            Action: sns:Publish
            Resource: !Ref Topic
            Condition:
              StringLike: {{"aws:SourceAccount": !FindInMap [Accounts, !Ref Stage, Id]}}
"""
ROOT = """
variable "stage" {{
  {stage}
}}
locals {{ accounts = {{ dev = "111122223333", prod = "{prod}" }} }}
resource "aws_sns_topic" "chat" {{ name = "chat" }}
resource "aws_sns_topic_policy" "chat" {{
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Sid = "Connect", Effect = "Allow", Principal = {{ Service = "connect.amazonaws.com" }}
      Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
      Condition = {{ StringLike = {{ "aws:SourceAccount" = local.accounts[var.stage] }} }}
    }}]
  }})
}}
"""
VALIDATED = """default = "dev"
  validation {
    condition     = contains(["prod", "dev"], var.stage)
    error_message = "unknown stage"
  }"""
LISTED = "Default: dev, AllowedValues: [prod, dev]"


def found(folder: Path, name: str, text: str) -> list[Finding]:
    (folder / name).write_text(text)
    report = examine(Options((folder / name,))).report
    return [one for one in report.findings if one.rule == "weak-source-condition"]


@pytest.mark.parametrize("stage", [LISTED, "Default: dev"], ids=["allowed values", "keys of a map"])
def test_access_with_another_listed_value_is_found(stage: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "t.yaml", TEMPLATE.format(stage=stage, prod="*"))
    assert finding.verdict is Verdict.UNDETERMINED
    assert finding.message.startswith("depends on the deployment: statement `Connect`")
    assert "`Stage` is `prod`, and not if `Stage` is `dev`" in finding.help


@pytest.mark.parametrize(
    ("stage", "prod"),
    [
        (LISTED, "444455556666"),
        ("Default: dev", "444455556666"),
        ("Default: dev, AllowedValues: [dev]", "*"),
    ],
    ids=["every value is safe", "every entry is safe", "a list of one"],
)
def test_nothing_is_found_otherwise(stage: str, prod: str, tmp_path: Path) -> None:
    assert found(tmp_path, "t.yaml", TEMPLATE.format(stage=stage, prod=prod)) == []


@pytest.mark.parametrize("stage", [VALIDATED, 'default = "dev"'], ids=["validation", "keys of a table"])
def test_access_with_another_value_of_a_variable_is_found(stage: str, tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "main.tf", ROOT.format(stage=stage, prod="*"))
    assert finding.verdict is Verdict.UNDETERMINED
    assert "`var.stage` is `prod`, and not if `var.stage` is `dev`" in finding.help


@pytest.mark.parametrize(
    ("stage", "prod", "values"),
    [
        (VALIDATED, "444455556666", ""),
        ('default = "dev"', "444455556666", ""),
        (VALIDATED, "*", 'stage = "dev"'),
    ],
    ids=["every value is safe", "every entry is safe", "a values file decides"],
)
def test_nothing_is_found_for_other_variables(stage: str, prod: str, values: str, tmp_path: Path) -> None:
    (tmp_path / "terraform.tfvars").write_text(values)
    assert found(tmp_path, "main.tf", ROOT.format(stage=stage, prod=prod)) == []


def test_the_default_is_not_reported_twice(tmp_path: Path) -> None:
    (finding,) = found(
        tmp_path, "t.yaml", TEMPLATE.format(stage=LISTED, prod="444455556666").replace("111122223333", "*")
    )
    assert finding.verdict is Verdict.FAIL


def test_a_pass_of_the_default_alone_is_no_pass(tmp_path: Path) -> None:
    found(tmp_path, "t.yaml", TEMPLATE.format(stage=LISTED, prod="*"))
    (topic,) = examine(Options((tmp_path / "t.yaml",))).report.examined
    assert topic.verdicts["weak-source-condition"] is Verdict.UNDETERMINED


@pytest.mark.parametrize("folder", [".", "env"])
def test_a_values_file_that_was_not_read_is_listed(folder: str, tmp_path: Path) -> None:
    found(tmp_path, "main.tf", ROOT.format(stage="", prod="444455556666"))
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "terraform.tfvars").write_text('stage = "dev"\n')
    (tmp_path / folder / "prod.tfvars").write_text('stage = "prod"\n')
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "main.tf").write_text("")
    (tmp_path / "other" / "theirs.tfvars").write_text("")
    (skipped,) = examine(Options((tmp_path,))).report.skipped
    assert skipped.what.endswith("prod.tfvars")
    assert "theirs.tfvars" not in skipped.what
    assert "deployments with their values were not checked" in skipped.reason
    assert skipped.complete
