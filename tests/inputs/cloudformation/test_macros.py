"""What macros and modules create is not read, and reported with the command that shows it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.inputs.load import load
from tests.cli.process import run
from tests.inputs.cloudformation.stacks import PINNED, template, topic, topic_policy

if TYPE_CHECKING:
    from pathlib import Path

PROCESSED = "aws cloudformation get-template --stack-name STACK --template-stage Processed"
STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": {"Ref": "Chat"},
    "Condition": PINNED,
}
CHAT = {"Chat": topic(TopicName="chat"), "Policy": topic_policy({"Statement": [STATEMENT]})}


def module(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def macro(name: str) -> dict[str, Any]:
    return {"Name": name, "Parameters": {}}


UNREAD = {
    "a macro for the template": template(CHAT, Transform="Company::Chat"),
    "one of several macros": template(CHAT, Transform=["AWS::Serverless-2016-10-31", "Company::Chat"]),
    "a macro with parameters": template(CHAT, Transform=macro("Company::Chat")),
    "a macro at the top": template(CHAT, **{"Fn::Transform": macro("Company::Chat")}),
    "a macro that adds resources": template({**CHAT, "Fn::Transform": macro("Company::Chat")}),
    "a module for topics": template({**CHAT, "Other": module("Company::SNS::Topic::MODULE")}),
    "a module that gets a topic": template(
        {**CHAT, "Other": module("Company::Chat::Any::MODULE", Target={"Fn::GetAtt": "Chat.TopicArn"})}
    ),
    "a module with a policy": template(
        {**CHAT, "Other": module("Company::Any::Any::MODULE", Policy={"Statement": [STATEMENT]})}
    ),
    "a module alone": template({"Other": module("Company::Connect::Streaming::MODULE")}),
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_reported(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(UNREAD[name], indent=1))
    skipped = [one for one in load([tmp_path / "a.json"]).skipped if "not checked" in one.reason]
    assert [PROCESSED in one.help for one in skipped] == [True]
    assert all(one.position is not None for one in skipped)
    done = run("check", "a.json", "--strict", "--select", "connect-not-allowed", cwd=tmp_path)
    assert (done.returncode, PROCESSED in done.stderr) == (3, True)


READ = {
    "a macro of AWS": template(CHAT, Transform="AWS::LanguageExtensions"),
    "a module for something else": template(
        {**CHAT, "Other": module("Company::S3::Bucket::MODULE", Name="a")}
    ),
    "a module for connections": template({**CHAT, "Other": module("Company::Database::Connection::MODULE")}),
}


@pytest.mark.parametrize("name", READ)
def test_the_rest_is_not(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(READ[name], indent=1))
    assert load([tmp_path / "a.json"]).skipped == ()
