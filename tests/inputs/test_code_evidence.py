"""Application code puts the topics that it streams to in scope, and lists those that no file describes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.app.exit_codes import ending_of
from checker.app.run import Options, examine
from checker.core.finding import Severity, Verdict
from checker.inputs.load import load
from checker.inputs.streaming_code import stream_calls
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.inputs.terraform.plan.plans import change, plan, refer, written
from tests.samples import ACCOUNT, TOPIC_ARN

OTHER_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:alarms"


def save(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def calls(folder: Path, name: str, text: str) -> list[tuple[int, str, str]]:
    save(folder, {name: text})
    return [(one.at.line, one.topic, one.variable) for one in stream_calls([folder / name])]


def python(value: str, before: str = "") -> str:
    configuration = f'{{"StreamingEndpointArn": {value}}}'
    return f"import os\n{before}client.start_contact_streaming(ChatStreamingConfiguration={configuration})\n"


def script(value: str, before: str = "") -> str:
    configuration = f"{{ ChatStreamingConfiguration: {{ StreamingEndpointArn: {value} }} }}"
    return f"// start\n{before}await client.send(new StartContactStreamingCommand({configuration}));\n"


ARN, ENV, OPEN = (TOPIC_ARN, ""), ("", "TOPIC"), ("", "")
VALUES: dict[str, tuple[str, str, tuple[str, str]]] = {
    "Python: ARN": ("a.py", python(f"'{TOPIC_ARN}'"), ARN),
    "Python: environ": ("a.py", python('os.environ["TOPIC"]'), ENV),
    "Python: environ.get": ("a.py", python("os.environ.get('TOPIC', '')"), ENV),
    "Python: getenv": ("a.py", python('os.getenv("TOPIC")'), ENV),
    "Python: imported": ("a.py", python("environ['TOPIC']"), ENV),
    "Python: text": ("a.py", python('str(os.environ["TOPIC"])'), ENV),
    "Python: keyword": ("a.py", python("").replace('{"StreamingEndpointArn": }', f'dict(StreamingEndpointArn="{TOPIC_ARN}")'), ARN),
    "Python: variable": ("a.py", python("TOPIC_ARN", 'TOPIC_ARN: str = os.environ["TOPIC"]; '), ENV),
    "Python: assigned twice": ("a.py", python("arn", 'arn = os.environ["TOPIC"]\narn = x\n'), OPEN),
    "Python: variable of a variable": ("a.py", python("a", 'b = os.environ["TOPIC"]\na = b\n'), OPEN),
    "Python: attribute": ("a.py", python("self.arn", 'arn = os.environ["TOPIC"]\n'), OPEN),
    "Python: call": ("a.py", python("arn()", 'arn = os.environ["TOPIC"]\n'), OPEN),
    "Python: formatted": ("a.py", python(f'f"{TOPIC_ARN}-{{stage}}"'), OPEN),
    "Python: not an ARN of a topic": ("a.py", python('"arn:aws:sqs:us-east-1:111122223333:q"'), OPEN),
    "JavaScript: ARN": ("a.js", script(f"`{TOPIC_ARN}`"), ARN),
    "JavaScript: process.env": ("a.mjs", script("process.env.TOPIC"), ENV),
    "TypeScript: process.env": ("a.ts", script("process.env['TOPIC']!"), ENV),
    "TypeScript: typed variable": ("a.tsx", script("arn", "const arn: string = process.env.TOPIC as string;\n"), ENV),
    "TypeScript: default": ("a.ts", script("process.env.TOPIC ?? ''"), ENV),
    "JavaScript: unpacked": ("a.cjs", script("TOPIC", "const { TOPIC, OTHER } = process.env;\n"), ENV),
    "JavaScript: renamed": ("a.jsx", script("arn", "const { OTHER, TOPIC: arn } = process.env;\n"), ENV),
    "JavaScript: short": ("a.js", script("x", "const StreamingEndpointArn = process.env.TOPIC;\n").replace("Arn: x", "Arn"), ENV),
    "JavaScript: assigned twice": ("a.js", script("arn", "let arn = process.env.TOPIC;\narn = x;\n"), OPEN),
    "JavaScript, version 2": ("a.js", f"connect.startContactStreaming({{StreamingEndpointArn: '{TOPIC_ARN}'}})", ARN),
    "Python: beside the name of an event": ("a.py", "eventSource = eventName = None\n" + python("environ['TOPIC']"), ENV),
    "JSON": ("a.json", json.dumps({"StreamingEndpointArn": TOPIC_ARN}), ARN),
    "JSON in JSON": ("a.json", json.dumps(json.dumps({"StreamingEndpointArn": TOPIC_ARN})), ARN),
    "YAML": ("a.yaml", f"StreamingEndpointArn: {TOPIC_ARN}\n", ARN),
    "shell": ("a.sh", f"aws connect start-contact-streaming --x StreamingEndpointArn={TOPIC_ARN}\n", ARN),
    "Go": ("a.go", f'StreamingEndpointArn: aws.String("{TOPIC_ARN}"),', ARN),
    "Go: unknown topic": ("a.go", "out, err := client.StartContactStreaming(ctx, input)", OPEN),
    "shell: unknown topic": ("a.sh", "aws connect start-contact-streaming --cli-input-json file://x.json", OPEN),
    "Java": ("A.java", f'.streamingEndpointArn("{TOPIC_ARN}")', ARN),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_a_call_has_the_topic_that_its_text_tells(name: str, tmp_path: Path) -> None:
    file, text, wanted = VALUES[name]
    ((_, *found),) = calls(tmp_path, file, text)
    assert tuple(found) == wanted


NO_CALLS = {
    "comment in Python": ("a.py", f"# {python('x')[10:]}"),
    "docstring": ("a.py", f'"""\n{python("x")}"""\n'),
    "comment in JavaScript": ("a.js", f"/* {script('x')} */ // {script('x')[9:]}".replace("\n", " ")),
    "type": ("a.d.ts", "export interface Configuration { StreamingEndpointArn: string | undefined }"),
    "class": ("a.ts", "export declare class StartContactStreamingCommand extends Command {}"),
    "function of this name": ("a.py", "def start_contact_streaming(client):\n    pass\n"),
    "method of this name": ("a.ts", "class Chat { async startContactStreaming(id) { } }"),
    "method in Go": ("a.go", "func (c *Client) StartContactStreaming(ctx context.Context) {}"),
    "comment in shell": ("a.sh", "# aws connect start-contact-streaming"),
    "permission": ("a.ts", "actions: ['connect:StartContactStreaming'],"),
    "comment in YAML": ("a.yaml", f"# StreamingEndpointArn: {TOPIC_ARN}\n"),
    "reference in JSON": ("a.json", '{"StreamingEndpointArn.$": "$.topic"}'),
    "next property": ("a.json", f'{{"StreamingEndpointArn": "x", "Other": "{TOPIC_ARN}"}}'),
    "CloudTrail event": (
        "a.json",
        f'{{"eventSource": "x", "eventName": "x", "streamingEndpointArn": "{TOPIC_ARN}"}}',
    ),
}


@pytest.mark.parametrize("name", NO_CALLS)
def test_other_text_is_no_call(name: str, tmp_path: Path) -> None:
    assert calls(tmp_path, *NO_CALLS[name]) == []


HOSTILE = {
    "quotes": '"' * 300_000,
    "long quotes": '"""' * 100_000,
    "comments": "/*" * 300_000,
    "escapes": "`\\" * 300_000,
    "endpoints": "StreamingEndpointArn:" * 40_000,
    "assignments": "a = " * 200_000 + "StreamingEndpointArn: a",
    "blanks": "StreamingEndpointArn:" + " " * 900_000,
    "braces": "{a," * 200_000 + "StreamingEndpointArn: a",
    "unpacked": ("{a" + ",b" * 900) * 400 + "StreamingEndpointArn: a",
    "null characters": "\0StreamingEndpointArn: a",
}


@pytest.mark.parametrize("file", ["a.py", "a.ts", "a.json"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_code_is_read_in_linear_time(name: str, file: str, tmp_path: Path) -> None:
    assert calls(tmp_path, file, HOSTILE[name]) == []


TERRAFORM = """
resource "aws_sns_topic" "chat" {
  name = "chat"
}
resource "aws_sns_topic" "alarms" {
  name = "alarms"
}
resource "aws_lambda_function" "start" {
  function_name = "start"
  handler       = "start.handler"
  environment {
    variables = {
      TOPIC  = aws_sns_topic.chat.arn
      ALARMS = aws_sns_topic.alarms.arn
    }
  }
}
"""
BESIDE = """
resource "aws_lambda_function" "notify" {
  function_name = "notify"
  handler       = "notify.handler"
  environment {
    variables = { TOPIC = aws_sns_topic.alarms.arn }
  }
}
"""
TASK = """
resource "aws_sns_topic" "chat" {
  name = "chat"
}
resource "aws_ecs_task_definition" "start" {
  family = "start"
  container_definitions = jsonencode([
    { name = "start", environment = [{ name = "TOPIC", value = aws_sns_topic.chat.arn }] }
  ])
}
"""
MODULE = """
resource "aws_sns_topic" "chat" {
  name = "chat"
}
module "start" {
  source                = "terraform-aws-modules/lambda/aws"
  environment_variables = { TOPIC = aws_sns_topic.chat.arn }
}
"""
TEMPLATE = f"""
Resources:
  Chat: {{Type: AWS::SNS::Topic}}
  Alarms: {{Type: AWS::SNS::Topic}}
  Start:
    Type: AWS::Lambda::Function
    Properties:
      Environment: {{Variables: {{TOPIC: !Ref Chat, ALARMS: !Ref Alarms, OTHER: "{OTHER_ARN}"}}}}
"""
GLOBALS = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Environment: {Variables: {TOPIC: !Ref Chat}}
Resources:
  Chat: {Type: AWS::SNS::Topic}
  Start: {Type: AWS::Serverless::Function, Properties: {CodeUri: app/}}
"""
CONTAINERS = """
Resources:
  Chat: {Type: AWS::SNS::Topic}
  Start:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - Name: start
          Environment: [{Name: TOPIC, Value: !Ref Chat}]
"""
ATTRIBUTES = json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT, "Policy": "{}"}})
START, CODE = "app/start.py", python('os.environ["TOPIC"]')


def planned(**unknown: Any) -> str:
    topics = [change(f"aws_sns_topic.{name}", {"name": name}, {"arn": True}) for name in ("chat", "alarms")]
    environment = [{"variables": {"STAGE": "dev"}}]
    marks = {"environment": [{"variables": unknown}]}
    function = change("aws_lambda_function.start", {"environment": environment}, marks)
    variables = refer("aws_sns_topic.chat.arn", "aws_sqs_queue.chat.url")
    configured = [written(f"aws_sns_topic.{name}", {}) for name in ("chat", "alarms")]
    return json.dumps(
        plan([*topics, function], *configured, written("aws_lambda_function.start", {"environment": [{"variables": variables}]}))
    )  # fmt: skip


TIED: dict[str, tuple[dict[str, str], list[str]]] = {
    "Terraform": ({"infra/main.tf": TERRAFORM}, ["aws_sns_topic.chat"]),
    "Terraform: container": ({"infra/main.tf": TASK}, ["aws_sns_topic.chat"]),
    "Terraform: module of a registry": ({"infra/main.tf": MODULE}, ["aws_sns_topic.chat"]),
    "Terraform: the function of this file": (
        {"infra/main.tf": TERRAFORM + BESIDE},
        ["aws_sns_topic.chat"],
    ),
    "Terraform: functions of other files": (
        {"infra/main.tf": TERRAFORM.replace("start.handler", "a.b") + BESIDE},
        [],
    ),
    "Terraform: another variable": ({"infra/main.tf": TERRAFORM.replace("TOPIC ", "OTHER ")}, []),
    "Terraform: two environments": (
        {"infra/dev/main.tf": TERRAFORM, "infra/prod/main.tf": TERRAFORM},
        ["infra/dev/: aws_sns_topic.chat", "infra/prod/: aws_sns_topic.chat"],
    ),
    "Terraform: the nearest root": (
        {"app/main.tf": TERRAFORM, "other/main.tf": TERRAFORM},
        ["app/: aws_sns_topic.chat"],
    ),
    "Terraform: a folder with code of its own": (
        {"billing/main.tf": TERRAFORM.replace("start.handler", "a.b"), "billing/a.py": ""},
        [],
    ),
    "Terraform: a folder that deploys others": (
        {"infra/main.tf": TERRAFORM.replace("start.handler", "a.b"), "infra/a.py": ""},
        ["aws_sns_topic.chat"],
    ),
    "plan": ({"plan.json": planned(TOPIC=True, QUEUE=True)}, ["aws_sns_topic.chat"]),
    "plan: another variable": ({"plan.json": planned(QUEUE=True)}, []),
    "template": ({"template.yaml": TEMPLATE}, ["template.yaml#Chat"]),
    "SAM": ({"template.yaml": GLOBALS}, ["template.yaml#Chat"]),
    "SAM: code of another folder": (
        {"template.yaml": GLOBALS.replace("app/", "other/"), "other/a.py": ""},
        [],
    ),
    "ECS": ({"template.yaml": CONTAINERS}, ["template.yaml#Chat"]),
    "ARN in a template": (
        {"template.yaml": TEMPLATE.replace("OTHER", "TOPIC_ARN"), START: python("os.environ['TOPIC_ARN']"),
         "alarms.json": ATTRIBUTES.replace(TOPIC_ARN, OTHER_ARN)},
        [OTHER_ARN],
    ),
    "ARN and a topic of the CLI": ({START: python(f'"{TOPIC_ARN}"'), "topic.json": ATTRIBUTES}, [TOPIC_ARN]),
    "ARN of a topic of Terraform": ({START: python(f'"{OTHER_ARN}"'), "main.tf": TERRAFORM}, ["aws_sns_topic.alarms"]),
    "code of tests": ({START: "", "tests/start.py": CODE, "app/test_start.py": CODE, "main.tf": TERRAFORM}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", TIED)
def test_code_puts_its_topics_in_scope(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, wanted = TIED[name]
    save(tmp_path, {START: CODE, **files})
    monkeypatch.chdir(tmp_path)
    report = judge(load([Path()]), all_rules())
    assert sorted(one.resource for one in report.examined if one.kind == "topic") == wanted
    assert not report.unreadable
    for one in report.findings:
        if one.rule == "connect-not-allowed" and one.verdict is Verdict.FAIL:
            assert f"`{START}:2` makes Connect stream to this topic" in one.help


def listed(folder: Path, files: dict[str, str], **options: Any) -> list[tuple[str, int, str]]:
    save(folder, files)
    found = load([folder], **options).skipped
    assert all(one.help and not one.error and not one.complete for one in found)
    names = [one.what.removeprefix(f"{folder}/") for one in found]
    lines = [one.position.line if one.position else 0 for one in found]
    return [(name, line, one.reason) for name, line, one in zip(names, lines, found, strict=True)]


GONE = f"streams chats to `{OTHER_ARN}`, whose policy is not among the files"
UNTOLD = "starts chat streaming, but no topic was checked: "
LISTED: dict[str, tuple[dict[str, str], list[tuple[str, int, str]]]] = {
    "ARN in code": ({START: python(f'"{OTHER_ARN}"'), "topic.json": ATTRIBUTES}, [(START, 2, GONE)]),
    "ARN in two files": ({START: python(f'"{OTHER_ARN}"'), "b.py": python(f'"{OTHER_ARN}"')}, [("b.py", 2, GONE)]),
    "ARN in a request": ({"request.json": f'{{\n"StreamingEndpointArn": "{OTHER_ARN}"}}'}, [("request.json", 2, GONE)]),
    "ARN in a state machine": ({"flow.asl": f'{{"StreamingEndpointArn": "{OTHER_ARN}"}}'}, [("flow.asl", 1, GONE)]),
    "variable that nothing sets": ({START: CODE}, [(START, 2, f"{UNTOLD}nothing here sets `TOPIC` to a topic")]),
    "unknown topic": ({START: python("arn"), "b.py": python("arn")}, [("b.py", 2, f"{UNTOLD}its topic is not known")]),
    "unknown topic beside one in scope": ({START: CODE, "b.py": python("arn"), "main.tf": TERRAFORM}, []),
    "documentation and tests": ({"README.md": CODE, "tests/a.py": CODE, "a.test.ts": CODE, "src/__tests__/a.ts": CODE}, []),
    "only a permission": ({"stack.ts": "actions: ['connect:StartContactStreaming']"}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTED)
def test_a_call_without_a_checked_topic_is_listed(name: str, tmp_path: Path) -> None:
    files, wanted = LISTED[name]
    assert listed(tmp_path, files) == wanted


@pytest.mark.parametrize("value", [f'"{OTHER_ARN}"', "arn"])
def test_a_strict_run_with_such_a_call_is_not_complete(value: str, tmp_path: Path) -> None:
    save(tmp_path, {START: python(value)})
    report = examine(Options((tmp_path,), isolated=True)).report
    assert [ending_of(report, Severity.NOTE, strict=strict).code.value for strict in (False, True)] == [0, 3]


def test_the_files_of_a_change_are_too_few_to_tell(tmp_path: Path) -> None:
    assert listed(tmp_path, {START: CODE, "b.py": python(f'"{OTHER_ARN}"')}, changed=True) == []


def test_tests_are_searched_if_their_folder_is_named(tmp_path: Path) -> None:
    save(tmp_path, {"tests/start.py": CODE})
    assert [one.reason for one in load([tmp_path / "tests"]).skipped] == [
        f"{UNTOLD}nothing here sets `TOPIC` to a topic"
    ]
    assert load([tmp_path]).skipped == ()
