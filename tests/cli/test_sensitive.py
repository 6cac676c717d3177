"""A value that a file marks as sensitive is judged, and stands in no output: not in a report, a diff or an error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from checker.app.output import FORMATS
from checker.app.terminal import ended
from checker.cli.app import run as command
from checker.core.terminal_text import hide, hiding, redacted, reveal
from tests.cli.process import save
from tests.samples import INSTANCE_ARN

ACCOUNT = "999900001111"
ARN = f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/9f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
SECRET = re.compile(f"{ACCOUNT}|9f6c1b52|hunter2|topsecret|classified")
MAIN = """
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid = "Chat", Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }
      Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
      Condition = { ArnLikeIfExists = { "aws:SourceArn" = INSTANCE } }
    }, {
      Effect = "Allow", Principal = { AWS = "${ACCOUNT}x" }
      Action = ["sns:Publish", "sns:*"], Resource = "*"
    }]
  })
}
"""
ROLE = f"{ACCOUNT}x"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "classified",
                "Effect": "Allow",
                "Principal": {"AWS": ROLE},
                "Action": "sns:*",
                "Resource": "*",
            },
            {
                "Effect": "Allow",
                "Principal": {"AWS": "topsecret-role-1"},
                "Action": "sns:Publish",
                "Resource": "*",
            },
        ],
    }
)
ATTACHED = 'resource "aws_sns_topic" "chat" { name = "chat" }\nresource "aws_sns_topic_policy" "chat" {\n  arn = aws_sns_topic.chat.arn\n  policy = WHOLE\n}\n'


def main(account: str, instance: str) -> str:
    text = MAIN.replace("${ACCOUNT}", f"${{{account}}}")
    return text.replace("ACCOUNT", account).replace("INSTANCE", instance)


def variable(name: str, default: str = "", mark: str = "sensitive = true") -> str:
    return f'variable "{name}" {{\n  {mark}\n{f"  default = {default}" if default else ""}\n}}\n'


WAYS: dict[str, dict[str, str]] = {
    "default": {
        "main.tf": main("var.account", "var.instance")
        + variable("account", f'"{ACCOUNT}"')
        + variable("instance", f'"{ARN}"')
    },
    "number": {"main.tf": main("var.account", f'"{INSTANCE_ARN}"') + variable("account", ACCOUNT)},
    "ephemeral": {
        "main.tf": main("var.account", '"arn:*"') + variable("account", f'"{ACCOUNT}"', "ephemeral = true")
    },
    "tfvars": {
        "main.tf": main('split(":", var.instance)[4]', "var.instance") + variable("instance"),
        "terraform.tfvars": f'instance = "{ARN}"\n',
    },
    "tfvars in JSON": {
        "main.tf": main("var.all.account", "var.all.instance") + variable("all"),
        "terraform.tfvars.json": json.dumps({"all": {"account": ACCOUNT, "instance": ARN}}),
    },
    "function": {
        "main.tf": main("local.account", "local.instance")
        + f'locals {{\n  account = sensitive("{ACCOUNT}")\n  instance = sensitive("{ARN}")\n}}\n'
    },
    "worked out": {
        "main.tf": main('replace(var.spaced, " ", "")', 'format("arn:aws:%s", lower(var.upper))')
        + variable("spaced", '"9999 0000 1111"')
        + variable("upper", f'"{ARN.removeprefix("arn:aws:").upper()}"')
    },
    "JSON syntax": {
        "main.tf": main("var.account", f'"{INSTANCE_ARN}"'),
        "variables.tf.json": json.dumps({"variable": {"account": {"sensitive": True, "default": ACCOUNT}}}),
    },
    "output of a module": {
        "main.tf": main("module.ids.account", "module.ids.instance") + 'module "ids" { source = "./ids" }\n',
        "ids/main.tf": f'output "account" {{\n  value = "{ACCOUNT}"\n  sensitive = true\n}}\n'
        f'output "instance" {{\n  value = "{ARN}"\n  sensitive = true\n}}\n',
    },
    "argument of a module": {
        "main.tf": variable("account", f'"{ACCOUNT}"')
        + 'module "chat" {\n  source = "./chat"\n  account = var.account\n}\n',
        "chat/main.tf": main("var.account", '"arn:*"') + 'variable "account" {}\n',
    },
    "a text that is partly known": {
        "main.tf": 'data "aws_caller_identity" "me" {}\nmodule "chat" {\n  source = "./chat"\n'
        '  instance = "arn:aws:connect:us-east-1:${data.aws_caller_identity.me.account_id}:instance/9f6c1b52-9a7e"\n}\n',
        "chat/main.tf": main('"111122223333"', "var.instance") + variable("instance"),
    },
    "a whole policy": {
        "main.tf": ATTACHED.replace("WHOLE", "var.policy") + variable("policy", f"<<EOT\n{POLICY}\nEOT")
    },
    "a policy in quotes": {
        "main.tf": ATTACHED.replace("WHOLE", "var.policy") + variable("policy", json.dumps(POLICY)),
    },
}


def unmarked(text: str) -> str:
    text = re.sub(r'(?:sensitive|ephemeral) = true|"sensitive": true, ', "", text)
    return re.sub(r"sensitive\((.*)\)", r"\1", text)


class Ran(tuple[int, str]):
    __slots__ = ()


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    (tmp_path / "code").mkdir()
    monkeypatch.chdir(tmp_path / "code")

    def run(*arguments: str) -> str:
        code = ended(lambda: command(list(arguments)))
        done = capsys.readouterr()
        assert code in (0, 1), done.err
        return done.out + done.err

    return run


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        save(Path(name), text)


def rules(output: str) -> list[tuple[str, str]]:
    report, _ = json.JSONDecoder().raw_decode(output)
    return sorted((one["rule"], one["verdict"]) for one in report["findings"])


CHECK = ("check", "--all-topics", "--isolated", ".")


@pytest.mark.parametrize("way", WAYS)
def test_a_sensitive_value_is_judged_and_in_no_output(way: str, ran: Any) -> None:
    write(WAYS[way])
    said = ran(*CHECK, *(word for name in FORMATS for word in ("--format", f"{name}=../{name}")))
    assert SECRET.search(said) is None
    for name in FORMATS:
        assert SECRET.search(Path(f"../{name}").read_text()) is None
    found = rules(Path("../json").read_text())
    for arguments in (("--unsafe-fixes",), ("--format", "json")):
        said = ran("fix", "--all-topics", *arguments, ".")
        assert SECRET.search(said) is None, said
    baseline = ran("baseline", "write", "--all-topics", "-o", "../known", ".") + Path("../known").read_text()
    assert SECRET.search(baseline) is None
    assert rules(ran(*CHECK, "--baseline", "../known", "--format", "json")) == []
    write({name: unmarked(text) for name, text in WAYS[way].items()})
    if way not in {"a whole policy", "a policy in quotes"}:  # a short Sid in it is not known
        assert rules(ran(*CHECK, "--format", "json")) == found
    assert SECRET.search(ran(*CHECK, "--format", "json")) is not None


def test_a_value_that_could_be_taken_for_another_is_not_known(ran: Any) -> None:
    name = variable("env", '"hunter2"') + variable("sid", '"classified"')
    text = main(f'"{ACCOUNT}"', f'"{ARN}"').replace('name = "chat"', 'name = "chat-${var.env}"')
    write({"main.tf": name + text.replace('Sid = "Chat"', "Sid = var.sid")})
    for output in ("text", "json"):
        said = ran(*CHECK, "--format", output)
        assert re.search("hunter2|classified", said) is None
        assert ACCOUNT in said


FIXABLE = """
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({
    Statement = [{
      Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }
      Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
      Condition = { ArnLikeIfExists = { "aws:SourceArn" = INSTANCE } } }] })
}
variable "token" {
  default   = "hunter2-and-more"
  sensitive = true
}
"""


def test_a_diff_hides_a_default_beside_the_change(ran: Any) -> None:
    write({"main.tf": FIXABLE.replace("INSTANCE", f'"{INSTANCE_ARN}"')})
    said = ran("fix", "--diff", ".")
    assert '   default   = "(sensitive: var.token)"' in said
    assert SECRET.search(said) is None
    assert "note: main.tf: the diff hides" in said
    ran("fix", "--apply", ".")
    assert "hunter2-and-more" in Path("main.tf").read_text()
    assert rules(ran(*CHECK, "--format", "json")) == []


def test_a_fix_copies_no_sensitive_value(ran: Any) -> None:
    text = FIXABLE.replace("INSTANCE", "var.instance") + variable("instance", f'"{ARN}"')
    write({"main.tf": text})
    ran("fix", "--apply", ".")
    written = Path("main.tf").read_text()
    assert written.count(ARN) == text.count(ARN)
    assert 'split(":", var.instance)[4]' in written


def test_a_fault_in_a_file_of_values_quotes_none_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        {
            str(tmp_path / "main.tf"): MAIN + variable("a"),
            str(tmp_path / "terraform.tfvars"): "a = 1 hunter2\n",
        }
    )
    assert ended(lambda: command(["check", "--isolated", str(tmp_path)])) == 2
    said = capsys.readouterr()
    assert SECRET.search(said.out + said.err) is None
    assert "terraform.tfvars:2:1:" in said.err


def test_nonsensitive_shows_a_value_again(ran: Any) -> None:
    write({"main.tf": main("nonsensitive(var.account)", '"arn:*"') + variable("account", f'"{ACCOUNT}"')})
    assert ACCOUNT in ran(*CHECK)
    write({"main.tf": main('"x"', "nonsensitive(var.instance)") + variable("instance", f'"{ARN}"')})
    assert ARN in ran(*CHECK)


def test_a_parameter_with_no_echo_is_judged_and_in_no_output(ran: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Ref": "Role"}},
        "Action": "sns:*",
        "Resource": "*",
    }
    properties = {
        "Topics": ["arn:aws:sns:us-east-1:111122223333:chat"],
        "PolicyDocument": {"Statement": statement},
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {"Role": {"Type": "String", "NoEcho": True}},
        "Resources": {"Policy": {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}},
    }
    save(Path("template.json"), template)
    said = ran(*CHECK, "--parameter", f"Role={ROLE}", "--format", "json")
    assert SECRET.search(said) is None
    assert rules(said)


def test_texts_are_hidden_while_a_command_runs_the_longest_first() -> None:
    hide(["secret-one"])
    assert redacted("secret-one") == "secret-one"
    with hiding():
        hide(["secret-one", "shown-after-all"])
        hide(["secret-one-and-more"], "var.more")
        reveal(["shown-after-all"])
        assert (
            redacted("secret-one-and-more, secret-one, shown-after-all")
            == "(sensitive: var.more), (sensitive), shown-after-all"
        )
    assert redacted("secret-one") == "secret-one"
