"""Whatever a stranger writes into names, policies, files and options, no command is made to say it out loud."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from checker.app.output import FORMATS
from checker.app.terminal import ended
from checker.cli.app import run as command
from checker.sandbox import seed
from tests.cli.process import as_caller, save
from tests.hostile import HOSTILE, active
from tests.report.readers import inert_page
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

TEXT = "\n".join(one for one in HOSTILE if len(one) < 1000)
NAMES = [re.sub("[/\0\ud800]|^[.]", "_", one)[:80] for one in HOSTILE if one]
OPTION = TEXT.replace("\0", "").encode("utf-8", "replace").decode()
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:{OPTION}"
POLICY = document(
    statement(Sid=TEXT, Condition={"StringEqualsIfExists": {"aws:SourceAccount": [ACCOUNT, TEXT]}}),
    statement(Sid=f"2{TEXT}", Principal={"AWS": TEXT}, Resource=TEXT, Action=["sns:Publish", TEXT]),
    {TEXT: TEXT, "Effect": TEXT},
)
HCL = r"""
variable "account" { default = "TEXT" }
# checker: ignore[TEXT] TEXT
resource "aws_sns_topic" "chat" {
  name              = "chatTEXT"
  kms_master_key_id = "alias/TEXT"
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid = "TEXT"
      Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }
      Action = "sns:Publish", Resource = "*"
      Condition = { StringEqualsIfExists = { "aws:SourceAccount" = var.account } }
    }]
  })
}
"""
MODULE = """
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({
    Statement = [{
      Effect = "Allow", Principal = { Service = "connect.amazonaws.com" },
      Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
      /*
      ::error::x
      */
    }]
  })
}
"""
SHOWABLE = TEXT.encode("utf-8", "replace").decode().replace("\0", "")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which everything is named and written by a stranger."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in NAMES:
        save(folder / "names" / name / f"{name}.json", document(statement()))
    attributes = {"TopicArn": TOPIC, "Policy": json.dumps(POLICY), "KmsMasterKeyId": TEXT, TEXT: TEXT}
    save(folder / "topic.json", {"Attributes": attributes})
    save(folder / "policy.json", POLICY)
    save(folder / "open.json", document(statement(Sid=TEXT)))
    save(folder / "key.json", {"KeyMetadata": {"Arn": TEXT, "KeyState": TEXT, "KeyManager": TEXT}})
    save(folder / "broken.json", f'{{"Statement": "sns" {SHOWABLE}}}')
    save(folder / "main.tf", HCL.replace("TEXT", SHOWABLE.translate({10: " ", 13: " ", 34: "'", 92: "/"})))
    save(folder / "module" / "main.tf", MODULE)
    save(folder / "config.yaml", f"ignore: [{json.dumps(TEXT)}]\nselect: []\n{json.dumps(TEXT)}: 1\n")
    manifest = {"version": 1, "instances": [TEXT], "topics": [{"attributes": TEXT, TEXT: TEXT}]}
    save(folder / "streaming.yaml", manifest)
    change = {"resource": TEXT, "kind": "topic policy", "old": TEXT, "new": TEXT}
    save(folder / "receipt.json", {"version": 2, "time": TEXT, "caller": TEXT, "changes": [change]})
    old = {"resource": f"{TOPIC_ARN}{TEXT}", "kind": "topic", "old": TEXT}
    save(folder / "old.json", {"version": 1, "changes": [old]})
    save(folder / "version.json", {"version": TEXT})
    request = {"principal": {"aws": TEXT}, "action": TEXT, "resource": TEXT, "context": {TEXT: TEXT}}
    lines = [{"policy": POLICY, "request": request}, {"policy": TEXT, TEXT: TEXT}, TEXT]
    save(folder / "requests.jsonl", "\n".join(map(json.dumps, lines)))
    return folder


Ran = tuple[str, str]


@pytest.fixture
def ran(place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(place)

    def run(*arguments: str) -> Ran:
        code = ended(lambda: command(list(arguments)))
        done = capsys.readouterr()
        assert "internal error" not in done.err
        assert code in (0, 1, 2, 3), done.err
        return done.out, done.err

    return run


FILES = ("names", "topic.json", "policy.json", "broken.json", "main.tf", "streaming.yaml", "key.json")
COMMANDS = (
    ("fix", *FILES),
    ("fix", "--unsafe-fixes", "--instance-arn", INSTANCE_ARN, "open.json", "main.tf"),
    ("explain", "topic.json", "--instance-arn", INSTANCE_ARN),
    ("explain", "topic.json", "--instance-arn", INSTANCE_ARN, "--key", "key.json"),
    ("explain", OPTION, "--instance-arn", OPTION),
    ("diff", "policy.json", "open.json"),
    ("diff", "topic.json", "open.json", "--resource", OPTION),
    ("diff", f"HEAD:{OPTION}", OPTION),
    ("simulate", "--requests", "requests.jsonl"),
    ("simulate", "--policy", "policy.json", "--aws", ACCOUNT, "--action", OPTION, "--resource", OPTION),
    (
        "simulate",
        "--policy",
        "policy.json",
        "--service",
        OPTION,
        "--action",
        "sns:Publish",
        "--resource",
        TOPIC,
    ),
    ("simulate", "--policy", "policy.json", "--action", OPTION, "--resource", OPTION, "--context", OPTION),
    ("policy", "--instance-arn", INSTANCE_ARN, "--topic-arn", TOPIC_ARN, "--merge", "open.json"),
    ("policy", "--instance-arn", INSTANCE_ARN, "--topic-arn", TOPIC_ARN, "--merge", "policy.json"),
    ("policy", "--instance-arn", INSTANCE_ARN, "--topic-arn", TOPIC),
    ("policy", "--instance-arn", OPTION, "--topic-arn", OPTION, "--key-arn", OPTION),
    ("baseline", "write", "names", "open.json", "-o", "/dev/stdout"),
    ("baseline", "write", "broken.json"),
    ("rollback", "receipt.json"),
    ("rollback", "old.json"),
    ("rollback", "version.json"),
    ("rollback", OPTION),
    ("permissions", "audit", "--role-name", OPTION, "--partition", OPTION),
    ("permissions", "fix", "--topic-arn", OPTION),
    ("permissions", "flow", "--topic-arn", TOPIC),
    ("rules", OPTION),
    ("check", OPTION),
    ("check", f"--{OPTION}"),
    (OPTION,),
    *(
        ("check", option, value, "open.json")
        for option in ("--select", "--severity", "--format", "--output", "--fail-on", "--var", "--parameter")
        for value in (OPTION, f"{OPTION}=x/y")
    ),
    *(
        ("check", option, OPTION, "open.json")
        for option in ("--instance-arn", "--topic-arn", "--source", "--baseline", "--config", "--topic-tag")
    ),
    ("check", "--config", "config.yaml", "open.json"),
    ("check", "--baseline", "config.yaml", "open.json"),
    ("check", "--changed", "names"),
    ("audit", "--manifest", "streaming.yaml"),
    ("audit", "--accounts", OPTION, "--instance-arn", OPTION),
    ("fix", "--topic-arn", OPTION),
    ("flow", "--instance-arn", OPTION, "--contact-flow-id", OPTION, "--topic-arn", OPTION),
    ("flow", "--instance-arn", INSTANCE_ARN, "--contact-flow-id", "x", "--topic-arn", OPTION),
)


@pytest.mark.parametrize(
    "arguments", COMMANDS, ids=lambda one: " ".join(one)[:40].encode("unicode_escape").decode()
)
def test_no_command_repeats_hostile_text_as_it_is(arguments: tuple[str, ...], ran: Any) -> None:
    out, err = ran(*arguments)
    assert active(out) == active(err) == []


@pytest.mark.parametrize("arguments", COMMANDS[:8], ids=lambda one: one[0])
def test_nor_does_it_on_a_terminal(
    arguments: tuple[str, ...], ran: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("checker.app.terminal.is_terminal", lambda _stream: True)
    out, err = ran(*arguments)
    assert "\x1b[0m" in out + err
    assert active(out, styled=True) == active(err, styled=True) == []
    assert "our own color\x1b[0m" not in out.replace("\x1b[0m\\x1b", "")


LIVE = "\x1b[31m::error::x\n::error::x\u202e"
READERS: dict[str, Callable[[str], object]] = {
    "json": json.loads,
    "sarif": json.loads,
    "junit": ET.fromstring,
    "markdown": inert_page,
}


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_of_check_repeats_it(name: str, ran: Any) -> None:
    out, err = ran("check", "--format", name, *FILES)
    assert active(err) == []
    if name == "github":
        commands = [line for line in out.split("\n") if line.startswith("::")]
        assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in commands)
        out = "\n".join(line.removeprefix("::") for line in out.split("\n"))
    assert active(out) == []
    assert len(out) > 3000
    READERS.get(name, len)(out)


@pytest.mark.parametrize(
    "arguments",
    [
        ("fix", *FILES),
        ("explain", "topic.json", "--instance-arn", INSTANCE_ARN),
        ("diff", "policy.json", "open.json"),
        ("simulate", "--requests", "requests.jsonl"),
        ("rules",),
    ],
    ids=lambda one: one[0],
)
def test_json_stays_json(arguments: tuple[str, ...], ran: Any) -> None:
    out, err = ran(*arguments, "--format", "json")
    assert active(out) == active(err) == []
    assert all(map(json.loads, out.splitlines() if arguments[0] == "simulate" else [out]))


def test_a_hostile_name_ends_no_header_of_a_diff(ran: Any) -> None:
    out, err = ran("fix", "--diff", "names", "module", "--instance-arn", INSTANCE_ARN)
    assert active(out, patch=True) == active(err) == []
    headers = [line for line in out.split("\n") if line.startswith(("--- ", "+++ "))]
    assert len(headers) == 2 * (len(NAMES) + 1)
    assert "::error::x" in out
    assert all(line[4:].startswith(("a/", '"a/', "b/", '"b/')) for line in headers)


ODD = ("plain.json", "with blank.json", 'quo"te.json', "new\nline.json", "wide\u202e.json", "日本.json")


def test_a_diff_applies_whatever_the_file_is_called_and_however_it_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = json.dumps(document(statement(Sid="Chat")), indent=2, ensure_ascii=False)
    for name in ODD:
        Path(name).write_bytes(text.replace("  ", "\t").replace("\n", "\r\n").encode())
    assert ended(lambda: command(["fix", "--diff", "--instance-arn", INSTANCE_ARN])) == 1
    patch = capfdbinary.readouterr().out
    before = {name: Path(name).read_bytes() for name in ODD}
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], input=patch, check=True)
    after = {name: Path(name).read_bytes() for name in ODD}
    assert all(after[name] != before[name] for name in ODD)
    assert ended(lambda: command(["fix", "--diff", "--instance-arn", INSTANCE_ARN])) == 0


def test_a_diff_that_shows_escapes_says_that_it_does_not_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("a.json"), json.dumps(document(statement(Resource="\u202ex")), indent=2, ensure_ascii=False))
    assert ended(lambda: command(["fix", "--diff", "--instance-arn", INSTANCE_ARN, "a.json"])) == 1
    done = capsys.readouterr()
    assert '      "Resource": "\\u202ex"' in done.out
    assert "note: a.json: the diff hides" in done.err


def test_nor_does_a_live_account_make_it_say_so(
    sandbox: Sandbox, account: Account, instance: str, ran: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in as_caller(sandbox, account).items():
        monkeypatch.setenv(name, value)
    sns = account.client("sns")
    topic = seed.confused_deputy_topic(account)
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    for one in policy["Statement"]:
        one["Sid"] = LIVE
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy))
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": LIVE, "Value": LIVE}])
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=f"{LIVE}@example.com")
    for arguments in (
        ("explain", topic, "--instance-arn", instance),
        ("fix", "--topic-arn", topic, "--instance-arn", instance),
        ("audit", "--topic-arn", "*", "--instance-arn", instance),
    ):
        out, err = ran(*arguments)
        assert active(out, patch=True) == active(err) == []
        assert "u202e" in out
