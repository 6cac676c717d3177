"""A grant that may exist, or may be for Connect, leaves open whether Connect can use the key; another one does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.core.finding import Verdict
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules

CODE = """
variable "any" {}
resource "aws_kms_key" "k" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "kms:*", Resource = "*",
    Principal = { AWS = "arn:aws:iam::111122223333:root" } }] })
}
resource "aws_kms_key" "other" {}
resource "aws_sns_topic" "t" {
  name              = "chat"
  kms_master_key_id = aws_kms_key.k.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sns:Publish", Resource = "*",
    Principal = { Service = "connect.amazonaws.com" } }] })
}
resource "aws_kms_grant" "g" {
  ARGUMENTS
}
"""
WHOLE = {
    "key_id": "aws_kms_key.k.key_id",
    "grantee_principal": '"connect.amazonaws.com"',
    "operations": '["GenerateDataKey", "Decrypt"]',
}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, Verdict.PASS),
        ({"count": "1"}, Verdict.PASS),
        ({"count": "0"}, Verdict.FAIL),
        ({"count": "var.any"}, Verdict.UNDETERMINED),
        ({"key_id": "var.any"}, Verdict.UNDETERMINED),
        ({"key_id": "aws_kms_key.other.id"}, Verdict.FAIL),
        ({"grantee_principal": "var.any"}, Verdict.UNDETERMINED),
        ({"grantee_principal": '"arn:aws:iam::111122223333:role/r"', "count": "var.any"}, Verdict.FAIL),
        ({"operations": "var.any"}, Verdict.UNDETERMINED),
        ({"operations": '["GenerateDataKey", var.any]'}, Verdict.UNDETERMINED),
        ({"operations": '["Encrypt"]', "count": "var.any"}, Verdict.FAIL),
        (
            {"constraints": 'encryption_context_equals = { "aws:sns:topicArn" = var.any }'},
            Verdict.UNDETERMINED,
        ),
        ({"constraints": "encryption_context_subset = var.any"}, Verdict.UNDETERMINED),
        ({"constraints": 'encryption_context_equals = { "team" = var.any }'}, Verdict.FAIL),
        ({"key_id": "var.any", "operations": '["Decrypt"]'}, Verdict.FAIL),
    ],
)
def test_whether_connect_can_use_a_key(changed: dict[str, str], verdict: Verdict, tmp_path: Path) -> None:
    said = WHOLE | changed
    lines = [
        f"{name} {{ {said[name]} }}" if name == "constraints" else f"{name} = {said[name]}" for name in said
    ]
    (tmp_path / "main.tf").write_text(CODE.replace("ARGUMENTS", "\n  ".join(lines)))
    report = judge(load([tmp_path]), all_rules())
    (key,) = (one for one in report.examined if one.kind == "key")
    assert key.verdicts["connect-cannot-use-key"] is verdict, key.doubts
