"""Targets about files and reports: no input makes a reader raise, and no report says its text out loud."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import unicodedata
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from checker.app.output import FORMATS, render
from checker.app.terminal import ended
from checker.cli.app import run
from checker.configuration.model import is_pattern, matches
from checker.core.errors import CheckerError
from checker.core.terminal_text import inert_line
from checker.fix.live.receipt import read_receipt, write_receipt
from checker.lint.report import Report
from checker.live.audit.journal import Journal, read_journal
from checker.report.formats.json import report_v1
from checker.report.record import MALFORMED, read_report
from tests.report.fixed import SETTING
from tests.report.readers import hold, inert_page
from tests.report.test_hostile_text import hostile
from tests.samples import INSTANCE_ARN, TOPIC_ARN, document, statement

CODES = (0, 1, 2, 3)
_POLICY = json.dumps(document(statement()))
_MODULE = """
variable "instance_arn" { type = string }
variable "policy" {}
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = var.policy != null ? var.policy : jsonencode({
    Version   = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }
      Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
      Condition = { ArnEquals = { "aws:SourceArn" = var.instance_arn } }
    }]
  })
}
"""


class File(NamedTuple):
    """A kind of file: its name, the commands that read it, and the files beside it."""

    name: str
    commands: tuple[tuple[str, ...], ...]
    beside: tuple[tuple[str, str], ...] = ()

    def hold(self, data: bytes, folder: Path) -> None:
        """Read the file by one of its commands, which the content chooses."""
        for name, text in self.beside:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        (folder / self.name).write_bytes(data)
        for command in self.commands:
            quiet(folder, *_with_a_format(command, data))


_CHECK = ("check", ".", "--isolated", "--all-topics")
_JUDGED = (
    _CHECK,
    ("explain", ".", "--instance-arn", INSTANCE_ARN),
    ("fix", ".", "--isolated", "--diff", "--instance-arn", INSTANCE_ARN),
)
FILES = {
    "policy_json": File(
        "policy.json",
        (*_JUDGED[::2], ("diff", "policy.json", "old.json", "--resource", TOPIC_ARN)),
        (("old.json", _POLICY),),
    ),
    "policy_yaml": File("policy.yaml", _JUDGED[::2]),
    "cli_output": File("topic.json", _JUDGED),
    "template": File("template.yaml", _JUDGED),
    "terraform": File("main.tf", _JUDGED),
    "terraform_json": File("main.tf.json", _JUDGED[::2]),
    "terragrunt": File("terragrunt.hcl", (_CHECK,), (("module/main.tf", _MODULE),)),
    "serverless": File("serverless.yml", _JUDGED[::2], (("statement.yml", "statement: []\n"),)),
    "tfvars": File("terraform.tfvars", (_CHECK,), (("main.tf", _MODULE),)),
    "plan": File("plan.json", (_CHECK,)),
    "state": File("terraform.tfstate", (("check", "terraform.tfstate", "--isolated"), _CHECK)),
    "trail": File("trail.json", (_CHECK,), (("topic.json", _POLICY),)),
    "query_results": File("rows.json", (_CHECK,)),
    "manifest": File(
        "streaming.yaml", (("check", "streaming.yaml", "--isolated"),), (("policy.json", _POLICY),)
    ),
    "kubernetes": File("manifest.yaml", (_CHECK,)),
    "configuration": File(
        "checker.yaml", (("check", "policy.json", "--config", "checker.yaml"),), (("policy.json", _POLICY),)
    ),
    "baseline": File(
        "baseline.json",
        (("check", "policy.json", "--isolated", "--baseline", "baseline.json"),),
        (("policy.json", _POLICY),),
    ),
    "expectations": File(
        "expectations.yaml",
        (("check", "policy.json", "--isolated", "--all-topics", "--expect", "expectations.yaml"),),
        (("policy.json", _POLICY),),
    ),
    "evidence": File(
        "evidence.json",
        (("check", "policy.json", "--isolated", "--evidence", "evidence.json"),),
        (("policy.json", _POLICY),),
    ),
    "organization_policy": File(
        "rcp.json",
        (("check", "policy.json", "--isolated", "--rcp", "rcp.json"),),
        (("policy.json", _POLICY),),
    ),
    "requests": File("requests.jsonl", (("simulate", "--requests", "requests.jsonl"),)),
}


def _with_a_format(command: tuple[str, ...], data: bytes) -> tuple[str, ...]:
    """Choose a format of `check` by the content, so that all occur and an input repeats its own."""
    if command[0] != "check":
        return command
    return (*command, "--format", FORMATS[zlib.crc32(data) % len(FORMATS)])


def quiet(folder: Path, *arguments: str) -> None:
    """Run a command; it ends with a documented exit code and prints nothing that acts on its reader."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = ended(lambda: run(list(arguments)))
    assert code in CODES, f"exit code {code}: {err.getvalue()}"
    is_patch, name = "--diff" in arguments, arguments[-1]
    assert list(acting(err.getvalue())) == []
    shown = _without_own_commands(out.getvalue()) if name == "github" else out.getvalue()
    assert list(acting(shown, patch=is_patch)) == []
    if name in ("markdown", "digest"):
        inert_page(out.getvalue())
    if name == "csv":
        assert list(formulas(out.getvalue())) == []


def _without_own_commands(text: str) -> str:
    return re.sub(r"(?m)^::(?=(?:error|warning|notice) )", "", text)


def acting(text: str, *, patch: bool = False) -> Iterator[str]:
    """Lines with a control, an invisible or a bidirectional character, or with a command for a CI runner.

    Written apart from `checker.core.terminal_text`, which it holds to account.
    """
    for line in text.split("\n"):
        shown = line.removesuffix("\r").replace("\t", " ") if patch else line
        unseen = any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for char in shown)
        if unseen or re.match(r"\s*::", shown) or re.search(r"##\w*\[", shown):
            yield line


def formulas(text: str) -> Iterator[str]:
    """Cells that a spreadsheet would evaluate."""
    yield from (
        cell for row in csv.reader(io.StringIO(text)) for cell in row if cell[:1] in "=+-@\t\r" and cell
    )


def patterns(data: bytes, _: Path) -> None:
    """Lines of a `.gitignore` are valid or refused, and the valid ones match or do not."""
    lines = data.decode("utf-8", "replace").split("\n")
    valid = tuple(line for line in lines if is_pattern(line))
    assert matches(valid, "a/b.json", None, "..", *lines) in (True, False)


def receipt(data: bytes, folder: Path) -> None:
    """A receipt that is read is the same after it is written again."""
    path = folder / "receipt.json"
    path.write_bytes(data)
    try:
        found = read_receipt(path)
    except CheckerError:
        return
    (folder / "again").mkdir()
    with contextlib.chdir(folder):
        again = write_receipt(found, Path("again"))
        assert read_receipt(again) == found._replace(time=found.time.replace(microsecond=0))


def journal(data: bytes, folder: Path) -> None:
    """The entries of a journal that is read are the same after they are written again."""
    path, again = folder / "journal.jsonl", folder / "again.jsonl"
    path.write_bytes(data)
    try:
        audit, entries = read_journal(path)
    except CheckerError:
        return
    copy = Journal(again, "111122223333", {}, dict(audit.options), audit.caller)
    copy.began = datetime.fromisoformat(audit.time)
    copy.begin()
    for line in data.split(b"\n")[1:-2]:
        if not line.startswith(b'{"kind":"topic"'):  # only a resumed audit reads these
            copy.write(json.loads(line))
    copy.finish()
    options, found = read_journal(again)
    assert options == audit._replace(version=options.version)
    assert found == entries


def report(data: bytes, _: Path) -> None:
    """A saved report that is read is the same after it is written and read again, and every format writes it."""
    try:
        value = json.loads(data)
        found = read_report(value)
    except MALFORMED:
        return
    once = report_v1(found)
    assert report_v1(read_report(json.loads(json.dumps(once)))) == once
    for name in FORMATS:
        inert_report(name, found)


def formats(data: bytes, _: Path) -> None:
    """Every format stays well-formed and inert, whatever text stands in names, policies and reasons."""
    found = hostile(data.decode("utf-8", "surrogateescape"))
    hold(found)
    for name in FORMATS:
        inert_report(name, found)


def inert_report(name: str, found: Report) -> None:
    """A report in a format, as commands write it to a file or a terminal, acts on no reader."""
    lines = (str(inert_line(line)) for line in render(name, found, SETTING))
    text = "\n".join(lines)
    assert list(acting(_without_own_commands(text) if name == "github" else text)) == [], name
    assert name != "csv" or list(formulas(text)) == []
