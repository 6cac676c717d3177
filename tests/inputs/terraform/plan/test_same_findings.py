"""A policy says the same in a file of its own, in a plan and in a state."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from benchmarks.samples import policies
from tests.inputs.terraform.plan.plans import change, judged, kept, plan, read, state, written

TOPIC, POLICY = "aws_sns_topic.chat", "aws_sns_topic_policy.chat"
EXAMPLES = list(islice(policies(5), 5))


def forms(policy: dict[str, Any]) -> dict[str, Any]:
    arn, text = policy["Statement"][0]["Resource"], json.dumps(policy)
    topic = {"arn": arn, "name": arn.rpartition(":")[2], "kms_master_key_id": None, "fifo_topic": False}
    bare, attached = change(TOPIC, topic), change(POLICY, {"arn": arn, "policy": text})
    inline = change(TOPIC, {**topic, "policy": text})
    configured = written(TOPIC, {"policy": {}})
    return {
        "raw": policy,
        "inline": plan([inline], configured),
        "attached": plan([bare, attached], written(TOPIC, {})),
        "alone": plan([attached]),
        "state": state(bare, attached),
        "read back": state(inline, attached),
        "kept": kept(state(bare, attached)),
        "kept and read back": kept(state(inline, attached)),
    }


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_same_rules_find_the_same(number: int, tmp_path: Path) -> None:
    said = {}
    for name, shown in forms(EXAMPLES[number]).items():
        found = judged(read(tmp_path, shown, f"{name}.json"))
        said[name] = sorted((one.rule, one.severity.value, one.message) for one in found)
    assert said == dict.fromkeys(said, said["raw"])
