"""One policy in every form that a template can hold it in: the same findings, on the lines that they are about."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.inputs.cloudformation.stacks import (
    HERE,
    PINNED,
    failures,
    line_of,
    load_stack,
    template,
    topic,
    topic_policy,
)
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

WEAK = {
    "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
    "ArnLikeIfExists": {"aws:SourceArn": INSTANCE_ARN},
}
OWNER = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
NOT_OVER_TLS = statement(
    Sid="Org",
    Effect="Deny",
    Principal="*",
    Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-1a2b3c4d5e"}},
)
POLICIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "documented": (document(statement(Sid="Chat", Condition=PINNED)), {}),
    "open-deputy": (document(statement(Sid="Chat")), {}),
    "source-owner": (document(statement(Sid="Chat", Principal={"AWS": "*"}, Condition=OWNER)), {}),
    "weak": (document(statement(Sid="Chat", Condition=WEAK)), {}),
    "blocked": (document(statement(Sid="Chat", Condition=PINNED), NOT_OVER_TLS), {}),
    "fifo": (
        document(statement(Sid="Chat", Condition=PINNED, Resource=f"{TOPIC_ARN}.fifo")),
        {"TopicName": "chat.fifo", "FifoTopic": True},
    ),
    "too-much": (
        document(statement(Sid="Chat", Condition=PINNED, Action=["sns:Publish", "sns:Subscribe"])),
        {},
    ),
    "another-topic": (document(statement(Sid="Chat", Condition=PINNED, Resource=f"{TOPIC_ARN}-2")), {}),
}
WORDS = {
    "missing-source-account": ("Sid", "Effect", "{"),
    "missing-source-arn": ("Sid", "Effect", "{"),
    "weak-source-condition": (ACCOUNT, INSTANCE_ARN, "aws:Source", "AWS::AccountId", "AWS::Partition"),
    "source-owner": ("SourceOwner",),
    "blocking-deny": ("Sid", "Effect", "{"),
    "fifo-topic": ("FifoTopic",),
    "excess-connect-actions": ("sns:", "Action"),
    "wrong-resource": (f"{TOPIC_ARN}-2",),
}


def stack(policy: Any, properties: dict[str, Any]) -> dict[str, Any]:
    return template({"Chat": topic(**{"TopicName": "chat", **properties}), "Writer": topic_policy(policy)})


def with_references(value: Any) -> Any:
    """Name the topic as a template does, and join texts of their parts as CDK does."""
    if isinstance(value, dict):
        return {key: with_references(one) for key, one in value.items()}
    if isinstance(value, list):
        return [with_references(one) for one in value]
    if value in (TOPIC_ARN, f"{TOPIC_ARN}.fifo"):
        return {"Ref": "Chat"}
    if isinstance(value, str) and value.startswith("arn:aws:connect"):
        return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, value.removeprefix("arn:aws")]]}
    return {"Ref": "AWS::AccountId"} if value == ACCOUNT else value


class Short(yaml.SafeDumper):
    """Writes functions in their short forms."""


def _mapping(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    (key, inside), *others = value.items() or [("", None)]
    if others or not (key == "Ref" or key.startswith("Fn::")):
        return yaml.SafeDumper.represent_dict(dumper, value)
    tag = f"!{key.removeprefix('Fn::')}"
    if isinstance(inside, list):
        return dumper.represent_sequence(tag, inside, flow_style=True)
    return dumper.represent_scalar(tag, inside)


Short.add_representer(dict, _mapping)


def long_yaml(value: Any) -> str:
    return str(yaml.safe_dump(value, sort_keys=False))


def short_yaml(value: Any) -> str:
    text = str(yaml.dump(value, Dumper=Short, sort_keys=False))
    assert "!Ref" in text
    return text


def inline(policy: Any, properties: dict[str, Any]) -> dict[str, Any]:
    whole = stack(policy, properties)
    writer = {"TopicArn": {"Ref": "Chat"}, "PolicyDocument": policy}
    whole["Resources"]["Writer"] = {"Type": "AWS::SNS::TopicInlinePolicy", "Properties": writer}
    return whole


def sub_text(policy: Any, properties: dict[str, Any]) -> str:
    """Keep the policy as JSON in a block of text that Fn::Sub fills in."""
    text = json.dumps(policy, indent=1).replace(f'"{ACCOUNT}"', '"${AWS::AccountId}"')
    text = text.replace(f'"{TOPIC_ARN}"', '"${Chat}"')
    whole = long_yaml(stack("POLICY", properties))
    block = "".join(f"          {line}\n" for line in text.splitlines())
    return whole.replace("PolicyDocument: POLICY\n", f"PolicyDocument: !Sub |\n{block}")


def cdk(policy: Any, properties: dict[str, Any]) -> dict[str, Any]:
    whole = stack(with_references(policy), properties)
    for logical, one in whole["Resources"].items():
        one["Metadata"] = {"aws:cdk:path": f"Stack/{logical}/Resource"}
    return {
        **whole,
        "Conditions": {"CDKMetadataAvailable": {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}},
    }


def sam(policy: Any, properties: dict[str, Any]) -> dict[str, Any]:
    whole = stack(with_references(policy), properties)
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Events": {"Chat": {"Type": "SNS", "Properties": {"Topic": {"Ref": "Chat"}}}}},
    }
    whole["Resources"]["Function"] = function
    return {"Transform": "AWS::Serverless-2016-10-31", "Globals": {}, **whole}


FORMS: dict[str, Callable[[Any, dict[str, Any]], dict[str, Any]]] = {
    "json": lambda policy, more: {"t__json": json.dumps(stack(policy, more), indent=1)},
    "json-one-line": lambda policy, more: {"t__json": json.dumps(stack(policy, more))},
    "json-references": lambda policy, more: {"t__json": json.dumps(stack(with_references(policy), more), indent=1)},
    "json-string": lambda policy, more: {"t__json": json.dumps(stack(json.dumps(policy), more), indent=1)},
    "yaml": lambda policy, more: {"t__yaml": long_yaml(stack(policy, more))},
    "yaml-long": lambda policy, more: {"t__yaml": long_yaml(stack(with_references(policy), more))},
    "yaml-short": lambda policy, more: {"t__yaml": short_yaml(stack(with_references(policy), more))},
    "yaml-string": lambda policy, more: {"t__yaml": long_yaml(stack(json.dumps(policy), more))},
    "yaml-sub": lambda policy, more: {"t__yaml": sub_text(policy, more)},
    "inline": lambda policy, more: {"t__yaml": short_yaml(inline(with_references(policy), more))},
    "cdk": lambda policy, more: {"t__json": json.dumps(cdk(policy, more), indent=1)},
    "sam": lambda policy, more: {"t__yaml": short_yaml(sam(policy, more))},
}  # fmt: skip


def bare(policy: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    found = failures(load_stack(folder, p__json=policy))
    return sorted((one.rule, one.severity.value) for one in found)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", POLICIES)
def test_every_form_has_the_findings_of_the_bare_policy(name: str, form: str, tmp_path: Path) -> None:
    policy, properties = POLICIES[name]
    found = failures(load_stack(tmp_path / "stack", *HERE, **FORMS[form](policy, properties)))
    expected = bare(policy, tmp_path) if name != "another-topic" else [("wrong-resource", "error")]
    assert sorted((one.rule, one.severity.value) for one in found) == expected
    for one in found:
        line = line_of(one)
        assert any(word in line for word in WORDS[one.rule]), (one.rule, line)


def test_each_rule_of_the_harness_is_found_by_some_policy(tmp_path: Path) -> None:
    """So that the same nothing in every form is no success."""
    found = {rule for name, (policy, _) in POLICIES.items() for rule, _ in bare(policy, tmp_path / name)}
    assert set(WORDS) - {"wrong-resource"} <= found
