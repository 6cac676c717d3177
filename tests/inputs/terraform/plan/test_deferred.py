"""Changes that Terraform defers to a later plan: what they would write is not known, and the plan is incomplete."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory, PolicyText
from checker.app.exit_codes import ending_of
from checker.app.run import Options, examine
from checker.core.finding import Severity, Verdict
from checker.core.unknown import Unknown
from tests.inputs.terraform.plan.plans import PINNED, change, judged, plan, read, refer, written
from tests.samples import TOPIC_ARN, document, statement

TOPIC, POLICY, KEY = "aws_sns_topic.chat", "aws_sns_topic_policy.chat", "aws_kms_key.chat"
NEW = {"arn": True, "id": True, "policy": True}
TEXT = json.dumps(PINNED)
OWNER = written(POLICY, {"arn": refer(f"{TOPIC}.arn"), "policy": {}})


def deferred(shown: dict[str, Any], *changes: dict[str, Any], reason: str = "instance_count_unknown") -> Any:
    listed = [{"reason": reason, "resource_change": one} for one in changes]
    return {**shown, "deferred_changes": listed}


def new_topic(**after: Any) -> dict[str, Any]:
    return change(TOPIC, {"name": "chat", **after}, NEW)


def existing_topic() -> dict[str, Any]:
    return change(TOPIC, {"arn": TOPIC_ARN, "name": "chat", "policy": TEXT})


def policies(inventory: Inventory) -> list[str]:
    return [
        one.policy.reason if isinstance(one.policy, Unknown) else one.policy.text for one in inventory.topics
    ]


BOUND = "Terraform defers the change to a later plan"
GAP = "the plan is not complete: Terraform defers the change of"
DEFERRED: dict[str, tuple[Any, list[str]]] = {
    "policy of a new topic": (
        deferred(plan([new_topic()], written(TOPIC, {}), OWNER), change(POLICY, {"policy": TEXT}, NEW)),
        [BOUND],
    ),
    "policy of each of unknown instances": (
        deferred(
            plan([new_topic()], written(TOPIC, {}), OWNER), change(f"{POLICY}[*]", {"policy": TEXT}, NEW)
        ),
        [BOUND],
    ),
    "policy of a topic that exists": (
        deferred(plan([existing_topic()], written(TOPIC, {}), OWNER), change(POLICY, {"policy": TEXT}, NEW)),
        [BOUND],
    ),
    "policy of an unknown owner": (
        deferred(
            plan([existing_topic()], written(TOPIC, {}), written(POLICY, {"arn": refer("local.arn")})),
            change(POLICY, {"policy": TEXT}, NEW),
        ),
        [f"`{POLICY}` may write the policy", BOUND],
    ),
    "topic with an inline policy": (
        deferred(plan([], written(TOPIC, {"policy": {"constant_value": TEXT}})), new_topic(policy=TEXT)),
        [BOUND],
    ),
    "topic without a policy": (deferred(plan([], written(TOPIC, {})), new_topic()), [f"{GAP} `{TOPIC}`"]),
    "something else": (
        deferred(plan([new_topic()], written(TOPIC, {})), change("aws_sqs_queue.chat", {"name": "chat"})),
        [f"{GAP} `aws_sqs_queue.chat`"],
    ),
}


@pytest.mark.parametrize("complete", [False, None])
@pytest.mark.parametrize("name", DEFERRED)
def test_a_topic_is_not_judged_by_a_policy_that_may_still_change(
    name: str, complete: bool | None, tmp_path: Path
) -> None:
    shown, wanted = DEFERRED[name]
    shown = shown if complete is None else {**shown, "complete": complete}
    for text in (json.dumps(shown), json.dumps(shown, sort_keys=True)):
        inventory = read(tmp_path, text)
        assert policies(inventory) == wanted
        (skipped,) = inventory.skipped
        assert skipped.reason.startswith(GAP)
        assert "terraform plan" in skipped.help
        assert {one.verdict for one in judged(inventory)} == {Verdict.UNDETERMINED}


def test_a_plan_with_deferred_changes_is_not_complete(tmp_path: Path) -> None:
    shown, _ = DEFERRED["policy of a new topic"]
    read(tmp_path, shown)
    report = examine(Options(paths=(tmp_path,))).report
    assert report.incomplete
    assert ending_of(report, Severity.ERROR, strict=True).code.value == 3


def test_a_known_policy_stays_known_beside_a_deferred_one(tmp_path: Path) -> None:
    other = change("aws_sns_topic_policy.other", {"arn": TOPIC_ARN, "policy": TEXT})
    shown = plan([existing_topic(), other], written(TOPIC, {}), written("aws_sns_topic_policy.other", {}))
    inventory = read(tmp_path, deferred(shown, change("aws_kms_key.other", {}, NEW)))
    assert [isinstance(one.policy, PolicyText) for one in inventory.topics] == [True]


def test_what_a_deferred_key_or_grant_allows_is_not_known(tmp_path: Path) -> None:
    root = json.dumps(
        document(
            statement(Principal={"AWS": "*"}, Action="kms:DescribeKey", Resource="*"), version="2012-10-17"
        )
    )
    key = change(KEY, {"policy": root}, {"arn": True, "key_id": True, "id": True})
    topic = change(
        TOPIC, {"name": "chat", "policy": TEXT}, {**NEW, "policy": False, "kms_master_key_id": True}
    )
    configured = [
        written(TOPIC, {"policy": {}, "kms_master_key_id": refer(f"{KEY}.arn")}),
        written(KEY, {"policy": {}}),
        written("aws_kms_grant.chat", {"key_id": refer(f"{KEY}.key_id")}),
    ]
    grant = change("aws_kms_grant.chat", {"operations": ["Decrypt"]}, {"key_id": True})
    for shown in (
        deferred(plan([topic], *configured[:2]), key),
        deferred(plan([topic, key], *configured), grant),
    ):
        inventory = read(tmp_path, shown)
        (found,) = inventory.keys
        assert found.address == KEY
        verdicts = {one.rule: one.verdict for one in judged(inventory) if one.address == KEY}
        assert verdicts["connect-cannot-use-key"] is Verdict.UNDETERMINED


def test_a_deferred_role_may_start_streams(tmp_path: Path) -> None:
    role = change("aws_iam_role_policy.f", {"role": "f"})
    shown = plan(
        [new_topic(), change("aws_connect_instance.main", {}, NEW)],
        written(TOPIC, {}),
        written("aws_iam_role_policy.f", {"policy": refer(f"{TOPIC}.arn")}),
    )
    (tmp_path / "plan.json").write_text(json.dumps(deferred(shown, role)))
    report = examine(Options(paths=(tmp_path,))).report
    assert any("not known whether Connect streams to" in one.reason for one in report.skipped)


@pytest.mark.parametrize("change", [{}, {"resource_change": {"type": "aws_sns_topic"}}, {"reason": "x"}])
def test_an_incomplete_entry_is_refused_or_ignored(change: dict[str, Any], tmp_path: Path) -> None:
    inventory = read(tmp_path, {**plan([new_topic()], written(TOPIC, {})), "deferred_changes": [change]})
    assert [one.error for one in inventory.skipped] == [True] * ("resource_change" in change)


OTHER_MEMBERS = {
    "action_invocations": [
        {"address": "action.aws_lambda_invoke.x", "type": "aws_lambda_invoke", "name": "x"}
    ],
    "applyable": True,
    "checks": [{"address": {"to_display": TOPIC}, "status": "unknown", "instances": []}],
    "resource_drift": [change(TOPIC, None, before={"arn": TOPIC_ARN, "policy": TEXT})],
}


@pytest.mark.parametrize("names", [("action_invocations",), ("applyable", "checks"), tuple(OTHER_MEMBERS)])
@pytest.mark.parametrize("is_sorted", [False, True])
def test_other_members_of_a_plan_change_nothing(
    names: tuple[str, ...], is_sorted: bool, tmp_path: Path
) -> None:
    shown = plan([existing_topic()], written(TOPIC, {"policy": {"constant_value": TEXT}}))
    large = {"configuration": {**shown["configuration"], "x": " " * 100_000}}
    text = json.dumps(
        {**{name: OTHER_MEMBERS[name] for name in names}, **shown, **large}, sort_keys=is_sorted
    )
    inventory = read(tmp_path, text)
    assert (policies(inventory), inventory.skipped) == ([TEXT], ())
