"""Identity policies about chat streams in plans and states get the verdict that they get in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.inputs.terraform.plan.plans import change, kept, plan, read, refer, state, written
from tests.samples import INSTANCE_ARN

CONTACTS = f"{INSTANCE_ARN}/contact/*"
ROLE, POLICY = "aws_iam_role.r", "aws_iam_role_policy.p"


def allow(resource: str) -> str:
    statement = {"Effect": "Allow", "Action": "connect:StartContactStreaming", "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


WRONG, RIGHT = allow(CONTACTS), allow(INSTANCE_ARN)


def inline(policy: str, name: str = "stream") -> dict[str, Any]:
    return {"name": "r", "inline_policy": [{"name": name, "policy": policy}]}


def found(folder: Path, shown: Any) -> list[str]:
    """The addresses of the policies that are reported."""
    report = judge(read(folder, shown), all_rules())
    assert not report.unreadable
    return [one.resource for one in report.findings if one.rule == "unmatched-streaming-resource"]


Resources = dict[str, dict[str, Any]]

TABLE: dict[str, tuple[Resources, str, list[str]]] = {
    "role policy": (
        {POLICY: {"role": "r", "policy": WRONG}},
        f'resource "aws_iam_role_policy" "p" {{\n  role = "r"\n  policy = {json.dumps(WRONG)}\n}}',
        [POLICY],
    ),
    "user policy": (
        {"aws_iam_user_policy.p": {"user": "u", "policy": WRONG}},
        f'resource "aws_iam_user_policy" "p" {{\n  user = "u"\n  policy = {json.dumps(WRONG)}\n}}',
        ["aws_iam_user_policy.p"],
    ),
    "group policy": (
        {"aws_iam_group_policy.p": {"group": "g", "policy": WRONG}},
        f'resource "aws_iam_group_policy" "p" {{\n  group = "g"\n  policy = {json.dumps(WRONG)}\n}}',
        ["aws_iam_group_policy.p"],
    ),
    "managed policy with its attachment": (
        {
            "aws_iam_policy.p": {"policy": WRONG},
            "aws_iam_role_policy_attachment.p": {"role": "r", "policy_arn": "arn:aws:iam::aws:policy/p"},
        },
        f'resource "aws_iam_policy" "p" {{\n  policy = {json.dumps(WRONG)}\n}}',
        ["aws_iam_policy.p"],
    ),
    "inline policy": (
        {ROLE: inline(WRONG)},
        'resource "aws_iam_role" "r" {\n  name = "r"\n  inline_policy {\n    name = "stream"\n'
        f"    policy = {json.dumps(WRONG)}\n  }}\n}}",
        [ROLE],
    ),
    "the instance": (
        {POLICY: {"role": "r", "policy": RIGHT}},
        f'resource "aws_iam_role_policy" "p" {{\n  role = "r"\n  policy = {json.dumps(RIGHT)}\n}}',
        [],
    ),
    "allowed by a managed policy": (
        {POLICY: {"role": "r", "policy": WRONG}, "aws_iam_policy.p": {"policy": RIGHT}},
        f'resource "aws_iam_role_policy" "p" {{\n  role = "r"\n  policy = {json.dumps(WRONG)}\n}}\n'
        f'resource "aws_iam_policy" "p" {{\n  policy = {json.dumps(RIGHT)}\n}}',
        [],
    ),
    "allowed for another role": (
        {POLICY: {"role": "r", "policy": WRONG}, "aws_iam_role_policy.q": {"role": "s", "policy": RIGHT}},
        f'resource "aws_iam_role_policy" "p" {{\n  role = "r"\n  policy = {json.dumps(WRONG)}\n}}\n'
        f'resource "aws_iam_role_policy" "q" {{\n  role = "s"\n  policy = {json.dumps(RIGHT)}\n}}',
        [POLICY],
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_plans_and_states_get_the_verdict_of_the_folder(name: str, tmp_path: Path) -> None:
    resources, code, reported = TABLE[name]
    changes = [change(address, after) for address, after in resources.items()]
    configured = [
        written(address, {key: [{}] if isinstance(value, list) else {} for key, value in after.items()})
        for address, after in resources.items()
    ]
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "main.tf").write_text(code)
    folder = judge(load([tmp_path / "folder"]), all_rules())
    assert {
        "folder": [one.resource for one in folder.findings],
        "plan": found(tmp_path, plan(changes, *configured)),
        "state": found(tmp_path, state(*changes)),
        "kept": found(tmp_path, kept(state(*changes))),
    } == dict.fromkeys(("folder", "plan", "state", "kept"), reported)


def test_the_only_role_of_a_name_or_a_reference_has_both_policies(tmp_path: Path) -> None:
    role = change(ROLE, inline(WRONG), {"id": True})
    configured = written(ROLE, {"inline_policy": [{"policy": {}}]})
    named = change(POLICY, {"role": "r", "policy": RIGHT})
    referred = change(POLICY, {"policy": RIGHT}, {"role": True})
    by_reference = written(POLICY, {"role": refer(f"{ROLE}.id")})
    assert found(tmp_path, plan([role, named], configured)) == []
    assert found(tmp_path, plan([role, referred], configured, by_reference)) == []
    assert found(tmp_path, plan([role, change(POLICY, {"role": "s", "policy": RIGHT})], configured)) == [ROLE]


def test_instances_of_roles_have_their_own_policies(tmp_path: Path) -> None:
    changes = [
        *(change(f'{ROLE}["{key}"]', {}, {"id": True, "name": True}) for key in "xy"),
        *(change(f'{POLICY}["{key}"]', {"policy": WRONG}, {"role": True}) for key in "xy"),
        change("aws_iam_role_policy.right", {"policy": RIGHT}, {"role": True}),
    ]
    configured = (
        written(ROLE, {}, refer("var.names")),
        written(POLICY, {"role": refer("each.value.id", "each.value")}, refer(ROLE)),
        written("aws_iam_role_policy.right", {"role": refer(f'{ROLE}["x"].id')}),
    )
    assert found(tmp_path, plan(changes, *configured)) == [f'{POLICY}["y"]']


@pytest.mark.parametrize("references", [(), ("local.role",), ("aws_iam_role.a.id", "aws_iam_role.b.id")])
def test_a_policy_of_a_role_that_is_not_known_may_be_that_of_any(
    references: tuple[str, ...], tmp_path: Path
) -> None:
    changes = [
        change(POLICY, {"role": "r", "policy": WRONG}),
        change("aws_iam_role_policy.q", {"policy": RIGHT}, {"role": True}),
    ]
    configured = written("aws_iam_role_policy.q", {"role": refer(*references)})
    assert found(tmp_path, plan(changes, configured)) == []


@pytest.mark.parametrize(
    ("resource", "unknown", "reported"),
    [
        (INSTANCE_ARN, {"resources": [True]}, []),
        (CONTACTS, {}, [ROLE]),  # once for both, because it is one document
        (CONTACTS, {"resources": True}, []),
        (CONTACTS, {"actions": [True]}, []),
    ],
)
def test_a_document_that_is_read_during_apply_is_judged_as_far_as_it_is_known(
    resource: str, unknown: dict[str, Any], reported: list[str], tmp_path: Path
) -> None:
    document = "data.aws_iam_policy_document.d"
    statement = {"actions": ["connect:StartContactStreaming"], "resources": [resource]}
    of_document = refer(f"{document}.json")
    changes = [
        change(document, {"statement": [statement]}, {"json": True, "statement": [unknown]}),
        change(POLICY, {"role": "s"}, {"policy": True}),
        change(ROLE, {"name": "r", "inline_policy": [{"name": "p"}]}, {"inline_policy": [{"policy": True}]}),
    ]
    configured = (
        written(document, {"statement": [{"resources": refer("aws_connect_instance.c.arn")}]}),
        written(POLICY, {"policy": of_document}),
        written(ROLE, {"inline_policy": [{"policy": of_document}]}),
    )
    assert found(tmp_path, plan(changes, *configured)) == reported


def test_a_policy_that_is_known_only_after_apply_is_not_judged(tmp_path: Path) -> None:
    right = change("aws_iam_user_policy.u", {"user": "u", "policy": RIGHT})
    unknown = change(POLICY, {"role": "r"}, {"policy": True})
    assert found(tmp_path, plan([right, unknown], written(POLICY, {"policy": refer("local.p")}))) == []


def test_policies_that_terraform_reads_back_are_not_policies_of_their_own(tmp_path: Path) -> None:
    resources = change(ROLE, inline(WRONG, "p")), change(POLICY, {"name": "p", "role": "r", "policy": WRONG})
    assert found(tmp_path, state(*resources)) == [POLICY]
    assert found(tmp_path, kept(state(*resources))) == [POLICY]
    assert found(tmp_path, plan(list(resources), written(ROLE, {}), written(POLICY, {}))) == [POLICY]


def test_a_sensitive_policy_is_not_quoted(tmp_path: Path) -> None:
    hidden = change(POLICY, {"role": "r", "policy": WRONG}, sensitive={"policy": True})
    role = change(ROLE, inline(WRONG), sensitive={"inline_policy": True})
    shown = plan([hidden, role], written(POLICY, {}), written(ROLE, {"inline_policy": [{}]}))
    report = judge(read(tmp_path, shown), all_rules())
    assert not report.findings
    assert not report.unreadable


def test_a_sensitive_text_that_is_no_policy_leaves_the_rest_of_the_plan(tmp_path: Path) -> None:
    broken = change(POLICY, {"role": "r", "policy": "{"}, sensitive={"policy": True})
    wrong = change("aws_iam_user_policy.u", {"user": "u", "policy": WRONG})
    assert found(tmp_path, plan([broken, wrong])) == ["aws_iam_user_policy.u"]
