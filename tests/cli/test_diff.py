"""`checker diff` as people call it: files, revisions of git, templates, and whatever else is handed over."""

from __future__ import annotations

import json
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.process import run, save
from tests.cli.test_commands import HOSTILE
from tests.samples import ACCOUNT, INSTANCE_ARN, TESTS, TOPIC_ARN, document, statement

PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
OPEN, GOOD = document(statement(Sid="AllowConnect")), document(statement(Sid="Pinned", Condition=PINNED))
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = document(statement(Action=["kms:GenerateDataKey*", "kms:Decrypt"], Resource="*"))
TOPICS = TESTS / "fixtures" / "topics"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "open.json", OPEN)
    save(tmp_path / "good.json", GOOD)
    return tmp_path


@pytest.mark.usefixtures("here")
def test_who_loses_is_said_with_a_witness_and_what_decides() -> None:
    done = run("diff", "open.json", "good.json")
    assert done.returncode == 1
    assert done.stdout.splitlines()[:5] == [
        "no longer allowed",
        f"  - sns:Publish by any other Connect instance of account {ACCOUNT}",
        "    witness: Connect for instance 00000000-0000-4000-8000-000000000000 of account "
        f"{ACCOUNT} could sns:Publish",
        "    old: statement `AllowConnect` allows it",
        "    new: no statement allows it",
    ]
    assert "newly allowed" not in done.stdout
    back = run("diff", "good.json", "open.json")
    assert back.stdout.splitlines()[0] == "newly allowed"
    assert "no longer allowed" not in back.stdout


def test_a_witness_says_what_it_needs(here: Path) -> None:
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    deny = statement(Sid="D", Effect="Deny", Principal="*", Action="sns:*", Condition=org)
    save(here / "org.json", document(statement(Sid="Org", Principal="*", Condition=org)))
    gained = run("diff", "good.json", "org.json").stdout
    assert "could sns:Publish, with aws:PrincipalOrgID `o-a1b2c3d4e5`" in gained
    save(here / "denied.json", document(statement(Principal="*"), deny))
    save(here / "public.json", document(statement(Principal="*")))
    assert "new: statement `D` denies it" in run("diff", "public.json", "denied.json").stdout


def test_a_deny_for_a_role_of_the_account_takes_what_an_identity_policy_allows(here: Path) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/Foo"
    deny = statement(Sid="D", Effect="Deny", Principal={"AWS": role})
    save(here / "denied.json", document(*GOOD["Statement"], deny))
    done = run("diff", "good.json", "denied.json")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "no longer allowed",
        f"  - sns:Publish by role Foo of account {ACCOUNT}, if an identity policy allows it",
        f"    witness: role Foo of account {ACCOUNT} could sns:Publish",
        "    old: no statement denies it",
        "    new: statement `D` denies it",
        "",
    ]
    assert run("diff", "good.json", "denied.json", "--fail-on", "gains").returncode == 0
    assert run("diff", "denied.json", "good.json", "--fail-on", "gains").returncode == 1
    read = json.loads(run("diff", "denied.json", "good.json", "--format", "json").stdout)
    schema = json.loads(files("checker.schemas").joinpath("diff.v1.json").read_text("utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(read)] == []
    assert [one["needs_identity_policy"] for one in read["gained"]] == [True]


def in_yaml(policy: dict[str, Any]) -> str:
    (one,) = policy["Statement"]
    condition = {op: {k.upper(): [v] for k, v in keys.items()} for op, keys in one["Condition"].items()}
    action, principal = [one["Action"].upper()], {"Service": ["connect.amazonaws.com"]}
    other = {"Resource": [one["Resource"]], "Condition": condition, "Principal": principal}
    lines = [f"    {key}: {json.dumps(value)}" for key, value in {**other, "Action": action}.items()]
    return "\n".join(["Statement:", "  - Effect: Allow", *lines, "Version: '2012-10-17'"])


def test_the_same_policy_in_another_form_means_the_same(here: Path) -> None:
    save(here / "good.yaml", in_yaml(GOOD))
    attributes = {"TopicArn": TOPIC_ARN, "Policy": json.dumps(GOOD)}
    save(here / "topic.json", {"Attributes": attributes})
    for other in ("good.yaml", "topic.json", "good.json"):
        done = run("diff", "good.json", other)
        assert (done.stdout, done.returncode) == ("The two policies allow the same requests.\n", 0)


def test_json_is_in_the_form_of_its_schema_and_simulate_confirms_it(here: Path) -> None:
    schema = Draft202012Validator(
        json.loads(files("checker.schemas").joinpath("diff.v1.json").read_text("utf-8"))
    )
    save(here / "odd.json", document(statement(Principal={"AWS": "arn:aws:iam::*:role/x"})))
    lines, expected = [], []
    for pair in (
        [here / "open.json", here / "good.json"],
        [here / "good.json", here / "odd.json"],
        [here / "good.json", here / "good.json"],
        [TOPICS / "default-policy-only" / "topic.json", TOPICS / "doc-sample" / "topic.json"],
    ):
        said = json.loads(run("diff", *pair, "--format", "json").stdout)
        assert [error.message for error in schema.iter_errors(said)] == []
        for one in (*said["gained"], *said["lost"]):
            for side, path in zip(("old", "new"), pair, strict=True):
                text = json.loads(path.read_text())
                policy = json.loads(text["Attributes"]["Policy"]) if "Attributes" in text else text
                lines.append(json.dumps({"policy": policy, "request": one["witness"]["request"]}))
                expected.append(one["witness"][side])
    assert len(expected) > 6
    assert run("simulate", "--requests", "-", stdin="\n".join(lines).encode()).stdout.split() == expected


def test_what_is_not_known_is_neither_the_same_nor_a_difference(here: Path) -> None:
    extra = statement(Principal={"AWS": "arn:aws:iam::*:role/x"})
    save(here / "odd.json", document(statement(Sid="Pinned", Condition=PINNED), extra))
    done = run("diff", "good.json", "odd.json")
    assert done.returncode == 3
    assert "not known\n  ? the ARN of the principal has a wildcard" in done.stdout
    said = json.loads(run("diff", "good.json", "odd.json", "--format", "json").stdout)
    assert (said["same"], said["gained"], said["lost"]) == (None, [], [])


def test_what_two_policies_do_not_show_is_not_known(here: Path) -> None:
    for name, key in (("a", "alias/a"), ("b", "alias/b")):
        held = {"TopicArn": TOPIC_ARN, "Policy": json.dumps(GOOD), "KmsMasterKeyId": key}
        save(here / f"{name}.json", {"Attributes": held})
    done = run("diff", "a.json", "b.json")
    assert (done.returncode, "? the topic has another key" in done.stdout) == (3, True)
    assert run("diff", "a.json", "a.json").returncode == 0
    assert run("diff", "good.json", "a.json").returncode == 0


def test_key_policies_need_not_name_their_key(here: Path) -> None:
    save(here / "none.json", {"Policy": json.dumps(document())})
    save(here / "key.json", {"Policy": json.dumps(KEY)})
    for more in ([], ["--key-arn", KEY_ARN]):
        done = run("diff", "none.json", "key.json", *more)
        assert done.returncode == 1
        assert "Connect instance" in done.stdout
        assert "+ kms:GenerateDataKey, kms:Decrypt" in done.stdout


def test_an_empty_policy_is_of_the_kind_of_the_other(here: Path) -> None:
    save(here / "empty.json", document())
    save(here / "key.json", KEY)
    assert "+ sns:Publish by" in run("diff", "empty.json", "good.json").stdout
    assert "+ kms:" in run("diff", "empty.json", "key.json").stdout
    assert run("diff", "empty.json", "empty.json").returncode == 0


def test_standard_input_output_file_and_colour(here: Path) -> None:
    done = run("diff", "open.json", "-", "-o", "report.txt", stdin=json.dumps(GOOD).encode())
    assert (done.returncode, done.stdout) == (1, "")
    text = (here / "report.txt").read_text()
    assert text.startswith("no longer allowed\n")
    assert "\x1b" not in text


def test_text_from_a_policy_cannot_control_the_terminal(here: Path) -> None:
    hostile = statement(Sid="A\x1b[31m\n::error::", Principal={"Service": "s3\x1b]0;x\x07.amazonaws.com"})
    save(here / "hostile.json", document(hostile))
    done = run("diff", "good.json", "hostile.json")
    assert "\x1b" not in done.stdout
    assert "\n::error" not in done.stdout


# Revisions of git.


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(here: Path) -> Path:
    git("init", "--quiet")
    save(here / "policies" / "chat policy.json", OPEN)
    git("add", ".")
    git("commit", "--quiet", "-m", "open")
    git("tag", "v1")
    save(here / "policies" / "chat policy.json", GOOD)
    git("add", ".")
    git("commit", "--quiet", "-m", "pinned")
    return here


def test_files_at_revisions(repository: Path) -> None:
    path = "policies/chat policy.json"
    assert run("diff", f"v1:{path}", f"HEAD:{path}").stdout.startswith("no longer allowed\n")
    assert run("diff", f"HEAD~1:{path}", path).returncode == 1
    assert run("diff", f"HEAD:{path}", path).returncode == 0
    assert run("diff", f":{path}", path).returncode == 0
    below = run("diff", "v1:./chat policy.json", "chat policy.json", cwd=repository / "policies")
    assert below.returncode == 1
    assert run("diff", "v1:policies", f"HEAD:{path}").stdout == run("diff", f"v1:{path}", path).stdout


@pytest.mark.parametrize(
    ("revision", "reason"),
    [
        ("nope:good.json", "invalid object name `nope`"),
        ("HEAD:nope.json", "path `nope.json` does not exist in `HEAD`"),
        ("HEAD:nope", "path `nope` does not exist in `HEAD`"),
        ("HEAD:nope/main.tf", "path `nope/main.tf` does not exist in `HEAD`"),
        ("nope:policies/", "invalid object name `nope`"),
        ("HEAD:./../..", "`../..` is outside the repository"),
        ("--output=made:good.json", "a revision cannot begin with `-`"),
        ("-O:good.json", "a revision cannot begin with `-`"),
        (":/open", "a revision cannot begin with `:/`"),
        (":(glob)**", "a revision cannot begin with `:(`"),
        ("HEAD;touch made:good.json", "invalid object name"),
        ("$(touch made):good.json", "invalid object name"),
    ],
)
def test_what_is_no_file_at_a_revision_is_said_so(revision: str, reason: str, repository: Path) -> None:
    done = run("diff", "--", revision, "good.json")
    assert done.returncode == 2
    assert done.stdout == ""
    first, second = done.stderr.splitlines()[:2]
    assert first.startswith(f"error: {revision}: {reason}")
    assert second.startswith("  = help: ")
    assert not list(repository.glob("*made*"))


def test_a_repository_does_not_get_to_run_its_filters(repository: Path) -> None:
    git("config", "diff.evil.textconv", "touch made; cat")
    save(repository / ".gitattributes", "*.json diff=evil")
    assert run("diff", "v1:good.json", "good.json").returncode == 0
    assert not (repository / "made").exists()


def test_without_git_or_a_repository(here: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    empty = tmp_path_factory.mktemp("empty")
    done = run("diff", "HEAD:good.json", "good.json", env={"PATH": str(empty)})
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, "error: git: is not installed")
    done = run("diff", "HEAD:x.json", "good.json", env={"GIT_CEILING_DIRECTORIES": str(here.parent)})
    assert done.returncode == 2
    assert "not a git repository" in done.stderr


# Templates.

HCL = """
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "connect.amazonaws.com" },
    Action = "sns:Publish", Resource = aws_sns_topic.chat.arn }] })
}
"""
CFN = """
AWSTemplateFormatVersion: "2010-09-09"
Parameters: {Partner: {Type: String}}
Resources:
  Chat: {Type: "AWS::SNS::Topic"}
  Other: {Type: "AWS::SNS::Topic"}
  Policy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: connect.amazonaws.com}, Action: sns:Publish, Resource: !Ref Chat}
          - {Effect: Allow, Principal: {AWS: !Ref Partner}, Action: sns:Receive, Resource: !Ref Chat}
"""


def test_templates_of_one_kind_or_another(here: Path) -> None:
    save(here / "a" / "main.tf", HCL)
    wide = HCL.replace('"sns:Publish"', '["sns:Publish", "sns:Subscribe"]')
    save(here / "b" / "main.tf", wide)
    done = run("diff", "a/main.tf", "b/main.tf")
    assert "+ sns:Subscribe by any Connect instance" in done.stdout
    assert "no longer allowed" not in done.stdout
    deployed = run("diff", "a/main.tf", "open.json")
    assert "The two policies allow the same requests." in deployed.stdout


def test_what_a_template_leaves_open_leaves_no_doubt_while_it_does_not_change(here: Path) -> None:
    save(here / "a.yaml", CFN)
    save(here / "b.yaml", CFN.replace("Action: sns:Publish", "Action: [sns:PUBLISH]"))
    assert run("diff", "a.yaml", "b.yaml").returncode == 0
    save(here / "c.yaml", CFN.replace("sns:Receive", "sns:Subscribe"))
    symbolic = run("diff", "a.yaml", "c.yaml")
    assert symbolic.returncode == 1
    assert "+ sns:Subscribe by role ${Partner}" in symbolic.stdout
    known = run("diff", "a.yaml", "c.yaml", "--parameter", "Partner=444455556666")
    assert "+ sns:Subscribe by any principal of account 444455556666" in known.stdout
    assert "- sns:Receive by any principal of account 444455556666" in known.stdout


def test_one_of_several_is_chosen_by_name(here: Path) -> None:
    save(here / "a.yaml", CFN.replace("[!Ref Chat]", "[!Ref Chat, !Ref Other]"))
    done = run("diff", "a.yaml", "good.json")
    assert done.stderr.splitlines() == [
        "error: a.yaml: contains 2 policies: `Chat`, `Other`",
        "  = help: choose one with `--resource NAME`",
    ]
    assert run("diff", "a.yaml", "a.yaml", "--resource", "Chat").returncode == 0
    missing = run("diff", "a.yaml", "a.yaml", "--resource", "Nobody")
    assert "available: `Chat`, `Other`" in missing.stderr


# What is refused.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.json", "good.json"], "error: none.json: no such file or folder"),
        (["good.json", TOPIC_ARN], f"--topic-arn {TOPIC_ARN}`"),
        ([KEY_ARN, "good.json"], f"aws kms get-key-policy --key-id {KEY_ARN}`"),
        (["-", "-"], "standard input can be read only once"),
        (
            ["good.json", "key.json"],
            "error: key.json: this is a key policy, but `good.json` is a topic policy",
        ),
        (["good.json", "elsewhere.json"], "choose one with `--topic-arn ARN`"),
        (["good.json", "good.json", "--topic-arn", KEY_ARN], "is not a topic ARN"),
        (["good.json", "good.json", "--key-arn", KEY_ARN], "the policies are of a topic"),
        (["good.json", "good.json", "--instance-arn", "x"], "is not a Connect instance ARN"),
        (["good.json", "folder"], "error: folder: contains no topic policy or key policy"),
        (["folder", "folder"], "error: folder: contains no topic policy or key policy"),
        (["good.json", "role.json"], "this is an identity policy"),
        (["good.json", "list.json"], "help: files are recognized by their content"),
        (["good.json", "hidden.json"], "the output has no `Policy`"),
    ],
    ids=str,
)
def test_what_cannot_be_compared(arguments: list[str], said: str, here: Path) -> None:
    save(here / "key.json", KEY)
    save(here / "elsewhere.json", document(statement(Resource=f"{TOPIC_ARN}-2")))
    save(here / "role.json", {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    save(here / "list.json", [1])
    save(here / "hidden.json", {"Attributes": {"TopicArn": TOPIC_ARN}})
    (here / "folder").mkdir()
    done = run("diff", *arguments)
    assert said in done.stderr
    assert (done.returncode, done.stdout) == (2, "")


def test_a_policy_that_names_no_service_is_of_the_kind_of_the_other(here: Path) -> None:
    everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    save(here / "all.json", document(everything))
    assert "sns:* by any AWS account" in run("diff", "good.json", "all.json").stdout


def test_an_option_says_which_topic_is_meant(here: Path) -> None:
    save(here / "elsewhere.json", document(statement(Condition=PINNED, Resource=f"{TOPIC_ARN}-2")))
    done = run("diff", "good.json", "elsewhere.json", "--topic-arn", TOPIC_ARN)
    assert "- sns:Publish by Connect for instance" in done.stdout


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", [".json", ".yaml", ""])
def test_hostile_files_end_in_an_answer_or_a_clear_error(name: str, suffix: str, here: Path) -> None:
    bad = here / f"bad{suffix}"
    bad.write_bytes(HOSTILE[name])
    for pair in ((bad, "good.json"), ("good.json", bad)):
        done = run("diff", *pair)
        assert done.returncode in (1, 2, 3)
        assert "internal error" not in done.stderr
