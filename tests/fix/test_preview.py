"""Previews of fixes never lose a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.core.finding import Applicability
from checker.fix.appraisal import with_previews
from checker.fix.editable import allow_any_file
from checker.fix.reading import Reading
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules

TERRAFORM = """\
resource "aws_kms_key" "chat" {}

resource "aws_sns_topic" "chat" {
  name              = "chat"
  kms_master_key_id = aws_kms_key.chat.arn
}
"""
RESOURCES = {
    "Key": {"Type": "AWS::KMS::Key"},
    "Chat": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
}
TERRAFORM_JSON = {
    "resource": {
        "aws_kms_key": {"chat": {}},
        "aws_sns_topic": {"chat": {"name": "chat", "kms_master_key_id": "${aws_kms_key.chat.arn}"}},
    }
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("main.tf", TERRAFORM),
        ("main.tf.json", json.dumps(TERRAFORM_JSON)),
        ("t.json", json.dumps({"Resources": RESOURCES})),
        ("t.yaml", f"AWSTemplateFormatVersion: '2010-09-09'\nResources: {json.dumps(RESOURCES)}\n"),
    ],
)
def test_a_fix_of_a_default_policy_is_only_displayed(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    inventory = load([tmp_path / name])
    report = judge(inventory, all_rules(), Scope(all_topics=True))
    shown = with_previews(Reading(inventory, report), allow_any_file)
    assert [one.rule for one in shown.findings] == [one.rule for one in report.findings]
    assert "connect-cannot-use-key" in [one.rule for one in shown.findings]
    fixes = [fix for one in shown.findings for fix in one.fixes]
    assert fixes
    assert {fix.applicability for fix in fixes} == {Applicability.DISPLAY}
