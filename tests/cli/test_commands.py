"""The commands as people and machines call them: output, exit codes, and never a traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from checker import __version__
from checker.cli.app import COMMANDS
from tests.cli.process import run, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, TOPIC_ARN, document, statement

TOPICS = TESTS / "fixtures" / "topics"
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
GOOD, OPEN = document(statement(Condition=PINNED)), document(statement())


def test_version_and_help() -> None:
    assert run("--version").stdout == f"checker {__version__}\n"
    helped = run("--help").stdout
    assert all(command in helped for command in ("check", "diff", "explain", "policy", "simulate"))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_help_text_breaks_the_values_of_an_option(command: str) -> None:
    helped = run(*command.split(), "--help", env={"COLUMNS": "80"}).stdout
    for line in helped.splitlines():
        without_ranges = re.sub(r"\[[^]]*=[^]]*\]", "", line)
        assert without_ranges.count("<") == without_ranges.count(">")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["good.json"], 0),
        (["open.json"], 1),
        (["note.json"], 0),
        (["--fail-on", "note", "note.json"], 1),
        (["--fail-on", "error", "wide.json"], 0),
        (["wide.json"], 1),
        (["missing.json"], 2),
        (["broken.json", "good.json"], 2),
        (["broken.json", "open.json"], 2),
        (["other.json"], 2),
        (["--changed", "--strict", "other.json"], 0),
        (["--strict", "good.json"], 3),
        (["--instance-arn", "nonsense", "good.json"], 2),
        (["--format", "xml", "good.json"], 2),
        (["--no-such-option"], 2),
        (["-o", "no/such/folder/report", "good.json"], 2),
    ],
    ids=str,
)
def test_exit_codes_of_check(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("good.json"), GOOD)
    save(Path("open.json"), OPEN)
    save(Path("note.json"), document(statement(Condition={"ArnEquals": {"aws:SourceArn": INSTANCE_ARN}})))
    save(Path("wide.json"), document(statement(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})))
    save(Path("other.json"), {"name": "not a policy"})
    Path("broken.json").write_text('{"Version": ')
    assert run("check", *arguments).returncode == code


HOSTILE: dict[str, bytes] = {
    "empty": b"",
    "not json": b"{nope",
    "truncated": b'{"Version": "2012-10-17", "Statement": [',
    "deep": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "ten megabytes": b'{"Statement": "' + b"x" * 10_000_000 + b'"}',
    "binary": bytes(range(256)),
    "utf-16": '{"Version": "2012-10-17"}'.encode("utf-16"),
    "latin-1": '{"Version": "é"}'.encode("latin-1"),
    "null": b"null",
    "huge number": b'{"Statement": ' + b"9" * 50_000 + b"}",
    "policy inside is broken": b'{"Attributes": {"TopicArn": "arn:aws:sns:us-east-1:111122223333:x", "Policy": "{\\"a\\""}}',
    "attribute twice": b'{"Attributes": {"TopicArn": "a", "TopicArn": "b"}}',
    "lone surrogate": b'{"Version": "2012-10-17", "Statement": [{"Sid": "\\ud800", "Effect": "\\ud800\\u001b[31m"}]}',
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_hostile_files_end_in_a_clear_error_and_the_others_are_judged(
    name: str, suffix: str, tmp_path: Path
) -> None:
    bad = tmp_path / f"bad{suffix}"
    bad.write_bytes(HOSTILE[name])
    good = save(tmp_path / "open.json", OPEN)
    done = run("check", "--format", "json", bad, good)
    report = json.loads(done.stdout)
    assert done.returncode in (1, 2)
    assert "internal error" not in done.stderr
    assert any(one["rule"] == "missing-source-account" for one in report["findings"])
    known = {one["what"] for one in report["skipped"]} | {one["source"] for one in report["examined"]}
    assert bad.as_posix() in known


def test_a_yaml_bomb_is_refused_quickly(tmp_path: Path) -> None:
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12))
    bomb = tmp_path / "bomb.yaml"
    bomb.write_text(f"topics: sns\nl0: &l0 [sns, sns]\n{levels}\n")
    done = run("check", bomb)
    assert done.returncode == 2
    assert "more than 200000 values, counting expanded aliases" in done.stderr


def test_what_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{\n  "Version": "2012-10-17",\n}')
    done = run("check", broken)
    assert (
        done.stderr.splitlines()[0] == f"error: {broken}:2:26: trailing comma before `}}`, remove the comma"
    )


def test_the_report_is_in_the_form_of_its_schema() -> None:
    schema = Draft202012Validator(
        json.loads(files("checker.schemas").joinpath("report.v1.json").read_text("utf-8"))
    )
    for options, path in ((["--all-topics"], TOPICS), (["--instance-arn", INSTANCE_ARN], TESTS / "rules")):
        done = run("check", "--format", "json", *options, path)
        report = json.loads(done.stdout)
        assert report["findings"]
        assert [error.message for error in schema.iter_errors(report)] == []


def test_every_witness_is_confirmed_by_simulate() -> None:
    report = json.loads(run("check", "--format", "json", TESTS / "rules" / "sns").stdout)
    witnesses = [(f["locations"][0]["source"], f["witness"]) for f in report["findings"] if f["witness"]]
    assert len(witnesses) > 10
    lines = []
    for source, witness in witnesses:
        text = json.loads(Path(source).read_text())
        policy = json.loads(text["Attributes"]["Policy"]) if "Attributes" in text else text
        lines.append(json.dumps({"policy": policy, "request": witness["request"]}))
    words = run("simulate", "--requests", "-", stdin="\n".join(lines).encode()).stdout.split()
    assert words == [witness["decision"] for _, witness in witnesses]


def test_standard_input_and_output_file(tmp_path: Path) -> None:
    output = tmp_path / "report.txt"
    done = run("check", "-", "-o", output, stdin=json.dumps(OPEN).encode())
    assert done.returncode == 1
    assert done.stdout == ""
    assert "<stdin>:1:" in output.read_text()


def test_the_reader_of_a_pipe_may_go() -> None:
    command = f"{sys.executable} -m checker check {TESTS / 'rules' / 'kms'} | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=False, text=True)
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def imported_by(*arguments: str) -> set[str]:
    """The modules that a command has imported when it ends."""
    code = (
        "import os, sys; from checker.__main__ import main\n"
        "os._exit = lambda code: print(*sorted(sys.modules), file=sys.stderr)\n"
        "main()\n"
        "if sys.argv[1:] == ['--version']: os._exit(0)"
    )
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return set(done.stderr.splitlines()[-1].split())


def test_a_clean_file_costs_nothing_of_fixes_and_comparisons(tmp_path: Path) -> None:
    path = save(tmp_path / "good.json", GOOD)
    names = imported_by("check", str(path))
    assert not [
        name
        for name in names
        if name.startswith(("checker.fix", "checker.analysis.access_diff", "checker.expectations"))
    ]


def test_no_command_of_files_imports_what_is_heavy(tmp_path: Path) -> None:
    path = save(tmp_path / "open.json", OPEN)
    heavy = {"boto3", "botocore", "jsonschema", "rich", "yaml", "pydantic", "tree_sitter"}
    for arguments in (
        ["check", str(path)],
        ["check", "--strict", str(path)],
        ["--version"],
        ["check", "--format", "json", str(path)],
        ["diff", "--format", "json", str(path), str(path)],
    ):
        assert not heavy & imported_by(*arguments)


@pytest.mark.parametrize(
    "command", ["audit", "explain", "fix", "flow", "rollback", "sandbox", "permissions audit"]
)
def test_a_usage_error_imports_nothing_of_aws(command: str) -> None:
    heavy = {"boto3", "botocore", "moto", "distributed", "rich", "tree_sitter"}
    assert not heavy & imported_by(*command.split(), "--no-such-option")


@pytest.mark.parametrize(
    ("words", "owners"),
    [
        (("check", "--since", "x"), "`checker audit`"),
        (("check", "--apply"), "`checker fix`, `checker flow`"),
        (("explain", "--merge-key", "x"), "`checker policy`"),
        (("policy", "--role-name", "x"), "`checker explain`, `checker fix`, `checker rollback` and 6 more"),
        (("check", "--nowhere"), ""),
    ],
)
def test_an_option_of_other_commands_is_named_with_them(words: tuple[str, ...], owners: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert f"No such option: {words[1]}" in done.stderr
    assert (f"\n  = help: `{words[1]}` is an option of {owners}\n" in done.stderr) == bool(owners)
    assert ("is an option of" in done.stderr) == bool(owners)


@pytest.mark.parametrize("folder", sorted(TOPICS.iterdir()), ids=lambda path: path.name)
def test_explain_agrees_with_the_labels(folder: Path) -> None:
    expected = json.loads((folder / "expected.json").read_text())
    arguments: list[str | Path] = [
        folder / "topic.json",
        "--instance-arn",
        (folder / "instance.txt").read_text().strip(),
    ]
    for option, name in (("--key-policy", "key-policy.json"), ("--key", "key.json")):
        if (folder / name).exists():
            arguments += [option, folder / name]
    done = run("explain", *arguments, "--format", "json")
    said = json.loads(done.stdout)
    status = {link["link"]: link["status"] for link in said["links"]}
    links = ["instance", "topic_type", "region", "topic_policy", "key", "key_policy", "organization_policy"]
    assert list(status) == links
    assert said["connect_can_publish"] == ("yes" if expected["connect_can_publish"] else "no")
    assert said["confused_deputy"] == ("open" if expected["confused_deputy_open"] else "closed")
    assert said["sibling_instances"] == ("open" if expected["same_account_other_instance"] else "closed")
    assert said["public"] == ("yes" if expected["public"] else "no")
    assert said["kms"] == {True: "ok", False: "broken", None: "not_encrypted"}[expected["kms_grant_ok"]]
    assert (status["topic_type"] == "broken") is expected["fifo"]
    assert (status["region"] == "broken") is expected["cross_region"]
    assert (status["topic_policy"] == "broken") is not expected["connect_can_publish"]
    wrong = "broken" in status.values() or expected["confused_deputy_open"] or expected["public"]
    assert done.returncode == int(bool(wrong))
    text = run("explain", *arguments)
    assert text.returncode == done.returncode
    answer = {"broken": "No: ", "unknown": "Not known: ", "whole": "Yes: "}[said["chain"]]
    assert text.stdout.startswith(answer)
    assert (said["chain"] == "broken") is ("broken" in status.values())


def test_source_owner_is_found_just_where_the_labels_say_so() -> None:
    for folder in sorted(TOPICS.iterdir()):
        report = json.loads(
            run("check", "--format", "json", folder / "topic.json", folder / "instance.txt").stdout
        )
        expected = json.loads((folder / "expected.json").read_text())["source_owner"]
        assert any(one["rule"] == "source-owner" for one in report["findings"]) is expected, folder.name


def test_explain_needs_a_file_and_a_real_instance(tmp_path: Path) -> None:
    path = save(tmp_path / "topic.json", OPEN)
    for instance in ("x", INSTANCE_ARN + "/contact/1", INSTANCE_ARN.replace("connect", "s3")):
        assert run("explain", path, "--instance-arn", instance).returncode == 2
    assert run("explain", TOPIC_ARN, "--instance-arn", INSTANCE_ARN).returncode == 2
    assert run("explain", tmp_path / "none.json", "--instance-arn", INSTANCE_ARN).returncode == 2


def test_explain_says_what_it_was_given_instead_of_a_topic(tmp_path: Path) -> None:
    key = save(
        tmp_path / "key.json",
        {"KeyMetadata": {"Arn": "arn:aws:kms:us-east-1:111122223333:key/x", "KeyId": "x"}},
    )
    done = run("explain", key, "--instance-arn", INSTANCE_ARN)
    assert done.returncode == 2
    assert "expected the output of `aws sns get-topic-attributes` or a topic policy" in done.stderr
    assert "found the description of a key" in done.stderr


def test_a_policy_far_over_its_limit_is_refused_and_not_judged(tmp_path: Path) -> None:
    pinned = [
        statement(Sid=f"S{n}", Condition={"StringEquals": {"aws:SourceAccount": f"{n:012}"}})
        for n in range(3_000)
    ]
    path = save(tmp_path / "many.json", document(*pinned))
    done = run("check", "--format", "json", path)
    assert [one["message"] for one in json.loads(done.stdout)["findings"]] == [
        "the policy is more than 4 times as large as the limit for a topic policy"
    ]


def test_a_policy_that_cannot_be_read_is_not_lost_in_a_folder(tmp_path: Path) -> None:
    save(tmp_path / "policy.json", {"Statment": [statement()]})
    done = run("check", tmp_path)
    assert "unknown element `Statment`" in done.stdout
    assert done.returncode == 1


def test_both_places_of_a_repeated_key_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(OPEN, indent=2).replace('"Effect"', '"Effect": "Deny",\n      "Effect"'))
    report = json.loads(run("check", "--format", "json", path).stdout)
    (finding,) = [one for one in report["findings"] if one["rule"] == "invalid-policy"]
    assert [(one["role"], one["line"]) for one in finding["locations"]] == [("primary", 6), ("related", 5)]


def test_a_key_that_is_handed_over_is_the_topics_unless_it_says_otherwise(tmp_path: Path) -> None:
    arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    folder = TOPICS / "kms-minimal"
    keys: list[str | Path] = ["--key", folder / "key.json", "--key-policy", folder / "key-policy.json"]
    bare = save(tmp_path / "policy.json", GOOD)
    said = json.loads(run("explain", bare, "--instance-arn", INSTANCE_ARN, *keys, "--format", "json").stdout)
    assert said["kms"] == "ok"
    other = {
        "TopicArn": TOPIC_ARN,
        "KmsMasterKeyId": arn.replace("1234abcd", "dcba4321"),
        "Policy": json.dumps(GOOD),
    }
    topic = save(tmp_path / "topic.json", {"Attributes": other})
    said = json.loads(run("explain", topic, "--instance-arn", INSTANCE_ARN, *keys, "--format", "json").stdout)
    assert said["kms"] == "unknown"
    assert f"the supplied key is `{arn}`" in said["links"][4]["reason"]


def test_an_unknown_key_is_never_ok(tmp_path: Path) -> None:
    attributes = {"TopicArn": TOPIC_ARN, "KmsMasterKeyId": "alias/chat", "Policy": json.dumps(GOOD)}
    path = save(tmp_path / "topic.json", {"Attributes": attributes})
    said = json.loads(run("explain", path, "--instance-arn", INSTANCE_ARN, "--format", "json").stdout)
    assert said["kms"] == "unknown"
    assert run("explain", path, "--instance-arn", INSTANCE_ARN, "--strict").returncode == 3


def test_simulate_one_request_by_options(tmp_path: Path) -> None:
    path = save(tmp_path / "policy.json", GOOD)
    who: list[str | Path] = [
        "--policy",
        path,
        "--service",
        "connect.amazonaws.com",
        "--action",
        "sns:Publish",
        "--resource",
        TOPIC_ARN,
    ]
    context = ["--context", f"aws:SourceAccount={ACCOUNT}", "--context", f"aws:SourceArn={INSTANCE_ARN}"]
    assert run("simulate", *who, *context).stdout.splitlines()[0] == "Allowed"
    said = json.loads(run("simulate", *who, "--format", "json").stdout)
    assert said["decision"] == "ImplicitlyDenied"
    assert (said["trace"][0]["element"], said["trace"][0]["key"]) == ("Condition", "aws:SourceAccount")
    assert (
        run("simulate", "--policy", path, "--action", "sns:Publish", "--resource", TOPIC_ARN).returncode == 2
    )
    assert run("simulate").returncode == 2


def test_simulate_keeps_lines_in_step_when_one_is_bad() -> None:
    good = (TESTS / "fixtures" / "decisions.jsonl").read_text().splitlines()[0]
    lines = [good, "{", good, '{"policy": {}, "request": {"principal": {"service": "x"}}}', "5"]
    done = run("simulate", "--requests", "-", stdin="\n".join(lines).encode())
    assert done.stdout.split() == ["Allowed", "Error", "Allowed", "Error", "Error"]
    assert done.returncode == 2
    assert "<stdin>:2:2: expected a key" in done.stderr
    assert "<stdin>:4:" in done.stderr


def test_colour_only_on_a_terminal(tmp_path: Path) -> None:
    path = save(tmp_path / "open.json", OPEN)
    script = f"import pty, sys; sys.exit(pty.spawn([{sys.executable!r}, '-m', 'checker', 'check', {str(path)!r}]) >> 8)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, text=True, stdin=subprocess.DEVNULL
    )
    assert "\x1b[1;31merror[missing-source-account]" in done.stdout
    assert "\x1b" not in run("check", path).stdout
