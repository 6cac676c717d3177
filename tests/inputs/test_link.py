"""What a plan declares is shown where the files that it was made from write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.analysis.inventory import Topic
from checker.core.finding import Part
from checker.inputs.collect import Given
from checker.inputs.load import load
from tests.inputs.terraform.plan.plans import change, plan
from tests.samples import TOPIC_ARN, document, statement

FILE = """
variable "names" {}

resource "aws_sns_topic" "chat" {
  for_each = var.names
  policy   = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "sns:Publish" }] })
}
"""


def planned(folder: Path, address: str) -> Topic:
    source = folder / "source"
    source.mkdir()
    (source / "main.tf").write_text(FILE)
    policy = json.dumps(document(statement()))
    shown = plan([change(address, {"arn": TOPIC_ARN, "name": "chat", "policy": policy})])
    (folder / "plan.json").write_text(json.dumps(shown))
    (found,) = load([folder / "plan.json"], given=Given(source=source)).topics
    return found


@pytest.mark.parametrize("key", ["", "[0]", '["eu.west"]', '["a]b"]', '["a\\"]b"]'])
def test_every_instance_of_a_resource_is_written_in_one_place(key: str, tmp_path: Path) -> None:
    written = planned(tmp_path, f"aws_sns_topic.chat{key}").written
    assert written is not None
    position = written.place.document.locate(written.place.route, Part.VALUE)
    assert position is not None
    assert position.line == 4


@pytest.mark.parametrize("address", ["aws_sns_topic.other", "module.m.aws_sns_topic.chat"])
def test_what_the_files_do_not_write_has_no_place_there(address: str, tmp_path: Path) -> None:
    assert planned(tmp_path, address).written is None
