"""The resources of a `serverless.yml` are judged like a template, with the framework's variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from checker.analysis.inventory import Inventory, PolicyText, Topic
from checker.core.finding import Part
from checker.core.unknown import Symbol, Unknown
from checker.inputs.load import load

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
service: desk
custom:
  name: chat
  names: [first, second]
  staged: desk-${self:provider.stage}
  loop: ${self:custom.loop}
  wide: ${self:custom.wide}${self:custom.wide}
provider:
  name: aws
  region: us-west-2
  stage: ${opt:stage, 'test'}
"""
SHARED = """\
  statement:
    Effect: Allow
    Principal: {Service: connect.amazonaws.com}
    Action: sns:Publish
    Resource: "*"
"""
RESOURCES = """\
Resources:
  Stream:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: NAME
  StreamPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Stream]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: STATEMENT
"""
STATEMENT = """
          - Effect: Allow
            Principal: {Service: connect.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref Stream
            Condition:
              StringEquals:
                "aws:SourceAccount": ACCOUNT"""


def indented(text: str, width: int) -> str:
    return "".join(f"{' ' * width}{line}\n" for line in text.splitlines())


def resources(name: str = "chat", statement: str = STATEMENT, account: str = "!Ref AWS::AccountId") -> str:
    return (
        RESOURCES.replace("NAME", name)
        .replace("STATEMENT", statement, 1)
        .replace(": ACCOUNT", f": {account}")
    )


def service(written: str) -> str:
    return f"{HEAD}resources:\n{indented(written, 2)}"


def read(folder: Path, text: str, **files: str) -> Inventory:
    (folder / "serverless.yml").write_text(text)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return load([folder])


def only_topic(inventory: Inventory) -> Topic:
    assert inventory.skipped == ()
    (topic,) = inventory.topics
    return topic


NAMES = {
    "chat": "chat",
    "${self:custom.name}": "chat",
    "${self:custom.names.1}": "second",
    "${self:service}-${self:custom.name}": "desk-chat",
    "${self:custom.staged}": "desk-${opt:stage, 'test'}",
    "${opt:stage}": "${opt:stage}",
    "'${self:custom.${opt:stage}.name}'": "${self:custom.${opt:stage}.name}",
    "${self:custom.loop}": "${self:custom.loop}",
    "!Sub 'chat-${AWS::Region}'": "chat-${AWS::Region}",
    "!Sub '${self:custom.name}-${AWS::Region}'": "chat-${AWS::Region}",
    "!Sub ['${self:custom.name}-${n}', {n: x}]": "chat-x",
    "chat-${aws:region}": "chat-${AWS::Region}",
    "chat-${self:provider.region}": "chat-${AWS::Region}",
    "chat-${file(missing.py):name}": "chat-${file(missing.py):name}",
    "'chat-#{AWS::AccountId}'": "chat-${AWS::AccountId}",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_is_resolved_or_a_symbol(name: str, tmp_path: Path) -> None:
    topic = only_topic(read(tmp_path, service(resources(name))))
    assert isinstance(topic.arn, Unknown)
    assert topic.arn.where.split(":sns:")[1].partition(":")[2].endswith(f":{NAMES[name]}")


@pytest.mark.parametrize(
    "account", ["${aws:accountId}", "!Sub '${AWS::AccountId}'", "!Sub '${aws:accountId}'"]
)
def test_the_account_is_that_of_the_stack(account: str, tmp_path: Path) -> None:
    topic = only_topic(read(tmp_path, service(resources(account=account))))
    plain = tmp_path / "plain"
    plain.mkdir()
    other = only_topic(read(plain, service(resources())))
    assert isinstance(topic.policy, PolicyText)
    assert isinstance(other.policy, PolicyText)
    mine, theirs = (one.policy.known_statements()[0].conditions for one in (topic.policy, other.policy))
    assert str(mine) == str(theirs)


def test_one_reference_is_one_symbol(tmp_path: Path) -> None:
    topic = only_topic(read(tmp_path, service(resources("${param:a}-${param:a}-${param:b}"))))
    assert isinstance(topic.arn, Unknown)
    symbols = [one for one in topic.arn.pieces if isinstance(one, Symbol) and "param" in one.name]
    assert len(symbols) == 3
    assert len(set(symbols)) == 2


def test_a_statement_of_the_file_is_found_where_it_is_written(tmp_path: Path) -> None:
    text = service(resources(statement='["${self:custom.statement}"]'))
    text = text.replace("provider:\n", f"{SHARED}provider:\n")
    topic = only_topic(read(tmp_path, text))
    assert isinstance(topic.policy, PolicyText)
    position = topic.policy.document.locate(("Statement", 0, "Effect"), Part.VALUE)
    assert position is not None
    assert text.splitlines()[position.line - 1] == "    Effect: Allow"


def test_lists_of_resources_are_merged(tmp_path: Path) -> None:
    whole = resources()
    topic, policy = (
        whole[: whole.index("  StreamPolicy")],
        "Resources:\n" + whole[whole.index("  StreamPolicy") :],
    )
    listed = "\n".join("- " + indented(one, 4).lstrip().rstrip() for one in (topic, policy))
    found = only_topic(read(tmp_path, f"{HEAD}resources:\n{indented(listed, 2)}"))
    assert isinstance(found.policy, PolicyText)
    assert "connect.amazonaws.com" in found.policy.text


@pytest.mark.parametrize(
    "written",
    ["  - ${file(topics.yml)}\n", "  Resources: ${file(topics.yml):Resources}\n"],
)
def test_an_included_file_is_read_once_and_with_the_variables(written: str, tmp_path: Path) -> None:
    found = read(tmp_path, f"{HEAD}resources:\n{written}", topics__yml=resources("${self:custom.name}"))
    topic = only_topic(found)
    assert isinstance(topic.arn, Unknown)
    assert topic.arn.where.endswith(":chat")
    assert isinstance(topic.policy, PolicyText)
    assert topic.policy.document.locate(("Statement",), Part.VALUE) is not None


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        f"{HEAD}resources:\n  - ${{file(topics.yml)}}\n{indented('- ' + resources().replace(chr(10), chr(10) + '  '), 2)}",
    )
    assert len(found.topics) == 1
    assert ["`topics.yml` was not read" in one.reason for one in found.skipped] == [True]


HOSTILE = {
    "expands": "".join(
        f"  x{n}: [{', '.join(['${self:custom.x' + str(n + 1) + '}'] * 9)}]\n" for n in range(9)
    ),
    "text expands": "".join(f"  x{n}: {('${self:custom.x' + str(n + 1) + '}') * 9}\n" for n in range(9)),
    "refers to itself": "  x0: [$\x7bself:custom.x0}]\n",
    "the whole file": "  x0: $\x7bself:custom}\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_variables_end_in_a_message_or_an_unknown_value(name: str, tmp_path: Path) -> None:
    text = service(resources("${self:custom.x0}")).replace("custom:\n", f"custom:\n{HOSTILE[name]}")
    found = read(tmp_path, text)
    assert [one.error for one in found.skipped if one.error] or isinstance(found.topics[0].arn, Unknown)


@pytest.mark.parametrize("written", ["5", "null", "[]", "text", "[5, [], null]", "{Resources: 5}"])
def test_resources_of_the_wrong_type_end_in_a_message(written: str, tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(f"{HEAD}resources: {written}\n")
    found = load([tmp_path / "serverless.yml"])
    assert found.topics == ()
    assert found.skipped
