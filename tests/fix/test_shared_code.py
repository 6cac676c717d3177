"""Generated files and files that serve several environments are not edited; the statement is displayed."""

from __future__ import annotations

import json
import os
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.documented import KeyCondition
from checker.app.fix import plan_fixes
from checker.app.run import Options
from checker.core.finding import Applicability
from checker.fix.environments import Environments
from checker.fix.result import Outcome
from checker.fix.rounds import repair
from checker.policy.source import Source
from tests.fix.workbench import reader
from tests.samples import INSTANCE_ARN, document, statement

MODULE = """variable "instance" {}
resource "aws_sns_topic" "chat" {
  name = "chat"
}
resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Open"
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.chat.arn
    }]
  })
}
"""
STAGED = MODULE.replace('variable "instance"', 'variable "env"')
TEMPLATE = """Resources:
  Chat: {Type: AWS::SNS::Topic}
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Statement:
          - Sid: Open
            Effect: Allow
            Principal: {Service: connect.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref Chat
"""
STAGES = "Parameters:\n  Stage: {Type: String, AllowedValues: [dev, prod]}\n"
OF_CDK = "Metadata: {aws:cdk:path: Chat/Topic}\n"
POLICY = json.dumps(document(statement()))
CDKTF = {
    "//": {"metadata": {"stackName": "chat"}},
    "resource": {"aws_sns_topic": {"chat": {"policy": POLICY}}},
}


def call(source: str, name: str = "chat", more: str = "") -> str:
    return f'module "{name}" {{\n  source = "{source}"\n  instance = ""\n{more}}}\n'


def nested(path: str) -> str:
    return f"Resources:\n  Chat:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {path}}}\n"


def nested_by_url(name: str) -> str:
    url = {"Fn::Join": ["/", ["https://s3.amazonaws.com", {"Ref": "Bucket"}, name]]}
    return json.dumps(
        {"Resources": {"Chat": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}
    )


def unit(source: str) -> str:
    """The configuration of a Terragrunt unit."""
    return f'terraform {{\n  source = "{source}"\n}}\n'


VARIABLE, PARAMETER, LITERAL = "var.connect_instance_arn", "!Ref ConnectInstanceArn", INSTANCE_ARN
LEFT_ALONE: dict[str, tuple[Mapping[str, str], str, str]] = {
    "two roots": (
        {
            "m/main.tf": MODULE,
            "a/main.tf": call("../m"),
            "a/x.tfvars": f'instance = "{INSTANCE_ARN}"',
            "b/main.tf": call("../m"),
        },
        "called by `a/main.tf:2`, `b/main.tf:2`",
        "= var.instance\n",
    ),
    "two calls": (
        {"m/main.tf": MODULE, "main.tf": call("./m", "a") + call("./m", "b")},
        "called by",
        VARIABLE,
    ),
    "one call, several modules": (
        {"m/main.tf": MODULE, "main.tf": call("./m", more='  for_each = toset(["a", "b"])\n')},
        "`main.tf:2` several times",
        VARIABLE,
    ),
    "two roots through one module": (
        {
            "m/main.tf": MODULE,
            "n/main.tf": call("../m"),
            "a/main.tf": call("../n"),
            "b/main.tf": call("../n"),
        },
        "called by `a/main.tf:2`, `b/main.tf:2`",
        VARIABLE,
    ),
    "two files of values": (
        {"main.tf": MODULE, "env/dev.tfvars": "", "env/prod.tfvars": ""},
        "deployed with `env/dev.tfvars`, `env/prod.tfvars`",
        VARIABLE,
    ),
    "one file of values beside that of Terraform": (
        {"main.tf": STAGED, "terraform.tfvars": 'env = "dev"\n', "prod.tfvars": 'env = "prod"\n'},
        "deployed with `prod.tfvars`, or with other values without it",
        VARIABLE,
    ),
    "one file of values beside a default": (
        {
            "main.tf": STAGED.replace("{}", '{\n  default = "dev"\n}', 1),
            "env/prod.tfvars": 'env = "prod"\n',
        },
        "deployed with `env/prod.tfvars`, or with other values without it",
        VARIABLE,
    ),
    "files of values in folders of their own": (
        {"main.tf": MODULE, "env/eu/west/dev/x.tfvars": "", "env/eu/west/prod/x.tfvars": ""},
        "deployed with `env/eu/west/dev/x.tfvars`",
        VARIABLE,
    ),
    "files of values beside the root": (
        {"infra/main.tf": MODULE, **{f"env/{one}.tfvars": 'instance = ""\n' for one in ("dev", "prod")}},
        "deployed with `env/dev.tfvars`, `env/prod.tfvars`",
        VARIABLE,
    ),
    "several states": (
        {"main.tf": MODULE, "dev.s3.tfbackend": "", "prod.s3.tfbackend": ""},
        "`dev.s3.tfbackend`, `prod.s3.tfbackend`",
        VARIABLE,
    ),
    "a variable for the stage": (
        {"main.tf": MODULE + 'variable "environment" {\n  type = string\n}\n'},
        "variable `environment`",
        VARIABLE,
    ),
    "workspaces": ({"main.tf": MODULE + "# terraform.workspace\n"}, "workspaces", VARIABLE),
    "a downloaded module": ({".terraform/modules/chat/main.tf": MODULE}, "`terraform init`", VARIABLE),
    "a vendored module": ({"vendor/chat/main.tf": MODULE}, "vendored code", VARIABLE),
    "Terragrunt's copy": (
        {"main.tf": f"# Generated by Terragrunt. Sig: x\n{MODULE}"},
        "according to its header",
        LITERAL,
    ),
    "CDKTF": ({"cdktf.out/stacks/chat/cdk.tf.json": json.dumps(CDKTF)}, "`cdktf synth`", LITERAL),
    "CDKTF elsewhere": ({"main.tf.json": json.dumps(CDKTF)}, "`cdktf synth`", LITERAL),
    "cdk.out": ({"cdk.out/Chat.template.yaml": TEMPLATE}, "`cdk synth`", LITERAL),
    "CDK elsewhere": ({"chat.yaml": OF_CDK + TEMPLATE}, "`cdk synth`", LITERAL),
    "SAM": ({".aws-sam/build/template.yaml": TEMPLATE}, "`sam build`", LITERAL),
    "stages": ({"chat.yaml": STAGES + TEMPLATE}, "parameter `Stage`", PARAMETER),
    "any stage": (
        {"chat.yaml": "Parameters:\n  Env: {Type: String}\n" + TEMPLATE},
        "parameter `Env`",
        PARAMETER,
    ),
    "a template that two stacks nest": (
        {
            "chat.yaml": TEMPLATE,
            "all.yaml": "Resources:\n"
            + "".join(
                f"  {one}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: ./chat.yaml}}}}\n"
                for one in ("Dev", "Prod")
            ),
        },
        "deployed by `all.yaml:2`, `all.yaml:3`",
        PARAMETER,
    ),
    "two files of parameters": (
        {
            "chat.yaml": "Parameters:\n  Size: {Type: String, Default: s}\n" + TEMPLATE,
            **{f"params/{one}.json": '[{"ParameterKey": "Size"}]' for one in ("dev", "prod")},
        },
        "`params/dev.json`, `params/prod.json`",
        PARAMETER,
    ),
    "environments of SAM": (
        {"chat.yaml": TEMPLATE, "samconfig.toml": "[dev.deploy.parameters]\n[prod.deploy.parameters]\n"},
        "`dev`, `prod` by `samconfig.toml`",
        PARAMETER,
    ),
    "nested in two stacks": (
        {"n/chat.yaml": TEMPLATE, "dev.yaml": nested("n/chat.yaml"), "prod.json": nested_by_url("chat.yaml")},
        "deployed by `dev.yaml:4`, `prod.json:1`",
        PARAMETER,
    ),
    "deployed from a module and by URL": (
        {
            "n/chat.yaml": TEMPLATE,
            "n/main.tf": 'resource "aws_cloudformation_stack" "chat" {\n'
            '  template_body = file("${path.module}/chat.yaml")\n}\n',
            "prod.json": nested_by_url("chat.yaml"),
        },
        "deployed by `prod.json:1`, `n/main.tf:2`",
        PARAMETER,
    ),
    "a Serverless service with stages": (
        {
            "serverless.yml": "service: desk\nprovider: {name: aws}\ncustom: {name: 'chat-${opt:stage}'}\nresources:\n"
            + textwrap.indent(TEMPLATE, "  ")
        },
        "deployed to the stage that `${opt:stage}` selects",
        PARAMETER,
    ),
    "nested in a stack with stages": (
        {"n/chat.yaml": TEMPLATE, "main.yaml": STAGES + nested("n/chat.yaml")},
        "parameter `Stage`",
        PARAMETER,
    ),
    "in a stack set": (
        {"chat.yaml": TEMPLATE, "set.yaml": nested("chat.yaml").replace("::Stack", "::StackSet")},
        "deployed by `set.yaml:4`",
        PARAMETER,
    ),
    "a policy that a shared module reads": (
        {
            "m/main.tf": 'resource "aws_sns_topic" "chat" {\n  policy = file("${path.module}/policy.json")\n}\n',
            "m/policy.json": POLICY,
            "main.tf": call("./m"),
            "prod/main.tf": call("../m"),
        },
        "called by `main.tf:2`, `prod/main.tf:2`",
        LITERAL,
    ),
}
LEFT_ALONE |= {
    "a module that two units deploy": (
        {"m/main.tf": MODULE, "a/terragrunt.hcl": unit("../m"), "b/terragrunt.hcl": unit("..//m")},
        "called by `a/terragrunt.hcl:2`, `b/terragrunt.hcl:2`",
        VARIABLE,
    ),
    "a module that an included configuration deploys twice": (
        {
            "m/main.tf": MODULE,
            "chat.hcl": unit("${get_parent_terragrunt_dir()}/m"),
            **{f"{one}/terragrunt.hcl": 'include {\n  path = "../chat.hcl"\n}\n' for one in ("a", "b")},
        },
        "called by `a/terragrunt.hcl:1`, `b/terragrunt.hcl:1`",
        VARIABLE,
    ),
    "a module that two units deploy from Git": (
        {
            "m/main.tf": MODULE,
            **{f"{one}/terragrunt.hcl": unit(f"git::ssh://git@x/y.git//m?ref={one}") for one in ("a", "b")},
        },
        "called by `a/terragrunt.hcl:2`, `b/terragrunt.hcl:2`",
        VARIABLE,
    ),
    "a module that Terragrunt downloaded": (
        {"a/terragrunt.hcl": unit("git::x//m"), "a/.terragrunt-cache/x/y/m/main.tf": MODULE},
        "generated by Terragrunt",
        VARIABLE,
    ),
    "a policy in the inputs of a unit": (
        {
            "m/main.tf": 'variable "policy" {}\nresource "aws_sns_topic" "chat" {\n  policy = var.policy\n}\n',
            "a/terragrunt.hcl": unit("../m") + f"inputs = {{\n  policy = jsonencode({POLICY})\n}}\n",
        },
        "`a/terragrunt.hcl` is a configuration of Terragrunt, which fixes do not edit",
        LITERAL,
    ),
}
EDITED: dict[str, Mapping[str, str]] = {
    "a module that one unit deploys": {"m/main.tf": MODULE, "a/terragrunt.hcl": unit("../m")},
    "a unit whose inputs set the stage": {
        "main.tf": MODULE + 'variable "stage" {}\n',
        "terragrunt.hcl": 'inputs = {\n  stage = "prod"\n}\n',
    },
    "a root": {"main.tf": MODULE, "terraform.tfvars": "", "one.auto.tfvars": "", "prod.tfvars": ""},
    "a root with values in one file": {"main.tf": STAGED, "prod.tfvars": 'env = "prod"\n'},
    "a root with one stage": {
        "main.tf": MODULE + 'variable "stage" {}\nvariable "env" {\n  default = "prod"\n}\n',
        "terraform.tfvars": 'stage = "prod"\n',
    },
    "a root beside another and its values": {
        "a/main.tf": MODULE,
        "b/infra/main.tf": 'variable "instance" {}\n',
        **{f"b/env/{one}.tfvars": 'instance = ""\n' for one in ("dev", "prod")},
    },
    "a module with one caller": {"m/main.tf": MODULE, "main.tf": call("./m")},
    "a module that is called or not": {
        "m/main.tf": MODULE,
        "main.tf": call("./m", more="  count = var.x ? 1 : 0\n"),
    },
    "Terraform JSON of people": {"main.tf.json": json.dumps({"resource": CDKTF["resource"]})},
    "a template that one stack nests": {"n/chat.yaml": TEMPLATE, "main.yaml": nested("n/chat.yaml")},
    "templates of one name": {
        "a/t.yaml": TEMPLATE,
        "b/t.yaml": "Resources: {}\n",
        "main.yaml": nested("a/t.yaml"),
        "other.yaml": nested("./b/t.yaml"),
    },
    "templates of one name in unrelated folders": {
        "a/t.yaml": TEMPLATE,
        **{
            f"{one}/main.tf": 'resource "aws_cloudformation_stack" "chat" {\n'
            '  template_body = file("${path.module}/t.yaml")\n}\n'
            for one in ("b", "c")
        },
        "b/t.yaml": "Resources: {}\n",
        "d/main.json": nested_by_url("t.yaml"),
        "d/t.yaml": "Resources: {}\n",
    },
    "a policy that a module with one caller reads": {
        "m/main.tf": 'resource "aws_sns_topic" "chat" {\n  policy = file("${path.module}/policy.json")\n}\n',
        "m/policy.json": POLICY,
        "main.tf": call("./m"),
    },
    "a template": {"chat.yaml": TEMPLATE, "samconfig.toml": "[default.deploy.parameters]\n"},
}


def fixed(files: Mapping[str, str]) -> Outcome:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)
    paths = [Path(name) for name in files if "/." in f"/{name}" and name.endswith((".tf", ".yaml"))]
    options = Options((*(paths or [Path()]),), (INSTANCE_ARN,), isolated=True, all_topics=True)
    return plan_fixes(options, unsafe=True).outcome


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_the_statement_is_displayed_and_the_file_is_not_edited(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files, reason, instance = LEFT_ALONE[name]
    outcome = fixed(files)
    assert outcome.repair.texts == {}
    (unfixed, *_) = (one for one in outcome.unfixed if one.statements)
    assert reason in unfixed.reason
    assert [fix.applicability for fix in unfixed.finding.fixes] == [Applicability.DISPLAY]
    (shown,) = ("\n".join(lines) for lines in outcome.written_out(unfixed))
    assert instance in shown
    assert (INSTANCE_ARN in shown) is (instance == LITERAL)
    assert "module." not in shown  # a name that only the caller knows


@pytest.mark.parametrize("name", EDITED)
def test_code_of_one_environment_is_edited(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = fixed(EDITED[name])
    assert [INSTANCE_ARN in text for text in outcome.repair.texts.values()] == [True]
    assert not outcome.unfixed


def test_a_repository_inside_a_vendor_folder_is_not_vendored_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "vendor" / "chat"
    (repository / ".git").mkdir(parents=True)
    (repository / "main.tf").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    outcome = plan_fixes(Options((repository,), (INSTANCE_ARN,), isolated=True), unsafe=True).outcome
    assert [INSTANCE_ARN in text for text in outcome.repair.texts.values()] == [True]


def test_callers_are_found_when_only_the_module_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fixed({"m/main.tf": MODULE, "main.tf": call("./m", "a") + call("./m", "b")})
    outcome = plan_fixes(Options((Path("m"),), (INSTANCE_ARN,), isolated=True), unsafe=False).outcome
    assert outcome.repair.texts == {}


def test_a_new_statement_in_a_module_uses_the_name_that_the_module_has_for_the_topic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    alarms = MODULE.replace("connect.", "cloudwatch.").replace(
        "Resource  = aws_sns_topic.chat.arn", 'Resource  = "arn:aws:sns:*:*:chat"'
    )
    (text,) = fixed({"m/main.tf": alarms, "main.tf": call("./m")}).repair.texts.values()
    assert re.search(r"Resource += aws_sns_topic\.chat\.arn", text), text
    assert "module." not in text


def test_a_key_without_a_known_topic_gets_no_grant_for_a_topic(tmp_path: Path) -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
    (tmp_path / "key-policy.json").write_text(json.dumps(document(root)))
    done = repair(reader([tmp_path / "key-policy.json"]), kms_condition=KeyCondition.TOPIC)
    assert done.texts == {}
    assert any("no topic is known" in one.reason for one in done.unfixed)


def test_a_file_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = {"main.tf": MODULE, "terraform.tfvars": "", "values.tfvars": ""}
    fixed(files)
    opened = os.open

    def refusing(path: str | Path, *given: Any, **named: Any) -> Any:
        if Path(path).name == "values.tfvars":
            raise PermissionError(path)
        return opened(path, *given, **named)

    monkeypatch.setattr(os, "open", refusing)
    assert Environments([tmp_path]).of(Source("main.tf", MODULE)) == ""
    stage = 'variable "stage" {}\n'
    (tmp_path / "stage.tf").write_text(stage)
    assert "`stage`" in Environments([tmp_path]).of(Source("main.tf", MODULE))
