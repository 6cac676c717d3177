"""A statement has the same content in every language, in the layout of the formatter of the language."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.core.finding import Reference, ValueElsewhere
from checker.fix.text.hcl_blocks import Lines, statement_text
from checker.fix.text.hcl_writer import HclWriter, TemplateWriter
from checker.fix.text.json_writer import TOP_LEVEL
from checker.fix.text.yaml_writer import YamlBlockWriter, YamlFlowWriter
from checker.policy.change import fresh
from checker.policy.model import Condition, Policy
from checker.policy.node import Number
from checker.policy.source import Source
from checker.policy.text_json import Plain, json_text, parse_json, plain
from checker.report.drafts import json_policy, terraform_policy
from tests.inputs.terraform.module.reading import plain as plain_of
from tests.inputs.terraform.module.reading import policy_of, read, topic_of, worked_out
from tests.samples import TOPIC_ARN, document, statement
from tests.samples import policy_of as typed

ODD = 'a"b\\c\nd\té€\U0001f600 ${aws:username} %{if} #: - * yes'
RICH: dict[str, Any] = statement(
    Sid="Odd one",
    Principal={"Service": ["connect.amazonaws.com", "events.amazonaws.com"], "AWS": "*"},
    Action=["sns:Publish", "sns:Subscribe"],
    Condition={
        "StringLike": {"aws:PrincipalTag/team": ["${aws:username}", "2012-10-17", "on", "*"]},
        "Bool": {"aws:SecureTransport": True},
        "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
    },
)
words = st.text(max_size=12) | st.sampled_from(["yes", "1e3", "0x1", "~", "- a", "a: b", "#", "", ODD])
values = st.recursive(
    words | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=12,
)


def hcl(value: Plain) -> str:
    return "".join(HclWriter().node(fresh(value), TOP_LEVEL, None))


def block(statement: Plain) -> str:
    return "".join(statement_text(HclWriter(), fresh(statement), "", Lines("\n", "  ")))


def yaml_block(value: Plain) -> str:
    node = fresh(value)
    return "".join(YamlBlockWriter().nested(node, "", node.source))


def yaml_flow(value: Plain) -> str:
    return "".join(YamlFlowWriter().node(fresh(value), TOP_LEVEL.flat(), None))


def template(value: Plain) -> str:
    return "".join(TemplateWriter().node(fresh(value), TOP_LEVEL, None))


def as_plain(value: Any) -> Plain:
    return plain(parse_json(Source("value.json", json.dumps(value))))


def judged_alike(policy: Policy, other: Policy) -> bool:
    """True for policies that differ in nothing but what stands alone or in a list."""

    def told(one: Policy) -> list[Any]:
        return [
            (
                s.sid,
                s.effect,
                sorted((entry.type, entry.value) for entry in s.principal_entries),
                getattr(s.actions, "values", None),
                getattr(s.resources, "values", None),
                sorted((c.operator, c.key, c.values) for c in s.conditions if isinstance(c, Condition)),
            )
            for s in one.known_statements()
        ]

    return (policy.version, policy.id, told(policy)) == (other.version, other.id, told(other))


@settings(deadline=None)
@given(values)
def test_json_and_yaml_are_read_back_unchanged(value: Any) -> None:
    given_value = as_plain(value)
    assert json.loads(json_text(given_value)) == json.loads(json_text(given_value, "  ")) == value
    assert json_text(given_value, "  ") == json.dumps(value, indent=2)
    assert json.loads(template(given_value)) == value
    assert yaml.safe_load(yaml_block(given_value)) == value
    assert yaml.safe_load(yaml_flow(given_value)) == value


@settings(deadline=None, max_examples=60)
@given(values)
def test_terraform_evaluates_a_written_policy_to_the_same_value(value: Any) -> None:
    with TemporaryDirectory() as folder:
        assert plain_of(worked_out(Path(folder), hcl(as_plain(value)))) == value


def test_a_statement_in_every_language() -> None:
    one = as_plain(RICH)
    assert json.loads(template(one)) == RICH
    assert yaml.safe_load(yaml_block([one])) == yaml.safe_load(yaml_flow([one])) == [RICH]
    assert block(one).startswith('statement {\n  sid       = "Odd one"\n  effect    = "Allow"\n')


@pytest.mark.parametrize("version", ["2012-10-17", "2008-10-17"])
def test_a_policy_document_of_terraform_is_read_back(version: str, tmp_path: Path) -> None:
    deny = {
        **RICH,
        "Sid": "Deny",
        "Effect": "Deny",
        "NotPrincipal": RICH["Principal"],
        "NotAction": "sns:Publish",
    }
    del deny["Principal"], deny["Action"]
    kept = document(RICH, deny, statement(Principal="*"), version=version) | {"Id": "chat"}
    policy = as_plain(kept)
    assert isinstance(policy, dict)
    text = f"""{terraform_policy("chat", policy)}
resource "aws_sns_topic_policy" "chat" {{
  arn    = "{TOPIC_ARN}"
  policy = data.aws_iam_policy_document.chat.json
}}
resource "aws_sns_topic" "encoded" {{
  policy = jsonencode({{ Version = "{version}", Id = "chat", Statement = [{hcl(as_plain(RICH))}] }})
}}
"""
    found = read(tmp_path, {"main.tf": text})
    assert judged_alike(policy_of(topic_of(found, "aws_sns_topic_policy.chat")).policy, typed(kept))
    alone = document(RICH, version=version) | {"Id": "chat"}
    assert judged_alike(policy_of(topic_of(found, "aws_sns_topic.encoded")).policy, typed(alone))


def as_statement(value: dict[str, Any]) -> dict[str, Plain]:
    made = as_plain(value)
    assert isinstance(made, dict)
    return made


def test_a_policy_without_version_keeps_the_old_one() -> None:
    assert 'version = "2008-10-17"' in terraform_policy("chat", {"Statement": [as_statement(RICH)]})


def test_names_are_references() -> None:
    topic = {"Resource": Reference("aws_sns_topic.chat.arn"), "Action": ["sns:Publish"]}
    assert "resources = [aws_sns_topic.chat.arn]" in block(topic)
    assert "Resource = aws_sns_topic.chat.arn" in hcl(topic)
    topic_of_stack, topic_name = Reference("stack.yaml#Chat"), Reference("stack.yaml#Chat.TopicName")
    assert yaml_block([topic_of_stack]) == "- !Ref Chat"
    assert yaml_block([topic_name]) == "- !GetAtt Chat.TopicName"
    assert yaml_flow([topic_of_stack, topic_name]) == "[{ Ref: Chat }, { Fn::GetAtt: [Chat, TopicName] }]"
    assert (
        template([topic_of_stack, topic_name]) == '[{"Ref": "Chat"}, {"Fn::GetAtt": ["Chat", "TopicName"]}]'
    )
    for value in (Reference("aws_sns_topic.chat.arn"), ValueElsewhere(("Statement", 0))):
        with pytest.raises(TypeError):
            json_text([value])


def test_numbers_stay_as_they_are_written() -> None:
    assert json_text([Number("1.50"), None]) == "[1.50,null]"


def test_a_policy_is_written_compactly_if_indentation_would_exceed_the_limit() -> None:
    policy = as_statement(document(RICH))
    assert "\n" in json_policy(policy, 30_000)
    assert json_policy(policy, 500) == json_text(policy)


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_edits_have_the_layout_of_terraform_fmt(tmp_path: Path) -> None:
    many = statement(Condition={"ArnEquals": {"aws:SourceArn": [f"{TOPIC_ARN}{n}" for n in range(4)]}})
    odd = {**RICH, "Odd": {"": [], "for": {}, "a b": [[ODD], {"x": [{"y": "z", "longer": "1"}]}]}}
    both = as_plain(document(RICH, many))
    assert isinstance(both, dict)
    text = f"{terraform_policy('chat', both)}\n\nlocals {{\n  encoded = "
    encoded = hcl(as_plain(document(odd, many))).replace("\n", "\n  ")
    (tmp_path / "main.tf").write_text(f"{text}{encoded}\n}}\n")
    command = ["terraform", "fmt", "-check", "-diff", "-no-color", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
