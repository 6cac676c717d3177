"""Templates with many parameters: how many deployments are tried, and the reason if they are too many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.deployments import Deployments
from checker.analysis.inventory import Inventory
from checker.analysis.topic import TopicAnalysis
from checker.core.errors import InputError
from checker.core.finding import Verdict
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.explain import explain
from checker.lint.registry import all_rules
from checker.lint.report import Report
from tests.lint.deployments.found import account, arn, statement
from tests.lint.deployments.small_templates import OWN, instance, ref, sub

INSECURE = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sns:Publish",
    "Resource": ref("Topic"),
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def pinned(number: int, effect: str = "Allow") -> dict[str, Any]:
    """A statement with parameters for the account and the ID of its instance."""
    of_account = sub(instance("${AWS::Region}", f"${{Account{number}}}", f"${{Id{number}}}"))
    return statement(effect, StringEquals=account(ref(f"Account{number}")), ArnEquals=arn(of_account))


def of_any(number: int) -> dict[str, Any]:
    """A statement of which it depends on the deployment whether it matches an instance."""
    of_account = sub(instance("${AWS::Region}", f"${{Account{number}}}", f"${{Id{number}}}"))
    return statement(StringEquals=account(ref(OWN)), ArnEquals=arn(of_account))


DENIED = [*(pinned(number) for number in range(3)), pinned(3, "Deny")]
"""A Deny may name each instance, so that all accounts and IDs are compared with each other."""


def inventory_of(statements: list[dict[str, Any]], folder: Path) -> Inventory:
    listed = [{**one, "Sid": f"S{number}"} for number, one in enumerate(statements)]
    policy = {"Version": "2012-10-17", "Statement": listed}
    names = [f"{kind}{number}" for kind in ("Account", "Id") for number in range(len(statements))]
    path = folder / "template.json"
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {name: {"Type": "String"} for name in names},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}},
            "TopicPolicy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {"Topics": [ref("Topic")], "PolicyDocument": policy},
            },
        },
    }
    path.write_text(json.dumps(template))
    return load([path])


def deployments_of(inventory: Inventory) -> Deployments:
    return TopicAnalysis(inventory.topics[0], inventory).deployments


def report_of(inventory: Inventory) -> Report:
    return judge(inventory, all_rules(), Scope(all_topics=True))


@pytest.mark.parametrize(
    ("statements", "number"),
    [
        ([pinned(number) for number in range(4)], 1),
        ([pinned(number) for number in range(10)], 1),
        ([INSECURE, *(pinned(number) for number in range(1, 5))], 1),
        ([of_any(number) for number in range(3)], 8),
    ],
    ids=[
        "four accounts",
        "ten accounts",
        "four accounts and a Deny of all",
        "three accounts that may be the own",
    ],
)
def test_accounts_of_different_statements_are_not_compared(
    statements: list[dict[str, Any]], number: int, tmp_path: Path
) -> None:
    assert deployments_of(inventory_of(statements, tmp_path)).number == number


def test_four_accounts_are_a_correct_policy(tmp_path: Path) -> None:
    report = report_of(inventory_of([pinned(number) for number in range(4)], tmp_path))
    assert not report.findings
    assert {one for examined in report.examined for one in examined.verdicts.values()} <= {
        Verdict.PASS,
        Verdict.UNDETERMINED,
    }


def test_too_many_deployments_are_the_reason(tmp_path: Path) -> None:
    inventory = inventory_of(DENIED, tmp_path)
    found = deployments_of(inventory)
    assert not found.tried
    assert found.too_many == (
        f"too many deployments to try: {found.number} (values of `Account0`, `Account1`, `Account2`, `Account3` and 4 more)"
    )
    report = report_of(inventory)
    reasons = [one for examined in report.examined for _, one in examined.undetermined if one.counts]
    assert reasons
    assert all(found.too_many in one.reason for one in reasons)
    assert all(
        found.too_many in one.message for one in report.findings if one.verdict is Verdict.UNDETERMINED
    )


def test_explain_does_not_say_that_no_instance_is_known(tmp_path: Path) -> None:
    inventory = inventory_of(DENIED, tmp_path)
    with pytest.raises(InputError, match="too many deployments to try"):
        explain(inventory.topics[0], None, None, all_rules(), around=inventory)
