"""`checker policy`: what it prints can be pasted, is what `checker check` wants, and is refused with a reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.terraform_fixtures import MissingToolError, Tools
from tests.cli.process import run, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ELSEWHERE = "arn:aws:connect:us-east-1:444455556666:instance/4f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
SIBLING = INSTANCE_ARN.replace("3f6c1b52", "5f6c1b52")
INSTANCES = ["--instance-arn", INSTANCE_ARN, "--instance-arn", ELSEWHERE, "--instance-arn", SIBLING]
ASKED = [*INSTANCES, "--topic-arn", TOPIC_ARN]
KEY = ["--key-arn", KEY_ARN]
CASES = {
    "topic": [],
    "key": KEY,
    "condition": [*KEY, "--kms-condition", "instance"],
    "topic condition": [*KEY, "--kms-condition", "topic"],
}
WITHOUT_TOPIC = [one for one in CASES if one != "topic condition"]
"""Code that declares no topic leaves open whether the key is that of the topic in its condition."""
NOTES = {
    "topic": [],
    "key": ["unpinned-key-grant"],
    "condition": ["unverified-key-condition"],
    "topic condition": [],
}
"""A key policy is as AWS documents it, without a condition, or has one on the topic, or an undocumented one."""


def printed(*arguments: str | Path) -> str:
    done = run("policy", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def found_in(folder: Path) -> list[str]:
    """The rules that find something, of any severity, in what was examined: a topic and perhaps a key."""
    done = run("check", folder, "--fail-on", "note", "--format", "json", *INSTANCES)
    report = json.loads(done.stdout)
    assert report["summary"]["topics"] == 1, report
    assert report["skipped"] == []
    return [one["rule"] for one in report["findings"]]


def facts(folder: Path, topic: str, key: str | None) -> Path:
    """Write what the AWS CLI would say of a topic and a key that have these policies."""
    attributes = {"TopicArn": TOPIC_ARN, "Policy": topic, "SubscriptionsConfirmed": "1"}
    if key is not None:
        attributes["KmsMasterKeyId"] = KEY_ARN
        described = {"Arn": KEY_ARN, "KeyId": KEY_ARN[-36:], "KeyState": "Enabled", "KeyManager": "CUSTOMER"}
        described |= {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}
        save(folder / "key.json", {"KeyMetadata": described})
        save(folder / "key-policy.json", {"Policy": key, "PolicyName": "default"})
    save(folder / "topic.json", {"Attributes": attributes})
    return folder


@pytest.mark.parametrize("case", CASES)
def test_json_is_clean_alone_and_side_by_side(case: str, tmp_path: Path) -> None:
    topic = printed(*ASKED, *CASES[case], "--only", "topic")
    key = printed(*ASKED, *CASES[case], "--only", "key") if case != "topic" else None
    assert found_in(facts(tmp_path / "facts", topic, key)) == NOTES[case]
    save(tmp_path / "alone" / "policy.json", topic)
    assert found_in(tmp_path / "alone") == []
    both = json.loads(printed(*ASKED, *CASES[case]))
    wanted = {"topic_policy": json.loads(topic), "key_policy": json.loads(key)} if key else json.loads(topic)
    assert both == wanted


@pytest.mark.parametrize("case", WITHOUT_TOPIC)
def test_terraform_is_clean(case: str, tmp_path: Path) -> None:
    done = run("policy", *ASKED, *CASES[case], "--format", "terraform", "-o", tmp_path / "main.tf")
    assert (done.returncode, done.stdout) == (0, "")
    assert found_in(tmp_path) == NOTES[case]
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    command = ["terraform", "fmt", "-check", "-diff", "-no-color", str(tmp_path)]
    laid_out = subprocess.run(command, capture_output=True, check=False, text=True)
    assert laid_out.returncode == 0, laid_out.stdout


def test_terraform_takes_it(tmp_path: Path) -> None:
    try:
        tools = Tools.find()
    except MissingToolError as error:
        pytest.skip(f"{error}, so that nothing can be validated")
    save(tmp_path / "main.tf", printed(*ASKED, *CASES["condition"], "--format", "terraform"))
    for arguments in (["init", "-input=false", f"-plugin-dir={tools.mirror}"], ["validate", "-no-color"]):
        done = subprocess.run(
            [tools.terraform, *arguments], cwd=tmp_path, capture_output=True, check=False, text=True
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("case", WITHOUT_TOPIC)
def test_cloudformation_is_clean_and_makes_no_second_key(case: str, tmp_path: Path) -> None:
    text = printed(*ASKED, *CASES[case], "--format", "cloudformation")
    save(tmp_path / "printed" / "template.yaml", text)
    assert found_in(tmp_path / "printed") == []
    assert "AWS::KMS::Key" not in text
    template = yaml.safe_load(text)
    if case != "topic":
        alone = printed(*ASKED, *CASES[case], "--format", "cloudformation", "--only", "key")
        commented = "\n".join(
            line.removeprefix("# ") for line in text[text.index("# KeyPolicy:") :].split("\n")
        )
        assert yaml.safe_load(alone) == yaml.safe_load(commented)
        properties = yaml.safe_load(alone)
        template["Resources"]["Key"] = {"Type": "AWS::KMS::Key", "Properties": properties}
        save(tmp_path / "taken over" / "template.yaml", yaml.safe_dump(template))
        assert found_in(tmp_path / "taken over") == NOTES[case]


AWS = f"""#!{sys.executable}
import json, pathlib, sys
path = pathlib.Path(sys.argv[0]).with_name("calls.jsonl")
with path.open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


@pytest.mark.parametrize("case", CASES)
def test_the_commands_of_the_aws_cli_work_when_pasted(case: str, tmp_path: Path) -> None:
    aws = save(tmp_path / "bin" / "aws", AWS)
    aws.chmod(0o755)
    script = printed(*ASKED, *CASES[case], "--format", "cli")
    assert "#" not in script  # zsh has no comments where commands are pasted
    subprocess.run(["sh", "-eu"], input=script, env={"PATH": f"{aws.parent}:/bin"}, check=True, text=True)
    calls = [json.loads(line) for line in (aws.parent / "calls.jsonl").read_text().splitlines()]
    said = [dict(zip(call[2::2], call[3::2], strict=True)) for call in calls]
    assert [call[:2] for call in calls] == [["sns", "set-topic-attributes"], ["kms", "put-key-policy"]][
        : len(calls)
    ]
    assert {one["--region"] for one in said} == {"us-east-1"}
    assert (said[0]["--topic-arn"], said[0]["--attribute-name"]) == (TOPIC_ARN, "Policy")
    key = None
    if case != "topic":
        assert (said[1]["--key-id"], said[1]["--policy-name"]) == (KEY_ARN, "default")
        key = said[1]["--policy"]
    assert found_in(facts(tmp_path / "facts", said[0]["--attribute-value"], key)) == NOTES[case]


def test_what_is_merged_is_said_and_a_second_time_changes_nothing(tmp_path: Path) -> None:
    kept = statement(Sid="Alarms", Principal={"Service": "cloudwatch.amazonaws.com"})
    given, topic = save(tmp_path / "given.json", document(kept)), tmp_path / "topic.json"
    key = save(tmp_path / "key.json", json.loads(printed(*ASKED, *KEY, "--only", "key")))
    done = run("policy", *ASKED, "--merge", given, "-o", topic)
    assert done.stderr == f"{given}: 2 statements added\n"
    before = topic.read_text()
    assert json.loads(before)["Statement"][0] == kept
    merge: list[str | Path] = ["--merge", topic, "--merge-key", key, *KEY]
    done = run("policy", *ASKED, *merge, "--format", "cloudformation")
    assert done.stderr.count("nothing to add: Connect may publish for these instances already\n") == 2
    assert "whole policy" not in done.stdout
    again = run("policy", *ASKED, "--merge", "-", stdin=before.encode())
    assert again.stdout == before
    assert found_in(save(tmp_path / "merged" / "topic.json", before).parent) == []


def test_remarks_stand_where_they_do_no_harm() -> None:
    done = run("policy", *ASKED, *CASES["condition"])
    assert "whole policy" not in done.stdout
    assert "note: Unverified: AWS does not document that Connect passes" in done.stderr
    done = run("policy", *ASKED, *CASES["condition"], "--format", "cli")
    assert ": 'warning: This policy replaces the current policy of the topic" in done.stdout
    assert done.stderr == ""
    for language in ("terraform", "cloudformation"):
        done = run("policy", *ASKED, *CASES["condition"], "--format", language)
        assert "# Unverified: AWS does not document that Connect passes" in done.stdout
        assert done.stderr == ""
        comments = [line for line in done.stdout.splitlines() if line.startswith("#")]
        assert max(len(line) for line in comments if "arn:" not in line) <= 110


def asked(**changed: str) -> list[str]:
    options = {"instance": INSTANCE_ARN, "topic": TOPIC_ARN, **changed}
    return [part for name, value in options.items() for part in (f"--{name}-arn", value)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (asked(topic=f"{TOPIC_ARN}.fifo"), "is a FIFO topic"),
        (asked(topic=f"{TOPIC_ARN}:6b0e71bd-7e97-4d97-80ce-4a0994e55286"), "it is the ARN of a subscription"),
        (asked(topic="https://example.com"), "it is a URL"),
        (asked(topic=KEY_ARN), "its service is `kms`, not `sns`"),
        (asked(topic=f"{TOPIC_ARN}*"), "is not a valid topic name"),
        (asked(topic=TOPIC_ARN.replace("us-east-1", "us-east-2")), "is in us-east-1, the topic in us-east-2"),
        (asked(topic=TOPIC_ARN.replace("aws", "aws-cn")), "us-east-1 belongs to aws"),
        (asked(instance=INSTANCE_ARN.replace("aws", "aws-cn")), "us-east-1 belongs to aws"),
        (
            asked(instance=INSTANCE_ARN.replace("aws", "aws-cn").replace("us-east-1", "cn-north-1")),
            "in partition aws-cn, the topic in aws",
        ),
        (asked(instance=f"{INSTANCE_ARN}/*"), "is not a Connect instance ARN"),
        (asked(instance=TOPIC_ARN), "its service is `sns`, not `connect`"),
        (asked(instance=INSTANCE_ARN[-36:]), "it is the ID without the rest of the ARN"),
        (
            asked(instance=INSTANCE_ARN.replace(ACCOUNT, "1111-2222-3333")),
            "`1111-2222-3333` is not a valid account ID",
        ),
        (asked(instance=f" '{INSTANCE_ARN}'\n"), f"help: use `{INSTANCE_ARN}`"),
        (asked(instance=INSTANCE_ARN[:-36] + "my-alias"), "`my-alias` is not an instance ID"),
        (asked(instance="arn:aws:connect:REGION:ACCOUNT:instance/ID"), "placeholder"),
        (asked(topic="YOUR_TOPIC_ARN"), "placeholder"),
        (asked(key="alias/aws/sns"), "its policy cannot be changed"),
        (asked(key=f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/aws/sns"), "its policy cannot be changed"),
        (asked(key=f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/chat"), "aws kms describe-key --key-id arn:"),
        (asked(key="alias/chat"), "is an alias"),
        (asked(key=KEY_ARN[-36:]), "is not the ARN of a key"),
        (asked(key=KEY_ARN.replace("us-east-1", "us-west-2")), "use a key in us-east-1"),
        (asked(key=KEY_ARN.replace("aws", "aws-us-gov")), "the key is in partition aws-us-gov"),
        ([*asked(), "--kms-condition", "topic"], "requires --key-arn"),
        ([*asked(), "--merge-key", "key.json"], "requires --key-arn"),
        ([*asked(), "--only", "key"], "requires --key-arn"),
        ([*asked(), "--merge", "missing.json"], "no such file"),
        ([*asked(), "--format", "xml"], "xml"),
        (asked()[:2], "--topic-arn"),
        (asked()[2:], "--instance-arn"),
    ],
)
def test_what_cannot_work_is_refused_with_its_reason(arguments: list[Any], said: str) -> None:
    done = run("policy", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "help" in done.stderr or "no such file" in done.stderr


@pytest.mark.parametrize(
    ("region", "said"),
    [("us-east-2", "us-east-2 is not in the list"), ("eu-wst-2", "did you mean `eu-west-2`?")],
)
def test_a_region_that_is_not_listed_is_a_note(region: str, said: str) -> None:
    done = run("policy", *(one.replace("us-east-1", region) for one in asked()))
    assert done.returncode == 0
    assert region in done.stdout
    assert said in done.stderr


def test_the_replica_region_of_tokyo_has_connect() -> None:
    done = run("policy", *(one.replace("us-east-1", "ap-northeast-3") for one in asked()))
    assert (done.returncode, "not in the list" in done.stderr) == (0, False)


def test_a_topic_and_a_key_of_other_accounts_are_fine() -> None:
    for option in ({"topic": TOPIC_ARN}, {"key": KEY_ARN}):
        changed = {name: arn.replace(ACCOUNT, "777788889999") for name, arn in option.items()}
        printed(*asked(**changed))
