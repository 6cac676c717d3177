"""What a check of changed files reports: all findings of the roots that the files belong to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.app.run import Options, Run, examine
from tests.samples import ACCOUNT, TOPIC_ARN, document, statement

OPEN = json.dumps(document(statement()))
EVENTS = document(statement(Principal={"Service": "events.amazonaws.com"}))
TOPIC = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n}\n'
POLICY = (
    TOPIC + 'resource "aws_sns_topic_policy" "chat" {\n  arn    = aws_sns_topic.chat.arn\n  policy = %s\n}\n'
)
STACK = (
    'resource "aws_cloudformation_stack" "chat" {\n  name = "chat"\n  template_body = file("stack.json")\n}\n'
)
TEMPLATE = json.dumps(
    {
        "Resources": {
            "Chat": {"Type": "AWS::SNS::Topic"},
            "Policy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"Topics": [{"Ref": "Chat"}], "PolicyDocument": json.loads(OPEN)},
            },
        }
    }
)
CALL = 'module "chat" {\n  source = "../modules/chat"\n}\n'
ROOTS = {
    "file": ({"main.tf": POLICY % 'file("${path.module}/policy.json")', "policy.json": OPEN}, "policy.json"),
    "template of a module": (
        {
            "dev/main.tf": CALL,
            "modules/chat/main.tf": POLICY % 'templatefile("${path.module}/policy.tftpl", {})',
            "modules/chat/policy.tftpl": OPEN,
        },
        "modules/chat/policy.tftpl",
    ),
    "template of a stack": ({"main.tf": STACK, "stack.json": TEMPLATE}, "stack.json"),
}


@pytest.mark.parametrize(
    ("name", "changed"), [(name, one) for name, (files, _) in ROOTS.items() for one in files]
)
def test_findings_in_files_that_a_root_reads_are_reported(
    name: str, changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, place = ROOTS[name]
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    run = check(changed)
    assert len(run.report.examined) == 1
    assert ("missing-source-account", place) in found(run)


def test_a_root_that_does_not_read_the_changed_file_is_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = 'locals {\n  name = "policy"\n}\n'
    write(tmp_path, {"main.tf": name + POLICY % 'file("${local.name}.json")'})
    write(tmp_path, {"policy.json": OPEN, "other.json": json.dumps({"sns:": "another file"})})
    monkeypatch.chdir(tmp_path)
    assert found(check("other.json")) == set()
    assert ("missing-source-account", "policy.json") in found(check("other.json", "main.tf"))


def test_a_link_to_a_changed_file_affects_its_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"shared/main.tf": POLICY % 'file("policy.json")', "live/policy.json": OPEN})
    (tmp_path / "live/main.tf").symlink_to("../shared/main.tf")
    monkeypatch.chdir(tmp_path)
    assert ("missing-source-account", "live/policy.json") in found(check("shared/main.tf"))


CODE = """import os
connect.start_contact_streaming(
    ChatStreamingConfiguration={"StreamingEndpointArn": os.environ["TOPIC"]},
)
"""
FUNCTION = """
resource "aws_lambda_function" "start" {
  function_name = "start"
  environment {
    variables = { TOPIC = aws_sns_topic.chat.arn }
  }
}
"""
ARN_CODE = CODE.replace('os.environ["TOPIC"]', f'"{TOPIC_ARN}"')
ATTRIBUTES = json.dumps(
    {"Attributes": {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT, "Policy": json.dumps(EVENTS)}}
)


@pytest.mark.parametrize(
    ("files", "changed"),
    [
        ({"infra/main.tf": TOPIC + FUNCTION, "src/start.py": CODE}, "infra/main.tf"),
        ({"infra/topics.json": ATTRIBUTES, "src/start.py": ARN_CODE}, "infra/topics.json"),
    ],
)
@pytest.mark.parametrize("folder", ["", "infra"])
def test_code_of_the_repository_brings_a_topic_into_scope(
    files: dict[str, str], changed: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {**files, ".git/HEAD": ""})
    monkeypatch.chdir(tmp_path / folder)
    run = check(changed.removeprefix(f"{folder}/"))
    assert len(run.report.examined) == 1
    assert {rule for rule, _ in found(run)} & {"source-owner", "connect-not-allowed"}
    assert run.report.skipped == ()


def test_code_of_tests_is_no_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"infra/main.tf": TOPIC + FUNCTION, "tests/start.py": CODE, ".git/HEAD": ""})
    monkeypatch.chdir(tmp_path)
    assert check("infra/main.tf").report.examined == ()


def test_policies_in_code_that_did_not_change_are_not_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"infra/main.tf": TOPIC, "src/stack.ts": f"const policy = {OPEN};\n", ".git/HEAD": ""})
    monkeypatch.chdir(tmp_path)
    assert check("infra/main.tf").report.skipped == ()


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def check(*changed: str) -> Run:
    return examine(Options(paths=tuple(map(Path, changed)), changed=True))


def found(run: Run) -> set[tuple[str, str]]:
    return {(one.rule, one.locations[0].source) for one in run.report.findings}


OTHERS = {
    "notes.md": f"# Chat\n\n{OPEN}\n",
    "guide.html": f"<pre>{OPEN}</pre>",
    "app.ts": 'export const action = "sns:Publish"; // Statement\n',
    "deploy.sh": "aws sns publish # sns: Statement\n",
    "Makefile": "all:\n\taws sns publish # sns: Statement\n",
    "test_policy.py": f"POLICY = {OPEN}\n",
    "values.csv": "sns:Publish,Statement\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_files_of_other_kinds_are_passed_over(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {name: OTHERS[name], "image.png": "\0"})
    (tmp_path / "logo.png").write_bytes(b"\x89PNG sns:")
    monkeypatch.chdir(tmp_path)
    assert check(name, "image.png", "logo.png").report.skipped == ()


@pytest.mark.parametrize("name", ["policy.txt", "policy.json.tpl", "policy.policy"])
def test_a_policy_in_a_file_of_another_kind_is_checked(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {name: OPEN})
    monkeypatch.chdir(tmp_path)
    assert ("missing-source-account", name) in found(check(name))


def test_a_policy_for_connect_in_code_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"stack.ts": f"const policy = {OPEN};\n"})
    monkeypatch.chdir(tmp_path)
    (skipped,) = check("stack.ts").report.skipped
    assert "a policy for Amazon Connect was not read: the file is code" in skipped.reason
    assert not skipped.error
