"""`checker lsp` answers an editor as `checker check` answers on the command line, with unsaved texts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from lsprotocol import types as lsp

from tests.cli.process import run
from tests.lsp.editor import Editor, applied, editor
from tests.samples import TESTS

EXAMPLES = TESTS.parent / "examples"
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
TOPIC = "arn:aws:sns:us-east-1:111122223333:connect-chat-stream"


def policy(condition: Mapping[str, object] | None = None, principal: str = "connect.amazonaws.com") -> str:
    statement = {
        "Sid": "AllowConnect",
        "Effect": "Allow",
        "Principal": {"Service": principal},
        "Action": "sns:Publish",
        "Resource": TOPIC,
        **({"Condition": condition} if condition else {}),
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


PINNED = {
    "StringEquals": {"aws:SourceAccount": "111122223333"},
    "ArnEquals": {"aws:SourceArn": INSTANCE},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def open_editor(folder: Path) -> Iterator[Editor]:
    with editor(folder, {"instances": [INSTANCE]}) as opened:
        yield opened


def codes(diagnostics: list[lsp.Diagnostic]) -> list[object]:
    return [one.code for one in diagnostics if one.code]


def test_an_edit_is_checked_before_it_is_saved(open_editor: Editor, folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    found = open_editor.open("topic.json")
    assert codes(found) == ["missing-source-account", "missing-source-arn"]
    assert found[0].severity is lsp.DiagnosticSeverity.Error
    assert "witness: Connect for instance" in found[0].message
    assert codes(open_editor.edit("topic.json", policy(PINNED))) == []
    assert (folder / "topic.json").read_text() == policy()


def test_the_findings_are_those_of_the_command_line(open_editor: Editor, folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    report = json.loads(
        run("check", "topic.json", "--instance-arn", INSTANCE, "--format", "json", cwd=folder).stdout
    )
    lines = [(one["rule"], one["locations"][0]["line"] - 1) for one in report["findings"]]
    shown = open_editor.open("topic.json")
    assert lines == [(one.code, one.range.start.line) for one in shown if one.code]


def test_a_proven_fix_is_preferred_and_can_be_applied(open_editor: Editor, folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    first = open_editor.open("topic.json")[0]
    (fix,) = open_editor.fixes("topic.json", first)
    assert fix.is_preferred
    assert "safe: proven to change no other access" in fix.title
    edited = applied(policy(), edits_of(fix, open_editor.uri("topic.json")))
    assert codes(open_editor.edit("topic.json", edited)) == []


def edits_of(fix: lsp.CodeAction, uri: str) -> list[lsp.TextEdit]:
    """Return the edits of a fix that changes one document."""
    assert fix.edit is not None
    (change,) = fix.edit.document_changes or ()
    assert isinstance(change, lsp.TextDocumentEdit)
    assert change.text_document.uri == uri
    return [one for one in change.edits if isinstance(one, lsp.TextEdit)]


def test_an_unsafe_fix_says_so_and_is_not_preferred(folder: Path) -> None:
    (folder / "main.tf").write_text(TERRAFORM)
    with editor(folder) as opened:
        warning = next(one for one in opened.open("main.tf") if one.code == "missing-source-arn")
        (fix,) = opened.fixes("main.tf", warning)
    assert not fix.is_preferred
    assert fix.title.endswith("(unsafe: may grant or remove other access)")


TERRAFORM = """\
provider "aws" {
  region = "us-east-1"
}
data "aws_caller_identity" "me" {}
resource "aws_connect_instance" "this" {
  identity_management_type = "CONNECT_MANAGED"
  inbound_calls_enabled    = true
  outbound_calls_enabled   = true
}
resource "aws_sns_topic" "chat" {
  name = "chat"
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}
data "aws_iam_policy_document" "chat" {
  statement {
    sid       = "AllowConnect"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.me.account_id]
    }
  }
}
"""


def test_a_fix_that_cannot_be_applied_gives_the_reason(folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    with editor(folder) as opened:
        first = opened.open("topic.json")[0]
        (fix,) = opened.fixes("topic.json", first)
    assert fix.edit is None
    assert fix.disabled is not None
    assert "needs the Connect instance" in fix.disabled.reason


def test_the_pointer_on_a_finding_shows_its_rule(open_editor: Editor, folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    place = open_editor.open("topic.json")[0].range.start
    text = open_editor.hover("topic.json", place.line, place.character)
    assert "## Why it matters" in text
    assert "confused deputy" in text
    assert open_editor.hover("topic.json", 0, 0) == ""


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        (policy(PINNED), "Connect: not known - other AWS customers: no - public: no - key: not known"),
        (policy(), "Connect: not known - other AWS customers: yes - public: no - key: not known"),
        (policy(principal="lambda.amazonaws.com"), ""),
    ],
)
def test_answers_are_above_each_policy(text: str, answers: str, open_editor: Editor, folder: Path) -> None:
    """A policy alone does not tell whether its topic is encrypted."""
    (folder / "topic.json").write_text(text)
    open_editor.open("topic.json")
    assert open_editor.lenses("topic.json") == ([(0, answers)] if answers else [])


def test_answers_in_terraform_are_above_the_policy_document(open_editor: Editor, folder: Path) -> None:
    (folder / "main.tf").write_text(TERRAFORM)
    open_editor.open("main.tf")
    line = TERRAFORM.splitlines().index('data "aws_iam_policy_document" "chat" {')
    assert open_editor.lenses("main.tf") == [
        (line, "Connect: yes - other AWS customers: no - public: no - key: none")
    ]
    assert open_editor.explain("main.tf").startswith("Yes: in every deployment")


def test_a_document_that_cannot_be_read_says_why(open_editor: Editor, folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    open_editor.open("topic.json")
    (only,) = open_editor.edit("topic.json", policy().replace('"Effect": "Allow",', '"Effect": "Allow"'))
    assert only.severity is lsp.DiagnosticSeverity.Error
    assert only.message.startswith("not read: ")
    assert only.range.start.line == 6


def test_a_mistake_in_the_configuration_is_shown_in_each_document(folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    (folder / "checker.yaml").write_text("ignore: [no-such-rule]\n")
    with editor(folder) as opened:
        (only,) = opened.open("topic.json")
        assert only.message.startswith("not checked: checker.yaml")
        (folder / "checker.yaml").write_text("ignore: [missing-source-arn]\n")
        opened.changed_on_disk("checker.yaml")
        assert codes(opened.published("topic.json")) == ["missing-source-account"]


def test_a_setting_can_be_changed_and_removed(folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    with editor(folder) as opened:
        opened.open("topic.json")
        for settings, fixable in (({"instances": [INSTANCE]}, True), ({}, False)):
            opened.configure({"checker": settings})
            first = opened.published("topic.json")[0]
            assert bool(opened.fixes("topic.json", first)[0].edit) is fixable
        assert opened.refreshed == 2


def test_a_setting_that_is_not_an_instance_is_named(folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    with editor(folder, {"instances": ["chat"]}) as opened:
        (only,) = opened.open("topic.json")
    assert only.message.startswith("not checked: the setting `instances` of the editor: `chat`")


def test_files_that_another_program_changes_are_read_again(open_editor: Editor, folder: Path) -> None:
    files = TERRAFORM.split('data "aws_iam_policy_document"')
    (folder / "main.tf").write_text(files[0])
    (folder / "policy.tf").write_text(f'data "aws_iam_policy_document"{files[1]}')
    open_editor.open("main.tf")
    before = open_editor.lenses("main.tf")
    (folder / "policy.tf").write_text(
        f'data "aws_iam_policy_document"{files[1].replace("connect.", "lambda.")}'
    )
    open_editor.changed_on_disk("policy.tf")
    open_editor.published("main.tf")
    assert before != open_editor.lenses("main.tf")


def test_other_open_documents_count_with_their_unsaved_text(open_editor: Editor, folder: Path) -> None:
    head, tail = TERRAFORM.split('data "aws_iam_policy_document"')
    (folder / "main.tf").write_text(head)
    (folder / "policy.tf").write_text(f'data "aws_iam_policy_document"{tail}')
    open_editor.open("main.tf")
    open_editor.open("policy.tf")
    open_editor.client.diagnostics.clear()
    renamed = head.replace('"aws_sns_topic" "chat"', '"aws_sns_topic" "other"').replace(
        "= aws_sns_topic.chat.arn", "= aws_sns_topic.other.arn"
    )
    open_editor.edit("main.tf", renamed)
    assert open_editor.published("policy.tf") != []


def test_columns_count_in_the_units_of_the_protocol(open_editor: Editor, folder: Path) -> None:
    """An emoji is two UTF-16 code units, a carriage return ends a line, and a form feed does not."""
    text = policy().replace('"AllowConnect"', '"\U0001f600\\f"').replace("\n", "\r\n")
    one_line = text.replace("\r\n", "").replace("  ", "")
    (folder / "topic.json").write_text(one_line)
    first = open_editor.open("topic.json")[0]
    (fix,) = open_editor.fixes("topic.json", first)
    edited = applied(one_line, edits_of(fix, open_editor.uri("topic.json")))
    assert json.loads(edited)["Statement"][0]["Condition"]
    start = first.range.start.character
    assert one_line.encode("utf-16-le")[2 * start :].decode("utf-16-le").startswith('{"Sid"')


def test_closing_a_document_removes_its_diagnostics(open_editor: Editor, folder: Path) -> None:
    (folder / "topic.json").write_text(policy())
    assert open_editor.open("topic.json")
    open_editor.client.diagnostics.clear()
    open_editor.close("topic.json")
    assert open_editor.published("topic.json") == []


def test_documents_that_are_no_inputs_are_left_alone(open_editor: Editor, folder: Path) -> None:
    (folder / "notes.md").write_text("connect.amazonaws.com sns:Publish")
    (folder / "topic.json").write_text(policy())
    item = lsp.TextDocumentItem(open_editor.uri("notes.md"), "markdown", 1, "connect.amazonaws.com")
    open_editor.tell(open_editor.client.text_document_did_open, lsp.DidOpenTextDocumentParams(item))
    unsaved = lsp.TextDocumentItem("untitled:Untitled-1", "json", 1, policy())
    open_editor.tell(open_editor.client.text_document_did_open, lsp.DidOpenTextDocumentParams(unsaved))
    open_editor.open("topic.json")
    assert [*open_editor.client.diagnostics] == [open_editor.uri("topic.json")]


def test_the_server_ends_with_its_editor(folder: Path) -> None:
    done = run("lsp", cwd=folder, stdin=b"")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
