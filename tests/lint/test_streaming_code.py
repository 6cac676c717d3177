"""The code around a topic says that Connect streams to it: real stacks have no policy that does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.core.finding import Severity, Verdict
from checker.inputs.load import load
from checker.inputs.senders import Part, senders
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.cli.process import save
from tests.inputs.terraform.plan.plans import change, plan, refer, written
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, document, statement

if TYPE_CHECKING:
    from pathlib import Path

    from checker.lint.report import Report

STACKS = TESTS / "fixtures" / "streaming"
STREAMED = {
    "cdk": "cdk/Chat.template.json#Topic198E71B3E",
    "cdk-custom-resource": "cdk-custom-resource/Chat.template.json#Topic",
    "cdk-policy": "cdk-policy/Chat.template.json#Topic198E71B3E",
    "cdk-stacks": "cdk-stacks/A.template.json#T",
    "cloudformation": "cloudformation/t.yaml#StreamTopic",
    "contact-flow": "contact-flow/t.yaml#T",
    "none": "",
    "plan": "aws_sns_topic.chat",
    "registry-module": "aws_sns_topic.chat",
    "sam": "sam/template.yaml#Topic",
    "state": f"arn:aws:sns:us-east-1:{ACCOUNT}:chat",
    "state-machine": "aws_sns_topic.chat",
    "terraform": "aws_sns_topic.chat",
    "terraform-json": "aws_sns_topic.chat",
    "terraform-modules": "module.topic.aws_sns_topic.this",
}


def run(folder: Path) -> Report:
    report = judge(load([folder]), all_rules())
    assert not report.crashed
    assert not report.unreadable
    return report


def test_every_stack_is_spoken_of() -> None:
    assert {path.name for path in STACKS.iterdir()} == set(STREAMED)


@pytest.mark.parametrize("name", STREAMED)
def test_a_topic_that_the_code_streams_to_is_judged_and_no_other(name: str) -> None:
    report = run(STACKS / name)
    broken = {
        one.resource.removeprefix(f"{STACKS.as_posix()}/")
        for one in report.findings
        if one.severity is Severity.ERROR and one.verdict is Verdict.FAIL
    }
    assert broken == {STREAMED[name]} - {""}
    assert sum(one.kind == "topic" for one in report.examined) == len(broken)
    assert all("makes Connect stream to this topic" in one.help for one in report.findings)


ALLOW, DENY = (
    {"Effect": effect, "Action": ["connect:StartContactStreaming"]} for effect in ("Allow", "Deny")
)


@pytest.mark.parametrize(
    ("arguments", "starts"),
    [
        (ALLOW, True),
        (DENY, False),
        ({"Effect": "Allow", "Action": "connect:*"}, True),
        ({"Effect": "Allow", "Action": "Connect:Start*"}, True),
        ({"Effect": "Allow", "Action": "connect:Get*"}, False),
        ({"Effect": "Allow", "Action": "*"}, False),
        ({"Effect": "Allow", "NotAction": "connect:StartChatContact"}, False),
        (json.dumps({"Statement": [ALLOW]}), True),
        (json.dumps({"Statement": [DENY]}), False),
        ("client.start_contact_streaming(ChatStreamingConfiguration={})", True),
        ("aws connect start-contact-streaming --cli-input-json file://x.json", True),
        ({"ChatStreamingConfiguration": {}}, True),
        ("aws sns publish", False),
    ],
)
def test_what_starts_streams(arguments: Any, starts: bool) -> None:
    part = Part("f", "aws_lambda_function", (), {"policy": arguments, "topic": "aws_sns_topic.t.arn"})
    assert bool(senders([part])) is starts


@pytest.mark.parametrize("kind", ["AWS::CloudWatch::Alarm", "AWS::Events::Rule", "AWS::SNS::TopicPolicy"])
def test_what_watches_starts_nothing(kind: str) -> None:
    assert senders([Part("x", kind, (), ["StartContactStreaming", "aws_sns_topic.t.arn"])]) == []


def test_a_function_starts_what_its_own_role_may_start() -> None:
    parts = [
        Part("aws_iam_role.a", "aws_iam_role", ("a",), {}),
        Part("aws_iam_role.b", "aws_iam_role", ("b",), {}),
        Part("aws_iam_policy.p", "aws_iam_policy", (), {"policy": ALLOW}),
        Part("x", "aws_iam_role_policy_attachment", (), {"role": "a", "policy_arn": "aws_iam_policy.p.arn"}),
        Part("f", "aws_lambda_function", (), {"role": "aws_iam_role.a.arn", "env": "aws_sns_topic.f.arn"}),
        Part("g", "aws_lambda_function", (), {"role": "aws_iam_role.b.arn", "env": "aws_sns_topic.g.arn"}),
    ]
    topics = frozenset[str]().union(*(one.topics for one in senders(parts)))
    assert "aws_sns_topic.f.arn" in topics
    assert "aws_sns_topic.g.arn" not in topics


KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


ALARMS, CHAT = (f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}" for name in ("alarms", "chat"))
CONNECT, OTHER = "connect.amazonaws.com", "s3.amazonaws.com"


def encrypted(arn: str, service: str) -> dict[str, Any]:
    policy = document(statement(Principal={"Service": service}, Resource=arn))
    return {"Attributes": {"TopicArn": arn, "Policy": json.dumps(policy), "KmsMasterKeyId": KEY_ARN}}


@pytest.mark.parametrize(
    ("service", "context", "chat", "judged"),
    [
        (CONNECT, "", OTHER, [ALARMS, CHAT]),
        (OTHER, "", OTHER, []),
        (CONNECT, "", CONNECT, [CHAT]),  # the grant is for the topic about Connect
        (CONNECT, CHAT, OTHER, [CHAT]),
        (CONNECT, ALARMS, CONNECT, [ALARMS, CHAT]),
    ],
)
def test_a_topic_is_judged_if_only_that_explains_what_its_key_grants_connect(
    service: str, context: str, chat: str, judged: list[str], tmp_path: Path
) -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:aws:sns:topicArn": context}} if context else None
    grant = statement(Principal={"Service": service}, Action="kms:Decrypt", Resource="*", Condition=condition)
    save(tmp_path / "alarms.json", encrypted(ALARMS, OTHER))
    save(tmp_path / "chat.json", encrypted(CHAT, chat))
    save(tmp_path / "key.json", {"KeyMetadata": {"KeyId": KEY_ARN[-36:], "Arn": KEY_ARN}})
    save(tmp_path / "policy.json", {"Policy": json.dumps(document(grant))})
    report = run(tmp_path)
    assert [one.resource for one in report.examined if one.kind == "topic"] == judged
    shares_the_key = chat == CONNECT and not context
    assert [one.what for one in report.skipped] == [ALARMS] * shares_the_key


@pytest.mark.parametrize(
    ("kind", "attribute", "instance", "listed"),
    [
        ("aws_iam_role_policy", {"policy": True}, INSTANCE_ARN, True),
        ("aws_iam_role", {"inline_policy": [{"policy": True}]}, INSTANCE_ARN, True),
        ("aws_iam_role", {"inline_policy": True}, INSTANCE_ARN, True),
        ("aws_iam_role", {"arn": True}, INSTANCE_ARN, False),
        ("aws_iam_role_policy", {"policy": True}, "nothing of Connect", False),
    ],
)
def test_a_plan_says_where_a_policy_that_is_not_known_yet_may_start_streams(
    kind: str, attribute: dict[str, Any], instance: str, listed: bool, tmp_path: Path
) -> None:
    (name,) = attribute
    of_topic = refer("aws_sns_topic.chat.arn")
    shown = plan(
        [
            change("aws_sns_topic.chat", {"name": "chat"}, {"arn": True}),
            change(f"{kind}.f", {}, attribute),
            change("aws_lambda_function.f", {"description": instance}),
        ],
        written("aws_sns_topic.chat", {}),
        written(f"{kind}.f", {name: [{"policy": of_topic}] if name == "inline_policy" else of_topic}),
    )
    save(tmp_path / "plan.json", shown)
    found = load([tmp_path]).skipped
    assert ["aws_sns_topic.chat" in one.reason and kind in one.reason for one in found] == [True] * listed
    assert not load([tmp_path / "plan.json"]).skipped
