"""`deploy/`: valid for the real tools, the same in both, with no more permissions than `checker permissions` prints."""

from __future__ import annotations

import importlib
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checker.app.hub.settings import Settings
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.inputs.cloudtrail.change_event import DETAIL_TYPE, EVENTS
from checker.inputs.requests import read_question
from checker.live.permissions import Extras, Limits, audit_policy, result_statements
from checker.policy.change import contents
from scripts.terraform_fixtures import MissingToolError, Tools
from tests.deploy.rendered import ACCOUNT, DEPLOY, HUB, REGION, Case, Json, Rendered, plan_of, template_of
from tests.live.estate import checker

if TYPE_CHECKING:
    from checker.policy.model import Policy
    from tests.live.cloud import Cloud

HUBS = (Case("hub"), Case("hub", organization=True, security_hub=True))
MEMBERS = (Case("member"), Case("member", security_hub=True))
TEMPLATES = sorted(path.name for path in (DEPLOY / "cloudformation").glob("*.yaml"))


@pytest.fixture(scope="module")
def aws() -> Iterator[Cloud]:
    """AWS for the data sources of a plan."""
    pytest.importorskip("moto")
    from tests.live.cloud import Cloud

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    cloud = Cloud()
    yield cloud
    cloud.close()


def tools() -> Tools:
    try:
        return Tools.find()
    except MissingToolError as error:
        pytest.skip(f"{error}, so that the module cannot be planned")


@pytest.mark.parametrize("case", [*HUBS, *MEMBERS], ids=str)
def test_both_tools_create_the_same_policies_patterns_and_settings(case: Case, aws: Cloud) -> None:
    planned, rendered = plan_of(tools(), aws.url, case), template_of(case)
    assert planned.policies.keys() == rendered.policies.keys()
    for name, policy in planned.policies.items():
        assert contents(typed(policy)).keys() == contents(typed(rendered.policies[name])).keys(), name
        assert members(policy) == members(rendered.policies[name]), name
    assert planned.patterns == rendered.patterns
    assert planned.environments == rendered.environments


def typed(policy: Json) -> Policy:
    """Read a policy as `checker simulate` does. A role stands for what its policies leave out."""
    statements = [{"Principal": "*", "Resource": "*", **statement} for statement in policy["Statement"]]
    request = {"principal": {"aws": ACCOUNT}, "action": "a:b", "resource": "*"}
    question = {"policy": {**policy, "Statement": statements}, "request": request}
    read = read_question("a policy", json.dumps(question)).policy
    assert len(contents(read)) == len(statements)
    assert not any(isinstance(statement, Unknown) for statement in read.statements)
    return read


def decided(policy: Json, request: Json) -> str:
    read = read_question("a request", json.dumps({"policy": policy, "request": request})).request
    return decide(typed(policy), read).word


def members(policy: Json) -> list[tuple[str, list[str]]]:
    return [(statement["Sid"], sorted(statement)) for statement in policy["Statement"]]


@pytest.mark.parametrize("case", [*HUBS, *MEMBERS], ids=str)
def test_the_roles_have_the_permissions_that_the_command_prints(case: Case) -> None:
    policies = template_of(case).policies
    if case.part == "member":
        extras = Extras(all_regions=True, security_hub=case.security_hub)
        assert policies["own member"] == audit_policy(Limits(), extras)
        return
    role = "checker-member" if case.organization else ""
    extras = Extras(role, case.organization, all_regions=True, security_hub=case.security_hub)
    expected = audit_policy(Limits(), extras)
    results = result_statements(f"checker-results-{ACCOUNT}-{REGION}")
    assert policies["managed audit"] == {**expected, "Statement": [*expected["Statement"], *results]}


@pytest.mark.parametrize("case", [*HUBS, *MEMBERS], ids=str)
def test_the_rules_select_the_calls_that_the_function_reads(case: Case) -> None:
    for pattern in template_of(case).patterns:
        assert pattern["source"] == sorted(f"aws.{service}" for service in EVENTS)
        assert pattern["detail-type"] == [DETAIL_TYPE]
        assert pattern["detail"]["eventSource"] == sorted(f"{service}.amazonaws.com" for service in EVENTS)
        assert pattern["detail"]["eventName"] == sorted(name for names in EVENTS.values() for name in names)
        assert pattern["detail"]["errorCode"] == [{"exists": False}]


@pytest.mark.parametrize("case", HUBS, ids=str)
def test_the_settings_are_those_that_the_audits_read(case: Case) -> None:
    environments = template_of(case).environments
    task = dict(environments["task"])
    assert task.pop("AWS_DEFAULT_REGION") == REGION  # Lambda sets it by itself
    assert task == environments["function"]
    settings = Settings.read(task)
    assert settings == Settings(
        f"checker-results-{ACCOUNT}-{REGION}",
        organization=case.organization,
        role="checker-member" if case.organization else "",
        external_id="agreed" if case.organization else "",
        security_hub=case.security_hub,
    )


def test_the_entry_points_exist() -> None:
    texts = [path.read_text() for path in DEPLOY.rglob("*") if path.suffix in (".yaml", ".tf")]
    assert sum("checker.app.hub.nightly" in text for text in texts) == 2
    assert sum("checker.app.hub.on_change.handler" in text for text in texts) == 2
    assert callable(importlib.import_module("checker.app.hub.on_change").handler)
    assert callable(importlib.import_module("checker.app.hub.nightly").nightly)


HUB_ROLE = f"arn:aws:iam::{HUB}:role/checker-nightly"
MEMBER = {"aws:PrincipalOrgID": "o-a1b2c3d4e5", "sts:ExternalId": "agreed", "aws:PrincipalArn": HUB_ROLE}
EVENTS_OF = f"arn:aws:events:{REGION}:{ACCOUNT}"
ASSUME = "sts:AssumeRole"
REQUESTS: list[tuple[Case, str, dict[str, str], str, Json, bool]] = [
    (MEMBERS[0], "trust member", {"aws": HUB_ROLE}, ASSUME, MEMBER, True),
    (MEMBERS[0], "trust member", {"aws": HUB_ROLE}, ASSUME, {**MEMBER, "sts:ExternalId": "x"}, False),
    (MEMBERS[0], "trust member", {"aws": HUB_ROLE}, ASSUME, {**MEMBER, "aws:PrincipalOrgID": "o-x"}, False),
    (
        MEMBERS[0],
        "trust member",
        {"aws": f"arn:aws:iam::{HUB}:role/admin"},
        ASSUME,
        {**MEMBER, "aws:PrincipalArn": f"arn:aws:iam::{HUB}:role/admin"},
        False,
    ),
    (MEMBERS[0], "trust forward", {"service": "events.amazonaws.com"}, ASSUME, {}, False),
    (
        MEMBERS[0],
        "trust forward",
        {"service": "events.amazonaws.com"},
        ASSUME,
        {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"{EVENTS_OF}:rule/checker-forward"},
        True,
    ),
    *(
        (
            HUBS[1],
            "queue changes",
            {"service": "events.amazonaws.com"},
            "sqs:SendMessage",
            {"aws:SourceArn": rule},
            allowed,
        )
        for rule, allowed in (
            (f"{EVENTS_OF}:rule/checker-own", True),
            (f"{EVENTS_OF}:rule/checker/checker-members", True),
            (f"{EVENTS_OF}:rule/other", False),
            (f"arn:aws:events:{REGION}:{HUB}:rule/checker-own", False),
        )
    ),
    *(
        (
            HUBS[1],
            "bus members",
            {"aws": "arn:aws:iam::999999999999:role/x"},
            "events:PutEvents",
            {"aws:PrincipalOrgID": organization},
            allowed,
        )
        for organization, allowed in (("o-a1b2c3d4e5", True), ("o-x", False))
    ),
    *(
        (
            HUBS[0],
            f"trust {role}",
            {"service": service},
            ASSUME,
            {"aws:SourceAccount": account, "aws:SourceArn": source.format(account)},
            account == ACCOUNT,
        )
        for account in (ACCOUNT, HUB)
        for role, service, source in (
            ("nightly", "ecs-tasks.amazonaws.com", f"arn:aws:ecs:{REGION}:{{}}:task/x"),
            (
                "schedule",
                "scheduler.amazonaws.com",
                f"arn:aws:scheduler:{REGION}:{{}}:schedule-group/checker",
            ),
        )
    ),
]


@pytest.mark.parametrize(("case", "name", "principal", "action", "context", "allowed"), REQUESTS)
def test_nobody_else_is_let_in(
    case: Case, name: str, principal: dict[str, str], action: str, context: Json, allowed: bool
) -> None:
    policy = template_of(case).policies[name]
    resource = policy["Statement"][0].get("Resource", "*")
    request = {"principal": principal, "action": action, "resource": resource, "context": context}
    assert decided(policy, request) == ("Allowed" if allowed else "ImplicitlyDenied")


def test_results_are_read_and_written_over_tls_alone() -> None:
    policy = template_of(HUBS[0]).policies["bucket results"]
    for secure, word in (("true", "ImplicitlyDenied"), ("false", "ExplicitlyDenied")):
        for resource in policy["Statement"][0]["Resource"]:
            request = {
                "principal": {"aws": f"arn:aws:iam::{ACCOUNT}:role/checker-nightly"},
                "action": "s3:PutObject",
                "resource": resource.replace("/*", "/latest/report.json"),
                "context": {"aws:SecureTransport": secure},
            }
            assert decided(policy, request) == word


def test_checker_has_nothing_to_say_about_it() -> None:
    done = checker("check", DEPLOY, "--all-topics", "--isolated", "--format", "json")
    report = json.loads(done.out)
    assert (done.code, report["findings"], report["examined"]) == (0, [], [])
    assert [one["error"] for one in report["skipped"]] == [False]  # there is no topic and no key


def test_the_module_is_formatted_and_valid(tmp_path: Path) -> None:
    terraform = tools()
    shutil.copytree(DEPLOY / "terraform", tmp_path / "module")
    for folder in (tmp_path / "module" / part for part in ("", "member", "audit")):
        for arguments in (
            ["fmt", "-check", "-diff"],
            ["init", "-input=false", f"-plugin-dir={terraform.mirror}"],
            ["validate"],
        ):
            command = [terraform.terraform, *arguments, "-no-color"]
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
            assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_templates_are_valid(name: str) -> None:
    lint = Path(sys.executable).with_name("cfn-lint")
    if not lint.exists():
        pytest.skip("cfn-lint is not installed")
    done = subprocess.run(
        [lint, DEPLOY / "cloudformation" / name], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stdout


def test_a_rendered_template_has_every_policy_of_the_hub() -> None:
    rendered: Rendered = template_of(HUBS[1])
    roles = ("nightly", "on_change", "execution", "schedule")
    own = {f"own {role}" for role in roles if role != "nightly"}
    others = {"managed audit", "bucket results", "queue changes", "bus members"}
    assert rendered.policies.keys() == {f"trust {role}" for role in roles} | own | others
