"""A check with the memory of earlier checks says what a check without one says, after any edits."""

from __future__ import annotations

import os
import time
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.inputs import reading_memory
from checker.inputs.reading_memory import ReadingMemory, remembered_of, remembering
from checker.lsp.folder_check import FolderCheck

POLICY = """\
data "aws_iam_policy_document" "{name}" {{
  statement {{
    sid       = "AllowConnect"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.{topic}.arn]
    principals {{
      type        = "Service"
      identifiers = [{principal}]
    }}
    condition {{
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [{account}]
    }}
  }}
}}
"""
TOPIC = """\
resource "aws_sns_topic" "{name}" {{
  name = {value}
  {more}
}}
resource "aws_sns_topic_policy" "{name}" {{
  arn    = aws_sns_topic.{name}.arn
  policy = data.aws_iam_policy_document.{name}.json
}}
"""
CONNECT, OWN = '"connect.amazonaws.com"', "data.aws_caller_identity.me.account_id"
VARIANTS = {
    "main.tf": [
        'provider "aws" {\n  region = "us-east-1"\n}\ndata "aws_caller_identity" "me" {}\n',
        'provider "aws" {\n  region = "eu-west-2"\n}\ndata "aws_caller_identity" "me" {}\n',
        '# only a comment\ndata "aws_caller_identity" "me" {}\n',
    ],
    "locals.tf": [
        'locals {\n  service = "connect.amazonaws.com"\n  name = "chat"\n}\nvariable "account" {}\n',
        'locals {\n  service = "lambda.amazonaws.com"\n  name = "chat"\n}\nvariable "account" {}\n',
        'locals {\n  service = "connect.amazonaws.com"\n  name = "chat.fifo"\n}\nvariable "account" {\n  sensitive = true\n}\n',
        "",
    ],
    "chat.tf": [
        TOPIC.format(name="chat", value="local.name", more="")
        + POLICY.format(name="chat", topic="chat", principal="local.service", account=OWN),
        TOPIC.format(name="chat", value='"chat"', more="kms_master_key_id = aws_kms_key.chat.arn")
        + POLICY.format(name="chat", topic="chat", principal=CONNECT, account="var.account"),
        TOPIC.format(name="chat", value='"chat-${each.key}"', more='for_each = toset(["a", "b"])'),
        POLICY.format(name="chat", topic="other", principal=CONNECT, account='"111122223333"'),
    ],
    "other.tf": [
        TOPIC.format(name="other", value="local.name", more="")
        + POLICY.format(name="other", topic="chat", principal=CONNECT, account=OWN),
        TOPIC.format(name="other", value='"other"', more="fifo_topic = true"),
        'resource "aws_connect_instance" "this" {\n  instance_alias = "chat"\n}\n',
        'resource "aws_sns_topic" "other" {\n  policy = file("policy.json")\n}\n',
    ],
    "key.tf": [
        'resource "aws_kms_key" "chat" {\n  policy = jsonencode({ Statement = [{ Effect = "Allow", '
        'Principal = { Service = local.service }, Action = "kms:*", Resource = "*" }] })\n}\n',
        'resource "aws_kms_key" "chat" {}\n',
        "",
    ],
    "terraform.tfvars": ['account = "111122223333"\n', 'account = "444455556666"\n', ""],
    "policy.json": ['{"Statement": []}', "{"],
    "main_override.tf": ["", 'resource "aws_sns_topic" "chat" {\n  name = "renamed"\n}\n'],
}
MOMENTS = count()
OPEN = ("chat.tf", "other.tf", "key.tf")

edits = st.sampled_from(sorted(VARIANTS)).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from(VARIANTS[name]), st.booleans())
)


def said(check: FolderCheck) -> list[object]:
    """Return all that an editor shows of a check."""
    report = check.report
    return [
        str(check.error),
        [
            (one.rule, one.severity, one.message, one.help, one.locations[0].position())
            for one in report.findings
        ],
        [
            (one.resource, sorted((rule, v.value) for rule, v in one.verdicts.items()))
            for one in report.examined
        ],
        [(one.what, one.reason, one.position) for one in report.skipped],
        [(one.title, one.location.position()) for one in check.context.run(lambda: check.lenses)],
        [
            (fix.title, fix.applicability, [(edit.position, edit.text) for edit in fix.edits])
            for finding in check.context.run(lambda: check.fixed).findings
            for fix in finding.fixes
        ],
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(edits, min_size=1, max_size=8))
def test_a_memory_changes_no_answer(
    steps: list[tuple[str, str, bool]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Some edits are saved, some are not."""
    folder = tmp_path_factory.mktemp("root")
    (folder / ".git").mkdir()
    for name, variants in VARIANTS.items():
        (folder / name).write_text(variants[0])
    texts = {str(folder / name): VARIANTS[name][0] for name in OPEN}
    memory = ReadingMemory()
    FolderCheck.of(folder, texts, (), memory)
    for name, text, is_saved in steps:
        if name in OPEN:
            texts = {**texts, str(folder / name): text}
        if is_saved or name not in OPEN:
            (folder / name).write_text(text)
            settle(folder / name)
        known = FolderCheck.of(folder, texts, (), memory)
        assert said(known) == said(FolderCheck.of(folder, texts, (), ReadingMemory()))


def settle(path: Path) -> None:
    """Make a file look as if it had changed a while ago, each time at another moment."""
    then = time.time_ns() - 10**9 * 10_000 + next(MOMENTS) * 10**6
    os.utime(path, ns=(then, then))


def test_unchanged_files_are_not_read_again(tmp_path: Path) -> None:
    file, made = tmp_path / "a.tf", []
    file.write_text("")
    os.utime(file, (1, 1))
    memory = ReadingMemory()
    for _ in range(3):
        memory.forget()
        with remembering(memory, {}):
            remembered_of(file, "key", lambda: made.append(1))
    assert len(made) == 1


def test_a_file_that_has_just_changed_is_read_again(tmp_path: Path) -> None:
    """A second change in the same tick of the clock may leave its time as it is."""
    file, made = tmp_path / "a.tf", []
    memory = ReadingMemory()
    with remembering(memory, {}):
        for _ in range(2):
            file.write_text("")
            remembered_of(file, "key", lambda: made.append(1))
    assert len(made) == 2


def test_a_draft_is_read_again(tmp_path: Path) -> None:
    """Its file on the disk stays as it is."""
    file, made = tmp_path / "a.tf", []
    file.write_text("")
    os.utime(file, (1, 1))
    memory = ReadingMemory()
    for text in ("a", "b"):
        memory.forget()
        with remembering(memory, {str(file): text}):
            remembered_of(file, "key", lambda: made.append(1))
    assert len(made) == 2


def test_what_two_readings_do_not_use_is_forgotten() -> None:
    memory, made = ReadingMemory(), []
    for uses in (True, False, False, True):
        memory.forget()
        with remembering(memory, {}):
            if uses:
                reading_memory.remembered("key", lambda: made.append(1))
    assert len(made) == 2
