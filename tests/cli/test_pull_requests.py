"""Thirty pull requests, and for each the table of who gains and who loses access.

A second evaluator, which enumerates callers and actions and decides each request on literal policies, must find no
change that the table lacks, and must confirm the witness of every row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from checker.app.diff import DiffFormat, DiffOutput, DiffRequest, show_change
from checker.iam.decide.decide import ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED, decide
from checker.inputs.collect import Given
from checker.inputs.requests import read_question
from tests.cli.process import save
from tests.cli.test_diff_code import git
from tests.samples import ACCOUNT, INSTANCE_ARN, document

PARTNER, VENDOR = "444455556666", "777788889999"
OTHER_INSTANCE = INSTANCE_ARN.replace("3f6c1b52", "aaaaaaaa")
FOREIGN_INSTANCE = OTHER_INSTANCE.replace(ACCOUNT, VENDOR)
ACTIONS = {
    "topic": ("sns:Publish", "sns:Subscribe", "sns:GetTopicAttributes", "sns:SetTopicAttributes"),
    "key": ("kms:GenerateDataKey", "kms:Decrypt", "kms:PutKeyPolicy"),
}
Policy = dict[str, Any]
Files = dict[str, str]


def arn(name: str) -> str:
    return f"arn:aws:sns:us-east-1:{ACCOUNT}:{name}"


def connect(name: str, **condition: Any) -> Policy:
    pinned = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
    return {
        "Sid": "Connect",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": arn(name),
        "Condition": {**pinned, **condition},
    }


def subscriber(name: str, account: str = PARTNER, action: Any = "sns:Subscribe") -> Policy:
    return {
        "Sid": "Partner",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": action,
        "Resource": arn(name),
    }


def key_policy(*more: Policy) -> Policy:
    root = {
        "Sid": "Root",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return document(root, *more)


USE = {
    "Sid": "Use",
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
    "Resource": "*",
}
START = {
    "alpha": document(connect("alpha"), subscriber("alpha")),
    "beta": document(connect("beta"), subscriber("beta")),
    "gamma": document(connect("gamma"), subscriber("gamma")),
    "delta": document(connect("delta"), subscriber("delta")),
    "omega": document(connect("omega"), subscriber("omega")),
    "key": key_policy(USE),
}


def as_json(policy: Policy) -> str:
    return json.dumps(policy, indent=2)


def as_attributes(name: str, policy: Policy) -> str:
    return json.dumps({"Attributes": {"TopicArn": arn(name), "Policy": json.dumps(policy)}}, indent=1)


def as_template(name: str, policy: Policy) -> str:
    resources = {
        "Chat": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Chat"}], "PolicyDocument": own(policy, {"Ref": "Chat"})},
        },
    }
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}, indent=2)


def own(policy: Policy, reference: Any) -> Policy:
    """A policy that names its topic by a reference."""
    return {
        **policy,
        "Statement": [
            {**one, "Resource": reference if one.get("Resource", "").startswith("arn:") else one["Resource"]}
            for one in policy["Statement"]
        ],
    }


def as_terraform(name: str, policy: Policy) -> str:
    """A root; the partner's account is a variable."""
    text = json.dumps(own(policy, "@topic"), indent=2).replace('"@topic"', f"aws_sns_topic.{name}.arn")
    text = text.replace(f'"arn:aws:iam::{PARTNER}:root"', '"arn:aws:iam::${var.partner}:root"')
    return (
        f'variable "partner" {{\n  default = "{PARTNER}"\n}}\n'
        f'resource "aws_sns_topic" "{name}" {{\n  name = "{name}"\n}}\n'
        f'resource "aws_sns_topic_policy" "{name}" {{\n  arn    = aws_sns_topic.{name}.arn\n'
        f"  policy = jsonencode({text})\n}}\n"
    )


MODULE = (
    'resource "aws_sns_topic" "omega" {\n  name   = "omega"\n'
    '  policy = file("${path.module}/policy.json")\n}\n'
)
"""A module that reads its policy from a file."""


BASE: Files = {
    "policies/alpha.json": as_json(START["alpha"]),
    "policies/key.json": as_json(START["key"]),
    "output/beta.json": as_attributes("beta", START["beta"]),
    "stack/template.json": as_template("gamma", START["gamma"]),
    "infra/main.tf": as_terraform("delta", START["delta"]),
    "live/main.tf": 'module "omega" {\n  source = "../modules/omega"\n}\n',
    "modules/omega/main.tf": MODULE,
    "modules/omega/policy.json": as_json(START["omega"]),
    "README.md": "nothing to see\n",
}


class PullRequest(NamedTuple):
    """Changed files (``None`` deletes one), the literal policies after it, and what the table must have."""

    title: str
    files: dict[str, str | None]
    after: Mapping[str, Policy | None] = MappingProxyType({})
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    code: int = 0
    untracked: bool = False


def with_alpha(title: str, *statements: Policy, **more: Any) -> PullRequest:
    policy = document(*statements)
    return PullRequest(title, {"policies/alpha.json": as_json(policy)}, {"alpha": policy}, **more)


OPEN = {key: value for key, value in connect("alpha").items() if key != "Condition"}
ANYONE = {**subscriber("alpha"), "Principal": "*"}
DENY = {**ANYONE, "Sid": "Tls", "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
ONLY_ACCOUNT = {**connect("alpha"), "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}
FULL = (connect("alpha"), subscriber("alpha"))
NEW = document(connect("new"), subscriber("new", VENDOR))
WIDE_KEY = key_policy(USE, {**USE, "Sid": "Sns", "Principal": {"Service": "sns.amazonaws.com"}})
VENDOR_KEY = key_policy(USE, {**USE, "Sid": "Vendor", "Principal": {"AWS": f"arn:aws:iam::{VENDOR}:root"}})
BETA = document(connect("beta"))
GAMMA = document(connect("gamma"), subscriber("gamma", action=["sns:Subscribe", "sns:GetTopicAttributes"]))
DELTA = document(connect("delta"), subscriber("delta", VENDOR))
OMEGA = document(connect("omega"), subscriber("omega", VENDOR))
MOVED = BASE["infra/main.tf"]

PULL_REQUESTS = (
    with_alpha("add a principal", *FULL, subscriber("alpha", VENDOR), gains=("alpha",), code=1),
    with_alpha("remove a principal", connect("alpha"), loses=("alpha",), code=1),
    with_alpha(
        "replace a principal",
        connect("alpha"),
        subscriber("alpha", VENDOR),
        gains=("alpha",),
        loses=("alpha",),
        code=1,
    ),
    with_alpha("remove a condition", OPEN, subscriber("alpha"), gains=("alpha",), code=1),
    with_alpha("remove the pin of the instance", ONLY_ACCOUNT, subscriber("alpha"), gains=("alpha",), code=1),
    with_alpha("open to anyone", *FULL, ANYONE, gains=("alpha",), code=1),
    with_alpha("require TLS", *FULL, DENY, loses=("alpha",), code=1),
    with_alpha(
        "add an action",
        connect("alpha"),
        subscriber("alpha", action=["sns:Subscribe", "sns:SetTopicAttributes"]),
        gains=("alpha",),
        code=1,
    ),
    with_alpha(
        "an action by a pattern",
        connect("alpha"),
        subscriber("alpha", action="sns:*"),
        gains=("alpha",),
        code=1,
    ),
    with_alpha("reorder statements", subscriber("alpha"), connect("alpha")),
    with_alpha("a list in place of a text", connect("alpha"), subscriber("alpha", action=["SNS:subscribe"])),
    with_alpha("a statement that repeats another", *FULL, {**subscriber("alpha"), "Sid": "Again"}),
    PullRequest("reformat", {"policies/alpha.json": json.dumps(START["alpha"])}),
    PullRequest("documentation", {"README.md": "more to see\n"}),
    PullRequest(
        "rename a file", {"policies/alpha.json": None, "policies/chat.json": as_json(START["alpha"])}
    ),
    PullRequest(
        "rename the file of a key",
        {"policies/key.json": None, "policies/chat-key.json": as_json(START["key"])},
    ),
    PullRequest(
        "widen a key policy", {"policies/key.json": as_json(WIDE_KEY)}, {"key": WIDE_KEY}, ("key",), code=1
    ),
    PullRequest(
        "give a key away", {"policies/key.json": as_json(VENDOR_KEY)}, {"key": VENDOR_KEY}, ("key",), code=1
    ),
    PullRequest(
        "narrow a key policy",
        {"policies/key.json": as_json(key_policy())},
        {"key": key_policy()},
        loses=("key",),
        code=1,
    ),
    PullRequest("add a topic", {"policies/new.json": as_json(NEW)}, {"new": NEW}, ("new",), code=1),
    PullRequest(
        "add an untracked topic",
        {"policies/new.json": as_json(NEW)},
        {"new": NEW},
        ("new",),
        (),
        1,
        untracked=True,
    ),
    PullRequest("remove a topic", {"output/beta.json": None}, {"beta": None}, loses=("beta",), code=1),
    PullRequest(
        "change the output of the AWS CLI",
        {"output/beta.json": as_attributes("beta", BETA)},
        {"beta": BETA},
        loses=("beta",),
        code=1,
    ),
    PullRequest(
        "change a template",
        {"stack/template.json": as_template("gamma", GAMMA)},
        {"gamma": GAMMA},
        ("gamma",),
        code=1,
    ),
    PullRequest(
        "move a template", {"stack/template.json": None, "cdk/chat.json": BASE["stack/template.json"]}
    ),
    PullRequest(
        "change the default of a variable",
        {"infra/main.tf": MOVED.replace(f'default = "{PARTNER}"', f'default = "{VENDOR}"')},
        {"delta": DELTA},
        ("delta",),
        ("delta",),
        1,
    ),
    PullRequest(
        "add values of variables",
        {"infra/terraform.tfvars": f'partner = "{VENDOR}"\n'},
        {"delta": DELTA},
        ("delta",),
        ("delta",),
        1,
    ),
    PullRequest(
        "move resources to another file of the root",
        {
            "infra/main.tf": MOVED.partition("resource")[0],
            "infra/topics.tf": "resource" + MOVED.partition("resource")[2],
        },
    ),
    PullRequest("rename a root", {"infra/main.tf": None, "platform/main.tf": MOVED}),
    PullRequest(
        "rename a resource with a fixed name",
        {"infra/main.tf": MOVED.replace('" "delta"', '" "stream"').replace("topic.delta", "topic.stream")},
    ),
    PullRequest(
        "change a file that a module reads",
        {"modules/omega/policy.json": as_json(OMEGA)},
        {"omega": OMEGA},
        ("omega",),
        ("omega",),
        1,
    ),
    PullRequest("break a file", {"policies/alpha.json": as_json(START["alpha"])[:-5]}, code=3),
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("repository")
    for name, text in BASE.items():
        save(top / name, text)
    git("-C", str(top), "init", "--quiet", "--initial-branch", "main")
    git("-C", str(top), "add", ".")
    git("-C", str(top), "commit", "--quiet", "-m", "start")
    return top


def test_there_are_thirty_pull_requests() -> None:
    assert len({one.title for one in PULL_REQUESTS}) == len(PULL_REQUESTS) >= 30


@pytest.mark.parametrize("pull", PULL_REQUESTS, ids=lambda pull: pull.title)
def test_the_table_has_what_changes_and_nothing_else(
    pull: PullRequest, repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(repository)
    branch(pull)
    report = tmp_path / "report.json"
    written = (DiffOutput(DiffFormat.JSON, report),)
    ending = show_change("main", [], DiffRequest(), given=Given(), output=written)
    read = json.loads(report.read_text())
    table = {name_of(one): one for one in read["resources"]}
    assert ending.code == pull.code
    assert {name for name, one in table.items() if one["gained"]} == set(pull.gains)
    assert {name for name, one in table.items() if one["lost"]} == set(pull.loses)
    assert [one for one in table.values() if one["dependent"]] == []
    assert bool(read["doubts"]) == (pull.code == 3)
    for name in sorted(START.keys() | pull.after.keys()):
        verify(name, START.get(name), pull.after.get(name, START.get(name)), table.get(name))


def branch(pull: PullRequest) -> None:
    """Check out the base, and make the change; every second one is committed."""
    git("checkout", "--quiet", "--force", "-B", "feature", "main")
    git("clean", "--quiet", "-fd")
    for name, text in pull.files.items():
        if text is None:
            Path(name).unlink()
        else:
            save(Path(name), text)
    if not pull.untracked and len(pull.title) % 2:
        git("add", "--all")
        git("commit", "--quiet", "-m", pull.title)


def name_of(resource: dict[str, Any]) -> str:
    """The name of a topic in the model; only one key is in the repository."""
    if resource["kind"] == "key":
        return "key"
    name = resource["name"].rpartition("/")[2].removesuffix(".json").removeprefix(": ")
    return NAMES.get(name, re.split(r"[:.]", name)[-1])


NAMES = {
    "template.json#Chat": "gamma",
    "chat.json#Chat": "gamma",
    "chat": "alpha",
    "aws_sns_topic.stream": "delta",
}


def verify(name: str, before: Policy | None, after: Policy | None, row: dict[str, Any] | None) -> None:
    kind = "key" if name == "key" else "topic"
    for old, new, direction in ((before, after, "gained"), (after, before, "lost")):
        accesses = row[direction] if row else []
        expected = set(changed(kind, name, old, new))
        assert {action for _, action in expected} <= {each for one in accesses for each in one["actions"]}
        for access in accesses:
            request = located(access["witness"]["request"], name)
            by_identity = access.get("needs_identity_policy", False)
            assert (word(old, request) == EXPLICITLY_DENIED) if by_identity else not is_allowed(old, request)
            assert word(new, request) == (IMPLICITLY_DENIED if by_identity else ALLOWED)


def changed(kind: str, name: str, old: Policy | None, new: Policy | None) -> Iterator[tuple[str, str]]:
    """The requests of a small universe that only the new policy allows; a resource alone is its account's."""
    for caller, request in callers():
        if ACCOUNT in str(request["principal"]) and None in (old, new):
            continue
        for action in ACTIONS[kind]:
            whole = {**request, "action": action, "resource": arn(name) if kind == "topic" else "*"}
            if is_allowed(new, whole) and not is_allowed(old, whole):
                yield caller, action


def callers() -> Iterator[tuple[str, Policy]]:
    for secure in ("true", "false"):
        for account in (ACCOUNT, PARTNER, VENDOR):
            role = f"arn:aws:iam::{account}:role/x"
            context = {
                "aws:SecureTransport": secure,
                "aws:PrincipalArn": role,
                "aws:PrincipalAccount": account,
            }
            yield role, {"principal": {"aws": role}, "context": context}
        yield "anonymous", {"principal": {"aws": "anonymous"}, "context": {"aws:SecureTransport": secure}}
    for instance in (INSTANCE_ARN, OTHER_INSTANCE, FOREIGN_INSTANCE):
        context = {"aws:SourceArn": instance, "aws:SourceAccount": instance.split(":")[4]}
        yield instance, {"principal": {"service": "connect.amazonaws.com"}, "context": context}
    yield "sns", {"principal": {"service": "sns.amazonaws.com"}, "context": {}}


def located(request: Policy, name: str) -> Policy:
    """A witness in the account of the model."""
    text = re.sub(r"\$\{(account|AWS::AccountId)\}", ACCOUNT, json.dumps(request))
    resource = "*" if name == "key" else arn(name)
    return {**json.loads(text), "resource": resource}


def is_allowed(policy: Policy | None, request: Policy) -> bool:
    return word(policy, request) == ALLOWED


def word(policy: Policy | None, request: Policy) -> str:
    """Return the decision; without a policy, nothing allows a request."""
    if policy is None:
        return IMPLICITLY_DENIED
    question = read_question("model", json.dumps({"policy": policy, "request": request}))
    return decide(question.policy, question.request).word
