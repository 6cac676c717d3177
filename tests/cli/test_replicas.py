"""An instance with a replica in files: `checker explain` shows both chains, `checker policy` prints both policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.process import run
from tests.samples import INSTANCE_ARN, TOPIC_ARN

FILES = Path(__file__).parents[1] / "rules/connect/replica-not-streaming"
CHAT = "arn:aws:sns:us-east-1:111122223333:chat"
KEY = "arn:aws:kms:us-east-1:111122223333:key/"
MULTI_REGION, SINGLE = (
    f"{KEY}mrk-1234abcd12ab34cd56ef1234567890ab",
    f"{KEY}1234abcd-12ab-34cd-56ef-1234567890ab",
)
POLICY = ("policy", "--topic-arn", TOPIC_ARN, "--instance-arn", INSTANCE_ARN)
WEST = ("--replica-region", "us-west-2")


@pytest.mark.parametrize(
    ("manifest", "chains"),
    [
        ("both-regions.yaml", [("us-west-2", CHAT.replace("us-east-1", "us-west-2"), "unknown")]),
        ("replica-not-allowed.yaml", [("us-west-2", CHAT.replace("us-east-1", "us-west-2"), "broken")]),
        ("one-region.yaml", [("us-west-2", None, "unknown")]),
        ("no-replica.yaml", []),
        ("not-described.yaml", None),
    ],
)
def test_explain_shows_the_chain_of_each_replica(
    manifest: str, chains: list[tuple[str, str | None, str]] | None
) -> None:
    done = run("explain", FILES / manifest, "--topic", CHAT, "--format", "json")
    shown = json.loads(done.stdout)["replicas"]
    found = shown and [(one["region"], one["topic"], one["chain"]) for one in shown]
    assert found == chains
    assert done.returncode == (manifest == "replica-not-allowed.yaml")


def printed(*options: str) -> tuple[dict[str, dict[str, object]], str]:
    done = run(*POLICY, *WEST, *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_policy_prints_the_policy_of_each_region() -> None:
    policies, _ = printed()
    assert list(policies) == ["us-east-1", "us-west-2"]
    for region, policy in policies.items():
        other = "us-west-2" if region == "us-east-1" else "us-east-1"
        text = json.dumps(policy)
        assert INSTANCE_ARN.replace("us-east-1", region) in text
        assert TOPIC_ARN.replace("us-east-1", region) in text
        assert other not in text


@pytest.mark.parametrize(
    ("key", "options", "expected"),
    [
        (MULTI_REGION, (), True),
        (SINGLE, (), False),
        (SINGLE, ("--replica-key-arn", SINGLE.replace("us-east-1", "us-west-2")), True),
    ],
)
def test_policy_prints_the_key_policy_of_a_key_in_the_region(
    key: str, options: tuple[str, ...], *, expected: bool
) -> None:
    policies, err = printed("--key-arn", key, *options)
    assert "key_policy" in policies["us-east-1"]
    assert ("key_policy" in policies["us-west-2"]) is expected
    assert ("no key policy for us-west-2" in err) is not expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "terraform",
            ("provider = aws.us_west_2", 'aws_sns_topic_policy" "connect_chat_streaming_us_west_2"'),
        ),
        ("cloudformation", ("---\n", "to deploy in us-west-2")),
        ("cli", ("--region us-east-1", "--region us-west-2")),
    ],
)
def test_policy_prints_both_topics_in_every_language(language: str, expected: tuple[str, ...]) -> None:
    done = run(*POLICY, *WEST, "--format", language)
    assert done.returncode == 0
    assert all(text in done.stdout for text in expected)


def test_one_policy_for_code_that_is_deployed_in_both_regions_names_both() -> None:
    topic = ("--topic-ref", "aws_sns_topic.chat.arn", "--format", "terraform")
    done = run("policy", *topic, "--instance-arn", INSTANCE_ARN, *WEST)
    assert done.stdout.count("aws_sns_topic_policy") == 1
    assert INSTANCE_ARN in done.stdout
    assert INSTANCE_ARN.replace("us-east-1", "us-west-2") in done.stdout


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--replica-region", "us-east-1"), "is the Region of the topic itself"),
        (("--replica-region", "us west"), "is not a Region"),
        ((*WEST, "--merge", str(FILES / "us-east-1.json")), "cannot be used with --merge"),
        (("--replica-key-arn", SINGLE), "requires --replica-region"),
    ],
)
def test_policy_refuses_what_has_no_meaning(options: tuple[str, ...], reason: str) -> None:
    done = run(*POLICY, *options)
    assert (done.returncode, reason in done.stderr) == (2, True), done.stderr
