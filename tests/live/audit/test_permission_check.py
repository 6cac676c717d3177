"""A trial of the calls of an audit says what AWS refuses, and what it could not try."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checker.live.permissions import Extras, Limits, audit_policy
from checker.sandbox.http import faults
from tests.live.estate import REGION, Ended, Estate, checker

PLAIN = ("audit", "--isolated", "--region", REGION, "--check-permissions")
TRY = (*PLAIN, "--format", "json")


def units(ended: Ended) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(ended.out)["units"]
    return listed


@pytest.mark.usefixtures("estate")
def test_every_action_of_the_policy_is_allowed_or_named_as_not_tried() -> None:
    ended = checker(*TRY)
    caller, unit = units(ended)
    statements = audit_policy(Limits(), Extras())["Statement"]
    actions = ([one["Action"]] if isinstance(one["Action"], str) else one["Action"] for one in statements)
    needed = {action for listed in actions for action in listed} - {"ds:DescribeDirectories"}
    assert {*unit["allowed"], *unit["not_tried"]} == needed
    assert {"kms:GetKeyPolicy", "sns:ListTopics", "sqs:GetQueueAttributes"} <= {*unit["allowed"]}
    without_resource = {"kms:ListAliases", "sns:ListSubscriptions", "cloudtrail:LookupEvents"}
    assert without_resource <= {*unit["allowed"]}
    assert caller["allowed"] == ["sts:GetCallerIdentity"]
    assert ended.code == 0


@pytest.mark.parametrize(
    ("service", "action", "resource"),
    [
        ("kms", "ListGrants", ":key/"),
        ("sns", "ListSubscriptions", "the subscriptions of"),
        ("sns", "ListTopics", "the topics of"),
        ("connect", "ListInstances", "the Connect instances of"),
        ("cloudtrail", "LookupEvents", "account"),
        ("sts", "GetCallerIdentity", "the caller"),
    ],
)
def test_what_is_refused_is_named_with_the_resource(
    estate: Estate, service: str, action: str, resource: str
) -> None:
    estate.sandbox.fault(faults.denied(service, action))
    ended = checker(*TRY)
    estate.sandbox.clear_faults()
    refused = [one for unit in units(ended) for one in unit["refused"]]
    assert [one["action"] for one in refused] == [f"{service}:{action}"]
    assert resource in refused[0]["resource"]
    assert ended.code == 3
    is_of_policy = service != "sts"  # no policy is needed for the other one
    assert ("next: checker permissions audit" in ended.err) == is_of_policy


ROLE = (
    "--accounts",
    "333399990001,333399990002",
    "--role-name",
    "Reader",
    "--isolated",
    "--check-permissions",
)
TWO_REGIONS = (*ROLE, "--region", "us-east-1,us-west-2")


@pytest.mark.usefixtures("estate")
def test_equal_answers_are_one_group() -> None:
    listed = json.loads(checker("audit", *TWO_REGIONS, "--format", "json").out)
    accounts, regions = ["333399990001", "333399990002"], ["us-east-1", "us-west-2"]
    groups = [(one["accounts"], one["regions"]) for one in listed["groups"]]
    assert groups == [([None], ["us-east-1"]), (accounts, regions)]
    assert "kms:ListAliases" in listed["groups"][1]["allowed"]
    text = checker("audit", *TWO_REGIONS).out
    assert "2 accounts, 2 Regions: " in text
    assert text.count("not tried") == 1


@pytest.mark.parametrize(
    ("refused", "following"),
    [
        (("sns", "ListTopics"), "audit --role-name Reader --topic-tag --no-trail"),
        (("sts", "AssumeRole"), ""),
    ],
)
def test_the_next_command_keeps_the_options_and_is_left_out_where_it_does_not_help(
    estate: Estate, refused: tuple[str, str], following: str
) -> None:
    estate.sandbox.fault(faults.denied(*refused))
    ended = checker("audit", *TWO_REGIONS, "--topic-tag", "chat", "--trail-hours", "0")
    estate.sandbox.clear_faults()
    assert [line for line in ended.err.splitlines() if line.startswith("next: ")] == (
        [f"next: checker permissions {following}"] if following else []
    )
    assert ("help: the role may not exist" in ended.err) == (refused[0] == "sts")
    assert ("for arn:aws:iam::333399990001:role/Reader" in ended.out) == (refused[0] == "sts")
    assert ended.code == 3


def test_a_region_without_answers_is_not_tried_further(estate: Estate) -> None:
    estate.sandbox.fault(faults.disabled_region(REGION))
    estate.sandbox.clear_calls()
    ended = checker(*TRY)
    estate.sandbox.clear_faults()
    assert "kms:ListAliases" in units(ended)[1]["not_tried"]
    assert ended.code == 3


@pytest.mark.usefixtures("estate")
def test_what_would_change_something_is_named_as_not_tried() -> None:
    ended = checker(*TRY, "--security-hub")
    assert units(ended)[1]["would_change"] == ["securityhub:BatchImportFindings"]
    text = checker(*PLAIN, "--security-hub")
    assert (
        "not tried, because it would change something:\n             securityhub:BatchImportFindings"
        in text.out
    )
    assert "not tried" in text.err


def test_the_actions_of_the_caller_are_named_once(estate: Estate) -> None:
    estate.sandbox.fault(faults.denied("ec2", "DescribeRegions"))
    ended = checker("audit", "--isolated", "--all-regions", "--check-permissions", "--format", "json")
    estate.sandbox.clear_faults()
    named = [
        (kind, one["action"] if isinstance(one, dict) else one)
        for unit in units(ended)
        for kind in ("allowed", "refused", "failed", "not_tried")
        for one in unit[kind]
    ]
    assert [kind for kind, action in named if action == "ec2:DescribeRegions"] == ["refused"]
    assert ended.code == 3


def test_only_a_sample_is_read(estate: Estate) -> None:
    sns = estate.account.client("sns")
    for number in range(30):
        sns.create_topic(Name=f"more-{number}")
    estate.sandbox.clear_calls()
    checker(*TRY)
    assert estate.called().count(("sns", "GetTopicAttributes")) <= 11


def test_a_trial_has_its_own_formats() -> None:
    refused = checker(*PLAIN, "--format", "sarif")
    assert refused.code == 2
    assert "no format `sarif`" in refused.err
