"""What is judged because it is named or not known, and what is said where nothing is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.app.exit_codes import ending_of
from checker.app.run import Options, Run, examine
from checker.core.finding import Severity, Verdict
from tests.cli.process import save
from tests.inputs.terraform.plan.plans import change, plan, written
from tests.samples import ACCOUNT, TOPIC_ARN, document, statement

EVENTS = document(statement(Principal={"Service": "events.amazonaws.com"}))
ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
TEMPLATE = {
    "Resources": {
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": EVENTS},
        },
        "Disk": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document(ROOT)}},
    }
}
BLOCKS: dict[str, Any] = {
    "resource": {
        "aws_sns_topic": {"t": {"name": "t", "policy": json.dumps(EVENTS)}},
        "aws_kms_key": {"disk": {"policy": json.dumps(document(ROOT))}},
    }
}
CHANGES = [
    change("aws_sns_topic.t", {"name": "t", "policy": json.dumps(EVENTS)}),
    change("aws_kms_key.disk", {"policy": json.dumps(document(ROOT))}),
]
PLAN = plan(CHANGES, *(written(one["address"], {"policy": {}}) for one in CHANGES))
HCL = f"""
resource "aws_sns_topic" "t" {{
  policy = jsonencode({json.dumps(EVENTS)})
}}
resource "aws_kms_key" "disk" {{
  policy = jsonencode({json.dumps(document(ROOT))})
}}
"""
DECLARING: dict[str, Any] = {
    "main.tf": HCL,
    "main.tf.json": BLOCKS,
    "plan.json": PLAN,
    "stack.json": TEMPLATE,
    "stack.yaml": json.dumps(TEMPLATE, indent=1),
}
LONE: dict[str, Any] = {
    "attributes.json": {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(EVENTS)}},
    "policy.json": EVENTS,
    "streaming.yaml": f"topics: [{{arn: {TOPIC_ARN}}}]\n",
}


def run(*paths: Path, **options: Any) -> Run:
    return examine(Options(paths, isolated=True, **options))


def kinds(found: Run) -> list[str]:
    return sorted(one.kind for one in found.report.examined)


def code(found: Run, *, strict: bool = False) -> int:
    return ending_of(found.report, Severity.WARNING, strict=strict).code.value


@pytest.mark.parametrize("name", DECLARING)
def test_resources_are_judged_if_their_file_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    save(path, DECLARING[name])
    assert kinds(run(path)) == ["key", "topic"]
    assert code(run(path)) == 1
    assert kinds(run(tmp_path)) == kinds(run(path, changed=True)) == []
    assert kinds(run(tmp_path, all_topics=True)) == [
        "topic"
    ]  # the key of a disk has nothing to do with topics


@pytest.mark.parametrize("name", LONE)
def test_a_topic_is_judged_if_its_file_is_named(name: str, tmp_path: Path) -> None:
    save(tmp_path / name, LONE[name])
    assert kinds(run(tmp_path / name)) == ["topic"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package.json", {"name": "x"}),
        ("notes.yaml", "a: [1, 2]\n"),
        ("role.json", document(statement(Principal=None, Action="sns:Publish"))),
        ("bucket.json", document(statement(Action="s3:GetObject", Resource="arn:aws:s3:::b/*"))),
        ("list.json", []),
        ("terraform.tfvars", 'account = "1"\n'),
    ],
)
def test_a_named_file_that_cannot_be_judged_is_an_error(name: str, content: Any, tmp_path: Path) -> None:
    save(tmp_path / name, content)
    found = run(tmp_path / name)
    (skipped,) = found.report.skipped
    assert skipped.error
    assert skipped.help
    assert code(found) == 2
    assert code(run(tmp_path / name, changed=True)) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [({"name": "x"}, "no topic or key was found"), (TEMPLATE, "nothing connects a topic to Amazon Connect")],
)
def test_a_folder_in_which_nothing_was_examined_says_so(content: Any, words: str, tmp_path: Path) -> None:
    save(tmp_path / "other" / "file.json", content)
    save(tmp_path / "chat" / "policy.json", document(statement()))
    found = run(tmp_path / "other", tmp_path / "chat")
    (skipped,) = found.report.skipped
    assert (skipped.what, words in skipped.reason, skipped.error) == (str(tmp_path / "other"), True, False)
    assert skipped.help
    assert run(tmp_path).report.skipped == ()
    assert code(run(tmp_path / "other"), strict=True) == 0  # nothing was left out


def topic_of(policy: Any) -> dict[str, Any]:
    properties = {"Topics": [{"Ref": "T"}], "PolicyDocument": policy}
    resources = {
        "T": {"Type": "AWS::SNS::Topic"},
        "P": {"Type": "AWS::SNS::TopicPolicy", "Properties": properties},
    }
    return {"Parameters": {"Service": {"Type": "String"}}, "Resources": resources}


INCLUDE = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/x.yaml"}}}
PUBLISHER = {"Service": {"Fn::Sub": "events.${AWS::URLSuffix}"}}
NOT_KNOWN: dict[str, tuple[str, Any]] = {
    "a policy of a data source": (
        "main.tf",
        'resource "aws_sns_topic" "t" {\n  policy = data.template_file.t.rendered\n}\n'
        'data "template_file" "t" {}\n',
    ),
    "a policy in a variable": (
        "main.tf",
        'variable "p" {}\nresource "aws_sns_topic" "t" {\n  policy = var.p\n}\n',
    ),
    "attributes without a policy": ("topic.json", {"Attributes": {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT}}),
    "a policy from elsewhere": ("stack.json", topic_of(INCLUDE)),
    "statements from elsewhere": ("stack.json", topic_of({"Version": "2012-10-17", "Statement": INCLUDE})),
    "a service in a parameter": (
        "stack.json",
        topic_of(document(statement(Principal={"Service": {"Ref": "Service"}}, Resource="*"))),
    ),
    "a plan that errored": (
        "plan.json",
        plan([change("aws_sns_topic.t", {"name": "t"})]) | {"errored": True},
    ),
    "a plan of some targets": (
        "plan.json",
        plan([change("aws_sns_topic.t", {"name": "t"})]) | {"complete": False},
    ),
}


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_a_policy_that_may_name_connect_is_not_known(name: str, tmp_path: Path) -> None:
    file, content = NOT_KNOWN[name]
    save(tmp_path / file, content)
    found = run(tmp_path)
    (topic,) = found.report.examined
    (finding,) = (one for one in found.report.findings if one.rule == "connect-not-allowed")
    assert topic.verdicts["connect-not-allowed"] is finding.verdict is Verdict.UNDETERMINED
    assert (code(found), code(found, strict=True)) == (0, 3)


@pytest.mark.parametrize(
    "principal",
    [PUBLISHER, {"AWS": {"Ref": "Service"}}, {"AWS": {"Fn::Sub": "arn:aws:iam::${Service}:root"}}],
)
def test_a_policy_that_cannot_name_connect_is_not_judged(principal: Any, tmp_path: Path) -> None:
    save(tmp_path / "stack.json", topic_of(document(statement(Principal=principal, Resource="*"))))
    assert kinds(run(tmp_path)) == []


POLICY = f"""
variable "on" {{}}
variable "names" {{}}
resource "aws_sns_topic" "t" {{
  TOPIC
}}
resource "aws_sns_topic_policy" "p" {{
  POLICY
  arn    = aws_sns_topic.tKEY.arn
  policy = jsonencode({
    json.dumps(
        document(
            statement(
                Resource="*",
                Condition={
                    "StringEquals": {"aws:SourceAccount": ACCOUNT},
                    "ArnLike": {"aws:SourceArn": f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/*"},
                },
            )
        )
    )
})
}}
"""


@pytest.mark.parametrize(
    ("topic", "policy", "key", "verdict"),
    [
        ("", "", "", Verdict.PASS),
        ("", "count = var.on ? 1 : 0", "", Verdict.UNDETERMINED),
        ("", "for_each = toset(var.names)", "", Verdict.UNDETERMINED),
        ("count = var.on ? 1 : 0", "count = var.on ? 1 : 0", "[0]", Verdict.PASS),
        ("count = var.on ? 1 : 0", "count = var.on ? 0 : 1", "[0]", Verdict.UNDETERMINED),
        ("count = var.on ? 1 : 0", "count = length(aws_sns_topic.t)", "[0]", Verdict.PASS),
        ("for_each = toset(var.names)", "for_each = aws_sns_topic.t", "[each.key]", Verdict.PASS),
    ],
)
def test_a_policy_that_may_not_exist_proves_nothing(
    topic: str, policy: str, key: str, verdict: Verdict, tmp_path: Path
) -> None:
    save(tmp_path / "main.tf", POLICY.replace("TOPIC", topic).replace("POLICY", policy).replace("KEY", key))
    (examined,) = run(tmp_path).report.examined
    assert examined.verdicts["connect-not-allowed"] is verdict


@pytest.mark.parametrize("is_read", [False, True])
def test_a_topic_that_chats_are_streamed_to_is_not_known_until_its_policy_is_read(
    is_read: bool, tmp_path: Path
) -> None:
    save(tmp_path / "streams.json", {"version": 1, "contacts": [{"id": "web", "topics": [TOPIC_ARN]}]})
    policy = json.dumps(document(statement()))
    if is_read:
        save(tmp_path / "topic.json", {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": policy}})
    found = examine(Options(paths=(tmp_path,))).report
    unread = [one.what for one in found.skipped if not one.complete]
    assert unread == ([] if is_read else [TOPIC_ARN])
    assert found.incomplete or is_read


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_policy_that_misspells_connect_is_judged_in_a_folder(effect: str, tmp_path: Path) -> None:
    misspelled = statement(Principal={"Service": "connect.amazonaws.con"}, Effect=effect)
    attributes = {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT, "Policy": json.dumps(document(misspelled))}
    save(tmp_path / "topic.json", {"Attributes": attributes})
    rules = {one.rule for one in run(tmp_path).report.findings}
    assert ({"invalid-policy", "connect-not-allowed"} <= rules) is (effect == "Allow")
