"""What Terraform marks as sensitive is judged by the words of the policy language, and stands in no report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.app.output import FORMATS, render
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.report.context import Setting
from tests.cli.process import run
from tests.inputs.terraform.plan.plans import FIXTURES, change, judged, plan, read, refer, state, written
from tests.samples import INSTANCE_ARN, TOPIC_ARN, document, statement

SECRETS = ("999988887777", "very-secret", "o-very-secret-org", "4444555566", "hidden-word")
TOPIC, POLICY = "aws_sns_topic.chat", "aws_sns_topic_policy.chat"
ARN = {"arn": TOPIC_ARN, "name": "chat"}
PARTS: dict[str, dict[str, Any]] = {
    "sid": {"Sid": "hidden-word"},
    "account": {"Condition": {"StringEquals": {"aws:SourceAccount": "999988887777"}}},
    "key": {"Condition": {"StringEquals": {"hidden-word": "1"}}},
    "tag key": {"Condition": {"StringEquals": {"aws:PrincipalTag/hidden-word": "1"}}},
    "operator": {"Condition": {"hidden-word": {"aws:SourceAccount": "1"}}},
    "element": {"hidden-word": "x"},
    "principal": {"Principal": {"AWS": "arn:aws:iam::999988887777:role/very-secret"}},
    "principal type": {"Principal": {"hidden-word": "x"}},
    "principal text": {"Principal": "hidden-word"},
    "service": {"Principal": {"Service": "hidden-word.amazonaws.com"}},
    "action": {"Action": ["sns:Publish", "sns:hidden-word", "hidden-word"]},
    "resource": {"Resource": "arn:aws:sns:us-east-1:999988887777:very-secret"},
    "effect": {"Effect": "hidden-word"},
    "number": {"Condition": {"NumericEquals": {"aws:MultiFactorAuthAge": 999988887777}}},
    "character": {"Sid": "hidden-wörd"},
}


def everything(path: Path) -> str:
    """All that is ever said of a file, in every format."""
    report = judge(load([path]), all_rules(), Scope(all_topics=True))
    setting = Setting(rules=all_rules())
    return "\n".join(line for name in FORMATS for line in render(name, report, setting))


def assert_nothing_leaks(path: Path) -> None:
    said = everything(path)
    assert not [secret for secret in (*SECRETS, "wörd") if secret in said]


@pytest.mark.parametrize("layout", [1, None], ids=["indented", "one line"])
def test_nothing_of_a_real_plan_leaks(layout: int | None, tmp_path: Path) -> None:
    whole = json.loads((FIXTURES / "sensitive.json").read_text())
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(whole, indent=layout))
    assert any(secret in path.read_text() for secret in SECRETS)
    assert_nothing_leaks(path)
    assert "source-owner" in everything(path)


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize("twice", [False, True], ids=["once", "twice"])
def test_no_part_of_a_sensitive_policy_leaks(name: str, twice: bool, tmp_path: Path) -> None:
    text = json.dumps(document(statement(**{"Resource": "*", **PARTS[name]})))
    after = {"arn": TOPIC_ARN, "policy": json.dumps(text) if twice else text}
    attached = change(POLICY, after, sensitive={"policy": True})
    for shown in (plan([change(TOPIC, ARN), attached]), state(change(TOPIC, ARN), attached)):
        read(tmp_path, shown)
        assert_nothing_leaks(tmp_path / "plan.json")


BLOCK: dict[str, Any] = {
    "sid": "hidden-word",
    "actions": ["sns:hidden-word"],
    "resources": ["arn:aws:sns:us-east-1:999988887777:very-secret"],
    "principals": [{"type": "hidden-word", "identifiers": ["very-secret"]}],
    "condition": [{"test": "hidden-word", "variable": "hidden-word", "values": ["999988887777"]}],
}


@pytest.mark.parametrize(
    "marks",
    [
        True,
        {"statement": True},
        {"statement": [True]},
        {"statement": [dict.fromkeys(BLOCK, True)]},
        {
            "statement": [
                {
                    "sid": True,
                    "actions": [True],
                    "resources": [True],
                    "principals": [{"type": True, "identifiers": [True]}],
                    "condition": [{"test": True, "variable": True, "values": [True]}],
                }
            ]
        },
    ],
    ids=["all", "statements", "a statement", "its arguments", "its values"],
)
def test_no_part_of_a_sensitive_document_leaks(marks: Any, tmp_path: Path) -> None:
    data = "data.aws_iam_policy_document.chat"
    changes = [
        change(data, {"statement": [BLOCK]}, {"json": True}, marks),
        change(TOPIC, {"name": "chat"}, {"arn": True, "policy": True}),
        change(POLICY, {}, {"arn": True, "policy": True}),
    ]
    configured = written(POLICY, {"arn": refer(f"{TOPIC}.arn"), "policy": refer(f"{data}.json")})
    read(tmp_path, plan(changes, configured))
    assert_nothing_leaks(tmp_path / "plan.json")


@pytest.mark.parametrize("text", ['{"hidden-word', '["hidden-word"]', '"hidden-word"', "hidden-word", "{} 9"])
def test_a_fault_in_a_sensitive_policy_is_said_without_it(text: str, tmp_path: Path) -> None:
    attached = change(POLICY, {"arn": TOPIC_ARN, "policy": text}, sensitive={"policy": True})
    inventory = read(tmp_path, plan([change(TOPIC, ARN), attached]))
    said = f"{inventory.skipped} {everything(tmp_path / 'plan.json')}"
    assert "hidden-word" not in said
    assert [one for one in inventory.skipped if one.error] or judged(inventory)


@pytest.mark.parametrize("attribute", ["name", "kms_master_key_id", "arn", "display_name", "fifo_topic"])
def test_other_sensitive_attributes_are_not_echoed_either(attribute: str, tmp_path: Path) -> None:
    text = json.dumps(document(statement(Resource="*")))
    after = {**ARN, "policy": text, attribute: "arn:aws:sns:us-east-1:999988887777:very-secret"}
    read(tmp_path, plan([change(TOPIC, after, sensitive={attribute: True, "tags": {"team": True}})]))
    assert_nothing_leaks(tmp_path / "plan.json")


def test_other_attributes_and_resources_are_never_quoted(tmp_path: Path) -> None:
    text = json.dumps(document(statement(Resource="*")))
    after = {"a": "hidden-word", **ARN, "policy": text, "z": "hidden-word"}
    other = change("aws_db_instance.chat", {"password": "hidden-word"})
    shown = plan([other, change(TOPIC, after), other])
    for layout in (json.dumps(shown), json.dumps(shown, indent=1)):
        inventory = read(tmp_path, layout)
        assert judged(inventory)
        assert_nothing_leaks(tmp_path / "plan.json")


def test_the_command_says_nothing_of_it(tmp_path: Path) -> None:
    formats = [f"--format={name}" for name in FORMATS]
    for one in formats:
        done = run("check", "--isolated", "--all-topics", one, FIXTURES / "sensitive.json", cwd=tmp_path)
        assert done.returncode == 1
        assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]


def with_document(block: dict[str, Any]) -> dict[str, Any]:
    """A plan whose topic has the policy of a document that is sensitive as a whole."""
    data = "data.aws_iam_policy_document.chat"
    changes = [
        change(data, {"statement": [block]}, {"json": True}, sensitive=True),
        change(TOPIC, ARN, {"policy": True}),
        change(POLICY, {"arn": TOPIC_ARN}, {"policy": True}),
    ]
    return plan(changes, written(POLICY, {"arn": refer(f"{TOPIC}.arn"), "policy": refer(f"{data}.json")}))


@pytest.mark.parametrize(
    ("principals", "rule"),
    [
        ({"type": "Service", "identifiers": ["connect.amazonaws.com"]}, "source-owner"),
        ({"type": "*", "identifiers": ["*"]}, "public-topic"),
        ({"type": "AWS", "identifiers": ["*"]}, "public-topic"),
    ],
    ids=["Connect", "everyone", "every account"],
)
def test_a_sensitive_document_that_is_wide_open_is_still_a_finding(
    principals: dict[str, Any], rule: str, tmp_path: Path
) -> None:
    block: dict[str, Any] = {"actions": ["sns:Publish"], "resources": ["*"], "principals": [principals]}
    if rule == "source-owner":
        block["condition"] = [
            {"test": "StringEquals", "variable": "aws:SourceOwner", "values": ["hidden-word"]}
        ]
    inventory = read(tmp_path, with_document(block))
    assert rule in {one.rule for one in judged(inventory)}
    assert_nothing_leaks(tmp_path / "plan.json")


@pytest.mark.parametrize("text", ["(hidden-word)", "very-secret.999988887777", "${hidden-word}"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_fix_that_is_shown_says_nothing_of_it(text: str, form: str, tmp_path: Path) -> None:
    """The texts look like expressions, which a fix copies from files that people write."""
    block = {
        "sid": text,
        "resources": [text],
        "actions": ["sns:Publish"],
        "principals": [{"type": "Service", "identifiers": ["connect.amazonaws.com"]}],
        "condition": [{"test": "StringEquals", "variable": "aws:SourceOwner", "values": [text]}],
    }
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(with_document(block)))
    done = run(
        "fix", "--isolated", f"--format={form}", "--instance-arn", INSTANCE_ARN, path.name, cwd=tmp_path
    )
    assert "generated file" in done.stdout
    assert not [secret for secret in SECRETS if secret in done.stdout + done.stderr]
