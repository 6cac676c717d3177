"""An edit is the smallest change of the text, in the layout of its neighbors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fix.workbench import repaired
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN

PINS = '"StringEquals":·{"aws:SourceAccount":·"111122223333"},·"ArnEquals":·{"aws:SourceArn":·"INSTANCE"}'.replace(
    "·", " "
)
GRANT = (
    '"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}, "Action": "sns:Publish", '
    '"Resource": "TOPIC"'
)

EDITS = {
    "one line": (
        "policy.json",
        f'{{"Version": "2012-10-17", "Statement": {{{GRANT}}}}}\n',
        f'{{"Version": "2012-10-17", "Statement": {{{GRANT}, "Condition": {{{PINS}}}}}}}\n',
    ),
    "tabs, carriage returns and no end of the last line": (
        "policy.json",
        f'{{\r\n\t"Version": "2012-10-17",\r\n\t"Statement": [\r\n\t\t{{{GRANT}}}\r\n\t]\r\n}}',
        '{\r\n\t"Version": "2012-10-17",\r\n\t"Statement": [\r\n\t\t{'
        f'{GRANT}, "Condition": {{{PINS}}}'
        "}\r\n\t]\r\n}",
    ),
    "YAML with comments, quotes and an anchor": (
        "policy.yaml",
        """\
Version: '2012-10-17'  # the only one with variables
Statement:
  # Connect streams here
  - &chat
    Sid: "Chat"   # ours
    Effect: Allow
    Principal: {Service: connect.amazonaws.com}
    Action: [ 'sns:Publish' ]
    Resource: TOPIC # the topic

# the end
""",
        """\
Version: '2012-10-17'  # the only one with variables
Statement:
  # Connect streams here
  - &chat
    Sid: "Chat"   # ours
    Effect: Allow
    Principal: {Service: connect.amazonaws.com}
    Action: [ 'sns:Publish' ]
    Resource: TOPIC # the topic
    Condition:
      StringEquals:
        aws:SourceAccount: "111122223333"
      ArnEquals:
        aws:SourceArn: INSTANCE

# the end
""",
    ),
    "a template in short forms": (
        "template.yaml",
        """\
Resources:
  Chat:
    Type: AWS::SNS::Topic
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
        - Sid: Owner
          Effect: Allow
          Principal: {AWS: '111122223333'}
          Action: sns:Publish
          Resource: !Ref Chat   # by reference
""",
        """\
Resources:
  Chat:
    Type: AWS::SNS::Topic
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
        - Sid: Owner
          Effect: Allow
          Principal: {AWS: '111122223333'}
          Action: sns:Publish
          Resource: !Ref Chat   # by reference
        - Sid: AllowConnectChatStreaming
          Effect: Allow
          Principal:
            Service: connect.amazonaws.com
          Action: sns:Publish
          Resource: !Ref Chat
          Condition:
            StringEquals:
              aws:SourceAccount: "111122223333"
            ArnEquals:
              aws:SourceArn: INSTANCE
""",
    ),
    "Terraform's own objects": (
        "main.tf",
        """\
resource "aws_sns_topic" "chat" {
  name = "chat"
  policy = jsonencode({
    Version = "2012-10-17" # as ever
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:us-east-1:111122223333:chat"
      Condition = { StringEquals = { "AWS:SourceOwner" = "111122223333" } }
    }]
  })
}
""",
        """\
resource "aws_sns_topic" "chat" {
  name = "chat"
  policy = jsonencode({
    Version = "2012-10-17" # as ever
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:us-east-1:111122223333:chat"
      Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" }, ArnEquals = { "aws:SourceArn" = "INSTANCE" } }
    }]
  })
}
""",
    ),
    "a heredoc that refers to resources": (
        "main.tf",
        """\
resource "aws_sns_topic" "chat" {
  name   = "chat"
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Sid": "Owner", "Effect": "Allow", "Principal": {"AWS": "111122223333"},
         "Action": "sns:Publish", "Resource": "${aws_sns_topic.chat.arn}"}
      ]
    }
  EOT
}
""",
        """\
resource "aws_sns_topic" "chat" {
  name   = "chat"
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [
        {"Sid": "Owner", "Effect": "Allow", "Principal": {"AWS": "111122223333"},
         "Action": "sns:Publish", "Resource": "${aws_sns_topic.chat.arn}"},
        {
          "Sid": "AllowConnectChatStreaming",
          "Effect": "Allow",
          "Principal": {
            "Service": "connect.amazonaws.com"
          },
          "Action": "sns:Publish",
          "Resource": "${aws_sns_topic.chat.arn}",
          "Condition": {
            "StringEquals": {
              "aws:SourceAccount": "111122223333"
            },
            "ArnEquals": {
              "aws:SourceArn": "INSTANCE"
            }
          }
        }
      ]
    }
  EOT
}
""",
    ),
}


def filled(text: str) -> str:
    return text.replace("INSTANCE", INSTANCE_ARN).replace("TOPIC", TOPIC_ARN)


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_follows_the_layout_of_its_neighbors(name: str, tmp_path: Path) -> None:
    file, before, after = EDITS[name]
    path = tmp_path / file
    path.write_text(filled(before), newline="")
    found = repaired([path])
    assert found.fixed, [(one.finding.rule, one.reason) for one in found.unfixed]
    assert next(iter(found.texts.values())) == filled(after)


REASONS = (
    "the policy comes from a variable, which may have other values elsewhere",
    "the policy is computed by an expression",
)
MODULE = """\
variable "name" {}
resource "aws_sns_topic" "chat" {
  name = var.name
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.chat.arn
    }]
  })
}
"""
UNSAFE_TO_EDIT = {
    "a variable": (
        'variable "statements" {\n  default = [{ Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }, '
        'Action = "sns:Publish", Resource = "TOPIC" }]\n}\n'
        'resource "aws_sns_topic" "chat" {\n  name = "chat"\n'
        '  policy = jsonencode({ Version = "2012-10-17", Statement = concat(var.statements, []) })\n}\n'
    ),
    "a merge": (
        'resource "aws_sns_topic" "chat" {\n  name = "chat"\n'
        '  policy = jsonencode({ Version = "2012-10-17", Statement = [merge({ Effect = "Allow" }, '
        '{ Principal = { Service = "connect.amazonaws.com" }, Action = "sns:Publish", Resource = "TOPIC" })] })\n}\n'
    ),
}


@pytest.mark.parametrize("name", UNSAFE_TO_EDIT)
def test_a_statement_that_cannot_be_edited_safely_is_displayed_for_manual_editing(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "main.tf"
    path.write_text(filled(UNSAFE_TO_EDIT[name]))
    found = repaired([path], unsafe=True)
    assert not found.texts
    unfixed = next(one for one in found.unfixed if one.finding.rule == "missing-source-account")
    assert unfixed.reason in REASONS
    assert ACCOUNT in str(unfixed.statements)


def test_a_module_that_is_called_twice_is_not_edited(tmp_path: Path) -> None:
    (tmp_path / "chat").mkdir()
    (tmp_path / "chat" / "main.tf").write_text(MODULE)
    (tmp_path / "main.tf").write_text(
        "".join(f'module "{name}" {{\n  source = "./chat"\n  name   = "{name}"\n}}\n' for name in "ab")
    )
    found = repaired([tmp_path], unsafe=True)
    assert not found.texts
    assert {one.reason for one in found.unfixed if one.finding.rule == "missing-source-account"} == {
        "the edit would also change the policy of `module.b.aws_sns_topic.chat`"
    }
