"""A policy in a string is edited with the escapes and the line ends of that string."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.fix.workbench import repaired, write
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
OPEN, GOOD = document(statement()), document(statement(Condition=PINNED))


def test_a_policy_that_is_encoded_twice_is_edited_in_place(tmp_path: Path) -> None:
    twice = {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(json.dumps(OPEN))}}
    (text,) = repaired(write(tmp_path, {"topic.json": json.dumps(twice)})).texts.values()
    assert json.loads(json.loads(json.loads(text)["Attributes"]["Policy"])) == GOOD


def test_a_block_of_text_keeps_the_line_ends_of_the_file(tmp_path: Path) -> None:
    lines = json.dumps(OPEN, indent=2).splitlines()
    head = ["Attributes:", f"  TopicArn: {TOPIC_ARN}", "  Policy: |"]
    text = "\r\n".join([*head, *(f"    {line}" for line in lines), ""])
    (new,) = repaired(write(tmp_path, {"topic.yaml": text})).texts.values()
    assert new.count("\n") == new.count("\r\n") == text.count("\n") + 8
    assert json.loads(yaml.safe_load(new)["Attributes"]["Policy"]) == GOOD


def test_a_folded_text_is_not_edited(tmp_path: Path) -> None:
    folded = "\n".join(f"    {line}" for line in json.dumps(OPEN, indent=1).splitlines())
    text = f"Attributes:\n  TopicArn: {TOPIC_ARN}\n  Policy: >\n{folded}\n"
    found = repaired(write(tmp_path, {"topic.yaml": text}))
    assert not found.texts
    assert "assembled from several expressions" in found.unfixed[0].reason
    assert found.unfixed[0].statements
