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
    assert "checker permissions audit" in ended.err


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
