"""Templates out of Python values, and what is found in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from checker.analysis.inventory import Instance, Inventory, Topic
from checker.core.finding import Finding, Verdict
from checker.core.unknown import Unknown
from checker.inputs.cloudformation.conditions import Assignment, Conditions
from checker.inputs.cloudformation.functions import evaluation_of
from checker.inputs.cloudformation.sections import read_sections
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.inputs.text import parse_text
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.policy.node import Node, rendered
from tests.samples import ACCOUNT, INSTANCE_ARN, arn_of

HERE = (("AWS::Region", "us-east-1"), ("AWS::AccountId", ACCOUNT))
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}


def topic(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def topic_policy(policy: Any, *topics: Any) -> dict[str, Any]:
    properties = {"Topics": list(topics) or [{"Ref": "Chat"}], "PolicyDocument": policy}
    return {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}


def template(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"AWSTemplateFormatVersion": "2010-09-09", **sections, "Resources": resources}


def load_stack(folder: Path, *given: tuple[str, str], **files: Any) -> Inventory:
    """Write templates, of Python values or as texts, and read them together; `a__yaml` is the file `a.yaml`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files.items():
        paths.append(folder / name.replace("__", "."))
        paths[-1].write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return load(paths, given=Given(parameters=given))


def only_topic(inventory: Inventory) -> Topic:
    (found,) = inventory.topics
    return found


def failures(inventory: Inventory) -> list[Finding]:
    report = judge(
        inventory._replace(instances=(Instance(arn_of(INSTANCE_ARN)),)), all_rules(), Scope(all_topics=True)
    )
    assert not report.crashed
    return [one for one in report.findings if one.verdict is Verdict.FAIL]


def line_of(finding: Finding) -> str:
    """The line that a finding is shown at."""
    position = finding.locations[0].position()
    assert position is not None
    return Path(finding.locations[0].source).read_text().splitlines()[position.line - 1]


def evaluated(expression: Any, *given: tuple[str, str], **sections: Any) -> Node | None:
    """Evaluate an expression in the template `stack.json`, every open choice the first one."""
    whole = template(
        {"Chat": topic(TopicName="chat"), "Key": {"Type": "AWS::KMS::Key"}, "It": expression}, **sections
    )
    read = read_sections(parse_text("stack.json", json.dumps(whole)))
    conditions = Conditions(read, evaluation_of(read, dict(given)))
    variables = conditions.variables(read.conditions)
    world = {name: choices[0] for name, choices in variables.items()}
    parsed = parse_text("stack.json", json.dumps(expression)).root
    return evaluation_of(read, dict(given), Assignment(conditions, world)).node(parsed)


def shown(node: Node | None) -> Any:
    """Write an evaluated node as JSON has it, what is not known as `?` with the expression that settles it."""
    if node is None:
        return "nothing"
    value = getattr(node, "value", None)
    return f"?{value.where}" if isinstance(value, Unknown) else json.loads(rendered(node))
