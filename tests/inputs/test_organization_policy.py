"""Files of `--rcp`: what is read, what AWS would not accept, and what every command makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.core.errors import InputError
from checker.inputs.load import load
from checker.inputs.organization_policy import load_organization, load_organization_policy
from tests.cli.process import run, save
from tests.samples import TESTS

FOLDER = TESTS / "rules/kms/denied-by-organization-policy"
FILES = [FOLDER / name for name in ("topic.json", "key.json", "key-policy.json")]
FULL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}
ARN = "arn:aws:organizations::999988887777:policy/o-a1b2c3d4e5/resource_control_policy/p-examplepol"


def document(*statements: Any, **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements), **more}


def described(content: Any, kind: str = "RESOURCE_CONTROL_POLICY", arn: str = ARN) -> dict[str, Any]:
    summary = {"Id": "p-examplepol", "Arn": arn, "Name": "Guard", "Type": kind, "AwsManaged": False}
    return {"Policy": {"PolicySummary": summary, "Content": json.dumps(content)}}


def without(element: str) -> dict[str, Any]:
    return {key: value for key, value in DENY.items() if key != element}


@pytest.mark.parametrize(
    "value",
    [
        document(DENY),
        document(FULL),
        document({**DENY, "Principal": {"AWS": "*"}}),
        {"Version": "2012-10-17", "Statement": DENY},
        json.dumps(document(DENY), indent=200),  # blanks do not count
        described(document(DENY)),
    ],
)
def test_a_policy_is_read(value: Any, tmp_path: Path) -> None:
    path = save(tmp_path / "rcp.json", value)
    policy = load_organization_policy(path)
    assert policy.text.policy.known_statements()
    is_described = isinstance(value, dict) and "Policy" in value
    assert (policy.organization, policy.management) == (
        ("o-a1b2c3d4e5", "999988887777") if is_described else ("", "")
    )
    assert policy.name == (f"Guard of {path}" if is_described else str(path))


BAD: dict[str, tuple[Any, str, bool]] = {
    "no JSON": ("{", "end of", True),
    "a list": ([1], "expected a resource control policy", False),
    "another document": ({"a": 1}, "expected a resource control policy", False),
    "a service control policy": (document(without("Principal")), "no statement has a Principal", False),
    "the output for one": (described(document(DENY), "SERVICE_CONTROL_POLICY"), "not SERVICE_CONTROL_POLICY", True),
    "the output for a backup policy": (described({}, "BACKUP_POLICY"), "not BACKUP_POLICY", True),
    "an Allow": (document({**DENY, "Effect": "Allow"}), "can only deny", True),
    "full access with more": (document(FULL, DENY), "can only deny", True),
    "a named principal": (document({**DENY, "Principal": {"AWS": "111122223333"}}), "must be `*`", True),
    "NotPrincipal": (document({**without("Principal"), "NotPrincipal": "*"}), "cannot have NotPrincipal", True),
    "NotAction": (document({**without("Action"), "NotAction": "kms:*"}), "cannot have NotAction", True),
    "no Action": (document(without("Action")), "Action", True),
    "the old version": (document(DENY, Version="2008-10-17"), "requires Version `2012-10-17`", True),
    "too long": (document({**DENY, "Sid": "x" * 5120}), "the limit for a resource control policy is 5,120", True),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_policy_that_aws_would_not_accept_is_refused(name: str, tmp_path: Path) -> None:
    value, reason, has_place = BAD[name]
    path = save(tmp_path / "rcp.json", value)
    with pytest.raises(InputError, match=reason.replace("*", r"\*")) as caught:
        load_organization_policy(path)
    assert (caught.value.position is not None) == has_place
    assert caught.value.help or name == "no JSON"


def test_a_bad_file_is_a_usage_error_of_every_command(tmp_path: Path) -> None:
    bad = save(tmp_path / "rcp.json", document({**DENY, "Effect": "Allow"}))
    commands: list[list[str | Path]] = [["check", *FILES], ["explain", FILES[0]], ["fix", *FILES], ["audit"]]
    for command in commands:
        done = run(*command, "--rcp", bad)
        assert done.returncode == 2, command
        assert f"{bad}:" in done.stderr
        assert "can only deny" in done.stderr
        assert "help:" in done.stderr


def test_policies_of_two_organizations_are_refused(tmp_path: Path) -> None:
    one = save(tmp_path / "one.json", described(document(DENY)))
    other = save(tmp_path / "two.json", described(document(DENY), arn=ARN.replace("a1b2", "z9z9")))
    with pytest.raises(InputError, match="several organizations"):
        load_organization((one, other))
    assert load_organization(()) is None


def test_output_of_describe_policy_among_the_files_is_listed(tmp_path: Path) -> None:
    path = save(tmp_path / "rcp.json", described(document(DENY)))
    (listed,) = load([tmp_path]).skipped
    assert "a resource control policy, not checked" in listed.reason
    assert listed.help == f"if it applies to these topics, add `--rcp {path}`"
    assert not listed.error
    bare = save(tmp_path / "other" / "rcp.json", document(DENY))
    assert not load([bare.parent]).skipped  # it may be a policy of anything
    for file in FILES:
        save(tmp_path / file.name, file.read_text())
    done = run("check", ".", "--rcp", "rcp.json", cwd=tmp_path)
    assert "not checked" not in done.stderr.replace("0 topics not checked", "")
    assert "error[denied-by-organization-policy]" in done.stdout


@pytest.mark.parametrize(
    ("rcp", "status", "chain", "code"),
    [
        (None, "not_applicable", "whole", 0),
        ("confused-deputy.json", "ok", "whole", 0),
        ("perimeter.json", "broken", "broken", 1),
        ("source-required.json", "unknown", "unknown", 0),
    ],
)
def test_explain_has_a_link_for_organization_policies(
    rcp: str | None, status: str, chain: str, code: int
) -> None:
    options: list[str | Path] = ["--rcp", FOLDER / rcp] if rcp else []
    keys: list[str | Path] = ["--key", FILES[1], "--key-policy", FILES[2]]
    done = run("explain", FILES[0], *keys, *options, "--format", "json")
    assert done.returncode == code, done.stderr
    found = json.loads(done.stdout)
    assert found["chain"] == chain
    assert found["links"][-1]["link"] == "organization_policy"
    assert found["links"][-1]["status"] == status
    assumed = " ".join(found["assumptions"])
    assert ("no organization policy" in assumed) == (status != "unknown")
    strict = run("explain", FILES[0], *keys, *options, "--strict")
    assert strict.returncode == (3 if status == "unknown" else code)
    assert ("Service control policies do not bind Amazon Connect" in strict.stdout) == (status != "unknown")


def test_explain_does_not_ask_about_a_topic_without_a_key(tmp_path: Path) -> None:
    whole = json.loads(FILES[0].read_text())
    del whole["Attributes"]["KmsMasterKeyId"]
    path = save(tmp_path / "topic.json", whole)
    done = run("explain", path, "--rcp", FOLDER / "perimeter.json", "--format", "json")
    found = json.loads(done.stdout)
    assert (found["chain"], found["links"][-1]["status"], found["assumptions"]) == (
        "whole",
        "not_applicable",
        [],
    )


CODE = """
resource "aws_kms_key" "chat" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.me.account_id}:root" },
      Action = "kms:*", Resource = "*" },
    { Effect = "Allow", Principal = { Service = "connect.amazonaws.com" },
      Action = ["kms:GenerateDataKey*", "kms:Decrypt"], Resource = "*" },
  ] })
}
data "aws_caller_identity" "me" {}
resource "aws_connect_instance" "this" { identity_management_type = "CONNECT_MANAGED" }
resource "aws_sns_topic" "chat" {
  name              = "chat"
  kms_master_key_id = aws_kms_key.chat.arn
}
resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({ Version = "2012-10-17", Statement = [
    { Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }, Action = "sns:Publish",
      Resource = aws_sns_topic.chat.arn, Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id }
        ArnEquals = { "aws:SourceArn" = aws_connect_instance.this.arn } } },
  ] })
}
"""


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}}, "broken"),
        ({"Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}, "unknown"),
        ({"Condition": {"StringEquals": {"aws:ResourceAccount": "444455556666"}}}, "unknown"),
        ({"Resource": "arn:aws:kms:*:444455556666:key/*"}, "unknown"),
        ({"Resource": "arn:aws:kms:*:*:key/*"}, "broken"),
        ({"Resource": "arn:aws:s3:::*"}, "ok"),
    ],
)
def test_an_answer_about_code_holds_in_every_deployment(
    more: dict[str, Any], status: str, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(CODE)
    save(tmp_path / "rcp.json", document({**DENY, **more}))
    done = run("explain", "main.tf", "--rcp", "rcp.json", "--format", "json", cwd=tmp_path)
    found = json.loads(done.stdout)
    if status != "ok":
        assert found["links"][-1]["status"] == status
    else:
        assert found["links"][-1]["status"] in ("ok", "unknown")  # the partition of the key is not known
