"""What a module declares: addresses, ARNs, and what belongs to what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checker.analysis.inventory import Key, Topic
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.collect import Given
from checker.inputs.load import load
from checker.inputs.terraform.hcl.body import Body
from checker.inputs.terraform.hcl.parse import parse
from checker.inputs.terraform.module import collect_blocks
from checker.policy.source import Source
from tests.inputs.terraform.module.reading import policy_of, read, topic_of, write

PROVIDER = """
provider "aws" {
  region              = "eu-central-1"
  allowed_account_ids = ["111122223333"]
}
provider "aws" {
  alias  = "west"
  region = var.west
}
variable "west" { default = "us-gov-west-1" }
"""
CONNECT = """jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "connect.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "*"
    }]
  })"""


def addresses(folder: Path, text: str) -> list[str]:
    return [topic.address for topic in read(folder, {"main.tf": text}).topics]


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("", ["aws_sns_topic.t"]),
        ("count = 2", ["aws_sns_topic.t[0]", "aws_sns_topic.t[1]"]),
        ("count = 0", []),
        ("count = false ? 1 : 0", []),
        ("count = var.x", ["aws_sns_topic.t"]),
        ("count = length(var.list)", ["aws_sns_topic.t[0]", "aws_sns_topic.t[1]"]),
        ('for_each = toset(["b", "a"])', ['aws_sns_topic.t["a"]', 'aws_sns_topic.t["b"]']),
        ("for_each = { q = 1 }", ['aws_sns_topic.t["q"]']),
        ("for_each = var.x", ["aws_sns_topic.t"]),
        ("for_each = toset([var.x])", ["aws_sns_topic.t"]),
        ('for_each = { for n in var.list : n => n if n != "k" }', ['aws_sns_topic.t["l"]']),
    ],
)
def test_addresses_are_those_that_terraform_prints(
    argument: str, expected: list[str], tmp_path: Path
) -> None:
    more = 'variable "x" {}\nvariable "list" { default = ["k", "l"] }\n'
    text = f'resource "aws_sns_topic" "t" {{\n  {argument}\n  name = "t"\n}}\n{more}'
    assert addresses(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("arguments", "arn"),
    [
        ('name = "t"', "arn:aws:sns:eu-central-1:111122223333:t"),
        ('name = "t"\n  provider = aws.west', "unknown"),
        ('name = "t"\n  region = "cn-north-1"', "arn:aws-cn:sns:cn-north-1:111122223333:t"),
        ('name_prefix = "t"', "unknown"),
        ("name = var.x", "unknown"),
        ('name = "${local.p}-t"', "arn:aws:sns:eu-central-1:111122223333:p-t"),
    ],
)
def test_an_arn_is_known_where_all_its_parts_are(arguments: str, arn: str, tmp_path: Path) -> None:
    text = f'{PROVIDER}variable "x" {{}}\nlocals {{\n  p = "p"\n}}\nresource "aws_sns_topic" "t" {{\n  {arguments}\n}}\n'
    topic = topic_of(read(tmp_path, {"main.tf": text}))
    assert ("unknown" if isinstance(topic.arn, Unknown) else str(topic.arn)) == arn
    assert topic.symbol == ("aws_sns_topic.t.arn" if arn == "unknown" else "")


ROLE = 'assume_role {{\n    role_arn = "arn:aws:iam::{}:role/r"\n  }}'.format
BASE = f'provider "aws" {{\n  region = "us-east-1"\n  {ROLE("111122223333")}\n}}\n'
OTHER_ROLE = '{"role_arn": "arn:aws:iam::444455556666:role/r"}'


@pytest.mark.parametrize(
    ("override", "provider", "region", "account"),
    [
        ('provider "aws" {\n  region = "eu-west-1"\n}\n', "", "eu-west-1", "111122223333"),
        (f'provider "aws" {{\n  {ROLE("444455556666")}\n}}\n', "", "us-east-1", "444455556666"),
        (f'{{"provider": {{"aws": {{"assume_role": {OTHER_ROLE}}}}}}}', "", "us-east-1", "444455556666"),
        ('{"provider": {"aws": {"region": "eu-west-1"}}}', "", "eu-west-1", "111122223333"),
        (
            'provider "aws" {\n  alias = "x"\n  region = "eu-west-1"\n}\n',
            "aws.x",
            "eu-west-1",
            "999999999999",
        ),
        ('provider "aws" {\n  alias = "x"\n  region = "eu-west-1"\n}\n', "", "us-east-1", "111122223333"),
    ],
)
def test_a_provider_has_the_settings_of_override_files(
    override: str, provider: str, region: str, account: str, tmp_path: Path
) -> None:
    alias = f'provider "aws" {{\n  alias = "x"\n  region = "us-west-2"\n  {ROLE("999999999999")}\n}}\n'
    argument = f"provider = {provider}\n" if provider else ""
    topic = f'resource "aws_sns_topic" "t" {{\n  name = "t"\n  {argument}}}\n'
    name = "override.tf.json" if override.startswith("{") else "a_override.tf"
    inventory = read(tmp_path, {"main.tf": BASE + alias + topic, name: override})
    assert str(topic_of(inventory).arn) == f"arn:aws:sns:{region}:{account}:t"


KEY = 'resource "aws_kms_key" "k" {\n  policy = "{}"\n}\n'
ALIAS = 'resource "aws_kms_alias" "a" {\n  name          = "alias/chat"\n  target_key_id = aws_kms_key.k.key_id\n}\n'


@pytest.mark.parametrize(
    "reference",
    [
        "aws_kms_key.k.arn",
        "aws_kms_key.k.key_id",
        "aws_kms_key.k.id",
        "aws_kms_alias.a.arn",
        "aws_kms_alias.a.name",
        "aws_kms_alias.a.target_key_arn",
        "aws_kms_alias.a.target_key_id",
        '"alias/chat"',
        "local.key",
        "local.keys[0]",
        "data.aws_kms_alias.found.name",
        "try(aws_kms_key.k.arn, null)",
        "coalesce(aws_kms_key.k.arn, null)",
        'join("", [aws_kms_key.k.arn])',
        "one([aws_kms_key.k.arn])",
        "{ for k, v in { k = aws_kms_key.k } : k => v.arn }.k",
    ],
)
def test_a_topic_finds_its_key_by_whatever_it_calls_it(reference: str, tmp_path: Path) -> None:
    text = (
        f"{KEY}{ALIAS}locals {{\n  key = aws_kms_key.k.arn\n  keys = aws_kms_key.k[*].arn\n}}\n"
        'data "aws_kms_alias" "found" {\n  name = "alias/chat"\n}\n'
        f'resource "aws_sns_topic" "t" {{\n  name = "t"\n  kms_master_key_id = {reference}\n}}\n'
    )
    inventory = read(tmp_path, {"main.tf": text})
    key = inventory.key_of(topic_of(inventory))
    assert isinstance(key, Key)
    assert key.address == "aws_kms_key.k"


@pytest.mark.parametrize(
    "reference",
    [
        "aws_sns_topic.t.arn",
        "aws_sns_topic.t.id",
        "local.arn",
        "module.other.same",
        '"${aws_sns_topic.t.arn}"',
        '"arn:aws:sns:us-east-1:${data.aws_caller_identity.me.account_id}:t"',
        '"arn:aws:sns:${data.aws_region.here.name}:${data.aws_caller_identity.me.account_id}:t"',
        '"arn:${data.aws_partition.all.partition}:sns:us-east-1:${local.account}:${aws_sns_topic.t.name}"',
        'format("arn:aws:sns:us-east-1:%s:%s", local.account, "t")',
        'join(":", ["arn:aws:sns:us-east-1", local.account, "t"])',
    ],
)
def test_a_policy_names_its_own_topic_in_many_ways(reference: str, tmp_path: Path) -> None:
    text = (
        'provider "aws" {\n  region = "us-east-1"\n}\n'
        'data "aws_caller_identity" "me" {}\ndata "aws_region" "here" {}\ndata "aws_partition" "all" {}\n'
        "locals {\n  account = data.aws_caller_identity.me.account_id\n  arn = aws_sns_topic.t.arn\n}\n"
        'module "other" {\n  source = "./other"\n  arn = aws_sns_topic.t.arn\n}\n'
        'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'
        'resource "aws_sns_topic_policy" "t" {\n  arn = aws_sns_topic.t.arn\n'
        f"  policy = {CONNECT.replace(chr(34) + '*' + chr(34), reference)}\n}}\n"
    )
    other = 'variable "arn" {}\noutput "same" {\n  value = var.arn\n}\n'
    topic = topic_of(read(tmp_path, {"main.tf": text, "other/main.tf": other}))
    (statement,) = policy_of(topic).policy.known_statements()
    assert statement.resources == ("Resource", ("aws_sns_topic.t.arn",))
    assert topic.symbol == "aws_sns_topic.t.arn"


def test_a_key_has_its_policy_grants_and_aliases(tmp_path: Path) -> None:
    text = (
        f'resource "aws_kms_key" "k" {{\n  is_enabled = false\n}}\n{ALIAS}'
        'resource "aws_kms_key_policy" "k" {\n  key_id = aws_kms_key.k.id\n  policy = "{}"\n}\n'
        'resource "aws_kms_grant" "g" {\n  key_id = aws_kms_key.k.key_id\n'
        '  grantee_principal = "arn:aws:iam::111122223333:role/r"\n  operations = ["Decrypt"]\n'
        '  constraints {\n    encryption_context_equals = {\n      a = "b"\n    }\n  }\n}\n'
        'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n'
    )
    (key,) = read(tmp_path, {"main.tf": text}).keys
    assert not isinstance(key.policy, Unknown)
    assert key.state == "Disabled"
    assert "alias/chat" in key.aliases
    assert key.grants[0].operations == ("Decrypt",)
    assert key.grants[0].encryption_context == (("a", "b"),)


def test_subscriptions_are_tied_to_their_topic(tmp_path: Path) -> None:
    text = (
        'resource "aws_sns_topic" "t" {\n  for_each = toset(["a", "b"])\n  name = each.key\n}\n'
        'resource "aws_sns_topic_subscription" "s" {\n  topic_arn = aws_sns_topic.t["a"].arn\n'
        '  protocol = "sqs"\n  endpoint = aws_sqs_queue.q.arn\n}\n'
    )
    first, second = read(tmp_path, {"main.tf": text}).topics
    assert not isinstance(first.subscriptions, Unknown)
    assert isinstance(second.subscriptions, Unknown)


def test_a_topic_says_where_it_is_written(tmp_path: Path) -> None:
    text = '\nresource "aws_sns_topic" "t" {\n  name              = "t"\n  kms_master_key_id = local.key\n}\n'
    topic = topic_of(read(tmp_path, {"main.tf": text, "k.tf": 'locals {\n  key = "alias/x"\n}\n'}))
    assert topic.key == "alias/x"
    for place, expected in ((topic.place, (2, 1, 2, 29)), (topic.settings.key.place, (4, 23, 4, 32))):
        assert place is not None
        at = place.document.locate(place.route, Part.VALUE)
        assert tuple(at or ()) == expected


def test_two_writers_of_one_policy_are_both_known(tmp_path: Path) -> None:
    attach = 'resource "aws_sns_topic_policy" "{}" {{\n  arn = aws_sns_topic.t.arn\n  policy = "{{}}"\n}}\n'
    text = (
        f'resource "aws_sns_topic" "t" {{\n  policy = {CONNECT}\n}}\n'
        + attach.format("a")
        + attach.format("b")
    )
    topic = topic_of(read(tmp_path, {"main.tf": text}))
    assert isinstance(topic.policy, Unknown)
    assert len(topic.writers) == 3


CHILD = (
    'variable "name" {}\nvariable "more" {\n  default = []\n}\n'
    f'resource "aws_sns_topic" "this" {{\n  name   = var.name\n  policy = {CONNECT}\n}}\n'
    'output "arn" {\n  value = aws_sns_topic.this.arn\n}\n'
)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ('name = "n"', {"module.m.aws_sns_topic.this": "arn:aws:sns:eu-central-1:111122223333:n"}),
        (
            'count = 2\n  name = "n${count.index}"',
            {
                "module.m[0].aws_sns_topic.this": "arn:aws:sns:eu-central-1:111122223333:n0",
                "module.m[1].aws_sns_topic.this": "arn:aws:sns:eu-central-1:111122223333:n1",
            },
        ),
        (
            'for_each = { x = "n" }\n  name = each.value',
            {'module.m["x"].aws_sns_topic.this': "arn:aws:sns:eu-central-1:111122223333:n"},
        ),
        ("count = 0", {"aws_sns_topic.this": "unknown"}),  # no call of it is made, so it stands for itself
        (
            "count = var.x\n  name = 1",
            {"module.m.aws_sns_topic.this": "arn:aws:sns:eu-central-1:111122223333:1"},
        ),
        (
            'name = "n"\n  providers = {\n    aws = aws.west\n  }',
            {"module.m.aws_sns_topic.this": "unknown"},
        ),
    ],
)
def test_a_module_is_judged_as_it_is_called_and_only_so(
    call: str, expected: dict[str, str], tmp_path: Path
) -> None:
    main = f'{PROVIDER}variable "x" {{}}\nmodule "m" {{\n  source = "./child"\n  {call}\n}}\n'
    found = read(tmp_path, {"main.tf": main, "child/main.tf": CHILD})
    arns = {t.address: "unknown" if isinstance(t.arn, Unknown) else str(t.arn) for t in found.topics}
    assert arns == expected


def test_a_module_that_nobody_calls_is_judged_on_what_it_says_itself(tmp_path: Path) -> None:
    topic = topic_of(read(tmp_path, {"main.tf": CHILD}))
    assert topic.address == "aws_sns_topic.this"
    assert not isinstance(topic.policy, Unknown)


def test_a_module_next_door_is_found_whichever_is_read_first(tmp_path: Path) -> None:
    for name in ("aa", "zz"):
        files = {
            f"{name}/main.tf": 'module "m" {\n  source = "../modules/m"\n  name = "n"\n}\n',
            "modules/m/main.tf": CHILD,
        }
        found = load([write(tmp_path / name, files)])
        assert [one.address for one in found.topics] == ["module.m.aws_sns_topic.this"]


def test_a_module_is_parsed_once_though_it_comes_before_those_that_call_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: list[str] = []

    def noted(source: Source, text: str) -> Body:
        names.append(source.name)
        return parse(source, text)

    monkeypatch.setattr(collect_blocks, "parse", noted)
    call = 'module "m" {\n  source = "../modules/m"\n  name = "n"\n}\n'
    files = {"modules/m/main.tf": CHILD, "one/main.tf": call, "two/main.tf": call}
    assert len(load([write(tmp_path, files)]).topics) == 2
    assert sorted(names) == [str(tmp_path / name) for name in files]


@pytest.mark.parametrize(
    "source", ["terraform-aws-modules/sns/aws", "git::https://example.com/x.git", "./nowhere"]
)
def test_an_output_of_a_module_that_is_not_read_is_unknown_by_its_name(source: str, tmp_path: Path) -> None:
    text = (
        f'module "far" {{\n  source = "{source}"\n}}\n'
        'resource "aws_sns_topic" "t" {\n  name = "t"\n  policy = module.far.policy\n}\n'
    )
    policy = topic_of(read(tmp_path, {"main.tf": text})).policy
    assert isinstance(policy, Unknown)
    assert policy.where == "module.far.policy"


def test_an_override_file_changes_what_the_others_say(tmp_path: Path) -> None:
    files = {
        "a.tf": 'resource "aws_sns_topic" "t" {\n  name = "a"\n  fifo_topic = true\n}\n',
        "a_override.tf": 'resource "aws_sns_topic" "t" {\n  fifo_topic = false\n}\n',
    }
    topic = topic_of(read(tmp_path, files))
    assert topic.settings.fifo.value is False


def test_a_file_with_a_fault_leaves_the_others_readable(tmp_path: Path) -> None:
    files = {
        "bad.tf": 'resource "aws_sns_topic" "x" {\n  name = = "x"\n}\n',
        "good.tf": 'resource "aws_sns_topic" "t" {\n  name = "t"\n}\n',
    }
    found = read(tmp_path, files)
    (skipped,) = found.skipped
    assert (skipped.what, skipped.error) == (str(tmp_path / "bad.tf"), True)
    assert skipped.position is not None
    assert skipped.position[:2] == (2, 10)
    assert [one.address for one in found.topics] == ["aws_sns_topic.t"]


def test_a_policy_that_is_no_json_is_an_error_in_its_place(tmp_path: Path) -> None:
    text = 'resource "aws_sns_topic" "t" {\n  policy = <<EOT\n{\n  "Version": oops\n}\nEOT\n}\n'
    (skipped,) = read(tmp_path, {"main.tf": text}).skipped
    assert skipped.error
    assert skipped.position is not None
    assert skipped.position[:2] == (4, 14)


def test_a_byte_order_mark_and_other_line_ends_are_read(tmp_path: Path) -> None:
    text = 'resource "aws_sns_topic" "t" {\r\n  policy = <<EOT\r\n{\r\n}\r\nEOT\r\n}\r\n'
    (tmp_path / "main.tf").write_bytes(b"\xef\xbb\xbf" + text.encode())
    found = load([tmp_path / "main.tf"])
    assert found.skipped == ()
    assert [one.address for one in found.topics] == ["aws_sns_topic.t"]


def test_topics_of_a_file_that_is_named_are_named(tmp_path: Path) -> None:
    files = {
        "a.tf": 'resource "aws_sns_topic" "a" {\n  name = "a"\n}\n',
        "b.tf": 'resource "aws_sns_topic" "b" {\n  name = "b"\n}\n',
    }
    found = read(tmp_path, files, named=("a.tf",))
    assert {one.address: one.named for one in found.topics} == {
        "aws_sns_topic.a": True,
        "aws_sns_topic.b": False,
    }


def test_a_named_file_without_anything_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    files = {"main.tf": 'resource "aws_s3_bucket" "b" {}\n'}
    (skipped,) = read(tmp_path, files, named=("main.tf",)).skipped
    assert (skipped.what, skipped.error) == (str(tmp_path / "main.tf"), False)
    assert read(tmp_path, files).skipped == ()


def test_a_folder_that_does_not_matter_costs_no_parser(tmp_path: Path) -> None:
    write(tmp_path, {"main.tf": 'resource "aws_s3_bucket" "b" {\nmodule "x" {\n  source = "./x"\n'})
    write(tmp_path, {"x/main.tf": 'module "up" {\n  source = "../"\n'})
    code = (
        "import sys, pathlib; from checker.inputs.load import load; "
        "load([pathlib.Path(sys.argv[1])]); print('tree_sitter' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_variable_of_the_command_line_counts(tmp_path: Path) -> None:
    text = 'variable "n" {\n  default = "d"\n}\nresource "aws_sns_topic" "t" {\n  name = "x"\n  kms_master_key_id = var.n\n}\n'
    write(tmp_path, {"main.tf": text})
    assert topic_of(load([tmp_path])).key == "d"
    assert topic_of(load([tmp_path], given=Given(variables=(("n", "alias/n"),)))).key == "alias/n"


def statements(topic: Topic) -> list[str]:
    return [one.where if isinstance(one, Unknown) else one.sid for one in policy_of(topic).policy.statements]


def document(name: str, body: str) -> str:
    return f'data "aws_iam_policy_document" "{name}" {{\n{body}\n}}\n'


def block(sid: str, action: str = "sns:Publish", more: str = "") -> str:
    return (
        f'  statement {{\n    sid = "{sid}"\n    actions = ["{action}"]\n    resources = ["*"]\n'
        f'    principals {{\n      type = "*"\n      identifiers = ["*"]\n    }}\n{more}  }}\n'
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (block("A") + block("B"), ["A", "B"]),
        (f"  source_policy_documents = [local.one]\n{block('B')}", ["One", "B"]),
        (f"  source_policy_documents = [local.one]\n{block('One')}", ["One"]),
        (f"  override_policy_documents = [local.one]\n{block('A')}", ["A", "One"]),
        (f"  override_policy_documents = [var.x]\n{block('A')}{block('')}", ["var.x", "", "var.x"]),
        ("  source_policy_documents = [local.one, local.one]", ["One"]),
        (f"  source_policy_documents = [var.x]\n{block('A')}", ["var.x", "A"]),
        (f"  source_policy_documents = var.x\n{block('A')}", ["var.x", "A"]),
        (
            f"  source_policy_documents = [data.aws_iam_policy_document.base.json]\n{block('A')}",
            ["Base", "A"],
        ),
        (
            '  dynamic "statement" {\n    for_each = ["P", "Q"]\n    content {\n      sid = statement.value\n    }\n  }',
            ["P", "Q"],
        ),
        (
            '  dynamic "statement" {\n    for_each = var.x\n    content {\n      sid = "never"\n    }\n  }\n'
            + block("A"),
            ["A", "var.x"],
        ),
    ],
)
def test_documents_are_merged_by_sid(body: str, expected: list[str], tmp_path: Path) -> None:
    text = (
        'variable "x" {}\nlocals {\n  one = <<EOT\n{"Statement": {"Sid": "One"}}\nEOT\n}\n'
        + document("base", block("Base"))
        + document("d", body)
        + 'resource "aws_sns_topic" "t" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'
    )
    assert statements(topic_of(read(tmp_path, {"main.tf": text}))) == expected


def test_a_partly_unknown_document_is_known_in_its_other_parts(tmp_path: Path) -> None:
    conditions = (
        '    condition {\n      test = "StringEquals"\n      variable = "aws:SourceAccount"\n      values = [var.x]\n    }\n'
        '    dynamic "condition" {\n      for_each = var.x\n      content {\n        test = "Bool"\n      }\n    }\n'
    )
    text = (
        'variable "x" {}\n'
        + document("d", block("A", more=conditions))
        + 'resource "aws_sns_topic" "t" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'
    )
    (statement,) = policy_of(topic_of(read(tmp_path, {"main.tf": text}))).policy.known_statements()
    known, unknown = statement.conditions
    assert not isinstance(known, Unknown)
    (value,) = known.values
    assert known.key == "aws:SourceAccount"
    assert isinstance(value, Unknown)
    assert (value.reason, value.where) == ("the variable has no value", "var.x")
    assert isinstance(unknown, Unknown)
    assert unknown.where == "var.x"


def test_policy_variables_are_written_as_aws_writes_them(tmp_path: Path) -> None:
    condition = (
        '    condition {\n      test = "StringEquals"\n      variable = "aws:SourceAccount"\n'
        '      values = ["&{aws:ResourceAccount}", "111122223333"]\n    }\n'
    )
    body = block("A", more=condition).replace('["*"]\n    p', '["arn:&{aws:username}"]\n    p')
    text = document("d", body.replace('type = "*"', 'type = "AWS"').replace('["*"]', '["&{aws:x}"]')) + (
        'resource "aws_sns_topic" "t" {\n  policy = data.aws_iam_policy_document.d.json\n}\n'
    )
    (statement,) = policy_of(topic_of(read(tmp_path, {"main.tf": text}))).policy.known_statements()
    assert statement.resources == ("Resource", ("arn:${aws:username}",))
    assert [one.value for one in statement.principal_entries] == ["${aws:x}"]
    (known,) = statement.conditions
    assert not isinstance(known, Unknown)
    assert known.values == ("${aws:ResourceAccount}", "111122223333")


def test_comments_are_taken_from_every_file_that_is_read_once(tmp_path: Path) -> None:
    comment = '# checker:ignore=fifo-topic reason="x"\n'
    found = read(
        tmp_path,
        {
            "main.tf": comment + 'module "m" {\n  source = "./child"\n  name = "n"\n}\n',
            "child/main.tf": comment + CHILD,
        },
    )
    assert sorted(one.source for one in found.comments) == [
        str(tmp_path / "child" / "main.tf"),
        str(tmp_path / "main.tf"),
    ]


def test_a_connect_instance_that_is_looked_up_by_its_id_is_known(tmp_path: Path) -> None:
    text = (
        f'{PROVIDER}data "aws_connect_instance" "c" {{\n  instance_id = "3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"\n}}\n'
        'data "aws_connect_instance" "named" {\n  instance_alias = "chat"\n}\n'
        'resource "aws_connect_instance" "made" {\n  instance_alias = "made"\n}\n'
    )
    (instance,) = read(tmp_path, {"main.tf": text}).instances
    assert str(instance.arn) == (
        "arn:aws:connect:eu-central-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
    )


def test_policies_of_topics_and_keys_that_are_declared_elsewhere_are_judged(tmp_path: Path) -> None:
    topic = "arn:aws:sns:us-east-1:111122223333:chat"
    found = read(
        tmp_path,
        {
            "main.tf": f"""
resource "aws_sns_topic_policy" "known" {{
  arn    = "{topic}"
  policy = {CONNECT}
}}
resource "aws_sns_topic_policy" "unknown" {{
  arn    = var.topic
  policy = {CONNECT}
}}
resource "aws_kms_key_policy" "key" {{
  key_id = "arn:aws:kms:us-east-1:111122223333:key/1"
  policy = {CONNECT}
}}
"""
        },
    )
    assert [str(one.arn) if not isinstance(one.arn, Unknown) else one.arn.where for one in found.topics] == [
        topic,
        "var.topic",
    ]
    policies = [*(one.policy for one in found.topics), *(one.policy for one in found.keys)]
    assert not any(isinstance(one, Unknown) for one in policies)
    assert [one.address for one in found.keys] == ["aws_kms_key_policy.key"]
