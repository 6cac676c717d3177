"""The expected findings of the set-ups in `setups/`. A set-up that is not listed is correct.

Each set-up is code as people write it. A correct one has no finding and no verdict that is not known. `DEFECTS` are
edits of correct set-ups, with the only findings that they cause.
"""

from __future__ import annotations

from typing import NamedTuple


class Defect(NamedTuple):
    """An edit that makes a correct set-up faulty: what is wrong, the texts before and after, and the findings."""

    setup: str
    what: str
    file: str
    before: str
    after: str
    findings: set[str]


FAULTY: dict[str, set[str]] = {
    "arn-suffix": {"error unmatchable-condition"},
    "deny-vpce": {"error blocking-deny"},
    "fifo": {"error fifo-topic"},
    "key-region": {"error unusable-key"},
    "key-service": {"error wrong-key-service"},
    "managed-key": {"error aws-managed-key"},
    "missing-source-arn": {"warning missing-source-arn"},
    "other-region": {"error cross-region"},
    "principal": {"error connect-not-allowed"},
    "public": {"error public-topic"},
    "resource": {"error wrong-resource"},
    "root-only-key": {"error connect-cannot-use-key"},
    "source-owner": {"error source-owner"},
    "two-policies": {"warning competing-topic-policies"},
    "wrong-account": {"error unmatchable-condition"},
}
"""Set-ups that are faulty as they are."""

DEFECTS: tuple[Defect, ...] = (
    Defect(
        "tf-registry-module",
        "the statement of the module has no aws:SourceArn",
        "main.tf",
        '        { test = "ArnEquals", variable = "aws:SourceArn", values = [aws_connect_instance.this.arn] },\n',
        "",
        {"warning missing-source-arn"},
    ),
    Defect(
        "tf-registry-module",
        "the key statement names SNS",
        "main.tf",
        'sid        = "ConnectPublishes"\n    actions    = ["kms:Decrypt", "kms:GenerateDataKey*"]\n'
        '    principals = [{ type = "Service", identifiers = ["connect.',
        'sid        = "ConnectPublishes"\n    actions    = ["kms:Decrypt", "kms:GenerateDataKey*"]\n'
        '    principals = [{ type = "Service", identifiers = ["sns.',
        {"error wrong-key-service"},
    ),
    Defect(
        "tf-override-documents",
        "the pinned statement has another Sid, so that the open one stays",
        "main.tf",
        'data "aws_iam_policy_document" "pinned" {\n  statement {\n    sid       = "ServicePublishes"',
        'data "aws_iam_policy_document" "pinned" {\n  statement {\n    sid       = "ConnectPublishes"',
        {"error missing-source-account", "warning missing-source-arn"},
    ),
    Defect(
        "tf-object-variable",
        "the Resource is another topic",
        "main.tf",
        "Resource  = each.value.arn",
        "Resource  = aws_sns_topic.alerts.arn",
        {"error wrong-resource"},
    ),
    Defect(
        "tf-ssm-parameter",
        "the ARN of the condition is below the instance",
        "main.tf",
        "[data.aws_ssm_parameter.instance_arn.value]",
        '["${data.aws_ssm_parameter.instance_arn.value}/*"]',
        {"error unmatchable-condition"},
    ),
    Defect(
        "tf-remote-state",
        "the condition key is aws:SourceOwner",
        "main.tf",
        '"aws:SourceAccount"',
        '"aws:SourceOwner"',
        {"error source-owner"},
    ),
    Defect(
        "tf-provider-aliases",
        "the module in Sydney gets the instance in London",
        "main.tf",
        "aws_connect_instance.sydney.arn",
        "aws_connect_instance.london.arn",
        {"error cross-region"},
    ),
    Defect(
        "cfn-find-in-map-region",
        "the ARN of the condition is composed for SNS",
        "template.yaml",
        ":connect:${AWS::Region}",
        ":sns:${AWS::Region}",
        {"error unmatchable-condition"},
    ),
    Defect(
        "cfn-nested-conditions",
        "topics without a key of their own use the AWS managed key",
        "template.yaml",
        "!If [NoKey, !Ref AWS::NoValue, ",
        "!If [NoKey, alias/aws/sns, ",
        {"error aws-managed-key"},
    ),
    Defect(
        "cfn-ssm-parameters",
        "the key statement does not allow kms:Decrypt",
        "template.yaml",
        "[kms:Decrypt, kms:GenerateDataKey*]",
        "[kms:GenerateDataKey*]",
        {"error connect-cannot-use-key"},
    ),
    Defect(
        "sam-streaming-function",
        "the Resource has another name than the topic",
        "template.yaml",
        "${AWS::AccountId}:${AWS::StackName}-chat",
        "${AWS::AccountId}:${AWS::StackName}-chats",
        {"error wrong-resource"},
    ),
    Defect(
        "cdk-two-stacks",
        "the key of the other stack is for SNS",
        "cdk.out/Keys.template.json",
        '"Service": "connect.',
        '"Service": "sns.',
        {"error wrong-key-service"},
    ),
)

UNDECIDED = {"two-policies"}
"""Faulty set-ups of which not everything can be known."""
