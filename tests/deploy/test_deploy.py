"""`deploy/`: valid for the real tools, the same in both, with no more permissions than `checker permissions` prints."""

from __future__ import annotations

import importlib
import json
import logging
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from checker.app.exit_codes import Exit
from checker.app.hub import on_change
from checker.app.hub.settings import Settings
from checker.core.unknown import Unknown
from checker.iam.decide.decide import decide
from checker.inputs.cloudtrail.change_event import DETAIL_TYPE, EVENTS
from checker.inputs.requests import read_question
from checker.live.permissions import Extras, Limits, audit_policy, change_statements, night_statements
from checker.policy.change import contents
from scripts.terraform_fixtures import MissingToolError, Tools
from tests.deploy.rendered import (
    ACCOUNT,
    DEPLOY,
    HUB,
    NEWS,
    REGION,
    Call,
    Case,
    Json,
    Rendered,
    Root,
    calling,
    camel,
    parameters_of,
    resources_of,
    template_of,
)
from tests.live.estate import checker

if TYPE_CHECKING:
    from checker.policy.model import Policy
    from tests.live.cloud import Cloud

HUBS = (Case("hub"), Case("hub", organization=True, security_hub=True, tags=True))
MEMBERS = (Case("member"), Case("member", security_hub=True, tags=True))
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


CALLS = {case: Call(f"case{n}", case.part, case.settings) for n, case in enumerate([*HUBS, *MEMBERS])}


@pytest.fixture(scope="module")
def root(aws: Cloud) -> Iterator[Root]:
    with calling(tools(), aws.url, CALLS.values()) as root:
        yield root


@pytest.fixture(scope="module")
def plans(root: Root) -> dict[Case, Rendered]:
    return dict(zip(CALLS, root.plan(*CALLS.values()), strict=True))


@pytest.mark.parametrize("case", CALLS, ids=str)
def test_both_tools_create_the_same_policies_patterns_and_settings(
    case: Case, plans: dict[Case, Rendered]
) -> None:
    planned, rendered = plans[case], template_of(case)
    assert planned.policies.keys() == rendered.policies.keys()
    for name, policy in planned.policies.items():
        assert contents(typed(policy)).keys() == contents(typed(rendered.policies[name])).keys(), name
        assert members(policy) == members(rendered.policies[name]), name
    assert sorted(map(in_order, planned.patterns)) == sorted(map(in_order, rendered.patterns))
    assert planned.environments == rendered.environments
    assert planned.alarms == rendered.alarms
    assert planned.queues == rendered.queues


def in_order(pattern: Json) -> str:
    return json.dumps(pattern, sort_keys=True)


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
        extras = Extras(all_regions=True, security_hub=case.security_hub, tags=case.tags)
        assert policies["own member"] == audit_policy(Limits(), extras)
        return
    role = "checker-member" if case.organization else ""
    extras = Extras(role, case.organization, all_regions=True, security_hub=case.security_hub, tags=case.tags)
    bucket = f"checker-results-{ACCOUNT}-{REGION}"
    audit, nightly, function = (policies[name] for name in ("managed audit", "own nightly", "own on_change"))
    listing, *others = audit_policy(Limits(), extras)["Statement"]
    assert audit["Statement"][1:] == others
    of_night = [one for one in nightly["Statement"] if one["Sid"] == "ReadOrganization"]
    listed = [action for one in (audit["Statement"][0], *of_night) for action in one["Action"]]
    assert sorted(listed) == listing["Action"]
    own = [one for one in nightly["Statement"] if one["Sid"] not in ("ReadOrganization", "SendDigest")]
    assert own == night_statements(bucket)
    assert function["Statement"][2:] == change_statements(bucket)


def test_the_function_can_neither_read_nor_write_what_the_nights_know() -> None:
    """Events of other accounts start it."""
    policies = template_of(HUBS[1]).policies
    bucket = f"arn:aws:s3:::checker-results-{ACCOUNT}-{REGION}"
    for key, words in (
        ("latest/night.json", {"nightly": "GetObject PutObject", "on_change": ""}),
        ("nights/2026-11-28T020000Z/report.json", {"nightly": "GetObject PutObject", "on_change": ""}),
        ("changes/us-east-1/x/report.json", {"nightly": "", "on_change": "PutObject"}),
    ):
        for role, expected in words.items():
            allowed = [
                action
                for action in ("GetObject", "PutObject")
                if _may(policies, role, f"s3:{action}", f"{bucket}/{key}")
            ]
            assert " ".join(allowed) == expected


def _may(policies: dict[str, Json], role: str, action: str, resource: str) -> bool:
    request = {"principal": {"aws": ACCOUNT}, "action": action, "resource": resource, "context": {}}
    decisions = {decided(policies[name], request) for name in ("managed audit", f"own {role}")}
    return "Allowed" in decisions


@pytest.mark.parametrize("case", [*HUBS, *MEMBERS], ids=str)
def test_the_rules_select_the_calls_that_the_function_reads(case: Case) -> None:
    patterns = template_of(case).patterns
    for pattern in (one for one in patterns if one["source"] != ["aws.ecs"]):
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
        regions=(REGION, "eu-west-2") if case.tags else (),
        topic_tags=("team=chat", "stream") if case.tags else (),
        digest_topic=NEWS if case.tags else "",
    )


def test_the_function_has_time_to_hand_back_what_is_left() -> None:
    resources = resources_of(HUBS[0])
    function, queue, mapping = (resources[name] for name in ("OnChange", "Changes", "ChangesMapping"))
    assert on_change.LEAST < function["Timeout"] <= 900
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]  # as Lambda recommends
    assert mapping["BatchSize"] <= 10


def test_a_night_that_does_not_end_well_is_told() -> None:
    for case in HUBS:
        (pattern,) = [one for one in template_of(case).patterns if one["source"] == ["aws.ecs"]]
        assert pattern["detail"]["$or"][0]["containers"]["exitCode"] == [{"numeric": [">=", Exit.BAD_INPUT]}]
    alarms = template_of(HUBS[1]).alarms
    assert all(alarm["alarmactions"] == [NEWS] for alarm in alarms.values())
    assert alarms["checker-no-night"]["evaluationperiods"] == 26
    assert {
        name: alarm["dimensions"] for name, alarm in alarms.items() if alarm["namespace"] == "AWS/SQS"
    } == {name: {"QueueName": name} for name in ("checker-changes-failed", "checker-nights-failed")}
    queues = template_of(HUBS[1]).queues
    assert queues.keys() == {"checker-changes", "checker-changes-failed", "checker-nights-failed"}
    kept, _ = queues["checker-nights-failed"]
    assert kept < 20 * 60 * 60  # a night is forgotten before the next one ends


REFUSED: dict[str, dict[str, Any]] = {
    "hub": {
        "name": "Checker",
        "image": "checker:latest",
        "repository_arn": "checker",
        "organization_id": "r-abcd",
        "external_id": "x",
        "regions": ["everywhere"],
        "topic_arn": "news",
        "silent_hours": 0,
        "retention_days": 100,
    },
    "member": {
        "name": "c",
        "hub_account": "12345678901",
        "hub_region": "us_east_1",
        "organization_id": "",
        "external_id": "",
    },
}


@pytest.mark.parametrize("part", REFUSED)
def test_both_tools_refuse_the_same_values(part: str, root: Root) -> None:
    values = REFUSED[part]
    parameters = parameters_of(part)
    assert [name for name, value in values.items() if accepts(parameters[camel(name)], value)] == []
    case = Case(part)
    for name, value in case.settings.items():
        assert accepts(parameters[camel(name)], value), name
    with pytest.raises(subprocess.CalledProcessError) as failed:
        root.plan(CALLS[case]._replace(settings={**case.settings, **values}))
    said = f"{failed.value.stdout}{failed.value.stderr}"
    assert {name for name in values if f"var.{name} " not in said} == set(), said


def test_terraform_refuses_what_the_hub_could_not_work_with(root: Root) -> None:
    """CloudFormation asks for the external ID by a rule; CloudWatch refuses the topic of another Region."""
    case = HUBS[1]
    given = {**case.settings, "external_id": ""}
    given["topic_arn"] = NEWS.replace(REGION, "eu-west-2")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        root.plan(CALLS[case]._replace(settings=given))
    said = f"{failed.value.stdout}{failed.value.stderr}"
    assert "external_id is needed" in said
    assert "topic_arn must be a topic in the Region of the hub" in said


def accepts(parameter: Json, value: Any) -> bool:
    """True if CloudFormation accepts a value of a parameter."""
    values = value if isinstance(value, list) else [value]
    pattern, allowed = parameter.get("AllowedPattern", ".*"), parameter.get("AllowedValues")
    least, most = parameter.get("MinValue", -math.inf), parameter.get("MaxValue", math.inf)
    texts = [str(one).lower() if isinstance(one, bool) else one for one in values]
    return all(
        (allowed is None or one in allowed)
        and re.fullmatch(pattern, str(one)) is not None
        and (isinstance(one, str) or least <= one <= most)
        for one in texts
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
            HUBS[0],
            "queue nights_failed",
            {"service": "events.amazonaws.com"},
            "sqs:SendMessage",
            {"aws:SourceArn": f"arn:aws:events:{REGION}:{account}:rule/{rule}"},
            (account, rule) == (ACCOUNT, "checker-night-failed"),
        )
        for account in (ACCOUNT, HUB)
        for rule in ("checker-night-failed", "checker-own")
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


SECURITY_NEWS = [
    ({"service": "cloudwatch.amazonaws.com"}, {"aws:SourceAccount": "111122223333"}, True),
    ({"service": "cloudwatch.amazonaws.com"}, {"aws:SourceAccount": ACCOUNT}, False),
    ({"service": "events.amazonaws.com"}, {}, False),
    ({"aws": "arn:aws:iam::111122223333:role/checker-nightly"}, {}, True),
    ({"aws": f"arn:aws:iam::{ACCOUNT}:role/checker-nightly"}, {}, False),
]


@pytest.mark.parametrize(("principal", "context", "allowed"), SECURITY_NEWS)
def test_the_documented_policy_of_the_topic_lets_only_alarms_and_the_task_in(
    principal: dict[str, str], context: Json, allowed: bool
) -> None:
    """No rule of EventBridge: a topic policy cannot have conditions for it."""
    text = (DEPLOY.parent / "docs" / "in-aws.md").read_text()
    (policy,) = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    topic = "arn:aws:sns:us-east-1:111122223333:security-news"
    request = {"principal": principal, "action": "sns:Publish", "resource": topic, "context": context}
    assert decided(policy, request) == ("Allowed" if allowed else "ImplicitlyDenied")
    for case in HUBS:  # and so no rule has the topic as its target
        targets = [target for one in resources_of(case).values() for target in one.get("Targets", ())]
        assert targets
        assert NEWS not in [target["Arn"] for target in targets]


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


def test_the_modules_and_their_documented_examples_are_formatted_and_valid(tmp_path: Path) -> None:
    """A module that calls the examples is valid if they and the modules that they call are."""
    terraform = tools()
    text = (DEPLOY.parent / "docs" / "in-aws.md").read_text()
    examples = re.findall(r"```hcl\n(.*?)```", text, re.DOTALL)
    assert len(examples) == 2
    for number, example in enumerate(examples):
        shutil.copytree(DEPLOY / "terraform", tmp_path / f"{number}" / "deploy" / "terraform")
        (tmp_path / f"{number}" / "main.tf").write_text(example.replace("sha256:...", f"sha256:{'0' * 64}"))
    calls = {f"example{number}": {"source": f"./{number}"} for number in range(len(examples))}
    (tmp_path / "main.tf.json").write_text(json.dumps({"module": calls}))
    for arguments in (
        ["fmt", "-check", "-diff", "-recursive"],
        ["init", "-input=false", f"-plugin-dir={terraform.mirror}"],
        ["validate"],
    ):
        command = [terraform.terraform, *arguments, "-no-color"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    called = json.loads((tmp_path / ".terraform" / "modules" / "modules.json").read_text())["Modules"]
    folders = {"", "member", "audit"}
    assert {f"1/deploy/terraform/{folder}".rstrip("/") for folder in folders} <= {
        one["Dir"] for one in called
    }


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
    own = {f"own {role}" for role in roles}
    others = {"managed audit", "bucket results", "bus members"}
    others |= {f"queue {name}" for name in ("changes", "failed", "nights_failed")}
    assert rendered.policies.keys() == {f"trust {role}" for role in roles} | own | others
