"""The table of exit codes in the README, for every command that needs no AWS; tests/live has the others."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterable
from itertools import product
from pathlib import Path

import pytest

from checker.__main__ import _run
from checker.app import output
from checker.app.exit_codes import Ending, Exit, ending_of_error
from checker.app.terminal import ended, is_confirmed, plan_reader, write
from checker.core.errors import AwsError, CheckerError, InputError, RefusedError
from checker.core.finding import Location
from checker.lint.report import Report
from checker.report.context import Setting
from tests.cli.process import CHECKER, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
PUBLIC = statement(Sid="Public", Principal="*", Action="sns:Subscribe")
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
INSTANCE = ("--instance-arn", INSTANCE_ARN)
TERRAFORM = """
provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["%s"]
}
variable "name" { default = "chat" }
resource "aws_sns_topic" "t" { name = var.name }
resource "aws_sns_topic_policy" "t" {
  arn    = aws_sns_topic.t.arn
  policy = jsonencode(%s)
}
"""
TEMPLATE = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {"Key": {"Type": "String"}},
    "Resources": {
        "T": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}},
        "P": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "T"}], "PolicyDocument": document(statement(Condition=PINNED))},
        },
    },
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("good.json"), document(statement(Condition=PINNED)))
    save(Path("open.json"), document(statement()))
    save(Path("again.json"), document(statement(Condition=PINNED)) | {"Id": "again"})
    save(Path("public.json"), document(statement(Condition=PINNED), PUBLIC))
    save(Path("template.json"), TEMPLATE)
    Path("broken.json").write_text('{"Version": ')
    Path("tf").mkdir()
    Path("nothing").mkdir()
    Path("tf/main.tf").write_text(TERRAFORM % (ACCOUNT, json.dumps(document(statement(Condition=PINNED)))))


CODES = [
    ("check good.json", 0),
    ("check open.json", 1),
    ("check open.json broken.json", 2),
    ("check missing.json", 2),
    ("check --no-such-option", 2),
    ("check --strict good.json", 3),
    ("check --strict open.json", 1),
    ("check --strict tf", 0),
    ("check --strict nothing", 0),
    ("check --strict empty.json", 2),
    ("check --strict template.json", 3),
    ("check --strict --all-topics good.json open.json broken.json", 2),
    ("check tf --var name=chat", 0),
    ("check tf --var nmae=x", 2),
    ("check tf --parameter Key=x", 2),
    ("check template.json --parameter Key=alias/x --parameter AWS::Region=us-east-1", 0),
    ("check template.json --parameter Keg=alias/x", 2),
    (f"check good.json --topic-arn {TOPIC_ARN}", 0),
    ("check good.json --topic-arn arn:aws:sns:*", 0),
    (f"check good.json --topic-arn {TOPIC_ARN}x", 2),
    (f"check --changed good.json --topic-arn {TOPIC_ARN}x", 0),
    ("check good.json --topic-tag team", 2),
    ("check good.json --select ,", 2),
    ("check good.json --ignore all", 2),
    ("check good.json --select snz", 2),
    ("check good.json --baseline missing.json", 2),
    ("check good.json --baseline good.json", 2),
    ("baseline write open.json", 0),
    ("baseline write broken.json", 2),
    ("baseline write empty.json", 2),
    ("fix good.json", 0),
    ("fix open.json {instance}", 1),
    ("fix open.json {instance} --diff", 1),
    ("fix open.json {instance} --format json", 1),
    ("fix open.json {instance} --apply", 0),
    ("fix open.json {instance} --apply --unsafe-fixes --fail-on note", 0),
    ("fix public.json {instance} --apply", 1),
    ("fix public.json {instance} --apply --select missing-source-arn", 0),
    ("fix open.json broken.json {instance} --apply", 2),
    ("fix open.json --test-flow", 2),
    ("explain good.json {instance} --strict", 3),
    ("explain good.json {instance}", 0),
    ("explain open.json {instance}", 1),
    ("explain missing.json {instance}", 2),
    ("diff good.json again.json", 0),
    ("diff good.json open.json", 1),
    ("diff good.json broken.json", 2),
    ("diff template.json good.json --parameter Key=alias/x --parameter AWS::Region=us-east-1", 0),
    ("diff template.json template.json --parameter Keg=alias/x", 2),
    ("diff tf/main.tf tf/main.tf --var nmae=x", 2),
    ("policy --topic-arn arn:aws:sns:us-east-1:111122223333:t {instance}", 0),
    ("policy --topic-arn nonsense {instance}", 2),
    ("simulate --policy good.json --service connect.amazonaws.com --action sns:Publish --resource x", 0),
    ("simulate --requests broken.json", 2),
    ("rules", 0),
    ("rules no-such-rule", 2),
    ("permissions audit", 0),
    ("permissions audit --topic-arn nonsense", 2),
    ("rollback good.json", 2),
    ("audit --resume missing.json", 2),
    ("flow", 2),
]


@pytest.mark.parametrize(("line", "code"), CODES, ids=[line for line, _ in CODES])
def test_every_command_keeps_to_the_table(line: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    save(Path("empty.json"), {"name": "nothing of AWS"})
    assert _ended(line) == code
    if code == Exit.INCOMPLETE:
        captured = capsys.readouterr()
        assert "not known" in (captured.err + captured.out).lower()


def _ended(line: str) -> int:
    return ended(lambda: _run(line.format(instance=" ".join(INSTANCE)).split()))


def test_the_gravest_ending_decides() -> None:
    order = (4, 130, 2, 3, 1, 3, 141)
    for holds in product((False, True), repeat=len(order)):
        first = next((code for code, one in zip(order, holds, strict=True) if one), 0)
        assert Ending(*holds).code == first


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("a", "b"), 2),
        (RefusedError("a", "b"), 2),
        (CheckerError("a", "b"), 2),
        (AwsError("a", "b"), 3),
        (AwsError("a", "b", not_found=True), 2),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
        (ValueError(), 4),
    ],
    ids=repr,
)
def test_every_error_has_its_code(error: BaseException, code: int) -> None:
    assert ending_of_error(error).code == code


@pytest.mark.parametrize("name", ["good", "open", "public", "wide"])
def test_after_a_fix_check_ends_as_the_fix_did(name: str) -> None:
    save(Path("wide.json"), document(statement(Condition=PINNED, Action=["sns:Publish", "sns:Subscribe"])))
    fixed = _ended(f"fix {name}.json {{instance}} --apply")
    assert _ended(f"check {name}.json {{instance}}") == fixed


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        (
            "good.json",
            [
                "the encryption of its topic",
                "[aws-managed-key, connect-cannot-use-key, partition-mismatch, unusable-key]",
            ],
        ),
        ("tf", ["subscriptions may be declared elsewhere", "the exit code does not change"]),
        ("template.json", ["--parameter Key=...", "aws-managed-key"]),
    ],
)
def test_strict_lists_every_result_that_is_not_known(
    options: str, reasons: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    _ended(f"check --strict {options} --format json")
    captured = capsys.readouterr()
    assert all(reason in captured.err for reason in reasons)
    report = json.loads(captured.out)
    for one in report["examined"]:
        unknown = {rule for rule, verdict in one["verdicts"].items() if verdict == "UNDETERMINED"}
        failed = {rule for rule, verdict in one["verdicts"].items() if verdict == "FAIL"}
        assert unknown <= one["undetermined"].keys() <= unknown | failed


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("tf --var nmae=x", "did you mean `name`?"),
        ("template.json --parameter Keg=x", "did you mean `Key`?"),
        (f"good.json --topic-arn {TOPIC_ARN}x", f"did you mean `{TOPIC_ARN}`?"),
        (
            "good.json --select missing-source-account,missing-source-arm",
            "did you mean `missing-source-arn`?",
        ),
    ],
)
def test_a_misspelled_name_gets_a_suggestion(
    option: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _ended(f"check {option}")
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("check many", Exit.FINDINGS),
        ("check many --format json --format sarif=out.sarif", Exit.FINDINGS),
        ("check many good.json missing.json", Exit.BAD_INPUT),
        ("check --strict template.json", Exit.INCOMPLETE),
        ("explain open.json {instance}", Exit.FINDINGS),
        ("fix open.json {instance}", Exit.FINDINGS),
        ("diff good.json public.json --fail-on gains", Exit.FINDINGS),
        ("audit --region us-east-1 --endpoint-url http://127.0.0.1:1", Exit.INCOMPLETE),
        ("rules", Exit.CLEAN),
        ("--version", Exit.CLEAN),
        ("fix --help", Exit.CLEAN),
        ("fix --unknown-option", Exit.BAD_INPUT),
    ],
)
@pytest.mark.parametrize("stderr", [subprocess.DEVNULL, subprocess.STDOUT], ids=["stdout", "both"])
def test_a_lost_reader_replaces_only_code_0(command: str, code: int, stderr: int) -> None:
    Path("many").mkdir()
    for number in range(3):
        shutil.copy("open.json", f"many/{number}.json")
    words = command.format(instance=" ".join(INSTANCE)).split()
    with subprocess.Popen(
        [*CHECKER, *words], stdout=subprocess.PIPE, stderr=stderr, env={**os.environ, **CREDENTIALS}
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
    assert process.returncode == (code or Exit.READER_GONE)


@pytest.mark.parametrize("command", ["rules", "check open.json", "--version", "--help", "fix --help", ""])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_standard_output_that_cannot_be_written_is_named(command: str, unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*CHECKER, *command.split()],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment,
        )
    assert "standard output: cannot be written: no space left on device" in done.stderr
    assert done.returncode == Exit.BAD_INPUT


@pytest.mark.parametrize(
    ("command", "code"),
    [("rules", Exit.BAD_INPUT), ("check open.json", Exit.FINDINGS), ("check missing.json", Exit.BAD_INPUT)],
)
def test_a_standard_error_that_cannot_be_written_replaces_only_code_0(command: str, code: int) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*CHECKER, *command.split()], stdout=subprocess.DEVNULL, stderr=full, check=False
        )
    assert done.returncode == code


@pytest.mark.parametrize(
    "command", ["check fifo", "explain fifo", "diff fifo good.json", "check good.json --baseline fifo"]
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_waits_for_a_pipe_reports_the_signal_that_ends_it(
    command: str, number: signal.Signals
) -> None:
    os.mkfifo("fifo")
    with subprocess.Popen([*CHECKER, *command.split()], stderr=subprocess.PIPE, text=True) as process:
        writer = os.open("fifo", os.O_WRONLY)  # returns once the command has opened the pipe
        process.send_signal(number)
        _, error = process.communicate(timeout=30)
        os.close(writer)
    assert (process.returncode, error) == (Exit.INTERRUPTED, "interrupted\n")


class _BrokenError(Exception):
    pass


def _break(*_: object, **__: object) -> None:
    raise _BrokenError


def test_a_report_survives_places_that_cannot_be_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    document_type = type(_first_location(monkeypatch).document)
    monkeypatch.setattr(document_type, "locate", _break)
    assert _ended("check open.json --format json --format sarif=out.sarif") == Exit.INTERNAL_ERROR
    captured = capsys.readouterr()
    assert {one["rule"] for one in json.loads(captured.out)["findings"]} >= {"missing-source-account"}
    assert json.loads(Path("out.sarif").read_text())["runs"][0]["results"]
    assert "cannot show the lines of `missing-source-account`" in captured.err


def _first_location(monkeypatch: pytest.MonkeyPatch) -> Location:
    seen: list[Location] = []
    with monkeypatch.context() as patch:
        patch.setattr(output, "render", lambda _, report, __: _remember(seen, report))
        _ended("check open.json")
    return seen[0]


def _remember(seen: list[Location], report: Report) -> tuple[str, ...]:
    seen.extend(report.findings[0].locations)
    return ()


@pytest.mark.parametrize("target", ["checker.fix.appraisal.lowered", "checker.fix.proof_memory.assess"])
def test_a_report_survives_edits_that_cannot_be_worked_out(
    target: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(target, _break)
    assert _ended(f"check open.json --instance-arn {INSTANCE_ARN} --format json") == Exit.INTERNAL_ERROR
    captured = capsys.readouterr()
    assert json.loads(captured.out)["findings"]
    assert "internal error: _BrokenError" in captured.err


def test_a_format_that_fails_loses_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    as_it_is = output.render

    def render(name: str, report: Report, setting: Setting) -> Iterable[str]:
        if name == "junit":
            raise _BrokenError
        return as_it_is(name, report, setting)

    monkeypatch.setattr(output, "render", render)
    line = "check open.json --format junit=out.xml --format json=out.json --format text"
    assert _ended(line) == Exit.INTERNAL_ERROR
    assert json.loads(Path("out.json").read_text())["findings"]


class _Unread(io.StringIO):
    """A stream whose reader has gone."""

    def write(self, _: str) -> int:
        raise BrokenPipeError

    def isatty(self) -> bool:
        return True


def test_a_plan_that_was_not_read_is_not_applied(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> Ending:
        with plan_reader():
            write(["plan"])
        return Ending()

    monkeypatch.setattr("sys.stdout", _Unread())
    assert ended(command) == Exit.BAD_INPUT
    assert "closed before the plan was read; nothing was changed" in capsys.readouterr().err


def test_a_question_that_was_not_read_is_not_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", _Unread())
    monkeypatch.setattr("sys.stdin", _Unread("yes\n"))
    assert ended(lambda: Ending(findings=is_confirmed("go on"))) == Exit.READER_GONE


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("audit --accounts= --role-name x", "`--accounts` is empty"),
        ("audit --region=", "`--region` is empty"),
        ("check good.json --config=", "`--config` is empty"),
        (
            f"check good.json --topic-arn {INSTANCE_ARN}",
            "name the topic here, and the instance with `--instance-arn`",
        ),
        (f"audit --region us-east-1 --topic-arn {INSTANCE_ARN}", "is not a topic ARN"),
        (f"check good.json --topic-arn '{TOPIC_ARN}'", "it has blanks or quotes around it"),
        ("explain good.json --instance a --instance b", "`--instance` is given several times"),
        (
            f"explain good.json --instance-arn {INSTANCE_ARN} --instance-arn={INSTANCE_ARN}",
            "`--instance-arn` is given several times",
        ),
    ],
)
def test_what_would_silently_count_for_nothing_is_refused(
    line: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _ended(line) == 2
    assert told in capsys.readouterr().err


def test_a_script_may_override_its_own_option() -> None:
    assert _ended("check good.json --fail-on error --fail-on warning") == 0
