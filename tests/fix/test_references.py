"""A fix refers to the topic by its name in the file, and writes no ARN of a single deployment."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from checker.app.fix import plan_fixes
from checker.app.run import Options
from checker.fix.result import Outcome
from tests.fix.workbench import write
from tests.samples import ACCOUNT, INSTANCE_ARN

PROVIDER = f'provider "aws" {{\n  region = "us-east-1"\n  allowed_account_ids = ["{ACCOUNT}"]\n}}\n'
TOPIC = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n}\n'
ATTACHED = 'resource "aws_sns_topic_policy" "chat" {\n  arn = aws_sns_topic.chat.arn\n  policy = '
OTHER = f"arn:aws:sns:us-east-1:{ACCOUNT}:other"
PINS = f"""StringEquals = {{ "aws:SourceAccount" = "{ACCOUNT}" }}, ArnEquals = {{ "aws:SourceArn" = "{INSTANCE_ARN}" }}"""
GRANT = 'Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }, Action = "sns:Publish"'
PINNED = f'{{ Statement = [{{ {GRANT}, Resource = "{OTHER}", Condition = {{ {PINS} }} }}] }}'
DOCUMENT = f"""data "aws_iam_policy_document" "chat" {{
  statement {{
    actions   = ["sns:Publish"]
    resources = ["{OTHER}"]
    principals {{
      type        = "Service"
      identifiers = ["connect.amazonaws.com"]
    }}
  }}
}}
"""
IN_JSON = f'{{"Statement": [{{"Effect": "Allow", "Principal": {{"Service": "connect.amazonaws.com"}}, "Action": "sns:Publish", "Resource": "{OTHER}"}}]}}'
OWNER = f'{{ Sid = "Owner", Effect = "Allow", Principal = {{ AWS = "{ACCOUNT}" }}, Action = "sns:Publish", Resource = "*" }}'
SEVERAL = f"""resource "aws_sns_topic" "chat" {{
  REPEATED
  name = "chat-${{EACH}}"
}}
resource "aws_sns_topic_policy" "chat" {{
  REPEATED
  arn    = aws_sns_topic.chat[EACH].arn
  policy = jsonencode({{ Statement = [{OWNER}] }})
}}
"""
OF_TWO = f"""locals {{
  policy = jsonencode({{ Statement = [{OWNER}] }})
}}
resource "aws_sns_topic" "a" {{
  name   = "a"
  policy = local.policy
}}
resource "aws_sns_topic" "b" {{
  name   = "b"
  policy = local.policy
}}
"""


def repeated(how: str, each: str) -> str:
    return SEVERAL.replace("REPEATED", how).replace("EACH", each)


EDITS = {
    "jsonencode": (TOPIC + ATTACHED + f"jsonencode({PINNED})\n}}\n", "aws_sns_topic.chat.arn,"),
    "a document": (
        TOPIC + ATTACHED + "data.aws_iam_policy_document.chat.json\n}\n" + DOCUMENT,
        "[aws_sns_topic.chat.arn]",
    ),
    "a heredoc": (TOPIC + ATTACHED + f"<<-X\n    {IN_JSON}\n  X\n}}\n", '"${aws_sns_topic.chat.arn}"'),
    "a text with references": (
        TOPIC
        + 'data "aws_caller_identity" "me" {}\n'
        + ATTACHED
        + "data.aws_iam_policy_document.chat.json\n}\n"
        + DOCUMENT.replace(ACCOUNT, "${data.aws_caller_identity.me.account_id}"),
        "resources = [aws_sns_topic.chat.arn]",
    ),
    "for_each": (repeated('for_each = toset(["a", "b"])', "each.key"), "aws_sns_topic.chat[each.key].arn"),
    "count": (repeated("count = 2", "count.index"), "aws_sns_topic.chat[count.index].arn"),
}


def fixed(
    folder: Path,
    files: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    instances: tuple[str, ...] = (INSTANCE_ARN,),
) -> Outcome:
    monkeypatch.chdir(folder)
    write(folder, files)
    options = Options((Path(),), instances, isolated=True, all_topics=True)
    return plan_fixes(options, unsafe=True).outcome


@pytest.mark.parametrize("name", EDITS)
def test_a_fix_refers_to_the_topic(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text, reference = EDITS[name]
    outcome = fixed(tmp_path, {"main.tf": PROVIDER + text}, monkeypatch)
    (after,) = outcome.repair.texts.values()
    assert reference in after
    assert OTHER not in after
    assert not outcome.unfixed


NOT_KNOWN = """variable "topic" {{}}
variable "instance" {{}}
resource "aws_sns_topic_policy" "chat" {{
  arn    = var.topic
  policy = jsonencode({{ Statement = [{{ {grant}, Resource = var.topic, Condition = {{ {pin} }} }}] }})
}}
"""


@pytest.mark.parametrize(
    "pin", ['ArnEquals = { "aws:SourceArn" = var.instance }', 'Bool = { "aws:SecureTransport" = true }']
)
def test_no_account_of_a_topic_that_is_not_known_is_invented(
    pin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"main.tf": NOT_KNOWN.format(grant=GRANT, pin=pin)})
    outcome = plan_fixes(Options((Path(),), isolated=True, all_topics=True), unsafe=True).outcome
    shown = [line for one in outcome.unfixed for lines in outcome.written_out(one) for line in lines]
    written = "\n".join([*outcome.repair.texts.values(), *shown])
    assert set(re.findall(r"\d{12}", written)) == set()


def test_a_policy_that_two_topics_share_gets_no_statement_about_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = fixed(tmp_path, {"main.tf": PROVIDER + OF_TWO}, monkeypatch)
    assert outcome.repair.texts == {}
    assert all("several topics share this policy" in one.reason for one in outcome.unfixed)


OF_ITSELF = {
    "an argument": f'resource "aws_sns_topic" "chat" {{\n  name = "chat"\n  policy = jsonencode({PINNED})\n}}\n',
    "a document": TOPIC.replace("}", "  policy = data.aws_iam_policy_document.chat.json\n}") + DOCUMENT,
}


@pytest.mark.parametrize("provider", [PROVIDER, ""], ids=["known", "not known"])
@pytest.mark.parametrize("name", OF_ITSELF)
def test_a_policy_in_a_topic_never_refers_to_the_topic(
    name: str, provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (
        OF_ITSELF[name]
        .replace("connect.amazonaws", "events.amazonaws")
        .replace(OTHER, "arn:aws:sns:*:*:chat")
    )
    outcome = fixed(tmp_path, {"main.tf": provider + text}, monkeypatch)
    assert bool(outcome.repair.texts) is bool(provider)
    assert not any("aws_sns_topic.chat" in text for text in outcome.repair.texts.values())
    if not provider:
        assert any("a resource cannot refer to itself" in one.reason for one in outcome.unfixed)


CALLER = PROVIDER + 'module "chat" {\n  source = "../m"\n  name   = "NAME"\n}\n'
NAMED = 'variable "name" {}\n' + TOPIC.replace('"chat"\n}', "var.name\n}")
WITHIN = '"arn:aws:sns:us-east-1:${data.aws_caller_identity.current.account_id}:${var.name}"'
IDENTITY = 'data "aws_caller_identity" "current" {}\n'
SHOWN = {
    "a reference": ATTACHED + f"jsonencode({{ Statement = [{{ {GRANT}, Resource = aws_sns_topic.chat.arn }}] }})\n}}\n",
    "a text with references": IDENTITY + ATTACHED + f"jsonencode({{ Statement = [{{ {GRANT}, Resource = [{WITHIN}] }}] }})\n}}\n",
    "a document": ATTACHED + "data.aws_iam_policy_document.chat.json\n}\n" + DOCUMENT.replace(f'"{OTHER}"', "aws_sns_topic.chat.arn"),
    "a heredoc": ATTACHED + f"<<-X\n    {IN_JSON.replace(OTHER, '${aws_sns_topic.chat.arn}')}\n  X\n}}\n",
    "the topic of another": ATTACHED + f"jsonencode({PINNED})\n}}\n",
    "an expression": ATTACHED + f"jsonencode({{ Statement = [for x in [1] : {{ {GRANT}, Resource = aws_sns_topic.chat.arn }}] }})\n}}\n",
    "no policy": "",
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_a_fix_for_a_shared_module_contains_no_values_of_one_environment(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {f"{one}/main.tf": CALLER.replace("NAME", one) for one in ("dev", "prod")}
    outcome = fixed(tmp_path, {"m/main.tf": NAMED + SHOWN[name], "main.tf": "", **files}, monkeypatch)
    assert outcome.repair.texts == {}
    shown = "\n".join(
        "\n".join(lines) for unfixed in outcome.unfixed for lines in outcome.written_out(unfixed)
    )
    assert "aws_sns_topic.chat.arn" in shown
    assert not re.search(rf"{ACCOUNT}|:dev\b|:prod\b", shown), shown


def test_a_statement_for_a_heredoc_is_shown_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{one}/main.tf": CALLER.replace("NAME", one) for one in ("dev", "prod")}
    outcome = fixed(tmp_path, {"m/main.tf": NAMED + SHOWN["a heredoc"], "main.tf": "", **files}, monkeypatch)
    shown = ["\n".join(lines) for unfixed in outcome.unfixed for lines in outcome.written_out(unfixed)]
    assert '"aws:SourceArn": "${var.connect_instance_arn}"' in shown[0]


OPEN = f"""resource "aws_connect_instance" "this" {{
  identity_management_type = "SAML"
}}
{TOPIC}{ATTACHED}jsonencode({{
    Statement = [{{
      {GRANT.replace(", ", chr(10) + "      ")}
      Resource = aws_sns_topic.chat.arn
    }}]
  }})
}}
"""
ELSEWHERE = 'provider "aws" {\n  alias = "other"\n  assume_role {\n    role_arn = "arn:aws:iam::999988887777:role/x"\n  }\n}\n'
OWN_ACCOUNT = 'data "aws_caller_identity" "current" {}\n'


@pytest.mark.parametrize(
    ("files", "account"),
    [
        (OPEN, 'split(":", aws_connect_instance.this.arn)[4]'),
        (OWN_ACCOUNT + OPEN, "data.aws_caller_identity.current.account_id"),
        (
            ELSEWHERE + OWN_ACCOUNT.replace("{}", "{\n  provider = aws.other\n}") + OPEN,
            'split(":", aws_connect_instance.this.arn)[4]',
        ),
    ],
)
def test_an_instance_that_an_option_names_by_reference_is_pinned_by_reference(
    files: str, account: str, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(files)
    outcome = plan_fixes(
        Options((tmp_path,), ("aws_connect_instance.this.arn",), isolated=True), unsafe=False
    ).outcome
    (text,) = outcome.repair.texts.values()
    assert f'"aws:SourceAccount" = {account}' in text
    assert '"aws:SourceArn" = aws_connect_instance.this.arn' in text


IN_MODULE = {
    "m/main.tf": 'variable "connect_instance_arn" {\n  type = string\n}\nresource "aws_kms_key" "chat" {}\n' + TOPIC.replace("}\n", "  kms_master_key_id = aws_kms_key.chat.arn\n}\n") + ATTACHED + f"jsonencode({{ Statement = [{{ {GRANT}, Resource = aws_sns_topic.chat.arn CONDITION }}] }})\n}}\n",
}  # fmt: skip
NAMES_IT = ', Condition = { ArnEquals = { "aws:SourceArn" = var.connect_instance_arn } }'
CALL = """resource "aws_connect_instance" "main" {
  identity_management_type = "SAML"
}
module "chat" {
  source               = "../m"
  connect_instance_arn = aws_connect_instance.main.arn
}
"""
OF_VARIABLE = 'split(":", var.connect_instance_arn)[4]'


def of_module(condition: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *roots: str) -> Outcome:
    """Fix a module with a policy in which roots pass the instances that they declare."""
    module = IN_MODULE["m/main.tf"].replace("CONDITION", condition)
    files = {"main.tf": "", "m/main.tf": module, **{f"{root}/main.tf": CALL for root in roots}}
    return fixed(folder, files, monkeypatch, ())


BESIDE = """module "connect" {
  source = "../connect"
}
module "chat" {
  source               = "../m"
  connect_instance_arn = module.connect.arn
}
"""
DECLARED = CALL.partition("module")[0]
CONNECT = DECLARED + 'output "arn" {\n  value = aws_connect_instance.main.arn\n}\n'


def test_a_module_writes_its_own_expression_for_the_instance_of_another_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = IN_MODULE["m/main.tf"].replace("CONDITION", NAMES_IT)
    files = {"main.tf": "", "dev/main.tf": BESIDE, "connect/main.tf": CONNECT, "m/main.tf": module}
    (text,) = fixed(tmp_path, files, monkeypatch, ()).repair.texts.values()
    assert f'"aws:SourceAccount" = {OF_VARIABLE}' in text


def test_a_module_writes_its_own_expression_for_the_instance_of_its_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (text,) = of_module(NAMES_IT, tmp_path, monkeypatch, "dev").repair.texts.values()
    assert f'"aws:SourceAccount" = {OF_VARIABLE}' in text


@pytest.mark.parametrize("condition", ["", NAMES_IT])
@pytest.mark.parametrize("roots", [("dev",), ("dev", "prod")])
def test_a_statement_of_a_module_has_a_variable_for_the_instance_of_its_callers(
    condition: str, roots: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = of_module(condition, tmp_path, monkeypatch, *roots)
    by_hand = [one for one in outcome.unfixed if one.by_hand]
    shown = {one.finding.rule: "\n".join(chain.from_iterable(outcome.written_out(one))) for one in by_hand}
    for text in shown.values():
        assert "aws_connect_instance" not in text
    written = shown.get("missing-source-account", "") or "".join(outcome.repair.texts.values())
    assert f'"aws:SourceAccount" = {OF_VARIABLE}' in written
    for one in by_hand:
        named = any("var.connect_instance_arn" in text for text in shown[one.finding.rule].split("\n"))
        assert ("set `connect_instance_arn` in each" in one.reason) == (named and len(roots) > 1)
