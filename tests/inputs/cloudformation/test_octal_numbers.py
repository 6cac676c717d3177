"""CloudFormation reads YAML 1.1, in which digits without quotes and with a leading zero may be an octal number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker.core.unknown import Unknown
from checker.inputs.load import load
from checker.policy.read import read_policy
from checker.policy.vocabulary import TOPIC

if TYPE_CHECKING:
    from pathlib import Path

    from checker.policy.model import Value

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Owner: {{Type: String, Default: {parameter}}}
Mappings:
  Owners: {{all: {{Id: {mapped}}}}}
Resources:
  Chat: {{Type: AWS::SNS::Topic}}
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Statement:
          Effect: Allow
          Principal: {{Service: connect.amazonaws.com}}
          Action: sns:Publish
          Resource: !Ref Chat
          Condition: {{StringEquals: {{aws:SourceAccount: {account}}}}}
"""
QUOTED = "'011122223333'"


def template(account: str, parameter: str = QUOTED, mapped: str = QUOTED) -> str:
    return TEMPLATE.format(account=account, parameter=parameter, mapped=mapped)


def account_in(folder: Path, name: str, text: str) -> Value:
    """Return what the policy of the only topic of a file compares the account with."""
    path = folder / name
    path.write_text(text)
    (topic,) = load([path]).topics
    assert topic.policy is not None
    assert not isinstance(topic.policy, Unknown)
    policy, _ = read_policy(topic.policy.document.root, TOPIC)
    (condition,) = policy.known_statements()[0].conditions
    assert not isinstance(condition, Unknown)
    (value,) = condition.values
    return value


FIND = "!FindInMap [Owners, all, Id]"
OCTALS = {
    "value": template("011122223333"),
    "anchor": template("&own 011122223333"),
    "underscores": template("0111_2222_3333"),
    "parameter": template("!Ref Owner", parameter="011122223333"),
    "part of a text": template("!Sub '${Owner}'", parameter="011122223333"),
    "mapping": template(FIND, mapped="011122223333"),
    "SAM": f"Transform: AWS::Serverless-2016-10-31\n{template('011122223333')}",
}
TEXTS = {
    "single quotes": template(QUOTED),
    "double quotes": template('"011122223333"'),
    "tag": template("!Sub '011122223333'"),
    "parameter": template("!Ref Owner"),
    "mapping": template(FIND),
    "no octal digit": template("081122223333"),
    "no leading zero": template("111122223333"),
}


def shown(value: Value) -> tuple[str, str] | str:
    return (value.reason, value.where) if isinstance(value, Unknown) else value


@pytest.mark.parametrize("case", OCTALS)
def test_an_octal_number_is_not_known(case: str, tmp_path: Path) -> None:
    value = account_in(tmp_path, "stack.yaml", OCTALS[case])
    assert isinstance(value, Unknown)
    assert value.reason == "an unquoted number with a leading zero is octal in YAML 1.1; quote it"
    assert value.pieces == ()


@pytest.mark.parametrize("case", TEXTS)
def test_other_values_stay_as_they_are_written(case: str, tmp_path: Path) -> None:
    expected = {"no octal digit": "081122223333", "no leading zero": "111122223333"}
    assert account_in(tmp_path, "stack.yaml", TEXTS[case]) == expected.get(case, "011122223333")


def test_yaml_in_the_output_of_the_api_is_read_alike(tmp_path: Path) -> None:
    text = json.dumps({"TemplateBody": template("011122223333")})
    assert isinstance(account_in(tmp_path, "output.json", text), Unknown)


SERVERLESS = """
service: chat
provider: {name: aws, region: us-east-1}
custom: {owner: OWNER}
resources:
"""


@pytest.mark.parametrize(
    ("account", "owner", "is_known"),
    [
        ("011122223333", QUOTED, False),
        ('"${self:custom.owner}"', QUOTED, True),
        ('"${self:custom.owner}"', "011122223333", False),
    ],
)
def test_a_variable_of_serverless_may_have_quotes_elsewhere(
    account: str, owner: str, tmp_path: Path, *, is_known: bool
) -> None:
    resources = "\n".join(f"  {line}" for line in template(account).splitlines())
    value = account_in(tmp_path, "serverless.yml", SERVERLESS.replace("OWNER", owner) + resources)
    assert isinstance(value, Unknown) is not is_known
