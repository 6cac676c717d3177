"""What tells the account of a deployment: not a text that may itself be the defect, or the change.

A key belongs to an account whose principals manage it; a partner that may use it tells nothing. An account
that the policy pins Connect to is the own one only if it is the only one, before and after a change. So is the account
of the ARN that a Resource names.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.analysis.deployed_diff import compare
from checker.analysis.policy_pair import ComparedRoots
from checker.inputs.collect import Given
from checker.inputs.diff_inputs import read_inputs
from checker.inputs.policy_pairs import policy_pairs
from checker.policy.vocabulary import KEY
from checker.report.access.rows import rows_of
from tests.samples import policy_of, statement

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.policy_pair import DeployedDifference

Statements = list[dict[str, Any]]

PARTNER, OWNER, FRESH = "777788889999", "444455556666", "123456789012"
OWN = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}
OTHER = {"Fn::Sub": "arn:aws:iam::${Account}:root"}
EITHER_PARTITION = {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::{PARTNER}:root"}


def root(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def allow(principal: Any, action: Any = "kms:*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": action, "Resource": "*", **more}


USE = allow(root(PARTNER), "kms:Decrypt")
SEE = allow({"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/see"}, "kms:DescribeKey")
OWN_ROLE = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/admin"}
ADMINISTRATOR = f"arn:aws:iam::{OWNER}:role/admin"


def compared(folder: Path, old: Statements | None, new: Statements) -> DeployedDifference:
    return of_templates(folder, {"K": key(old)}, {"K": key(new)})


def key(statements: Statements | None) -> dict[str, Any]:
    policy = {"KeyPolicy": {"Version": "2012-10-17", "Statement": statements}}
    return {"Type": "AWS::KMS::Key", "Properties": policy if statements is not None else {}}


def of_templates(folder: Path, old: dict[str, Any], new: dict[str, Any]) -> DeployedDifference:
    for name, resources in (("old", old), ("new", new)):
        template = {"Parameters": {"Account": {"Type": "String"}}, "Resources": resources}
        (folder / f"{name}.json").write_text(json.dumps(template))
    with read_inputs(str(folder / "old.json"), str(folder / "new.json"), Given()) as inputs:
        (pair,) = policy_pairs(*inputs).pairs
    return compare(pair)


@pytest.mark.parametrize(
    ("old", "new", "account", "rows"),
    [
        # The partner may use the key, or manage it: the own account is any, so that the partner may gain.
        ([allow(OWN)], [allow(OWN), USE], None, {"may gain"}),
        ([allow(OWN)], [allow(OWN), allow(root(PARTNER))], None, {"may gain"}),
        ([allow(OWN)], [allow([OWN, root(PARTNER)])], None, {"may gain"}),
        ([allow(OWN)], [allow(root(PARTNER))], None, {"may gain", "may lose"}),
        ([allow(OWN)], [allow(OWN), allow(EITHER_PARTITION)], None, {"may gain"}),
        ([allow(OWN)], [allow(OWN), allow(PARTNER)], None, {"may gain"}),
        # A variable is the account of the key only if no other root user manages it.
        ([allow(OWN)], [allow(OWN), allow(OTHER, "kms:Decrypt")], None, {"may gain"}),
        # An owner is in both policies.
        ([allow(root(OWNER)), SEE], [allow(root(OWNER)), SEE, USE], OWNER, {"gains"}),
        ([allow(root(OWNER)), SEE], [allow(root(OWNER)), SEE, allow(root(PARTNER))], OWNER, {"gains"}),
        ([allow(OWNER), SEE], [allow(OWNER), SEE, USE], OWNER, {"gains"}),
        ([allow(root(OWNER)), SEE, USE], [allow(root(OWNER)), SEE], OWNER, {"loses"}),
        # A role that manages the key tells as much as a root user.
        ([allow(ADMINISTRATOR), SEE], [allow(ADMINISTRATOR), SEE, USE], OWNER, {"gains"}),
        ([allow(OWN_ROLE)], [allow(OWN_ROLE), allow(root(PARTNER))], None, {"gains"}),
        ([allow(OWN_ROLE)], [allow(root(PARTNER)), SEE], None, {"gains", "may gain", "may lose"}),
        # What manages the key is not known: nothing is assumed.
        ([allow("*"), SEE], [allow(root(PARTNER)), SEE], None, {"loses", "may lose"}),
        ([allow({"Ref": "Account"}), SEE], [allow({"Ref": "Account"}), SEE, USE], None, {"gains"}),
        ([allow("*"), SEE], [allow("*"), SEE, USE], None, set()),
        # The default policy is for the account of the stack, which may be the partner.
        (None, [allow(root(PARTNER))], None, {"may gain", "may lose"}),
    ],
)
def test_the_account_of_a_key(
    old: Statements | None, new: Statements, account: str | None, rows: set[str], tmp_path: Path
) -> None:
    found = compared(tmp_path, old, new)
    values = [one.values for one in found.assumptions if one.symbol.name == "AWS::AccountId" and one.values]
    assert values == ([(account,)] if account else [])
    assert {row.change for row in rows_of(ComparedRoots((found,)))} == rows


managers = st.builds(
    allow,
    st.sampled_from([OWN, OTHER, root(PARTNER), root(OWNER), PARTNER, EITHER_PARTITION, ADMINISTRATOR]),
    st.sampled_from(["kms:*", "kms:Put*", "kms:Decrypt", ["kms:Decrypt", "kms:putkeypolicy"]]),
    Effect=st.sampled_from(["Allow", "Allow", "Allow", "Deny"]),
)
policies = st.lists(managers, min_size=1, max_size=3)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=policies, new=policies)
def test_no_account_is_left_out_that_manages_the_key_on_both_sides(
    old: Statements, new: Statements, tmp_path: Path
) -> None:
    found = compared(tmp_path, [*old, SEE], [*new, SEE])
    for assumption in found.assumptions:
        if assumption.symbol.name == "AWS::AccountId" and assumption.values:
            for account in {PARTNER, OWNER, FRESH} - set(assumption.values):
                assert not (manages(account, old) and manages(account, new))


def manages(account: str, statements: Statements) -> bool:
    """True if an Allow statement names the root user of the account, which is the deployment's own, for PutKeyPolicy."""
    text = json.dumps(statements).replace("${AWS::AccountId}", account).replace("${AWS::Partition}", "aws")
    filled = json.loads(re.sub(r'\{"Fn::Sub": ("[^"]*")\}', r"\1", text))
    for one in policy_of({"Version": "2012-10-17", "Statement": filled}, KEY).known_statements():
        names = {entry.value for entry in one.principal_entries}
        actions = getattr(one.actions, "values", ())
        covers = {str(action).lower() for action in actions} & {"kms:*", "kms:put*", "kms:putkeypolicy"}
        if one.effect == "Allow" and covers and names & {account, root(account)}:
            return True
    return False


def stream(*statements: dict[str, Any]) -> dict[str, Any]:
    """The resources of a topic for an instance of the same template."""
    policy = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Instance": {"Type": "AWS::Connect::Instance", "Properties": {}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": policy},
        },
    }


def pin(account: Any, resource: Any = None) -> dict[str, Any]:
    return statement(
        Resource=resource or {"Ref": "Topic"},
        Condition={"StringEquals": {"aws:SourceAccount": account}},
    )


BY_REFERENCE = {"Ref": "AWS::AccountId"}
FOREIGN = f"arn:aws:sns:us-east-1:{PARTNER}:chat"
SUBSCRIBE = allow(root(PARTNER), "sns:Subscribe")
ABOUT_FOREIGN = allow(root(OWNER), "sns:Publish", Resource=FOREIGN)


@pytest.mark.parametrize(
    ("old", "new", "account", "rows"),
    [
        ([pin(BY_REFERENCE)], [pin(PARTNER)], None, {"may gain", "may lose"}),
        ([pin(BY_REFERENCE)], [pin(BY_REFERENCE), pin(PARTNER)], None, {"may gain"}),
        ([pin(OWNER)], [pin(OWNER), pin(PARTNER)], None, {"gains", "may gain"}),
        ([pin(BY_REFERENCE)], [pin(PARTNER, FOREIGN)], None, {"may lose"}),
        ([pin(OWNER), SUBSCRIBE], [pin(OWNER)], OWNER, {"loses"}),
        # An ARN names the topic only if the policy does not name it by a reference.
        ([ABOUT_FOREIGN], [ABOUT_FOREIGN, SUBSCRIBE], PARTNER, {"gains"}),
        (
            [ABOUT_FOREIGN, allow(OWN, "sns:Subscribe", Resource={"Ref": "Topic"})],
            [ABOUT_FOREIGN, allow([OWN, root(PARTNER)], "sns:Subscribe", Resource={"Ref": "Topic"})],
            None,
            {"may gain"},
        ),
    ],
)
def test_the_account_that_a_policy_pins(
    old: Statements, new: Statements, account: str | None, rows: set[str], tmp_path: Path
) -> None:
    found = of_templates(tmp_path, stream(*old), stream(*new))
    values = [one.values for one in found.assumptions if one.symbol.name == "AWS::AccountId" and one.values]
    assert values == ([(account,)] if account else [])
    assert {row.change for row in rows_of(ComparedRoots((found,)))} == rows
