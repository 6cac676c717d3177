"""Edits of aws_iam_policy_document change only the affected lines, and Terraform accepts the result."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.workbench import repaired
from tests.samples import ACCOUNT, INSTANCE_ARN

TOPIC = """\
resource "aws_sns_topic" "chat" {
  name = "chat"
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}
"""
CONNECT = """\
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
"""
OWNERS = f"""\
    principals {{
      type        = "AWS" # the owners
      identifiers = ["{ACCOUNT}"]
    }}
"""
GRANT = f"""\
    sid       = "AllowConnectChatStreaming"
    effect    = "Allow"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]

{CONNECT}
    condition {{
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = ["{ACCOUNT}"]
    }}

    condition {{
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["{INSTANCE_ARN}"]
    }}
"""
PUBLISH = """\
    actions   = ["sns:Publish"]
    resources = ["*"]
"""
PINS = """\
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["INSTANCE"]
    }
""".replace("INSTANCE", INSTANCE_ARN)


def owned_by(key: str) -> str:
    return f"""\
    condition {{
      test     = "StringEquals"
      variable = "{key}" # whose
      values   = ["{ACCOUNT}"] # ours
    }}
"""


def statement(inside: str, after: str = "") -> str:
    return f"  statement {{\n{inside}  }}{after}\n"


def data_source(inside: str) -> str:
    return f'{TOPIC}data "aws_iam_policy_document" "chat" {inside}\n'


EDITS = {
    "an empty data source": ("{}", "{\n" + statement(GRANT).replace('"*"', "aws_sns_topic.chat.arn") + "}"),
    "a data source of arguments": (
        '{\n  version = "2012-10-17" # as ever\n}',
        '{\n  version = "2012-10-17" # as ever\n\n'
        + statement(GRANT).replace('"*"', "aws_sns_topic.chat.arn")
        + "}",
    ),
    "a comment behind the last statement": (
        "{\n" + statement(PUBLISH + OWNERS, " # theirs") + "}",
        "{\n" + statement(PUBLISH + OWNERS, " # theirs") + "\n" + statement(GRANT) + "}",
    ),
    "one of two principals": (
        "{\n" + statement(PUBLISH + CONNECT + "    # us\n" + OWNERS) + "}",
        "{\n" + statement(PUBLISH + "    # us\n" + OWNERS) + "\n" + statement(GRANT) + "}",
    ),
    "one of two principals of a type": (
        "{\n" + statement(PUBLISH + CONNECT + CONNECT.replace("connect", "s3")) + "}",
        "{\n" + statement(PUBLISH + CONNECT.replace("connect", "s3")) + "\n" + statement(GRANT) + "}",
    ),
    "a condition": (
        "{\n" + statement(PUBLISH + CONNECT + owned_by("AWS:SourceOwner") + PINS) + "}",
        "{\n" + statement(PUBLISH + CONNECT + owned_by("aws:SourceAccount") + PINS) + "}",
    ),
    "a list on lines": (
        "{\n"
        + statement(
            PUBLISH.replace(
                '["sns:Publish"]', '[\n      "sns:Publish", # publish\n      "sns:Subscribe"\n    ]'
            )
            + CONNECT
            + owned_by("aws:SourceAccount")
            + PINS
        )
        + "}",
        "{\n"
        + statement(
            PUBLISH.replace('["sns:Publish"]', '[\n      "sns:Publish", # publish\n    ]')
            + CONNECT
            + owned_by("aws:SourceAccount")
            + PINS
        )
        + "}",
    ),
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", EDITS)
def test_blocks_are_edited_line_by_line(name: str, newline: str, tmp_path: Path) -> None:
    before, after = (data_source(one).replace("\n", newline) for one in EDITS[name])
    path = tmp_path / "main.tf"
    path.write_text(before, newline="")
    found = repaired([tmp_path], unsafe=True)
    assert found.fixed, [(one.finding.rule, one.reason) for one in found.unfixed]
    assert found.texts[str(path)] == after


def test_tabs_stay_tabs(tmp_path: Path) -> None:
    text = data_source("{\n" + statement(PUBLISH + CONNECT) + "}").replace("  ", "\t")
    (tmp_path / "main.tf").write_text(text)
    (fixed_text,) = repaired([tmp_path]).texts.values()
    assert "\n\t\tcondition {\n\t\t\ttest     = " in fixed_text


LOCALS = 'locals {\n  publish = ["sns:Publish", "sns:Subscribe"]\n  test = "StringEqualsIfExists"\n}\n'
LEFT = {
    "a list of another name": PUBLISH.replace('["sns:Publish"]', "local.publish") + CONNECT,
    "a list that is put together": PUBLISH.replace('["sns:Publish"]', "concat(local.publish, [])") + CONNECT,
    "a test of another name": PUBLISH
    + CONNECT
    + owned_by("aws:SourceAccount").replace('"StringEquals"', "local.test"),
}


@pytest.mark.parametrize("name", LEFT)
def test_values_written_elsewhere_are_not_edited(name: str, tmp_path: Path) -> None:
    text = LOCALS + data_source("{\n" + statement(LEFT[name]) + "}")
    (tmp_path / "main.tf").write_text(text)
    found = repaired([tmp_path], unsafe=True)
    assert [one for one in found.unfixed if "elsewhere" in one.reason or "another document" in one.reason]
    assert all(LOCALS in one for one in found.texts.values())
