"""Expectations about code: what is met holds for all values of its variables, and what depends on them is not met."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from checker.core.finding import Verdict
from checker.expectations.load import load_expectations
from checker.expectations.run import about_nothing, expecting
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.lint.report import UNMET, Report
from tests.cli.process import save
from tests.expectations.samples import PARTNER, may
from tests.expectations.samples import expecting as written

OTHER = "777788889999"
ROLE = f"arn:aws:iam::{PARTNER}:role/App"
MODULE = """
variable "role" { type = string }
variable "name" { type = string }
variable "partner" { type = string }
data "aws_caller_identity" "current" {}
resource "aws_connect_instance" "this" { identity_management_type = "CONNECT_MANAGED" }
resource "aws_sns_topic" "chat" { name = "chat" }
data "aws_iam_policy_document" "chat" {
  statement {
    sid       = "Connect"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_connect_instance.this.arn]
    }
  }
  statement {
    sid       = "Role"
    actions   = ["sns:Subscribe"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "AWS"
      identifiers = [var.role]
    }
  }
  statement {
    sid       = "Named"
    actions   = ["sns:Receive"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.partner}:role/${var.name}"]
    }
  }
  statement {
    sid       = "Partner"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.chat.arn]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${var.partner}:root"]
    }
  }
}
resource "aws_sns_topic_policy" "chat" {
  arn    = aws_sns_topic.chat.arn
  policy = data.aws_iam_policy_document.chat.json
}
"""
MET, NOT_MET, DEPENDS = Verdict.PASS, Verdict.FAIL, Verdict.UNDETERMINED
INSTANCE = {"connect": "${aws_connect_instance.this.arn}"}
OWN = {"account": "deployment"}
CASES: dict[str, tuple[Verdict, dict[str, Any]]] = {
    "the role of the variable": (MET, {"allowed": may("Subscribe", {"arn": "${var.role}"})}),
    "only the role of the variable": (MET, {"only": may("Subscribe", {"arn": "${var.role}"})}),
    "a literal role": (DEPENDS, {"allowed": may("Subscribe", {"arn": ROLE})}),
    "not a literal role": (DEPENDS, {"denied": may("Subscribe", {"arn": ROLE})}),
    "not an account": (DEPENDS, {"denied": may("Subscribe", {"account": OTHER})}),
    "only the own account": (DEPENDS, {"only": may("Subscribe", OWN)}),
    "not a role by its name": (DEPENDS, {"denied": may("Receive", {"arn": ROLE})}),
    "the role by its name": (
        MET,
        {"allowed": may("Receive", {"arn": "arn:aws:iam::${var.partner}:role/${var.name}"})},
    ),
    "not the own account": (DEPENDS, {"denied": may("Publish", OWN)}),
    "only we and the partner": (
        MET,
        {"only": may("Publish", OWN, INSTANCE, {"account": "${var.partner}"})},
    ),
    "only we": (DEPENDS, {"only": may("Publish", OWN, INSTANCE)}),
    "nobody deletes": (MET, {"denied": may("DeleteTopic", OWN, {"account": PARTNER}, {"arn": ROLE})}),
    "the partner": (NOT_MET, {"denied": may("Publish", {"account": "${var.partner}"})}),
    "the account deletes": (NOT_MET, {"allowed": may("DeleteTopic", OWN)}),
    "the instance streams": (MET, {"connect": {"instances": ["${aws_connect_instance.this.arn}"]}}),
    "an unknown reference": (DEPENDS, {"denied": may("Publish", {"account": "${var.prtner}"})}),
}


def judged(folder: Path, body: dict[str, Any], **values: str) -> tuple[Verdict, Report]:
    ((kind, what),) = body.items()
    expectations = load_expectations(save(folder / "e.yaml", written(**{kind.replace("-", "_"): what})))
    rules = expecting([one for one in all_rules() if one.id == UNMET], expectations)
    inventory = load([folder], given=Given(tuple(values.items())))
    report = judge(inventory, rules, Scope(all_topics=True))
    (verdict,) = [one for target in report.examined for one in target.expectations.values()]
    return verdict, report


@cache
def values() -> list[dict[str, str]]:
    roles = (
        ROLE,
        f"arn:aws:iam::{OTHER}:role/App",
        f"arn:aws:iam::{OTHER}:root",
        f"arn:aws:iam::{PARTNER}:user/x",
    )
    return [
        {"role": role, "name": name, "partner": partner}
        for role, name, partner in product(roles, ("App", "Other"), (PARTNER, OTHER))
    ]


@pytest.mark.parametrize("name", CASES)
def test_an_answer_holds_for_all_values_of_the_variables(name: str, tmp_path: Path) -> None:
    expected, body = CASES[name]
    save(tmp_path / "main.tf", MODULE)
    verdict, report = judged(tmp_path, body)
    assert verdict is expected, [one.message for one in report.findings]
    if "${var" in str(body) or verdict is DEPENDS:
        return  # with values, there is no reference; what depends is compared below
    concrete = {judged(tmp_path, body, **one)[0] for one in values()}
    assert concrete <= {verdict, DEPENDS}  # the account of the topic is still not known


@pytest.mark.parametrize("name", [name for name, (verdict, _) in CASES.items() if verdict is DEPENDS])
def test_what_depends_says_on_what(name: str, tmp_path: Path) -> None:
    save(tmp_path / "main.tf", MODULE)
    _, report = judged(tmp_path, CASES[name][1])
    (finding,) = report.findings
    if name == "an unknown reference":
        assert "did you mean `var.partner`?" in finding.message
        return
    assert "depends on the deployment" in finding.message
    assert "not met if `var." in finding.help
    assert "and met if `var." in finding.help


ANSWERS = {"a literal role": DEPENDS, "not a literal role": DEPENDS, "not a role by its name": DEPENDS}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_depends_is_met_for_some_values_and_not_for_others(name: str, tmp_path: Path) -> None:
    save(tmp_path / "main.tf", MODULE)
    concrete = {judged(tmp_path, CASES[name][1], **one)[0] for one in values()}
    assert {MET, NOT_MET} <= concrete


@pytest.mark.parametrize(
    ("pattern", "roots"),
    [
        ("prod/: module.chat.aws_sns_topic.chat", {"prod"}),
        ("module.chat.aws_sns_topic.chat", {"prod", "dev"}),
        ("*/: module.chat.*", {"prod", "dev"}),
        ("chat", {"prod", "dev"}),
        ("staging/: module.chat.aws_sns_topic.chat", set()),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_environments_are_told_apart_by_their_roots(
    pattern: str, roots: set[str], together: bool, tmp_path: Path
) -> None:
    (tmp_path / ".git").mkdir()
    save(tmp_path / "modules" / "chat" / "main.tf", MODULE)
    call = 'module "chat" {\n  source = "../modules/chat"\n  role = "%s"\n  name = "a"\n  partner = "%s"\n}\n'
    for root in ("prod", "dev"):
        save(tmp_path / root / "main.tf", call % (ROLE, PARTNER))
    text = written(denied=may("DeleteTopic", OWN)).replace("  denied", f'  topics: ["{pattern}"]\n  denied')
    expectations = load_expectations(save(tmp_path / "e.yaml", text))
    rules = expecting([one for one in all_rules() if one.id == UNMET], expectations)
    folders = (
        [[tmp_path / "prod", tmp_path / "dev"]] if together else [[tmp_path / "prod"], [tmp_path / "dev"]]
    )
    reports = [judge(load(one), rules, Scope(all_topics=True)) for one in folders]
    met = {Path(one.home).name for report in reports for one in report.examined if one.expectations}
    assert met == roots
    missing = [len(list(about_nothing(expectations, report))) for report in reports]
    assert sum(missing) == len(reports) - (len(reports) if len(roots) == 2 else bool(roots))


KEY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Root",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Connect",
            "Effect": "Allow",
            "Principal": {"Service": "connect.amazonaws.com"},
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
            "Resource": "*",
        },
    ],
}
KEYS: dict[str, tuple[Verdict, dict[str, Any]]] = {
    "the account administers": (
        MET,
        {"allowed": {"principals": [{"account": "111122223333"}], "actions": ["kms:PutKeyPolicy"]}},
    ),
    "nobody else administers": (
        MET,
        {"only": {"principals": [{"account": "111122223333"}], "actions": ["kms:PutKeyPolicy"]}},
    ),
    "nobody else decrypts": (
        NOT_MET,
        {"only": {"principals": [{"account": "111122223333"}], "actions": ["kms:Decrypt"]}},
    ),
    "another account": (
        MET,
        {"denied": {"principals": [{"account": OTHER}], "actions": ["kms:*"]}},
    ),
}


@pytest.mark.parametrize("name", KEYS)
def test_expectations_about_keys(name: str, tmp_path: Path) -> None:
    verdict, body = KEYS[name]
    path = save(tmp_path / "key.json", KEY)
    ((kind, what),) = body.items()
    text = written(**{kind: what}).replace(f"  {kind}:", f'  keys: ["*"]\n  {kind}:')
    rules = expecting(all_rules(), load_expectations(save(tmp_path / "e.yaml", text)))
    report = judge(load([path]), rules)
    (target,) = report.examined
    assert dict(target.expectations) == {kind: verdict}
