"""A fix is refused with a reason if AWS would reject the policy, or if the policy is written elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.fix.attempts import UnfixedFinding
from checker.fix.rounds import repair
from tests.fix.test_other_deployments import ACCOUNT_DEFAULT, CONDITION
from tests.fix.workbench import on_top, reader, repaired, write
from tests.inputs.test_forms import OWNER, template
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

OTHERS = statement(Principal={"AWS": ACCOUNT})
ABSENT = {"Ref": "AWS::NoValue"}


def topic_text() -> str:
    """Return a topic with a policy that allows every instance."""
    policy = document(statement())
    return json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}})


def unfixed(folder: Path, name: str, text: str, rule: str) -> UnfixedFinding:
    """What is left of a rule, after everything else is mended."""
    found = repaired(write(folder, {name: text}), unsafe=True)
    return next(one for one in found.unfixed if one.finding.rule == rule)


def test_a_fix_does_not_exceed_the_size_limit_of_sns(tmp_path: Path) -> None:
    policy = document(OTHERS)
    for size, done in ((30_000, True), (30_600, False)):
        policy["Id"] = ""
        policy["Id"] = "x" * (size - len(json.dumps(policy)))
        attributes = {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}
        found = repaired(write(tmp_path, {"topic.json": json.dumps(attributes)}))
        assert bool(found.texts) is done
        reasons = [one.reason for one in found.unfixed if one.finding.rule == "connect-not-allowed"]
        assert done or "the limit for a topic policy is 30,720" in reasons[0]
        assert done or found.unfixed[0].statements


def test_an_optional_condition_is_not_written_twice(tmp_path: Path) -> None:
    grant = statement(Resource={"Ref": "Chat"}, Condition={"Fn::If": ["Live", OWNER, ABSENT]})
    text = json.dumps(template({"Statement": [grant]}), indent=2)
    assert "duplicate key `Condition`" in unfixed(tmp_path, "t.json", text, "missing-source-account").reason


def test_no_statement_is_added_to_a_list_of_optional_statements(tmp_path: Path) -> None:
    text = f"""\
Resources:
  Chat: {{Type: AWS::SNS::Topic}}
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Statement:
          - !If
            - Live
            - {json.dumps(statement(Resource={"Ref": "Chat"}))}
            - !Ref AWS::NoValue
"""
    found = repaired(write(tmp_path, {"t.yaml": text}))
    assert "every item there depends on a condition" in {one.reason for one in found.unfixed}


def test_a_refused_fix_is_tried_again_after_another_fix_is_applied(tmp_path: Path) -> None:
    """Or a second run would do what the first did not."""
    grant = statement(Principal=None, NotPrincipal={"Service": "connect.amazonaws.com"})
    policy = document(grant, {**grant, "Resource": f"{TOPIC_ARN}-2"})
    text = json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": policy}})
    read = reader(write(tmp_path, {"topic.json": text}))
    found = repair(read, unsafe=True)
    assert found.fixed
    assert not repair(on_top(read, found.texts), unsafe=True).texts


def test_connect_gets_no_access_to_a_key_that_no_topic_uses(tmp_path: Path) -> None:
    """Though its policy is the same text as that of a key that Connect needs."""
    root = f'{{ Effect = "Allow", Principal = {{ AWS = "{ACCOUNT}" }}, Action = "kms:*", Resource = "*" }}'
    keys = "".join(f'resource "aws_kms_key" "{name}" {{\n  policy = local.policy\n}}\n' for name in "ab")
    topic = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n  kms_master_key_id = aws_kms_key.a.arn\n}\n'
    text = f"locals {{\n  policy = jsonencode({{ Statement = [{root}] }})\n}}\n{keys}{topic}"
    found = unfixed(tmp_path, "main.tf", text, "connect-cannot-use-key")
    assert found.reason == "the edit would also change the policy of `aws_kms_key.b`"
    assert found.statements


IN_TEMPLATE = {"Statement": [statement(Resource={"Ref": "Chat"})]}


@pytest.mark.parametrize(
    ("name", "text", "region", "reason"),
    [
        ("topic.json", topic_text(), "us-est-1", "is in another Region than the topic"),
        ("topic.json", topic_text(), "eu-central-1", "is in another Region than the topic"),
        ("t.json", json.dumps(template(IN_TEMPLATE)), "us-est-1", "did you mean `us-east-1` or `us-west-1`?"),
        ("t.json", json.dumps(template(IN_TEMPLATE)), "eu-central-1", ""),
        ("topic.json", topic_text(), "us-east-1", ""),
    ],
)
def test_a_safe_fix_allows_no_instance_that_cannot_stream_to_the_topic(
    name: str, text: str, region: str, reason: str, tmp_path: Path
) -> None:
    instance = INSTANCE_ARN.replace("us-east-1", region)
    found = repaired(write(tmp_path, {name: text}), instance)
    assert bool(found.texts) is not bool(reason)
    reasons = {one.finding.rule: one.reason for one in found.unfixed}
    assert reason in reasons.get("missing-source-account", "")
    for finding in found.before.report.findings:
        assert "${" not in finding.message + finding.help


DENY = {"Sid": "Stop", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": TOPIC_ARN}
SOURCE = {"aws:SourceAccount": ACCOUNT}
ORGANIZATION = {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}


@pytest.mark.parametrize(
    ("deny", "is_safe"),
    [
        ({"Principal": {"Service": "connect.amazonaws.com"}}, False),
        ({"Principal": {"Service": "connect.amazonaws.com"}, "Condition": {"StringNotEquals": ORGANIZATION}}, False),
        ({}, False),
        ({"Condition": {"StringEquals": SOURCE}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:connect:*:*:instance/*"}}}, False),
        ({"Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}}, False),
        ({"Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}, True),
        ({"Condition": {"StringNotEquals": ORGANIZATION}}, True),
        ({"Condition": {"StringNotEquals": ORGANIZATION, "StringEquals": SOURCE}}, True),
        ({"Condition": {"Null": {"aws:PrincipalOrgID": "true"}}}, True),
    ],
)  # fmt: skip
def test_a_deny_that_may_be_there_to_stop_connect_is_not_lifted(
    deny: dict[str, object], is_safe: bool, tmp_path: Path
) -> None:
    pin = {"StringEquals": SOURCE, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
    policy = document(statement(Condition=pin), {**DENY, **deny})
    text = json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}})
    path = write(tmp_path, {"topic.json": text})
    found = repaired(path, unsafe=False)
    reasons = [one.reason for one in found.unfixed if one.finding.rule == "blocking-deny"]
    assert reasons == ([] if is_safe else ["statement `Stop` may be there to stop Connect"])
    assert bool(found.texts) is is_safe
    assert repaired(path, unsafe=True).texts


OPEN_IN_HCL = """variable "accounts" {{
  type    = list(string)
  default = []
}}
resource "aws_sns_topic" "chat" {{
  name = "chat"
}}
resource "aws_sns_topic_policy" "chat" {{
  arn    = aws_sns_topic.chat.arn
  policy = {}
}}
"""
WITH_DIRECTIVE = OPEN_IN_HCL.format("""<<-EOT
    {"Version": "2012-10-17", "Statement": [
      {"Sid": "Connect", "Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
       "Action": "sns:Publish", "Resource": "${aws_sns_topic.chat.arn}"
       %{ if length(var.accounts) > 0 ~}
       , "Condition": {"StringEquals": {"aws:SourceAccount": ${jsonencode(var.accounts)}}}
       %{ endif ~}
      }
    ]}
  EOT""")
WITH_DYNAMIC = (
    OPEN_IN_HCL.format("data.aws_iam_policy_document.chat.json")
    + """data "aws_iam_policy_document" "chat" {
  statement {
    sid       = "Connect"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
    dynamic "condition" {
      for_each = length(var.accounts) > 0 ? [1] : []
      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = var.accounts
      }
    }
  }
}
"""
)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (WITH_DIRECTIVE, "a template directive (`%{`) may write something else with other values"),
        (WITH_DYNAMIC, "a dynamic block of the statement may write something else with other values"),
    ],
)
def test_a_statement_that_differs_with_other_values_is_not_edited(
    text: str, reason: str, tmp_path: Path
) -> None:
    found = unfixed(tmp_path, "main.tf", text, "missing-source-account")
    assert found.reason.startswith(reason)


PARENT = """Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: child.yaml
      Parameters: {Account: '*'}
"""
CHILD = ACCOUNT_DEFAULT.replace(CONDITION, "StringLike: {aws:SourceAccount: !Ref Account}")


def test_a_parameter_of_a_nested_stack_is_not_replaced(tmp_path: Path) -> None:
    """Another parent may pass another account than this one, which allows any."""
    write(tmp_path, {"child.yaml": CHILD, "template.yaml": PARENT})
    found = repaired([tmp_path], unsafe=True)
    assert not found.texts
    reasons = [one.reason for one in found.unfixed if one.finding.rule == "missing-source-arn"]
    assert reasons == ["the condition has an expression, which may have another value in another deployment"]
