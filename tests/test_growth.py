"""No step is quadratic: for twice as much to check, nothing is done for each pair of things."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from benchmarks.hcl import write_modules
from benchmarks.samples import policies, template_of
from checker.app.check import lint
from checker.app.run import Options

SHARE = 0.3
"""A step that is done for each pair of things adds half of their square; what caches add is far less."""


class Calls(Counter[str]):
    """Counts the calls of each function, also of those in C."""

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call":
            self[f"{frame.f_code.co_filename}:{frame.f_code.co_firstlineno} {frame.f_code.co_name}"] += 1
        elif event == "c_call":
            self[getattr(argument, "__qualname__", "")] += 1


def calls_of_a_check(folder: Path, count: int, write: Callable[[Path, int], None]) -> Calls:
    """Count what a check of as many things as ``count`` says calls, from reading to the report."""
    root = folder / str(count)
    root.mkdir()
    write(root, count)
    calls = Calls()
    sys.setprofile(calls)
    try:
        lint(Options((root,), all_topics=True, isolated=True), ("json",), str(folder / "report.json"))
    finally:
        sys.setprofile(None)
    return calls


def some_policies(count: int) -> Iterator[dict[str, Any]]:
    """Policies that no other count has, so that nothing of them is remembered."""
    return islice(policies(100 * count + count), 100 * count, None)


def policy_files(folder: Path, count: int) -> None:
    for number, policy in enumerate(some_policies(count)):
        write(folder, f"policy-{number}", policy)


def statements(folder: Path, count: int) -> None:
    """Statements for roles; those of Connect are proven one by one, each beside all others."""
    policy = next(some_policies(count))
    (own,) = policy["Statement"]
    roles = [f"arn:aws:iam::271828182845:role/r{count}-{number}" for number in range(count)]
    others = [
        {"Sid": f"S{n}", "Effect": "Allow", "Principal": {"AWS": role}, "Action": "sns:Publish"}
        for n, role in enumerate(roles)
    ]
    policy["Statement"] = [own, *({**one, "Resource": own["Resource"]} for one in others)]
    (folder / "policy.json").write_text(json.dumps(policy))


def encrypted_topics(folder: Path, count: int) -> None:
    """The output of the AWS CLI for topics and their keys."""
    for number, policy in enumerate(some_policies(count)):
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
    write(folder, "template", template_of(some_policies(count)))


def contacts(folder: Path, count: int) -> None:
    """The events of streams that Connect started."""
    records = []
    for number, policy in enumerate(some_policies(count)):
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
    ("write", "some"),
    [
        (policy_files, 20),
        (statements, 30),
        (encrypted_topics, 15),
        (resources_of_a_template, 15),
        (contacts, 20),
        (terraform_in_one_folder, 10),
        (terraform_in_folders, 10),
    ],
)
def test_nothing_is_done_for_each_pair(write: Callable[[Path, int], None], some: int, tmp_path: Path) -> None:
    calls_of_a_check(tmp_path, 1, write)  # what is imported and remembered once
    half, whole = (calls_of_a_check(tmp_path, number, write) for number in (some, 2 * some))
    beyond = {name: count - 2 * half[name] for name, count in whole.items()}
    assert {name: more for name, more in beyond.items() if more > SHARE * (2 * some) ** 2} == {}
