"""Resource control policies of the organization: read with few calls, applied where they are attached, never guessed."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from checker.core.finding import Verdict
from checker.lint.report import Report
from checker.live.audit.cluster import work_on
from checker.live.audit.plan import OrganizationData, Plan, PolicyData
from checker.live.aws.access import Access, Coverage, Unit
from checker.report.record import read_report
from tests.cli.process import run
from tests.live.cloud import ACCOUNT, REGION, Cloud, refuse
from tests.live.scene import audited, make_instance, make_topic, said_of

RULE = "denied-by-organization-policy"
EVERYWHERE = Coverage(organization=True)
RCP = "RESOURCE_CONTROL_POLICY"


def deny(condition: dict[str, Any]) -> dict[str, Any]:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "kms:*",
        "Resource": "*",
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


PERIMETER = deny({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}})


def sample(organization: str) -> dict[str, Any]:
    """The policy against the confused deputy problem that AWS publishes."""
    return deny(
        {
            "StringNotEqualsIfExists": {"aws:SourceOrgID": organization},
            "Null": {"aws:SourceAccount": "false"},
            "Bool": {"aws:PrincipalIsAWSService": "true"},
        }
    )


class Scene(NamedTuple):
    """An organization with a member in an organizational unit inside another one, and its encrypted topic."""

    cloud: Cloud
    id: str
    root: str
    outer: str
    inner: str
    member: str
    topic: str

    def attach(self, document: dict[str, Any], *targets: str) -> None:
        organizations = self.cloud.client("organizations")
        made = organizations.create_policy(
            Content=json.dumps(document), Description="d", Name=f"Guard{len(targets)}", Type=RCP
        )
        for target in targets:
            organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)


@pytest.fixture
def scene(cloud: Cloud) -> Scene:
    organizations = cloud.client("organizations")
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType=RCP)
    create = organizations.create_organizational_unit
    outer = create(ParentId=root, Name="outer")["OrganizationalUnit"]["Id"]
    inner = create(ParentId=outer, Name="inner")["OrganizationalUnit"]["Id"]
    account = organizations.create_account(Email="a@example.com", AccountName="a")["CreateAccountStatus"]
    member = account["AccountId"]
    organizations.move_account(AccountId=member, SourceParentId=root, DestinationParentId=inner)
    instance = make_instance(cloud, member)
    topic = make_topic(cloud, "chat", instance, member_key(cloud, member), account=member)
    cloud.calls.clear()
    return Scene(cloud, made["Id"], root, outer, inner, member, topic)


def member_key(cloud: Cloud, account: str) -> str:
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    connect = {"Service": "connect.amazonaws.com"}
    uses = ["kms:GenerateDataKey*", "kms:Decrypt"]
    statements = [
        {"Sid": "root", "Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"},
        {"Sid": "c", "Effect": "Allow", "Principal": connect, "Action": uses, "Resource": "*"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made = cloud.client("kms", REGION, account).create_key(Policy=policy)
    return str(made["KeyMetadata"]["Arn"])


def verdict_of(report: Report, kind: str = "key") -> Verdict:
    (verdict,) = {one.verdicts[RULE] for one in report.examined if one.kind == kind}
    return verdict


def calls_of(cloud: Cloud) -> dict[str, int]:
    return {
        name.partition(":")[2]: count
        for name, count in cloud.counts().items()
        if name.startswith("organizations:") and not name.endswith(":ListAccounts")
    }


CASES: dict[str, tuple[Callable[[Scene], None], Verdict, dict[str, int]]] = {
    "no policy of its own": (
        lambda _: None,
        Verdict.PASS,
        {"ListRoots": 1, "ListPolicies": 1},
    ),
    "at the root": (
        lambda scene: scene.attach(PERIMETER, scene.root),
        Verdict.FAIL,
        {"ListRoots": 1, "ListPolicies": 1, "DescribePolicy": 1, "ListTargetsForPolicy": 1},
    ),
    "at the account": (
        lambda scene: scene.attach(PERIMETER, scene.member),
        Verdict.FAIL,
        {"ListRoots": 1, "ListPolicies": 1, "DescribePolicy": 1, "ListTargetsForPolicy": 1},
    ),
    "at a unit above, twice": (
        lambda scene: (
            scene.attach(PERIMETER, scene.outer),
            scene.attach(PERIMETER, scene.outer, scene.inner),
        )[0],
        Verdict.FAIL,
        {
            "ListRoots": 1,
            "ListPolicies": 1,
            "DescribePolicy": 2,
            "ListTargetsForPolicy": 2,
            "ListChildren": 4,
        },
    ),
    "at the management account alone": (
        lambda scene: scene.attach(PERIMETER, ACCOUNT),
        Verdict.PASS,
        {"ListRoots": 1, "ListPolicies": 1, "DescribePolicy": 1, "ListTargetsForPolicy": 1},
    ),
    "not attached": (
        lambda scene: scene.attach(PERIMETER),
        Verdict.PASS,
        {"ListRoots": 1, "ListPolicies": 1, "DescribePolicy": 1, "ListTargetsForPolicy": 1},
    ),
    "the sample of AWS, for the own organization": (
        lambda scene: scene.attach(sample(scene.id), scene.root),
        Verdict.PASS,
        {"ListRoots": 1, "ListPolicies": 1, "DescribePolicy": 1, "ListTargetsForPolicy": 1},
    ),
    "the sample of AWS, for another organization": (
        lambda scene: scene.attach(sample("o-somebodyelse"), scene.root),
        Verdict.UNDETERMINED,
        {"ListRoots": 1, "ListPolicies": 1, "DescribePolicy": 1, "ListTargetsForPolicy": 1},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_policies_apply_where_they_are_attached(scene: Scene, name: str) -> None:
    attach, expected, calls = CASES[name]
    attach(scene)
    scene.cloud.calls.clear()
    report = audited(scene.cloud, EVERYWHERE, role="reader")
    assert not report.skipped
    assert verdict_of(report) is expected
    assert verdict_of(report, "topic") is expected
    assert calls_of(scene.cloud) == calls


def test_a_policy_type_that_is_not_enabled_takes_one_call(scene: Scene) -> None:
    scene.attach(PERIMETER, scene.root)
    scene.cloud.client("organizations").disable_policy_type(RootId=scene.root, PolicyType=RCP)
    scene.cloud.calls.clear()
    report = audited(scene.cloud, EVERYWHERE, role="reader")
    assert verdict_of(report) is Verdict.PASS
    assert calls_of(scene.cloud) == {"ListRoots": 1}


@pytest.mark.parametrize(
    "operation", ["ListRoots", "ListPolicies", "DescribePolicy", "ListTargetsForPolicy", "ListChildren"]
)
def test_policies_that_cannot_be_read_are_one_entry_and_nothing_passes(scene: Scene, operation: str) -> None:
    scene.attach(PERIMETER, scene.inner)
    scene.cloud.fault = refuse(operation, "AccessDeniedException")
    report = audited(scene.cloud, EVERYWHERE, role="reader")
    assert report.unreadable
    (entry,) = [one for one in report.skipped if "organization" in one.what]
    assert f"`organizations:{operation}` is missing" in entry.reason
    assert "checker permissions audit --organization" in entry.help
    assert verdict_of(report) is Verdict.UNDETERMINED
    assert not [one for one in report.findings if one.rule == RULE]


def test_the_management_account_is_exempt(scene: Scene) -> None:
    scene.attach(PERIMETER, scene.root)
    instance = make_instance(scene.cloud)
    own = make_topic(scene.cloud, "own", instance, member_key(scene.cloud, ACCOUNT))
    report = audited(scene.cloud, EVERYWHERE, role="reader")
    topics = {one.resource: one.verdicts[RULE] for one in report.examined if one.kind == "topic"}
    assert topics == {own: Verdict.PASS, scene.topic: Verdict.FAIL}


def test_an_audit_without_the_organization_states_the_assumption(scene: Scene) -> None:
    scene.attach(PERIMETER, scene.root)
    scene.cloud.calls.clear()
    report = audited(scene.cloud, Coverage(accounts=(scene.member,)), role="reader")
    assert calls_of(scene.cloud) == {}
    assert said_of(report) == ""
    (key,) = [one for one in report.examined if one.kind == "key"]
    assert key.assumptions == ("no organization policy denies Connect the use of the key",)


def test_the_policies_reach_the_workers_of_a_cluster(scene: Scene) -> None:
    data = OrganizationData((PolicyData("Guard", json.dumps(PERIMETER)),))
    plan = Plan(Access(endpoint=scene.cloud.url, attempts=1, threads=2), hours=0, organization=data)
    plan = pickle.loads(pickle.dumps(plan))  # noqa: S301 - of this test
    unit = Unit(scene.member, REGION, f"arn:aws:iam::{scene.member}:role/reader")
    report = read_report(json.loads(json.dumps(work_on(plan, unit)))["report"])
    assert verdict_of(report) is Verdict.FAIL


def command(scene: Scene, *options: str | Path) -> Any:
    """Run the command as a process of its own; the environment has credentials for the local AWS."""
    fixed = ("--endpoint-url", scene.cloud.url, "--isolated", "--trail-hours", "0")
    return run("audit", *fixed, "--format", "json", *options)


def failed(done: Any) -> set[str]:
    return {one["rule"] for one in json.loads(done.stdout)["findings"] if one["rule"] == RULE}


def test_a_resumed_audit_judges_again_what_a_temporary_failure_left_open(
    scene: Scene, tmp_path: Path
) -> None:
    scene.attach(PERIMETER, scene.root)
    journal = tmp_path / "journal.jsonl"
    options = ("--organization", "--role-name", "reader")
    scene.cloud.fault = refuse("ListPolicies", "InternalFailure")
    first = command(scene, *options, "--journal", journal)
    assert (first.returncode, failed(first)) == (3, set())
    scene.cloud.fault = None
    again = command(scene, "--resume", journal)
    assert (again.returncode, failed(again)) == (1, {RULE}), again.stderr
    scene.cloud.calls.clear()
    assert command(scene, "--resume", journal).stdout == again.stdout
    assert not [one for one in scene.cloud.calls if one.service not in ("sts", "organizations")]


def test_policies_of_files_apply_to_every_audited_account(scene: Scene, tmp_path: Path) -> None:
    rcp, journal = tmp_path / "rcp.json", tmp_path / "journal.jsonl"
    rcp.write_text(json.dumps(PERIMETER))
    options = ("--accounts", scene.member, "--role-name", "reader", "--rcp", rcp)
    done = command(scene, *options, "--journal", journal)
    assert failed(done) == {RULE}
    assert failed(command(scene, "--resume", journal)) == {RULE}
    rcp.write_text(json.dumps(sample(scene.id)))
    assert command(scene, "--resume", journal).returncode == 2  # it is another audit
    both = command(scene, "--organization", "--rcp", rcp)
    assert both.returncode == 2
    assert "--rcp: cannot be combined with --organization" in both.stderr
