"""Which instance streams to which topic, and from what that is known: the table of DESIGN's pairing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from checker.analysis.topic import TopicAnalysis
from checker.app.fix import plan_fixes
from checker.app.run import Options, examine
from checker.core.arn import Arn
from checker.core.finding import Severity
from checker.report.formats.json import report_v1

if TYPE_CHECKING:
    from pathlib import Path

DEV, PROD = "111122223333", "444455556666"
D = f"arn:aws:connect:us-west-2:{DEV}:instance/0a1b2c3d-1111-4222-8333-444455556666"
D2 = f"arn:aws:connect:us-west-2:{DEV}:instance/bbbbbbbb-2222-4222-8333-444455556666"
D_EAST = f"arn:aws:connect:us-east-1:{DEV}:instance/0a1b2c3d-1111-4222-8333-444455556666"
P = f"arn:aws:connect:us-west-2:{PROD}:instance/5e6f7a8b-5555-4666-8777-888899990000"
SHORT = {D: "D", D2: "D2", D_EAST: "D-east", P: "P"}


def statement(topic: str, *pins: str) -> dict[str, object]:
    """A grant for Connect, pinned to an instance or an account, or to nothing."""
    condition: dict[str, object] = {}
    for pin in pins:
        account = pin if pin.isdigit() else pin.split(":")[4]
        condition["StringEquals"] = {"aws:SourceAccount": account}
        condition |= {} if pin.isdigit() else {"ArnEquals": {"aws:SourceArn": pin}}
    grant = {
        "Sid": "LetConnectPublish",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": topic,
    }
    return {"Version": "2012-10-17", "Statement": [grant | ({"Condition": condition} if condition else {})]}


def topic(account: str, *pins: str, name: str = "chat", region: str = "us-west-2") -> str:
    """Output of `aws sns get-topic-attributes`."""
    arn = f"arn:aws:sns:{region}:{account}:{name}"
    return json.dumps({"Attributes": {"TopicArn": arn, "Policy": json.dumps(statement(arn, *pins))}})


def listed(*arns: str) -> str:
    """Output of `aws connect list-instances`."""
    return json.dumps({"InstanceSummaryList": [{"Arn": arn, "InstanceAlias": "desk"} for arn in arns]})


def described(arn: str, *regions: str, status: str = "INSTANCE_REPLICATION_COMPLETE") -> str:
    """Output of `aws connect describe-instance` for an instance with replicas."""
    listed = [{"Region": region, "ReplicationStatus": status} for region in regions]
    configuration = {"SourceRegion": arn.split(":")[3], "ReplicationStatusSummaryList": listed}
    return json.dumps({"Instance": {"Arn": arn}, "ReplicationConfiguration": configuration})


def root(*pins: str, instance: str = "") -> str:
    """A Terraform root with a topic, whose account is not known, and perhaps an instance that is looked up."""
    policy = json.dumps(statement("TOPIC", *pins)).replace('"TOPIC"', "aws_sns_topic.chat.arn")
    topics = f"""
        resource "aws_sns_topic" "chat" {{ name = "chat" }}
        resource "aws_sns_topic_policy" "chat" {{
          arn    = aws_sns_topic.chat.arn
          policy = jsonencode({policy})
        }}
    """
    if not instance:
        return topics
    return f"""{topics}
        provider "aws" {{
          region              = "us-west-2"
          allowed_account_ids = ["{instance.split(":")[4]}"]
        }}
        data "aws_connect_instance" "this" {{ instance_id = "{instance.rpartition("/")[2]}" }}
    """


def elsewhere(*, declares: bool) -> str:
    """A Terraform root in another Region, and perhaps the instance that it declares."""
    declared = 'resource "aws_connect_instance" "own" { identity_management_type = "SAML" }'
    return f'provider "aws" {{ region = "eu-central-1" }}\n{declared if declares else ""}\n{root()}'


_CALL = 'module "chat" { source = "../../modules/chat" }'


class Case(NamedTuple):
    """Files, the options and configuration, and for each topic's file the pairings other than the policy's own."""

    why: str
    files: dict[str, str]
    expected: dict[str, str]
    options: tuple[str, ...] = ()
    configuration: str = ""


CASES = (
    Case(
        "a folder for each account",
        {
            "dev/t.json": topic(DEV, D),
            "dev/i.json": listed(D),
            "prod/t.json": topic(PROD, P),
            "prod/i.json": listed(P),
        },
        {"dev/t.json": "D folder", "prod/t.json": "P folder"},
    ),
    Case(
        "the list of a folder above, for topics of two accounts",
        {"dev/t.json": topic(DEV), "prod/t.json": topic(PROD), "i.json": listed(D, P)},
        {"dev/t.json": "D folder", "prod/t.json": "P folder"},
    ),
    Case(
        "one account with dev and prod side by side, each named by its policy",
        {"dev/t.json": topic(DEV, D), "prod/t.json": topic(DEV, D2, name="prod"), "i.json": listed(D, D2)},
        {"dev/t.json": "D folder", "prod/t.json": "D2 folder"},
    ),
    Case(
        "two instances that nothing tells apart",
        {"t.json": topic(DEV, DEV), "i.json": listed(D, D2)},
        {"t.json": ""},
    ),
    Case(
        "the nearest folder wins",
        {"prod/t.json": topic(DEV), "prod/i.json": listed(D2), "i.json": listed(D)},
        {"prod/t.json": "D2 folder"},
    ),
    Case(
        "the only topic with the only instance, though its policy names another",
        {"t.json": topic(DEV, D2), "i.json": listed(D)},
        {"t.json": "D folder"},
    ),
    Case(
        "one of two topics that name other instances",
        {"a.json": topic(DEV, D2), "b.json": topic(DEV, D2, name="b"), "i.json": listed(D)},
        {"a.json": "", "b.json": ""},
    ),
    Case(
        "an inferred pairing stays in its Region",
        {"t.json": topic(DEV, region="us-east-1"), "i.json": listed(D)},
        {"t.json": ""},
    ),
    Case(
        "an inferred pairing stays in its account unless the policy names the instance's",
        {"a.json": topic(PROD, name="a"), "b.json": topic(PROD, DEV), "i.json": listed(D)},
        {"a.json": "", "b.json": "D folder"},
    ),
    Case(
        "Terraform roots have their own instances",
        {"dev/main.tf": root(instance=D), "prod/main.tf": root(instance=P)},
        {"dev/main.tf": "D root", "prod/main.tf": "P root"},
    ),
    Case(
        "a root without an instance takes none of another root",
        {"dev/main.tf": root(instance=D), "prod/main.tf": root()},
        {"dev/main.tf": "D root", "prod/main.tf": ""},
    ),
    Case(
        "manifests of two environments",
        {
            "dev.yaml": f"version: 1\ninstances: [{D}]\ntopics: [{{attributes: dev/t.json}}]\n",
            "prod.yaml": f"version: 1\ninstances: [{P}]\ntopics: [{{attributes: prod/t.json}}]\n",
            "dev/t.json": topic(DEV),
            "prod/t.json": topic(PROD),
        },
        {"dev/t.json": "D manifest!", "prod/t.json": "P manifest!"},
    ),
    Case(
        "a manifest's entry for a topic",
        {
            "all.yaml": f"version: 1\ninstances: [{D}]\ntopics:\n"
            f"  - {{attributes: dev/t.json}}\n  - {{attributes: prod/t.json, instances: [{P}]}}\n",
            "dev/t.json": topic(DEV),
            "prod/t.json": topic(PROD),
        },
        {"dev/t.json": "D manifest!", "prod/t.json": "P manifest!"},
    ),
    Case(
        "a manifest's contact",
        {
            "all.yaml": f"version: 1\ninstances: [{D}]\ncontacts:\n"
            f"  - {{id: one, topics: ['arn:aws:sns:us-west-2:{DEV}:chat']}}\n",
            "dev/t.json": topic(DEV),
            "dev/other.json": topic(DEV, name="other"),
        },
        {"dev/t.json": "D manifest!", "dev/other.json": ""},
    ),
    Case(
        "an option is for the topics of its account",
        {"dev/t.json": topic(DEV), "prod/t.json": topic(PROD)},
        {"dev/t.json": "D option!", "prod/t.json": ""},
        (D,),
    ),
    Case(
        "an option and a list that name one instance name it once",
        {"t.json": topic(DEV), "i.json": listed(D)},
        {"t.json": "D option!"},
        (D,),
    ),
    Case(
        "options for two instances of one account, which the policies name",
        {"dev/t.json": topic(DEV, D), "prod/t.json": topic(DEV, D2, name="prod")},
        {"dev/t.json": "D option!", "prod/t.json": "D2 option!"},
        (D, D2),
    ),
    Case(
        "an option that no policy names is for the topic about Connect",
        {"t.json": topic(DEV, D2), "alarms.json": topic(DEV, name="alarms").replace("connect.", "events.")},
        {"t.json": "D option!", "alarms.json": "D option!"},
        (D,),
    ),
    Case(
        "an option for one topic, wherever it is",
        {"t.json": topic(PROD, P, region="us-east-1")},
        {"t.json": "D option!"},
        (D,),
    ),
    Case(
        "an option of another account for two topics is not certain of either",
        {"a.json": topic(PROD, name="a"), "b.json": topic(PROD, name="b")},
        {"a.json": "D option", "b.json": "D option"},
        (D,),
    ),
    Case(
        "the configuration lists instances for paths",
        {"dev/main.tf": root(), "prod/main.tf": root()},
        {"dev/main.tf": "D configuration!", "prod/main.tf": "P configuration!"},
        configuration=f"overrides: [{{paths: [dev/], instances: [{D}]}}, {{paths: [prod/], instances: [{P}]}}]",
    ),
    Case(
        "a path that lists instances goes before the whole configuration, the last path before others",
        {"dev/t.json": topic(DEV), "prod/t.json": topic(DEV, name="p")},
        {"dev/t.json": "D configuration!", "prod/t.json": "D2 configuration!"},
        configuration=f"instances: [{D}]\noverrides:\n"
        f"  - {{paths: [prod/], instances: [{D}]}}\n  - {{paths: [prod/], instances: [{D2}]}}",
    ),
    Case(
        "a described instance and its replica, each for the topic of its Region",
        {
            "a.json": topic(DEV),
            "b.json": topic(DEV, region="us-east-1"),
            "i.json": described(D, "us-west-2", "us-east-1"),
        },
        {"a.json": "D folder", "b.json": "D-east folder"},
    ),
    Case(
        "a replica whose creation failed is none",
        {
            "a.json": topic(DEV),
            "b.json": topic(DEV, region="us-east-1"),
            "i.json": described(D, "us-east-1", status="INSTANCE_REPLICATION_FAILED"),
        },
        {"a.json": "D folder", "b.json": ""},
    ),
    Case(
        "an option names the replica of a described instance too",
        {
            "a.json": topic(DEV),
            "b.json": topic(DEV, D, region="us-east-1"),
            "i.json": described(D, "us-east-1"),
        },
        {"a.json": "D option!", "b.json": "D-east option!"},
        (D,),
    ),
    Case(
        "a replica without a topic is not forced on the topic of its source",
        {"a.json": topic(DEV), "i.json": described(D, "us-east-1")},
        {"a.json": "D option!"},
        (D,),
    ),
    Case(
        "options for an instance and its replica",
        {"a.json": topic(DEV), "b.json": topic(DEV, region="us-east-1")},
        {"a.json": "D option!", "b.json": "D-east option!"},
        (D, D_EAST),
    ),
    Case(
        "an option in a Region where the described instance is not",
        {"a.json": topic(DEV), "i.json": described(D)},
        {"a.json": "D-east option!"},
        (D_EAST,),
    ),
    Case(
        "a topic of unknown Region streams for what its policy names, of an instance and its replica",
        {"main.tf": root(D_EAST)},
        {"main.tf": "D-east option!"},
        (D, D_EAST),
    ),
    Case(
        "a manifest lists an instance once for the topics of both Regions",
        {
            "all.yaml": f"version: 1\ninstances: [{{arn: {D}, replicas: [us-east-1]}}]\ntopics:\n"
            "  - {attributes: a.json}\n  - {attributes: b.json}\n"
            f"  - {{attributes: c.json, instances: [{D}]}}\n",
            "a.json": topic(DEV),
            "b.json": topic(DEV, region="us-east-1"),
            "c.json": topic(DEV, name="c", region="us-east-1"),
        },
        {"a.json": "D manifest!", "b.json": "D-east manifest!", "c.json": "D-east manifest!"},
    ),
    Case(
        "a manifest lists the replicas of the instance of one topic",
        {
            "all.yaml": "version: 1\ntopics:\n  - attributes: a.json\n"
            f"    instances: [{{arn: {D}, replicas: [us-east-1]}}]\n  - {{attributes: b.json}}\n",
            "a.json": topic(DEV),
            "b.json": topic(DEV, region="us-east-1"),
        },
        {"a.json": "D manifest!", "b.json": "D-east manifest!"},
    ),
    Case(
        "an option in another Region than a root",
        {"eu/main.tf": elsewhere(declares=False), "t.json": topic(DEV)},
        {"eu/main.tf": "", "t.json": "D option!"},
        (D,),
    ),
    Case(
        "an option in another Region than the only root",
        {"eu/main.tf": elsewhere(declares=False)},
        {"eu/main.tf": "D option!"},
        (D,),
    ),
    Case(
        "an option in another Region than the only root, which declares an instance of its own",
        {"eu/main.tf": elsewhere(declares=True)},
        {"eu/main.tf": ""},
        (D,),
    ),
    *(
        Case(
            f"`{pattern}` lists instances for a root, whose topic is declared in a module elsewhere",
            {"envs/dev/main.tf": root(), "envs/prod/main.tf": _CALL, "modules/chat/main.tf": root()},
            {"envs/dev/main.tf": "D configuration!", "modules/chat/main.tf": "P configuration!"},
            configuration=f"overrides:\n  - {{paths: [envs/], instances: [{D}]}}\n"
            f"  - {{paths: ['{pattern}'], instances: [{P}]}}",
        )
        for pattern in ("envs/prod/", "prod", "envs/prod/*.tf", "**/prod/**", "/envs/p*/")
    ),
)


def lay_out(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the files of a case, and stand in their folder."""
    monkeypatch.chdir(folder)
    for name, text in {**case.files, "checker.yaml": case.configuration}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_pairs(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(case, tmp_path, monkeypatch)
    run = examine(Options(instances=case.options))
    found = {
        one.place.document.name: ", ".join(
            f"{SHORT[str(pairing.instance)]} {pairing.source.value}{'!' * pairing.explicit}"
            for pairing in one.pairings or ()
            if pairing.source.value != "policy"
        )
        for one in run.inventory.topics
    }
    assert found == case.expected
    assert not [one for one in run.report.findings if one.rule == "cross-region" and not case.options]


def test_correct_environments_have_no_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    correct = next(case for case in CASES if case.why.startswith("one account with dev and prod"))
    lay_out(correct, tmp_path, monkeypatch)
    for options in ((), (D,), (D, D2)):
        report = examine(Options(instances=options)).report
        assert [one.message for one in report.findings if one.severity is Severity.ERROR] == []


def test_an_option_that_fits_no_topic_of_a_change_is_about_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.json").write_text(topic(PROD, P))
    run = examine(Options((tmp_path / "t.json",), (D,), changed=True))
    assert [one.instance for one in run.inventory.topics[0].pairings or ()] == [Arn(*P.split(":", 5)[1:])]


FIXES = (
    Case(
        "an inferred instance gains nothing",
        {"t.json": topic(DEV, D2), "i.json": listed(D)},
        {"t.json": "unsafe"},
    ),
    Case(
        "an inferred pairing cuts nobody off",
        {"t.json": topic(DEV), "i.json": listed(D)},
        {"t.json": "unsafe"},
    ),
    Case("a named instance is pinned", {"t.json": topic(DEV), "i.json": listed(D)}, {"t.json": "safe"}, (D,)),
    Case(
        "an instance that is named once is pinned in both Regions",
        {
            "a.json": topic(DEV),
            "b.json": topic(DEV, region="us-east-1"),
            "i.json": described(D, "us-east-1"),
        },
        {"a.json": "safe", "b.json": "safe"},
        (D,),
    ),
    Case(
        "an instance is not pinned where it does not fit",
        {"dev/t.json": topic(DEV), "prod/t.json": topic(PROD)},
        {"dev/t.json": "safe", "prod/t.json": "display"},
        (D,),
    ),
    Case(
        "an option for two accounts that are not its own pins neither",
        {"a.json": topic(PROD, name="a"), "b.json": topic("777788889999", name="b")},
        {"a.json": "unsafe", "b.json": "unsafe"},
        (D,),
    ),
    Case(
        "one option does not say of which root it speaks",
        {"dev/main.tf": root(), "prod/main.tf": root()},
        {"dev/main.tf": "unsafe", "prod/main.tf": "unsafe"},
        (D,),
    ),
    Case(
        "the configuration does",
        {"dev/main.tf": root(), "prod/main.tf": root()},
        {"dev/main.tf": "safe", "prod/main.tf": "safe"},
        configuration=f"overrides: [{{paths: [dev/], instances: [{D}]}}, {{paths: [prod/], instances: [{P}]}}]",
    ),
)


@pytest.mark.parametrize("case", FIXES, ids=lambda case: case.why)
def test_only_explicit_pairings_are_fixed_safely(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(case, tmp_path, monkeypatch)
    repair = plan_fixes(Options(instances=case.options), unsafe=False, kms_condition=None).outcome.repair
    fixed = {one.finding.locations[0].source: "safe" for one in repair.fixed}
    left = {
        one.finding.locations[0].source: one.fix.applicability.value if one.fix else "none"
        for one in repair.unfixed
    }
    assert left | fixed == case.expected
    told = ("--instance-arn", "overrides", "would lose")
    asked = [(one.reason, *(one.fix.needs if one.fix else ())) for one in repair.unfixed]
    assert all(any(word in text for word in told for text in texts) for texts in asked)


def test_a_root_whose_module_lies_elsewhere_is_examined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(case for case in CASES if case.why.startswith("`envs/prod/`"))
    lay_out(case, tmp_path, monkeypatch)
    assert examine(Options((tmp_path / "envs/prod",))).report.skipped == ()


def test_the_reports_say_what_a_pairing_rests_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(FIXES[0], tmp_path, monkeypatch)
    report = report_v1(examine(Options()).report)
    assert report["examined"][0]["pairings"] == [
        {"instance": D, "source": "folder", "file": "i.json", "explicit": False},
        {"instance": D2, "source": "policy", "file": "t.json", "explicit": False},
    ]
    (refused,) = (one for one in report["findings"] if one["rule"] == "connect-not-allowed")
    assert refused["help"].endswith("the instance is paired with this topic from i.json")


OF_PARAMETER = """Parameters: {Arn: {Type: String}}
Resources:
  Chat: {Type: AWS::SNS::Topic}
  ChatPolicy:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Chat]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Sid: Connect
            Effect: Allow
            Principal: {Service: connect.amazonaws.com}
            Action: sns:Publish
            Resource: !Ref Chat
            Condition:
              ArnEquals: {aws:SourceArn: !Ref Arn}
              StringEquals: {aws:SourceAccount: !Select [4, !Split [":", !Ref Arn]]}
"""
DECLARES = """Resources:
  Desk:
    Type: AWS::Connect::Instance
    Properties: {IdentityManagementType: SAML, Attributes: {InboundCalls: true, OutboundCalls: true}}
"""
NESTS = (
    DECLARES
    + """  Topic:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: topic.yaml
      Parameters: {Arn: !GetAtt Desk.Arn}
"""
)


@pytest.mark.parametrize(("beside", "paired"), [("", False), (DECLARES, False), (NESTS, True)])
def test_an_instance_of_another_template_belongs_to_a_topic_only_if_its_policy_refers_to_it(
    beside: str, paired: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two templates in one folder are two stacks."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topic.yaml").write_text(OF_PARAMETER)
    (tmp_path / "other.yaml").write_text(beside or "{}")
    run = examine(Options())
    assert not run.report.findings
    known = [TopicAnalysis(one, run.inventory).facts.open_instances for one in run.inventory.topics]
    assert any(known) is paired
