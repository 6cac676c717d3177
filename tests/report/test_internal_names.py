"""No report shows an internal representation such as `Unknown(reason=...)` or `None`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from checker.analysis.inventory import Inventory, PolicyText
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.iam.decide.request import Request, Service
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.explain import explain
from checker.lint.registry import all_rules
from checker.report.brief import skipped_text
from checker.report.context import Paint, Setting
from checker.report.decision import decision_text
from checker.report.explanation import explanation_json, explanation_text
from checker.report.formats import markdown, text
from tests.cli.process import save
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, TOPIC_ARN, arn_of, document, statement

INTERNAL = re.compile(
    r"Unknown\(|<checker|<function| object at 0x|\b(?:None|True|False)\b|\b[A-Z]\w+\((?:\w+=|\))|\bchecker\.[a-z]+\.[a-z]"
)
RULES = all_rules()
FOLDERS = sorted({path.parent for path in (TESTS / "rules").glob("*/*/cases.yaml")})


def told(inventory: Inventory) -> list[str]:
    """Everything that reports say of an inventory."""
    report = judge(inventory, RULES, Scope(all_topics=True))
    lines = [*text.render(report, Setting()), *markdown.render(report, Setting())]
    lines += (line for one in report.skipped for line in skipped_text(one, Paint()))
    for topic in inventory.topics:
        key = inventory.key_of(topic)
        found = explain(topic, None if isinstance(key, Unknown) else key, arn_of(INSTANCE_ARN), RULES)
        lines += explanation_text(found, Paint())
        lines.append(json.dumps(explanation_json(found)))
        if isinstance(topic.policy, PolicyText):
            request = Request(Service("connect.amazonaws.com"), "sns:Publish", TOPIC_ARN, {})
            lines += decision_text(decide(topic.policy.policy, request), request, Paint())
    return lines


def shown(lines: list[str]) -> list[str]:
    return [line for line in lines if INTERNAL.search(line)]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_report_on_a_case_of_a_rule_shows_an_internal_name(folder: Path) -> None:
    assert shown(told(load([folder]))) == []


def test_no_report_on_unknown_values_shows_an_internal_name(tmp_path: Path) -> None:
    holes = {"Fn::ImportValue": "x"}
    policy = document(
        statement(),
        statement(Effect=holes),
        statement(Sid=holes, Condition={"StringEquals": {"aws:SourceAccount": holes}}),
        statement(Principal=holes, Action=holes, Resource=holes),
        {"Ref": "Whole"},
    )
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": holes, "FifoTopic": holes}}
    attach = {"Topics": [{"Ref": "Chat"}], "PolicyDocument": policy}
    resources = {"Chat": topic, "Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": attach}}
    save(tmp_path / "template.json", {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    attributes = {"TopicArn": TOPIC_ARN, "Policy": json.dumps(document(statement())), "KmsMasterKeyId": key}
    save(tmp_path / "topic.json", {"Attributes": attributes})
    save(tmp_path / "key.json", {"KeyMetadata": {"Arn": key, "KeyId": key[-36:], "KeyState": "Enabled"}})
    inventory = load([tmp_path])
    assert len(inventory.topics) == 2
    lines = told(inventory)
    assert shown(lines) == []
    assert any("Enabled" in line for line in lines)


def test_an_unknown_value_reads_as_its_reason_in_any_position() -> None:
    assert f"{Unknown('no value was given', 'var.x')}" == "no value was given (`var.x`)"
    assert INTERNAL.search(repr(Unknown("x")))
    assert INTERNAL.search(repr(Arn.parse(TOPIC_ARN)))
