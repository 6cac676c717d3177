"""No step is quadratic: twice as much to check takes about twice as many operations."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks.hcl import write_modules
from benchmarks.samples import policies, write_policies
from checker.app.check import lint
from checker.app.run import Options

MOST = 2.4
"""Twice as much, and a fifth for what grows with its logarithm."""


class Operations:
    """Counts the calls of functions, also of those in C."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            self.count += 1


def operations(folder: Path, count: int, write: Callable[[Path, int], None]) -> int:
    """Count the operations of a check of as many things as ``count`` says, from reading to the report."""
    root = folder / str(count)
    root.mkdir(exist_ok=True)
    write(root, count)
    counted = Operations()
    sys.setprofile(counted)
    try:
        lint(Options((root,), all_topics=True, isolated=True), ("json",), str(folder / "report.json"))
    finally:
        sys.setprofile(None)
    return counted.count


def policy_files(folder: Path, count: int) -> None:
    write_policies(folder, count)


def statements(folder: Path, count: int) -> None:
    """Statements for roles; those of Connect are proven one by one, each beside all others."""
    (policy,) = policies(1)
    (own,) = policy["Statement"]
    roles = [f"arn:aws:iam::271828182845:role/r{number}" for number in range(count)]
    others = [
        {"Sid": f"S{n}", "Effect": "Allow", "Principal": {"AWS": role}, "Action": "sns:Publish"}
        for n, role in enumerate(roles)
    ]
    policy["Statement"] = [own, *({**one, "Resource": own["Resource"]} for one in others)]
    (folder / "policy.json").write_text(json.dumps(policy))


def encrypted_topics(folder: Path, count: int) -> None:
    """The output of the AWS CLI for topics and their keys."""
    for number, policy in enumerate(policies(count)):
        topic = policy["Statement"][0]["Resource"]
        account = topic.split(":")[4]
        key = f"arn:aws:kms:us-east-1:{account}:key/1234abcd-12ab-34cd-56ef-{number:012x}"
        attributes = {"TopicArn": topic, "Policy": json.dumps(policy), "KmsMasterKeyId": key}
        write(folder, f"topic-{number}", {"Attributes": attributes})
        root = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        metadata = {
            "KeyId": key.rpartition("/")[2],
            "Arn": key,
            "KeyState": "Enabled",
            "KeyManager": "CUSTOMER",
        }
        write(folder, f"key-{number}", {"KeyMetadata": metadata})
        write(
            folder,
            f"key-policy-{number}",
            {"Policy": json.dumps({"Version": "2012-10-17", "Id": key, "Statement": [root]})},
        )


def resources_of_a_template(folder: Path, count: int) -> None:
    resources: dict[str, Any] = {}
    for number, policy in enumerate(policies(count)):
        resources[f"T{number}"] = {"Type": "AWS::SNS::Topic"}
        for statement in policy["Statement"]:
            statement["Resource"] = {"Ref": f"T{number}"}
        properties = {"Topics": [{"Ref": f"T{number}"}], "PolicyDocument": policy}
        resources[f"P{number}"] = {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}
    write(folder, "template", {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


def contacts(folder: Path, count: int) -> None:
    """The events of streams that Connect started."""
    records = []
    for number, policy in enumerate(policies(count)):
        topic = policy["Statement"][0]["Resource"]
        records.append(
            {
                "eventSource": "connect.amazonaws.com",
                "eventName": "StartContactStreaming",
                "eventTime": "2026-01-01T00:00:00Z",
                "awsRegion": "us-east-1",
                "eventID": f"{number}",
                "requestParameters": {
                    "InstanceId": "3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d",
                    "ContactId": f"1234abcd-12ab-34cd-56ef-{number:012x}",
                    "ChatStreamingConfiguration": {"StreamingEndpointArn": topic},
                },
            }
        )
        write(folder, f"policy-{number}", policy)
    write(folder, "events", {"Records": records})


def terraform_in_one_folder(folder: Path, count: int) -> None:
    write_modules(folder, count, apart=False)


def terraform_in_folders(folder: Path, count: int) -> None:
    write_modules(folder, count, apart=True)


def write(folder: Path, name: str, document: object) -> None:
    (folder / f"{name}.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("write", "count"),
    [
        (policy_files, 100),
        (statements, 20),
        (encrypted_topics, 20),
        (resources_of_a_template, 20),
        (contacts, 30),
        (terraform_in_one_folder, 10),
        (terraform_in_folders, 10),
    ],
)
def test_twice_as_much_takes_about_twice_the_operations(
    write: Callable[[Path, int], None], count: int, tmp_path: Path
) -> None:
    operations(tmp_path, 1, write)  # what is imported and remembered once
    none, once, twice = (operations(tmp_path, number, write) for number in (1, count, 2 * count))
    assert twice - none < MOST * (once - none), (none, once, twice)
