"""Set-ups as people write them need no option: a right one is proven clean, and a defect is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from checker.core.finding import Severity, Verdict
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.lint.setups import (
    BELOW,
    COMPOSED,
    FORMS,
    NAMED,
    OWN,
    PARAMETER,
    ROLE,
    TERRAFORM,
    WRONG_SERVICE,
    Setup,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from checker.lint.report import Report

CONNECT, SNS = "connect.amazonaws.com", "sns.amazonaws.com"
ACCOUNT, ARN = "aws:SourceAccount", "aws:SourceArn"
PINNED = {"StringEquals": {ACCOUNT: OWN}, "ArnEquals": {ARN: NAMED}}
GIVEN = {"StringEquals": {ACCOUNT: OWN}, "ArnLike": {ARN: PARAMETER}}

SETUPS: dict[str, tuple[Setup, set[str]]] = {
    "instance, topic and policy": (Setup(PINNED, has_instance=True), set()),
    "the instance is a parameter": (Setup(GIVEN), set()),
    "the ARN is composed": (Setup({"StringEquals": {ACCOUNT: OWN}, "ArnEquals": {ARN: COMPOSED}}), set()),
    "a key with a grant": (Setup(PINNED, has_instance=True, key_service=CONNECT), set()),
    "a key with a grant, the instance is a parameter": (Setup(GIVEN, key_service=CONNECT), set()),
    "a composed ARN with wildcards of its operator": (Setup({"ArnLike": {ARN: COMPOSED}}), set()),
    "no condition": (Setup({}), {"error missing-source-account", "warning missing-source-arn"}),
    "no instance": (Setup({"StringEquals": {ACCOUNT: OWN}}), {"warning missing-source-arn"}),
    "below the instance": (
        Setup({"StringEquals": {ACCOUNT: OWN}, "ArnLike": {ARN: BELOW}}, has_instance=True),
        {"error unmatchable-condition"},
    ),
    "the ARN of another service": (
        Setup({"StringEquals": {ACCOUNT: OWN}, "ArnEquals": {ARN: WRONG_SERVICE}}),
        {"error unmatchable-condition"},
    ),
    "a parameter names another instance than the declared one": (
        Setup(GIVEN, has_instance=True),
        {"warning connect-not-allowed"},
    ),
    "the account in the place of the instance": (
        Setup({"StringEquals": {ACCOUNT: OWN}, "ArnEquals": {ARN: OWN}}, has_instance=True),
        {"error unmatchable-condition"},
    ),
    "the key policy names only the account": (
        Setup(PINNED, has_instance=True, key_service=""),
        {"error connect-cannot-use-key"},
    ),
    "the key grants SNS instead": (
        Setup(PINNED, has_instance=True, key_service=SNS),
        {"error wrong-key-service"},
    ),
    "SourceOwner": (
        Setup({"StringEquals": {"aws:SourceOwner": OWN}}, has_instance=True),
        {"error source-owner"},
    ),
}
ONLY_TERRAFORM: dict[str, tuple[Setup, set[str]]] = {
    "the account of another provider": (
        Setup({"StringEquals": {ACCOUNT: ROLE}, "ArnEquals": {ARN: NAMED}}, has_instance=True),
        {"warning unmatchable-condition"},
    ),
    "the instance is in the Region of another provider": (
        Setup(PINNED, has_instance=True, far_instance=True),
        {"error cross-region"},
    ),
}
IN_ALL = [(form, name) for form in FORMS for name in SETUPS]
IN_TERRAFORM = [(form, name) for form in FORMS[:3] for name in ONLY_TERRAFORM]


@pytest.mark.parametrize(
    ("form", "name"), [*IN_ALL, *IN_TERRAFORM], ids=lambda one: one if isinstance(one, str) else one.__name__
)
def test_a_set_up_is_judged_without_options(
    form: Callable[[Setup], dict[str, str]], name: str, tmp_path: Path
) -> None:
    setup, expected = (SETUPS | ONLY_TERRAFORM)[name]
    for file, text in form(setup).items():
        (tmp_path / file).write_text(text)
    found = judge(load([tmp_path]), all_rules())
    assert not found.skipped
    assert problems(found) == expected
    assert not doubts(found) - {one.partition(" ")[2] for one in expected}


def problems(found: Report) -> set[str]:
    return {f"{one.severity.value} {one.rule}" for one in found.findings if one.severity is not Severity.NOTE}


def doubts(found: Report) -> set[str]:
    """The rules with a result that is not known, except what no file can show."""
    verdicts = [pair for one in found.examined for pair in one.verdicts.items()]
    not_in_files = {rule.id for rule in all_rules() if rule.needs_live}
    return {rule for rule, verdict in verdicts if verdict is Verdict.UNDETERMINED} - not_in_files


def test_every_word_has_a_set_up() -> None:
    used = {
        word
        for setup, _ in (SETUPS | ONLY_TERRAFORM).values()
        for keys in setup.conditions.values()
        for word in keys.values()
    }
    assert used == set(TERRAFORM)


def test_a_key_that_no_topic_uses_is_judged(tmp_path: Path) -> None:
    setup = Setup(PINNED, has_instance=True, key_service=CONNECT)
    whole = json.loads(FORMS[3](setup)["template.json"])
    whole["Resources"] = {"Key": whole["Resources"]["Key"]}
    (tmp_path / "template.json").write_text(json.dumps(whole))
    found = judge(load([tmp_path]), all_rules())
    assert problems(found) == set()
    assert doubts(found) == set()
