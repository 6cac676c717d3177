"""`python -m benchmarks.plan`: reads a plan of 40 MB, and prints the memory that it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measure import line
from benchmarks.samples import policies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIZE = 40 * 1024 * 1024
EVERY = 400
"""One resource in so many is a topic with its policy; a real plan has more of everything else, too."""


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.json"
        writing = [sys.executable, "-c", _WRITE, str(path)]  # what forks must be small, its memory counts
        topics = subprocess.run(writing, check=True, capture_output=True, text=True).stdout.strip()
        bare = [sys.executable, "-c", "import json, sys; json.load(open(sys.argv[1]))", str(path)]
        reading = [sys.executable, "-c", _READ, str(path)]
        checking = [sys.executable, "-m", "checker", "check", "--isolated", str(path)]
        line("a plan of", f"{path.stat().st_size / 2**20:.0f} MB, {topics} topics")
        line("bare json.load", f"{peak(bare):.0f} MB at most")
        line("reading it (under 400 MB)", f"{peak(reading):.0f} MB at most")
        line("checker check (under 400 MB)", f"{peak(checking):.0f} MB at most")


_WRITE = """
import sys
from pathlib import Path
from benchmarks.plan import SIZE, write_plan
print(write_plan(Path(sys.argv[1]), SIZE))
"""
_READ = """
import sys
from pathlib import Path
from checker.inputs.load import load
load([Path(sys.argv[1])])
"""


def peak(command: Sequence[str]) -> float:
    """Run a command and give its largest resident memory, in MB."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss / 1024


def write_plan(path: Path, size: int) -> int:
    """Write a plan of about so many bytes, in one line as Terraform does; give the number of its topics."""
    changes = list(_changes(size // 2))
    planned = [{**_without(one, "change"), "values": one["change"]["after"]} for one in changes]
    whole = {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": [_without(one, "change") for one in changes]}},
    }
    path.write_text(json.dumps(whole, separators=(",", ":")))
    return sum(one["type"] == "aws_sns_topic" for one in changes)


def _changes(size: int) -> Iterator[dict[str, Any]]:
    """Give changes until they have a size: one topic with a policy after so many instances."""
    number, written = 0, 0
    documents = policies(size)
    while written < size:
        number += 1
        for one in _topic(number, next(documents)) if number % EVERY == 0 else (_server(number),):
            written += len(json.dumps(one))
            yield one


def _topic(number: int, policy: dict[str, Any]) -> Iterator[dict[str, Any]]:
    arn = policy["Statement"][0]["Resource"]
    values = {"arn": arn, "name": arn.rpartition(":")[2], "fifo_topic": False, "kms_master_key_id": None}
    yield _change("aws_sns_topic", number, values)
    yield _change("aws_sns_topic_policy", number, {"arn": arn, "policy": json.dumps(policy)})


def _server(number: int) -> dict[str, Any]:
    tags = {f"tag-{index}": f"value {index} of server {number}" for index in range(12)}
    disks = [{"device": f"/dev/sd{letter}", "size": 100 + number % 7, "iops": None} for letter in "abcd"]
    values = {
        "ami": f"ami-{number:017x}",
        "tags": tags,
        "disks": disks,
        "user_data": f"#!/bin/sh\n{number}\n" * 10,
    }
    return _change("aws_instance", number, values)


def _change(kind: str, number: int, values: dict[str, Any]) -> dict[str, Any]:
    change = {"actions": ["create"], "before": None, "after": values, "after_unknown": {"id": True}}
    name = f"n{number}"
    return {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "change": change}


def _without(one: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in one.items() if key != name}


if __name__ == "__main__":
    main()
