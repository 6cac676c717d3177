"""What `checker explain` reads as a topic, the reason if there is none, and the instance if no option names it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.process import run, save
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

if TYPE_CHECKING:
    from collections.abc import Sequence

FAR = f"arn:aws:sns:eu-central-1:{ACCOUNT}:chat"
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
UNREAD_MODULE = """
module "topic" {
  source = "terraform-aws-modules/sns/aws"
  topic_policy_statements = {
    connect = {
      actions    = ["sns:Publish"]
      principals = [{ type = "Service", identifiers = ["connect.amazonaws.com"] }]
    }
  }
}
"""
TWO_REGIONS = f"""
Mappings:
  Instances:
    us-east-1: {{Arn: "{INSTANCE_ARN}"}}
    eu-central-1: {{Arn: "{INSTANCE_ARN}"}}
Resources:
  Chat: {{Type: AWS::SNS::Topic}}
  Policy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {{Service: connect.amazonaws.com}}
            Action: sns:Publish
            Resource: !Ref Chat
            Condition:
              ArnEquals: {{aws:SourceArn: !FindInMap [Instances, !Ref AWS::Region, Arn]}}
              StringEquals: {{aws:SourceAccount: "{ACCOUNT}"}}
"""


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("brace.tf"), 'resource "aws_sns_topic" "t" {\n')
    save(Path("module/main.tf"), UNREAD_MODULE)
    save(Path("near.json"), document(statement(Condition=PINNED)))
    save(Path("far.json"), document(statement(Condition=PINNED, Resource=FAR)))
    save(Path("two.yaml"), TWO_REGIONS)
    save(Path("cli/topic.json"), {"Attributes": {"TopicArn": TOPIC_ARN}})
    instance = {"Id": INSTANCE_ARN.rpartition("/")[2], "Arn": INSTANCE_ARN}
    save(Path("cli/instances.json"), {"InstanceSummaryList": [instance]})


@pytest.mark.parametrize("options", [(), ("--instance-arn", INSTANCE_ARN)], ids=["alone", "with instance"])
@pytest.mark.parametrize(
    ("topic", "reasons"),
    [
        ("nofile", ["nofile: no such file, and not a topic ARN"]),
        ("brace.tf", ["brace.tf:1:30: this `{` is not closed"]),
        ("arn:aws:sns:us-east-1:111122223333", ["is not a topic ARN"]),
        (
            TOPIC_ARN.replace("aws", "aws-cn"),
            ["us-east-1 belongs to aws\n", "help: an ARN in that Region begins with `arn:aws:`\n"],
        ),
        ("module", ["which is not downloaded", "module: no topic was found"]),
    ],
)
def test_without_a_topic_the_reason_is_reported(
    topic: str, reasons: Sequence[str], options: Sequence[str]
) -> None:
    done = run("explain", topic, *options)
    assert done.returncode == 2
    assert all(reason in done.stderr for reason in reasons)
    assert "required" not in done.stderr


@pytest.mark.parametrize(
    ("topic", "answer", "origin"),
    [
        ("near.json", "Not known: the key of the topic", "from the topic policy"),
        ("far.json", "No: the instance and the topic are in different Regions", "from the topic policy"),
        ("two.yaml", "It depends on the deployment", "from the topic policy"),
        ("cli", "", "from cli/instances.json"),
    ],
)
def test_the_instance_of_the_policy_or_the_files_is_explained(topic: str, answer: str, origin: str) -> None:
    done = run("explain", topic)
    assert done.stdout.startswith(answer), done.stderr
    assert f"paired   {INSTANCE_ARN.rpartition('/')[2]} {origin}" in done.stdout


def test_a_named_topic_of_a_folder_without_topics_gets_no_list() -> None:
    done = run("explain", "module", "--topic", "nope", "--instance-arn", INSTANCE_ARN)
    assert "name one with" not in done.stderr
    assert "it declares" not in done.stderr


def test_files_about_the_same_topic_are_named_by_their_files() -> None:
    policy = document(statement(Condition=PINNED))
    for name in ("same/a.json", "same/b.json"):
        save(Path(name), policy)
    several = run("explain", "same")
    assert "it declares `same/a.json`, `same/b.json`" in several.stderr
    assert run("explain", "same", "--topic", "same/b.json").returncode == 0
