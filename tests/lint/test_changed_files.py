"""What a check of changed files reports: all findings of the roots that the files belong to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.app.run import Options, Run, examine
from tests.samples import document, statement

OPEN = json.dumps(document(statement()))
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


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def check(*changed: str) -> Run:
    return examine(Options(paths=tuple(map(Path, changed)), changed=True))


def found(run: Run) -> set[tuple[str, str]]:
    return {(one.rule, one.locations[0].source) for one in run.report.findings}
