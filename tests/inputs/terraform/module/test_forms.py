"""One policy in every way that Terraform has of writing it: the same findings, each where its cause is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import Inventory
from checker.core.finding import Finding, Location
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from tests.inputs.terraform.module.reading import write
from tests.samples import ACCOUNT, INSTANCE_ARN, document, statement

PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
OPEN = {"Bool": {"aws:SecureTransport": "true"}}
OWNER = {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}
WEAK = {
    "StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT},
    "ArnLikeIfExists": {"aws:SourceArn": INSTANCE_ARN},
}
BELOW = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": f"{INSTANCE_ARN}/*"}}
BOTH = ["sns:Publish", "sns:DeleteTopic"]

TOPIC = "@topic@"
"""Stands for the reference to the topic, which every form writes in its way."""

CASES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "documented": ({"Condition": PINNED}, {}),
    "open-deputy": ({"Condition": OPEN}, {"missing-source-account": "SecureTransport"}),
    "source-owner": (
        {"Principal": {"AWS": "*"}, "Condition": OWNER},
        {"source-owner": "AWS:SourceOwner"},
    ),
    "weak": ({"Condition": WEAK}, {"weak-source-condition": ACCOUNT}),
    "below": ({"Condition": BELOW}, {"unmatchable-condition": "/*"}),
    "excess": ({"Action": BOTH, "Condition": PINNED}, {"excess-connect-actions": "sns:DeleteTopic"}),
    "misspelt": (
        {"Condition": {"StringEquals": {"aws:SourceAcount": ACCOUNT}}},
        {"invalid-policy": "aws:SourceAcount"},
    ),
}
"""What differs from the documented statement, and the text that some of its findings have to show."""


def policy_of(case: str) -> dict[str, Any]:
    return document(statement(Sid="Chat", Resource=TOPIC, **CASES[case][0]))


def hcl(value: Any, reference: str = "aws_sns_topic.chat.arn", depth: int = 1) -> str:
    """Write a value as an HCL expression."""
    pad = "  " * depth
    if isinstance(value, dict):
        lines = [f"{pad}  {json.dumps(key)} = {hcl(one, reference, depth + 1)}" for key, one in value.items()]
        return "{\n" + "\n".join(lines) + f"\n{pad}}}"
    if isinstance(value, list):
        return "[" + ", ".join(hcl(one, reference, depth) for one in value) + "]"
    return reference if value == TOPIC else json.dumps(value)


def text(policy: dict[str, Any], topic: str = "${aws_sns_topic.chat.arn}", indent: str = "") -> str:
    written = json.dumps(policy, indent=2).replace(TOPIC, topic)
    return "".join(f"{indent}{line}\n" for line in written.splitlines())


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def quotes(values: list[Any]) -> str:
    return "[" + ", ".join(hcl(one) for one in values) + "]"


def block(one: dict[str, Any], kind: str = "statement", inside: str = "") -> str:
    """Write a statement as a block."""
    ((principal, names),) = one["Principal"].items()
    lines = [
        f"  {kind} {{",
        f'    sid       = "{one["Sid"]}"',
        f"    actions   = {quotes(listed(one['Action']))}",
        f"    resources = {quotes(listed(one['Resource']))}",
        f'    principals {{\n      type        = "{principal}"',
        f"      identifiers = {quotes(listed(names))}\n    }}",
    ]
    for test, keys in one["Condition"].items():
        for key, value in keys.items():
            lines.append(f'    condition {{\n      test     = "{test}"\n      variable = "{key}"')
            lines.append(f"      values   = {quotes(listed(value))}\n    }}")
    return "\n".join([*lines, inside, "  }", ""])


def data(name: str, body: str) -> str:
    return f'data "aws_iam_policy_document" "{name}" {{\n{body}}}\n'


CHAT = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n}\n'


def attached(expression: str, before: str = "") -> dict[str, str]:
    return {
        "main.tf": CHAT
        + before
        + f'resource "aws_sns_topic_policy" "chat" {{\n  arn    = aws_sns_topic.chat.arn\n  policy = {expression}\n}}\n'
    }


def dynamic(policy: dict[str, Any]) -> str:
    """Write the conditions as a dynamic block."""
    (one,) = policy["Statement"]
    rows = [
        f'{{ test = "{test}", key = "{key}", values = {quotes(listed(value))} }}'
        for test, keys in one["Condition"].items()
        for key, value in keys.items()
    ]
    inside = (
        '    dynamic "condition" {\n      for_each = [\n        '
        + ",\n        ".join(rows)
        + "\n      ]\n      iterator = it\n      content {\n        test     = it.value.test\n"
        "        variable = it.value.key\n        values   = it.value.values\n      }\n    }"
    )
    return data("chat", block({**one, "Condition": {}}, inside=inside))


def merged(policy: dict[str, Any], how: str) -> str:
    """Write the statement in a document of its own that is merged into another."""
    (one,) = policy["Statement"]
    other = {"Sid": "Other", **statement(Principal={"AWS": ACCOUNT}, Resource=TOPIC), "Condition": {}}
    if how == "override":
        other = {**one, "Action": "sns:Subscribe"}
    whole = f"  {how}_policy_documents = [data.aws_iam_policy_document.part.json]\n{block(other)}"
    return data("part", block(one)) + data("chat", whole)


def json_syntax(policy: Any) -> dict[str, str]:
    whole = {
        "resource": {
            "aws_sns_topic": {"chat": {"name": "chat"}},
            "aws_sns_topic_policy": {"chat": {"arn": "${aws_sns_topic.chat.arn}", "policy": policy}},
        }
    }
    return {"main.tf.json": json.dumps(whole, indent=2)}


def json_document(policy: dict[str, Any]) -> dict[str, str]:
    (one,) = policy["Statement"]
    ((principal, names),) = one["Principal"].items()
    built = {
        "sid": one["Sid"],
        "actions": listed(one["Action"]),
        "resources": "${[aws_sns_topic.chat.arn]}",
        "principals": {"type": principal, "identifiers": listed(names)},
        "condition": [
            {"test": test, "variable": key, "values": listed(value)}
            for test, keys in one["Condition"].items()
            for key, value in keys.items()
        ],
    }
    found = json.loads(json_syntax("${data.aws_iam_policy_document.chat.json}")["main.tf.json"])
    found["data"] = {"aws_iam_policy_document": {"chat": {"statement": [built]}}}
    return {"main.tf.json": json.dumps(found, indent=2)}


FORMS: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
    "heredoc": lambda policy: attached(f"<<EOT\n{text(policy)}EOT"),
    "indented-heredoc": lambda policy: attached(f"<<-EOT\n{text(policy, indent='    ')}  EOT"),
    "heredoc-with-blanks-behind-the-marker": lambda policy: attached(f"<<EOT\n{text(policy)}\tEOT \t "),
    "heredoc-with-another-marker": lambda policy: attached(f"<<_POLÍTICA\n{text(policy)}_POLÍTICA "),
    "quoted": lambda policy: attached(
        json.dumps(json.dumps(policy)).replace(TOPIC, "${aws_sns_topic.chat.arn}")
    ),
    "jsonencode": lambda policy: attached(f"jsonencode({hcl(policy)})"),
    "inline": lambda policy: {
        "main.tf": 'resource "aws_sns_topic" "chat" {\n  name   = "chat"\n'
        f"  policy = jsonencode({hcl(policy)})\n}}\n"
    },
    "local-in-another-file": lambda policy: {
        **attached("jsonencode(local.policy)"),
        "locals.tf": f"locals {{\n  policy = {hcl(policy)}\n}}\n",
    },
    "conditional": lambda policy: attached(
        f"var.on ? jsonencode({hcl(policy)}) : null", 'variable "on" {\n  default = true\n}\n'
    ),
    "statements-concatenated": lambda policy: attached(
        'jsonencode({ Version = "2012-10-17", Statement = concat(local.statements, []) })',
        f"locals {{\n  statements = {hcl(policy['Statement'])}\n}}\n",
    ),
    "jsonencode-in-a-heredoc": lambda policy: attached(
        '<<EOT\n{"Version": "2012-10-17", "Statement": ${jsonencode(local.statements)}}\nEOT',
        f"locals {{\n  statements = {hcl(policy['Statement'])}\n}}\n",
    ),
    "policy-document": lambda policy: attached(
        "data.aws_iam_policy_document.chat.json", data("chat", block(policy["Statement"][0]))
    ),
    "counted-document": lambda policy: attached(
        "data.aws_iam_policy_document.chat[0].json",
        data("chat", f"  count = 1\n{block(policy['Statement'][0])}"),
    ),
    "dynamic-conditions": lambda policy: attached("data.aws_iam_policy_document.chat.json", dynamic(policy)),
    "overridden-document": lambda policy: attached(
        "data.aws_iam_policy_document.chat.json", merged(policy, "override")
    ),
    "file": lambda policy: {
        **attached('file("${path.module}/policies/chat.json")'),
        "policies/chat.json": text(policy, topic="arn:aws:sns:us-east-1:111122223333:chat"),
        "provider.tf": 'provider "aws" {\n  region = "us-east-1"\n  allowed_account_ids = ["111122223333"]\n}\n',
    },
    "templatefile": lambda policy: {
        **attached('templatefile("${path.module}/chat.tftpl", { topic = aws_sns_topic.chat.arn })'),
        "chat.tftpl": text(policy, topic="${topic}"),
    },
    "replaced": lambda policy: {
        **attached('replace(file("chat.json"), "TOPIC", aws_sns_topic.chat.arn)'),
        "chat.json": text(policy, topic="TOPIC"),
    },
    "module": lambda policy: {
        "main.tf": f'module "chat" {{\n  source = "./chat"\n  policy = {hcl(policy["Statement"][0], "module.chat.arn")}\n}}\n',
        "chat/main.tf": 'variable "policy" {}\noutput "arn" {\n  value = aws_sns_topic.chat.arn\n}\n'
        + attached('jsonencode({ Version = "2012-10-17", Statement = [var.policy] })')["main.tf"],
    },
    "output-of-a-module": lambda policy: {
        **attached(
            "module.made.json", 'module "made" {\n  source = "./made"\n  topic  = aws_sns_topic.chat.arn\n}\n'
        ),
        "made/main.tf": 'variable "topic" {}\noutput "json" {\n'
        f"  value = jsonencode({hcl(policy, 'var.topic')})\n}}\n",
    },
    "json-syntax": lambda policy: json_syntax(json.dumps(policy).replace(TOPIC, "${aws_sns_topic.chat.arn}")),
    "json-syntax-without-templates": lambda policy: {
        **json_syntax(json.dumps(policy).replace(TOPIC, "arn:aws:sns:us-east-1:111122223333:chat")),
        "provider.tf": 'provider "aws" {\n  region = "us-east-1"\n  allowed_account_ids = ["111122223333"]\n}\n',
    },
    "json-syntax-document": json_document,
    "awscc": lambda policy: {
        "main.tf": CHAT
        + 'resource "awscc_sns_topic_inline_policy" "chat" {\n  topic_arn = aws_sns_topic.chat.arn\n'
        f"  policy_document = jsonencode({hcl(policy)})\n}}\n"
    },
}


def judged(folder: Path) -> tuple[Inventory, list[Finding]]:
    inventory = load(sorted(path for path in folder.rglob("*") if path.name.endswith((".tf", ".tf.json"))))
    assert [one for one in inventory.skipped if one.error] == []
    return inventory, list(judge(inventory, all_rules()).findings)


def shown(place: Location) -> str:
    """The text that a finding points at, read anew from the file that it names."""
    at = place.position()
    assert at is not None
    lines = Path(place.source).read_text().splitlines()[at.line - 1 : at.end_line]
    lines[-1] = lines[-1][: at.end_column - 1]
    lines[0] = lines[0][at.column - 1 :]
    return "\n".join(lines)


def said(findings: list[Finding]) -> set[tuple[str, str]]:
    return {(one.rule, one.severity.value) for one in findings}


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[tuple[str, str]]]:
    """What is found when the statement is written in the plainest way."""
    found = {}
    for case in CASES:
        folder = tmp_path_factory.mktemp(case)
        found[case] = said(judged(write(folder, FORMS["jsonencode"](policy_of(case))))[1])
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES)
def test_every_form_is_judged_alike_and_shown_where_it_is_written(
    case: str, form: str, expected: dict[str, set[tuple[str, str]]], tmp_path: Path
) -> None:
    _, findings = judged(write(tmp_path, FORMS[form](policy_of(case))))
    assert said(findings) == expected[case]
    for rule, words in CASES[case][1].items():
        (finding,) = [one for one in findings if one.rule == rule]
        assert words in shown(finding.locations[0])


@pytest.mark.parametrize("sid", ["Chat", "Gespräch \U0001f4ac"])
def test_what_is_escaped_in_json_is_shown_at_its_own_line_and_column(sid: str, tmp_path: Path) -> None:
    policy = document({"Sid": sid, **statement(Action=BOTH, Condition=PINNED, Resource="*")})
    files = json_syntax(json.dumps(policy, ensure_ascii=False))
    _, findings = judged(write(tmp_path, files))
    (finding,) = [one for one in findings if one.rule == "excess-connect-actions"]
    at = finding.locations[0].position()
    assert at is not None
    lines = files["main.tf.json"].splitlines()
    (line,) = [number for number, text in enumerate(lines, 1) if "DeleteTopic" in text]
    actions = r"[\"sns:Publish\", \"sns:DeleteTopic\"]"
    assert (at.line, at.column) == (line, lines[line - 1].index(actions) + 1)
    assert shown(finding.locations[0]) == actions


def test_the_cases_are_what_they_say(expected: dict[str, set[tuple[str, str]]]) -> None:
    for case, (_, rules) in CASES.items():
        assert set(rules) <= {rule for rule, _ in expected[case]}
    assert ("missing-source-account", "error") not in expected["documented"]


def test_a_fifo_topic_is_shown_at_the_argument_that_says_so(tmp_path: Path) -> None:
    policy = f"jsonencode({hcl(policy_of('documented'))})"
    topic = 'resource "aws_sns_topic" "chat" {\n  name       = "chat.fifo"\n  fifo_topic = local.yes\n'
    files = {"main.tf": f"locals {{\n  yes = true\n}}\n{topic}  policy = {policy}\n}}\n"}
    _, findings = judged(write(tmp_path, files))
    (finding,) = [one for one in findings if one.rule == "fifo-topic"]
    assert shown(finding.locations[0]) == "local.yes"
