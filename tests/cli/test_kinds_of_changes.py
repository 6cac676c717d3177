"""Every kind of file that can alter access: the answer to its change is a row or "not known", never silence.

Each case has a small repository and a change. The code is that of `checker diff --base`: 1 for a row, 3 for what is not
known, and 0 only for the changes in the last table, which do not alter access.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from checker.app.diff import DiffFormat, DiffOutput, DiffRequest, FailOnChange, show_change, show_difference
from checker.inputs.collect import Given
from tests.cli.process import save
from tests.cli.test_diff_code import git
from tests.samples import document, statement

PARTNER, VENDOR = "444455556666", "777788889999"
Files = dict[str, str | None]
TOPIC = 'resource "aws_sns_topic" "chat" {\n  name = "chat"\n}\n'
POLICY = (
    'resource "aws_sns_topic_policy" "chat" {\n  arn    = aws_sns_topic.chat.arn\n  policy = EXPRESSION\n}\n'
)
VARIABLE = 'variable "partner" {\n  type = string\n}\n'
KEY = 'resource "aws_kms_key" "chat" {}\n'


def subscribers(*accounts: str) -> str:
    principals = {"AWS": [f"arn:aws:iam::{one}:root" for one in accounts]}
    return json.dumps(document(statement(Principal=principals, Action="sns:Subscribe")))


def topic(expression: str) -> str:
    return TOPIC + POLICY.replace("EXPRESSION", expression)


def for_account(reference: str) -> str:
    return topic(f"jsonencode({subscribers('@')})".replace("@", f"${{{reference}}}"))


def template(**parameter: object) -> str:
    return json.dumps(
        {
            "Parameters": {"Partner": {"Type": "String", "Default": PARTNER, **parameter}},
            "Resources": {
                "Chat": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}},
                "Policy": {
                    "Type": "AWS::SNS::TopicPolicy",
                    "Properties": {
                        "Topics": [{"Ref": "Chat"}],
                        "PolicyDocument": document(
                            statement(Principal={"AWS": {"Ref": "Partner"}}, Action="sns:Subscribe")
                        ),
                    },
                },
            },
        },
        indent=1,
    )


def padded(policy: str) -> str:
    return policy + " " * 5_500_000


def attributes(name: str) -> str:
    policy = {"TopicArn": f"arn:aws:sns:us-east-1:111122223333:{name}", "Policy": subscribers(PARTNER)}
    return json.dumps({"Attributes": policy})


def key_for(account: str) -> str:
    whole = statement(Principal={"AWS": f"arn:aws:iam::{account}:root"}, Action="kms:*", Resource="*")
    return KEY.replace("{}", f"{{\n  policy = jsonencode({json.dumps(document(whole))})\n}}")


def excepted(*actions: str) -> str:
    others = statement(Principal={"AWS": VENDOR}, NotAction=list(actions), Resource="*")
    return json.dumps(document({name: value for name, value in others.items() if name != "Action"}))


def other_template(partner: str) -> str:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"Partner": partner}}
    return json.dumps({"Resources": {"Table": table}})


class Case(NamedTuple):
    """The files before a change, those of the change (``None`` deletes one), and a part of the report."""

    old: Files
    new: Files
    says: str = ""
    code: int = 3


def swapped(old: Files, name: str, before: str, after: str, says: str = "", code: int = 3) -> Case:
    """One text of one file is replaced."""
    text = old[name] or ""
    assert before in text
    return Case(old, {name: text.replace(before, after)}, says, code)


def supplied(expression: str, file: str, says: str = "") -> Case:
    """A module of `infra` reads a policy that is beside its folder."""
    infra = 'variable "env" {}\n' + topic(expression)
    return Case(
        {"infra/main.tf": infra, file: subscribers(PARTNER)},
        {file: subscribers(PARTNER, VENDOR)},
        says or f"may come from a file that changes (`{file}`)",
    )


def values(file: str, code: int = 1, says: str = "gains") -> Case:
    """Values beside a root, of its only variable."""
    infra = VARIABLE + for_account("var.partner")
    return Case(
        {"infra/main.tf": infra, file: f'partner = "{PARTNER}"\n'},
        {file: f'partner = "{VENDOR}"\n'},
        says,
        code,
    )


DEFAULT = 'variable "partner" {\n  default = "@"\n}\n' + for_account("var.partner")
ENVIRONMENT = 'variable "env" {\n  default = "dev"\n}\n'
CHOSEN = ENVIRONMENT + topic(
    f'var.env == "prod" ? jsonencode({subscribers(VENDOR)}) : jsonencode({subscribers(PARTNER)})'
)
REMOTE = 'module "partner" { source = "git::https://example.com/partner.git?ref=v1" }\n'
CALL = 'module "messaging" {\n  source  = "git::https://example.com/x.git//y?ref=v1"\n  partner = local.p\n}\nlocals {\n  p = "a"\n}\n'
UNIT = (
    'terraform {\n  source = "git::https://example.com/x.git//y?ref=v1"\n}\ninputs = {\n  partner = "a"\n}\n'
)
GRANT = (
    'resource "aws_kms_grant" "vendor" {\n  key_id            = aws_kms_key.chat.key_id\n'
    f'  grantee_principal = "arn:aws:iam::{VENDOR}:role/x"\n  operations        = ["Decrypt"]\n}}\n'
)
OTHER_GRANT = GRANT.replace("aws_kms_key.chat.key_id", '"arn:aws:kms:us-east-1:111122223333:key/a"')
TWO_KEYS = (
    'resource "aws_kms_key" "a" {}\nresource "aws_kms_key" "b" {}\n'
    'resource "aws_sns_topic" "chat" {\n  kms_master_key_id = aws_kms_key.a.arn\n}\n'
)
ELSEWHERE = (
    'resource "aws_sns_topic_policy" "p" {\n  arn    = "arn:aws:sns:us-east-1:111122223333:internal"\n'
    f"  policy = jsonencode({subscribers(PARTNER)})\n}}\n"
)
INLINE = f'resource "aws_sns_topic" "chat" {{\n  name   = "chat"\n  policy = jsonencode({subscribers(PARTNER)})\n}}\n'
ALERTS = (
    'module "alerts" {\n  source  = "terraform-aws-modules/sns/aws"\n  version = "6.1.0"\n  policy  = "@"\n}\n'
    'variable "other" {\n  default = "a"\n}\n' + INLINE
)
OWN_ALERTS = {
    "m/main.tf": 'variable "partner" {}\n' + ALERTS.replace('"@"', "var.partner"),
    "main.tf": 'module "m" {\n  source  = "./m"\n  partner = local.p\n}\nlocals {\n  p = "a"\n}\n',
}
UNIT_WITH_ALERTS = {
    "mod/main.tf": OWN_ALERTS["m/main.tf"],
    "live/terragrunt.hcl": 'terraform {\n  source = "../mod"\n}\ninputs = {\n  partner = "a"\n}\n',
}
CONNECT_ONLY = (
    'data "aws_iam_policy_document" "chat" {\n  statement {\n    actions   = ["sns:Publish"]\n    resources = ["*"]\n'
    '    principals {\n      type        = "Service"\n      identifiers = ["connect.amazonaws.com"]\n    }\n  }\n}\n'
)
OF_DOCUMENT = POLICY.replace("EXPRESSION", "data.aws_iam_policy_document.chat.json")
IGNORED = "  lifecycle {\n    ignore_changes = [policy]\n  }\n"
IGNORING = INLINE.rstrip()[:-1] + IGNORED + "}\n"
SPLIT = {"main.tf": TOPIC, "policy.tf": POLICY.replace("EXPRESSION", f"jsonencode({subscribers(PARTNER)})")}


OPEN = statement(Principal={"AWS": VENDOR}, Action="kms:*", Resource="*")


def data_source(kind: str, argument: str, attribute: str) -> str:
    return f'data "{kind}" "x" {{\n  {argument} = "/a"\n}}\n' + for_account(f"data.{kind}.x.{attribute}")


STORED = data_source("aws_ssm_parameter", "name", "value")
LOOKED_UP = (
    STORED.replace('"/a"', "terraform_data.n.output") + 'resource "terraform_data" "n" {\n  input = "/a"\n}\n'
)
BY_FILE = STORED.replace('"/a"', 'yamldecode(file("../n.yaml")).name')
OTHER_ACCOUNT = (
    'provider "aws" {\n  alias   = "v"\n  profile = "a"\n}\ndata "aws_caller_identity" "v" {\n  provider = aws.v\n}\n'
    + for_account("data.aws_caller_identity.v.account_id")
)
PASSED = (
    'provider "aws" {\n  alias   = "v"\n  profile = "a"\n}\n'
    'module "m" {\n  source    = "./m"\n  providers = { aws = aws.v }\n}\n'
)
PROVIDER = 'provider "aws" {\n  region  = "us-east-1"\n  profile = "a"\n}\n'
BACKEND = 'terraform {\n  backend "s3" {\n    bucket  = "a"\n    encrypt = true\n  }\n}\n'
JSON_BACKEND = '{"terraform": {"backend": {"s3": {"bucket": "a", "encrypt": true}}}}'
DYNAMIC = (
    f'provider "aws" {{\n  alias = "v"\n  dynamic "assume_role" {{\n    for_each = ["arn:aws:iam::{PARTNER}:role/r"]\n'
    "    content {\n      role_arn = assume_role.value\n    }\n  }\n}\n"
    'data "aws_caller_identity" "v" {\n  provider = aws.v\n}\n'
) + for_account("data.aws_caller_identity.v.account_id")
LOCAL_FILE = 'data "local_file" "x" {\n  filename = "../n.txt"\n}\n' + for_account(
    "data.local_file.x.content"
)
PROGRAM = 'data "external" "x" {\n  program = ["sh", "../n.sh"]\n}\n' + for_account(
    "data.external.x.result.account"
)
TABLE = (
    'variable "env" {}\nlocals {\n  t = { prod = data.aws_ssm_parameter.x.value, dev = "111122223333" }\n}\n'
    'data "aws_ssm_parameter" "x" {\n  name = "/a"\n}\n' + for_account("local.t[var.env]")
)
STATE = {
    "main.tf": 'data "terraform_remote_state" "x" {\n  backend = "s3"\n}\n'
    + for_account("data.terraform_remote_state.x.outputs.partner"),
    "accounts/main.tf": 'variable "a" {}\noutput "partner" {\n  value = var.a\n}\noutput "b" {\n  value = "b"\n}\n',
    "accounts/terraform.tfvars": 'a = "a"\n',
    "accounts/prod.tfvars": 'a = "p"\n',
}
PARAMETER = {
    "main.tf": STORED,
    "b/main.tf": 'resource "aws_ssm_parameter" "b" {\n  name  = "/a"\n  value = "a"\n  tags  = { x = "x" }\n}\n',
}
ALIAS = (
    'data "aws_kms_alias" "x" {\n  name = "alias/a"\n}\nresource "aws_sns_topic" "chat" {\n'
    "  kms_master_key_id = data.aws_kms_alias.x.target_key_arn\n}\n"
)
GRANTEE = (
    KEY
    + GRANT.replace(f'"arn:aws:iam::{VENDOR}:role/x"', "data.aws_ssm_parameter.x.value")
    + 'data "aws_ssm_parameter" "x" {\n  name = "/a"\n}\n'
)
LISTED_GRANTEE = KEY + GRANT.replace(f'"arn:aws:iam::{VENDOR}:role/x"', 'csvdecode(file("../n.csv"))[0].arn')
ROLE = 'resource "aws_iam_role" "r" {\n  name_prefix = "r"\n  description = "a"\n}\n' + topic(
    'jsonencode({ Statement = [{ Effect = "Allow", Action = "sns:Subscribe", Resource = "*", '
    "Principal = { AWS = aws_iam_role.r.arn } }] })"
)
UNIT_WITH_MODULE = {
    "mod/main.tf": 'variable "n" {}\nvariable "other" {}\n' + STORED.replace('"/a"', "var.n"),
    "live/terragrunt.hcl": 'terraform {\n  source = "../mod"\n}\ninputs = {\n  n     = "/a"\n  other = 1\n}\n',
}
GENERATED = {
    "mod/main.tf": 'variable "other" {}\n' + topic(f"jsonencode({subscribers(PARTNER)})"),
    "live/terragrunt.hcl": 'terraform {\n  source = "../mod"\n}\ngenerate "p" {\n  path      = "p.tf"\n'
    '  if_exists = "overwrite"\n  contents  = <<EOF\nprovider "aws" {\n  profile = "a"\n}\nEOF\n}\n'
    "inputs = {\n  other = 1\n}\n",
}
DEPENDENT = {
    "accounts/main.tf": 'variable "a" {}\noutput "partner" {\n  value = var.a\n}\n',
    "live/accounts/terragrunt.hcl": 'terraform {\n  source = "../../accounts"\n}\ninputs = {\n  a = "a"\n}\n',
    "infra/main.tf": VARIABLE + 'variable "other" {}\n' + for_account("var.partner"),
    "live/infra/terragrunt.hcl": 'terraform {\n  source = "../../infra"\n}\ndependency "a" {\n  config_path = "../accounts"\n}\n'
    "inputs = {\n  partner = dependency.a.outputs.partner\n  other   = 1\n}\n",
}


REGION = 'provider "aws" {\n  region = var.@\n}\nvariable "r" {}\nvariable "x" {}\n'
TWICE = 'module "a" {\n  source = "@"\n}\nmodule "b" {\n  source = "@"\n}\noutput "x" {\n  value = "${module.a.x}${module.b.x}"\n}\n'
MANY = {
    "main.tf": "# a\n" + STORED.replace('"/a"', "module.a.x") + TWICE.replace("@", "./m0"),
    **{f"m{one}/main.tf": TWICE.replace("@", f"../m{one + 1}") for one in range(11)},
    "m11/main.tf": 'output "x" {\n  value = "a"\n}\n',
}


def for_principal(value: object, **resources: dict[str, object]) -> str:
    """A template with a topic for a principal, and other resources."""
    whole = json.loads(template().replace('{"Ref": "Partner"}', "@"))
    (allowed,) = whole["Resources"]["Policy"]["Properties"]["PolicyDocument"]["Statement"]
    allowed["Principal"] = {"AWS": value}
    return json.dumps({**whole, "Resources": {**whole["Resources"], **resources}})


CUSTOM = for_principal(
    {"Fn::Sub": "arn:aws:iam::${Lookup.Account}:root"},
    Lookup={"Type": "Custom::Lookup", "Properties": {"Name": "a", "Of": {"Ref": "Partner"}}},
    Other={"Type": "Custom::Lookup", "Properties": {"Name": "b"}},
)
OF_PARAMETER = for_principal(
    {"Fn::Sub": "arn:aws:iam::${Stored.Value}:root"},
    Stored={"Type": "AWS::SSM::Parameter", "Properties": {"Value": "a", "Description": "b"}},
)
NESTED = {
    "child.json": template(),
    "parent.json": json.dumps(
        {
            "Resources": {
                "Lookup": {"Type": "Custom::Lookup", "Properties": {"Name": "a"}},
                "Child": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {
                        "TemplateURL": "child.json",
                        "Parameters": {"Partner": {"Fn::GetAtt": ["Lookup", "Account"]}},
                    },
                },
            }
        }
    ),
}


def exporting(value: object, name: object = "partner", other: str = "a") -> str:
    role = {"Type": "AWS::IAM::Role", "Properties": {"Description": other}}
    output = {"Value": value, "Export": {"Name": name}}
    return json.dumps({"Resources": {"Role": role}, "Outputs": {"Partner": output}})


IMPORT = for_principal({"Fn::Sub": ["arn:aws:iam::${a}:root", {"a": {"Fn::ImportValue": "partner"}}]})
BY_STACK = {"Fn::Sub": "${AWS::StackName}partner"}
RESOLVED = for_principal("arn:aws:iam::{{resolve:ssm:/a}}:root")


CODE = for_principal(
    {"Fn::Sub": "arn:aws:iam::${Lookup.Account}:root"},
    Lookup={"Type": "Custom::Lookup", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Code", "Arn"]}}},
    Code={"Type": "AWS::Serverless::Function", "Properties": {"InlineCode": "return a"}},
)
ROLES: dict[str, Files] = {
    f"role by {reference}": {"t.json": for_principal(
        {"Fn::Sub": reference}, Role={"Type": "AWS::IAM::Role", "Properties": {"RoleName": "reader", "Description": "d"}}
    )}
    for reference in ("arn:aws:iam::444455556666:role/${Role}", "${Role.Arn}")
}  # fmt: skip


def outputs(file: str, **values: object) -> str:
    """A template with a nested one, and with outputs."""
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": file}}
    return json.dumps(
        {"Resources": {"Child": child}, "Outputs": {name: {"Value": one} for name, one in values.items()}},
        indent=1,
    )


OF_CHILD = {"Fn::GetAtt": ["Child", "Outputs.Partner"]}
BELOW: dict[str, Files] = {
    "output of a nested template": {
        "t.json": for_principal({"Fn::Sub": "arn:aws:iam::${Child.Outputs.Partner}:root"},
                                **json.loads(outputs("child.json"))["Resources"]),
        "child.json": outputs("./x/c.json", Partner=OF_CHILD),
        "x/e.yaml": "Resources: {}\n",
        "x/c.json": outputs("e.yaml", Partner="a", Other="o"),
    },
    "export of a nested template": {
        "t.json": IMPORT,
        "e.json": outputs("x/c.json", Partner=OF_CHILD).replace('"Partner": {', '"Partner": {"Export": {"Name": "partner"},'),
        "x/c.json": outputs("e.yaml", Partner="a", Other="o"),
        "x/e.yaml": "Resources: {}\n",
    },
}  # fmt: skip
REMOTE_STATE = 'data "terraform_remote_state" "x" {\n  backend = "s3"\n}\n'
STORED_TEXT = 'resource "aws_ssm_parameter" "b" {\n  name  = "/a"\n  value = "a"\n}\n'
OUTPUT = 'output "partner" {\n  value = "a"\n}\noutput "other" {\n  value = "o"\n}\n'
BEHIND: dict[str, Files] = {
    f"`{function}` of {name}": {"infra/main.tf": source + for_account(function.replace("@", reference)), "b/main.tf": other}
    for name, reference, source, other in (
        ("a parameter", "data.aws_ssm_parameter.x.value", STORED.partition("resource")[0], STORED_TEXT),
        ("an output", "data.terraform_remote_state.x.outputs.partner", REMOTE_STATE, OUTPUT),
    )
    for function in ("jsondecode(@).a", "trimspace(@)", 'try(@, "")', 'coalesce(@, "1")', 'split("-", "${@}-x")[0]')
}  # fmt: skip
"""A value that other code sets, behind a function, so that a part of the policy is not read."""


def setting(value: str) -> Files:
    """A root that sets a parameter which the policy of another one has."""
    return {"infra/main.tf": STORED, "b/main.tf": VARIABLE + STORED_TEXT.replace('"a"\n', f"{value}\n")}


CHANGES = {
    # Files beyond the size limit, and files that stop being a policy.
    "padded": Case({"p.json": subscribers(PARTNER)}, {"p.json": padded(subscribers(VENDOR))}, "5 MB limit"),
    "padded new file": Case({}, {"p.json": padded(subscribers(VENDOR))}, "5 MB limit"),
    "padded template": Case({"t.json": template()}, {"t.json": padded(template(Default=VENDOR))}, "5 MB limit"),
    "emptied": Case({"p.json": subscribers(PARTNER)}, {"p.json": "{}"}, "not a policy"),
    "broken": Case({"p.json": subscribers(PARTNER)}, {"p.json": "{"}, "p.json"),
    # Files whose names are not those of policies, in folders that are not searched.
    **{
        f"policy in {file}": Case({file: subscribers(PARTNER)}, {file: subscribers(PARTNER, VENDOR)}, f"{file}: may")
        for file in ("p.JSON", "p.txt", "p.json.bak", "p", ".hidden", ".github/p.json", "node_modules/x/p.json")
    },
    "policy that becomes a file of another name": Case(
        {"p.policy": subscribers(PARTNER)}, {"p.policy": None}, "p.policy: may"
    ),
    "policy for any action": Case(
        {}, {"p.json": json.dumps(document(OPEN | {"Action": "*"}))}, "p.json: may"
    ),
    "policy in a data file of another tool": Case({}, {"x.json": f'{{"topics": [{subscribers(VENDOR)}]}}'}, "x.json: may"),
    "policy with escaped letters": Case(
        {}, {"p.txt": subscribers(VENDOR).replace("S", "\\u0053").replace("sns", "\\u0073ns")}, "p.txt: may"
    ),
    "root in a folder that is not searched": swapped(
        {".infra/main.tf": INLINE}, ".infra/main.tf", PARTNER, VENDOR, ".infra/main.tf: may"
    ),
    "values in a folder that is not searched": Case(
        {".infra/main.tf": VARIABLE + for_account("var.partner"), ".infra/a.tfvars": f'partner = "{PARTNER}"\n'},
        {".infra/a.tfvars": f'partner = "{VENDOR}"\n'},
        ".infra/a.tfvars: may",
    ),
    # Files that a module reads from elsewhere.
    "file beside the module": supplied('file("${path.module}/../policies/t.tpl")', "policies/t.tpl"),
    "file of the root": supplied('file("${path.root}/../policies/t.txt")', "policies/t.txt"),
    "file of the folder": supplied('file("${path.cwd}/../policies/t.tpl")', "policies/t.tpl"),
    "JSON beside the module": supplied(
        'file("${path.module}/../policies/t.json")', "policies/t.json"
    )._replace(code=1),
    "file by a variable": supplied('file("${path.module}/${var.env}")', "infra/t.tpl"),
    "file by a function": supplied('file(join("/", ["..", "policies", var.env]))', "policies/t"),
    "file of a list": supplied(
        'jsonencode({ Statement = [for f in fileset("${path.module}/../st", "*.json") : jsondecode(f)] })',
        "st/a.txt",
    ),
    # Values of variables.
    "values in the root": values("infra/prod.tfvars"),
    "values below the root": values("infra/env/prod.tfvars"),
    "values beside the root": values("env/prod.tfvars"),
    "values in JSON beside the root": Case(
        {"infra/main.tf": VARIABLE + for_account("var.partner"), "env/p.tfvars.json": json.dumps({"partner": PARTNER})},
        {"env/p.tfvars.json": json.dumps({"partner": VENDOR})},
        "gains",
        1,
    ),
    "values for more than one root": Case(
        {
            "infra/main.tf": VARIABLE + for_account("var.partner"),
            "env/all.tfvars": f'partner = "{PARTNER}"\nother = 1\n',
        },
        {"env/all.tfvars": f'partner = "{VENDOR}"\nother = 1\n'},
        "a values file beside the roots",
    ),
    "values for a complete root and another one": Case(
        {
            "infra/main.tf": VARIABLE + for_account("var.partner"),
            "other/main.tf": VARIABLE + 'variable "name" {}\n' + TOPIC.replace('"chat"\n', "var.name\n"),
            "env/all.tfvars": f'partner = "{PARTNER}"\nname = "x"\n',
        },
        {"env/all.tfvars": f'partner = "{VENDOR}"\nname = "x"\n'},
        "with variables of `infra`",
    ),
    "values beside a root, in a new folder of Terraform": Case(
        {"infra/main.tf": VARIABLE + for_account("var.partner"), "env/prod.tfvars": f'partner = "{PARTNER}"\n'},
        {"env/prod.tfvars": f'partner = "{VENDOR}"\n', "env/main.tf": VARIABLE},
        "gains",
        1,
    ),
    "a default behind a values file": Case(
        {"main.tf": DEFAULT.replace("@", PARTNER), "dev.tfvars": f'partner = "{PARTNER}"\n'},
        {"main.tf": DEFAULT.replace("@", VENDOR), "dev.tfvars": f'# dev\npartner = "{PARTNER}"\n'},
        "gains",
        1,
    ),
    "a statement of another values file": Case(
        {"main.tf": ENVIRONMENT + topic(f"jsonencode({subscribers(PARTNER)})"), "prod.tfvars": 'env = "prod"\n'},
        {"main.tf": CHOSEN},
        "prod.tfvars",
        1,
    ),
    # References whose target changes.
    "data source": swapped(
        {"main.tf": data_source("aws_ssm_parameter", "name", "value")}, "main.tf", '"/a"', '"/b"', "before the"
    ),
    "local of a data source": swapped(
        {"main.tf": data_source("aws_ssm_parameter", "name", "value").replace('"/a"', "local.n"), "l.tf": 'locals {\n  n = "/a"\n}\n'},
        "l.tf",
        '"/a"',
        '"/b"',
        "before the",
    ),
    "argument of a data source in a module": swapped(
        {
            "m/main.tf": 'variable "n" {}\n' + data_source("aws_ssm_parameter", "name", "value").replace('"/a"', "var.n"),
            "main.tf": 'module "m" {\n  source = "./m"\n  n      = "/a"\n}\n',
        },
        "main.tf",
        '"/a"',
        '"/b"',
        "before the",
    ),
    "remote state": swapped(
        {"main.tf": data_source("terraform_remote_state", "workspace", "outputs.account")}, "main.tf", "/a", "/b"
    ),
    "unread module": swapped(
        {"main.tf": REMOTE + for_account("module.partner.account")}, "main.tf", "ref=v1", "ref=v2", "`partner`"
    ),
    "version of an unread module for topics": swapped(
        {"main.tf": ALERTS}, "main.tf", "6.1.0", "6.2.0", "`alerts` is called differently"
    ),
    "an unread module for topics is removed": Case({"main.tf": ALERTS}, {"main.tf": INLINE}, "module `alerts`"),
    "an unread module for topics is added": Case({"main.tf": INLINE}, {"main.tf": ALERTS}, "init`"),
    "value for an unread module for topics": swapped(dict(OWN_ALERTS), "main.tf", '"a"', '"b"', "`alerts` is called"),
    "values file for an unread module for topics": Case(
        {"main.tf": ALERTS.replace('"@"', "var.other"), "prod.tfvars": 'other = "a"\n'},
        {"main.tf": ALERTS.replace('"@"', "var.other") + "# b\n", "prod.tfvars": 'other = "b"\n'},
        "`alerts` is called differently",
    ),
    "override of an unread module for topics": Case(
        {"main.tf": ALERTS}, {"a_override.tf": 'module "alerts" {\n  version = "6.2.0"\n}\n'}, "`alerts` is called differently"
    ),
    "number of calls of a module with an unread module for topics": swapped(
        {**OWN_ALERTS, "main.tf": OWN_ALERTS["main.tf"].replace("partner =", "count   = 0\n  partner =")},
        "main.tf", "= 0", "= 1", "`alerts` is called differently",
    ),
    "backend of an unread module for topics": swapped(
        {"main.tf": BACKEND + ALERTS.replace(INLINE, "")}, "main.tf", 'bucket  = "a"', 'bucket  = "b"', "module `alerts`"
    ),
    "file for an unread module for topics": Case(
        {"main.tf": ALERTS.replace('"@"', 'file("../p.txt")'), "p.txt": "a"}, {"p.txt": "b"}, "`alerts`"
    ),
    "role of the provider of an unread module for topics": swapped(
        {**OWN_ALERTS, "main.tf": PROVIDER + OWN_ALERTS["main.tf"]}, "main.tf", 'profile = "a"', 'profile = "b"', "`alerts`"
    ),
    "input of a unit to an unread module for topics": swapped(
        dict(UNIT_WITH_ALERTS), "live/terragrunt.hcl", '"a"', '"b"', "module `alerts`"
    ),
    "policy beside an unread module for topics": Case(
        {"main.tf": ALERTS.replace("INLINE", ""), "x.tf": OF_DOCUMENT.replace("chat.arn", "topics.arn") + CONNECT_ONLY
         + TOPIC.replace('"chat" {', '"topics" {')},
        {"x.tf": CONNECT_ONLY + TOPIC.replace('"chat" {', '"topics" {')},
        "part that was not read (`module.alerts in main.tf`)",
    ),
    "policy whose document stays": Case(
        {"main.tf": TOPIC + OF_DOCUMENT + CONNECT_ONLY}, {"main.tf": TOPIC + CONNECT_ONLY}, "loses", 1
    ),
    "policy whose document an output has": Case(
        {"main.tf": TOPIC + OF_DOCUMENT + CONNECT_ONLY},
        {"main.tf": TOPIC + CONNECT_ONLY, "o.tf": 'output "p" {\n  value = data.aws_iam_policy_document.chat.json\n}\n'},
        "was not read: `data.aws_iam_policy_document.chat`",
    ),
    "policy whose document a unit may use": Case(
        {"main.tf": TOPIC + OF_DOCUMENT + CONNECT_ONLY, "live/terragrunt.hcl": UNIT_WITH_ALERTS["live/terragrunt.hcl"].replace("../mod", "..")},
        {"main.tf": TOPIC + CONNECT_ONLY},
        "was not read",
    ),
    "stored parameter": swapped(
        {"t.json": template(Type="AWS::SSM::Parameter::Value<String>", Default="/a")}, "t.json", "/a", "/b", "before the", 1
    ),
    "values that a variable may have": swapped(
        {
            "main.tf": 'variable "partner" {\n  validation {\n    condition     = contains(["@"], var.partner)\n'
            '    error_message = "x"\n  }\n}\n'.replace("@", PARTNER) + for_account("var.partner")
        },
        "main.tf",
        f'["{PARTNER}"]',
        f'["{PARTNER}", "{VENDOR}"]',
        "before the",
    ),
    "values that a parameter may have": swapped(
        {"t.json": template(AllowedValues=[PARTNER]).replace(f'"Default": "{PARTNER}",', "")},
        "t.json",
        f'"{PARTNER}"\n   ]',
        f'"{PARTNER}", "{VENDOR}"\n   ]',
        "before the",
    ),
    "value of a resource": swapped({"main.tf": LOOKED_UP}, "main.tf", '"/a"', '"/b"', "before the"),
    "text of a resource": swapped(
        {"main.tf": for_account("terraform_data.x.output") + 'resource "terraform_data" "x" {\n  input = "a"\n}\n'},
        "main.tf",
        '"a"',
        '"b"',
        "before the",
    ),
    "blanks in a reference": swapped(
        {"main.tf": STORED.replace('"/a"', '"${ local . n }"') + 'locals {\n  n = "/a"\n}\n'}, "main.tf", "/a", "/b", "before the"
    ),
    "key that is a reference": swapped(
        {"main.tf": for_account('data.aws_ssm_parameter.x[local.k["a"]].value')
         + 'locals {\n  k = { a = "b" }\n}\ndata "aws_ssm_parameter" "x" {\n  for_each = { b = "/a" }\n  name     = each.value\n}\n'},
        "main.tf",
        '"/a"',
        '"/b"',
        "before the",
    ),
    "entry of a table": swapped({"main.tf": TABLE}, "main.tf", "/a", "/b", "before the"),
    "file of a data source": Case({"infra/main.tf": BY_FILE, "n.yaml": "name: a\n"}, {"n.yaml": "name: b\n"}, "before the"),
    "local file": Case({"infra/main.tf": LOCAL_FILE, "n.txt": "a"}, {"n.txt": "b"}, "before the"),
    "file of a root": Case({"main.tf": LOCAL_FILE.replace("../", ""), "n.txt": "a"}, {"n.txt": "b"}, "before the"),
    "program": Case({"infra/main.tf": PROGRAM, "n.sh": "a"}, {"n.sh": "b"}, "before the"),
    "override of a data source": Case(
        {"main.tf": STORED}, {"x_override.tf": 'data "aws_ssm_parameter" "x" {\n  name = "/b"\n}\n'}, "before the"
    ),
    "override of a call": Case(
        {"main.tf": CALL}, {"override.tf": 'module "messaging" {\n  version = "2"\n}\n'}, "`messaging` is called"
    ),
    "override of a provider": Case(
        {"main.tf": PROVIDER + INLINE}, {"override.tf": 'provider "aws" {\n  region = "eu-west-1"\n}\n'}, "new ARN", 1
    ),
    "provider of a data source": swapped({"main.tf": PROVIDER + STORED}, "main.tf", '"a"', '"b"', "before the"),
    "provider of another account": swapped({"main.tf": OTHER_ACCOUNT}, "main.tf", '"a"', '"b"', "before the"),
    "provider of a module": swapped({"main.tf": PASSED, "m/main.tf": STORED}, "main.tf", '"a"', '"b"', "before the"),
    "provider of a topic": swapped({"main.tf": PROVIDER + INLINE}, "main.tf", '"a"', '"b"', "its provider or backend"),
    "Region of a provider": swapped(
        {"main.tf": INLINE + REGION.replace("@", "r")}, "main.tf", "var.r", 'lookup(var.x, "r")', "its provider or backend"
    ),
    "provider of a renamed key": Case(
        {"main.tf": PROVIDER + KEY},
        {"main.tf": (PROVIDER + KEY).replace('"a"', '"b"').replace('"chat"', '"k"')
         + "moved {\n  from = aws_kms_key.chat\n  to   = aws_kms_key.k\n}\n"},
        "its provider or backend",
    ),
    "credentials beside a root": Case(
        {"infra/main.tf": PROVIDER.replace("profile", 'shared_config_files = ["../a.cfg"]\n  profile') + INLINE, "a.cfg": "a"},
        {"a.cfg": "b"},
        "its provider or backend",
    ),
    "module behind a dependency": swapped(
        dict(DEPENDENT), "accounts/main.tf", "= var.a", '= "${var.a}b"', "before the"
    ),
    "output of a unit": swapped(
        {**STATE, "live/terragrunt.hcl": 'terraform {\n  source = "../accounts"\n}\ninputs = {\n  a = "a"\n}\n'},
        "live/terragrunt.hcl",
        '"a"',
        '"b"',
        "before the",
    ),
    "more modules than are compared": swapped(dict(MANY), "main.tf", "# a", "# b", "before the"),
    "backend": swapped({"main.tf": BACKEND + INLINE}, "main.tf", '"a"', '"b"', "its provider or backend"),
    "backend in JSON": swapped({"main.tf": INLINE, "b.tf.json": JSON_BACKEND}, "b.tf.json", '"a"', '"b"', "its provider or backend"),
    "role of a provider in a dynamic block": swapped({"main.tf": DYNAMIC}, "main.tf", PARTNER, VENDOR, "before the"),
    "provider that a unit generates": swapped(
        dict(GENERATED), "live/terragrunt.hcl", '"a"', '"b"', "its provider or backend"
    ),
    "input of a unit": swapped(dict(UNIT_WITH_MODULE), "live/terragrunt.hcl", "/a", "/b", "before the"),
    "dependency of a unit": swapped(
        dict(DEPENDENT), "live/accounts/terragrunt.hcl", '"a"', '"b"', "before the"
    ),
    "key by a data source": swapped({"main.tf": ALIAS}, "main.tf", "alias/a", "alias/b", "another key"),
    "key by a file": Case(
        {"infra/main.tf": TOPIC.replace("name", 'kms_master_key_id = csvdecode(file("../k.csv"))[0].k\n  name'), "k.csv": "k\na"},
        {"k.csv": "k\nb"},
        "may come from a file that changes (`k.csv`)",
    ),
    "grantee by a data source": swapped({"main.tf": GRANTEE}, "main.tf", "/a", "/b", "a grant is added"),
    "key by a file, and the root": Case(
        {"infra/main.tf": TOPIC.replace("name", 'kms_master_key_id = csvdecode(file("../k.csv"))[0].k\n  name'), "k.csv": "k\na"},
        {"k.csv": "k\nb", "infra/x.tf": "# comment\n"},
        "may come from a file that changes (`k.csv`)",
    ),
    "grantee by a file": Case({"infra/main.tf": LISTED_GRANTEE, "n.csv": "arn\na"}, {"n.csv": "arn\nb"}, "(`n.csv`)"),
    "output of another root": swapped(dict(STATE), "accounts/terraform.tfvars", '"a"', '"b"', "before the"),
    "output of another root with values": swapped(dict(STATE), "accounts/prod.tfvars", '"p"', '"b"', "before the"),
    **{title: swapped(files, "b/main.tf", '"a"', '"b"') for title, files in BEHIND.items()},
    "table of outputs": swapped(
        {"infra/main.tf": REMOTE_STATE + for_account('lookup(data.terraform_remote_state.x.outputs, "partner", "")'), "b/main.tf": OUTPUT},
        "b/main.tf",
        '"a"',
        '"b"',
        "that other code sets",
    ),
    **{
        f"name in {reference}": swapped(
            {"main.tf": 'resource "aws_iam_role" "r" {\n  for_each = { a = "reader" }\n  name     = each.value\n}\n'
             + topic(f"jsonencode({subscribers(PARTNER)})").replace(f"arn:aws:iam::{PARTNER}:root", f"${{{reference}}}")},
            "main.tf",
            "reader",
            "Admin",
            code=1,
        )
        for reference in ('aws_iam_role.r["a"].arn', '"arn:aws:iam::444455556666:role/${aws_iam_role.r["a"].id}"')
    },
    "account in an ID": swapped(
        {"main.tf": f'resource "aws_organizations_delegated_administrator" "d" {{\n  account_id = "{PARTNER}"\n}}\n'
         + for_account('split("/", aws_organizations_delegated_administrator.d.id)[0]')},
        "main.tf",
        PARTNER,
        VENDOR,
        "before the",
    ),
    "account of an ARN": swapped(
        {"main.tf": f'resource "aws_ram_resource_share_accepter" "d" {{\n  share_arn = "arn:aws:ram:us-east-1:{PARTNER}:resource-share/a"\n}}\n'
         + for_account("aws_ram_resource_share_accepter.d.sender_account_id")},
        "main.tf",
        PARTNER,
        VENDOR,
        "before the",
    ),
    "comment in a reference": swapped(
        {"main.tf": STORED.replace('"/a"', '"${local /* a*b */ .n}"') + 'locals {\n  n = "/a"\n}\n'}, "main.tf", '"/a"', '"/b"', "before the"
    ),
    "code behind a custom resource": swapped({"t.json": CODE}, "t.json", "return a", "return b", "before the"),
    **{title: swapped(files, "t.json", "reader", "Admin", code=1) for title, files in ROLES.items()},
    **{title: swapped(files, "x/c.json", '"a"', '"b"', "before the") for title, files in BELOW.items()},
    "export behind a function": Case(
        {"t.json": for_principal({"Fn::Split": [",", {"Fn::ImportValue": "partner"}]}), "e.json": exporting("a")},
        {"e.json": exporting("b")},
        "that other code sets",
    ),
    "dependency behind a function": swapped(
        {name: str(text).replace("= dependency.a.outputs.partner", "= trimspace(dependency.a.outputs.partner)") for name, text in DEPENDENT.items()},
        "accounts/main.tf",
        "= var.a",
        '= "${var.a}b"',
        "that other code sets",
    ),
    "name of a parameter by an output": swapped(
        {"infra/main.tf": REMOTE_STATE + STORED.replace('"/a"', "data.terraform_remote_state.x.outputs.partner"), "b/main.tf": OUTPUT},
        "b/main.tf",
        '"a"',
        '"b"',
        "before the",
    ),
    "output behind a parameter": swapped(
        {"infra/main.tf": STORED, "c/main.tf": OUTPUT,
         "b/main.tf": REMOTE_STATE + STORED_TEXT.replace('"a"\n', "data.terraform_remote_state.x.outputs.partner\n")},
        "c/main.tf",
        '"a"',
        '"b"',
        "before the",
    ),
    "text of a supplying root": Case({**setting('file("../cfg/v.txt")'), "cfg/v.txt": "a"}, {"cfg/v.txt": "b"}, "before the"),
    "YAML of a supplying root": Case(
        {**setting('yamldecode(file("../cfg/v.yaml")).a'), "cfg/v.yaml": "a: 1"}, {"cfg/v.yaml": "a: 2"}, "before the"
    ),
    "values beside a supplying root": swapped(
        {**setting("var.partner"), "env/prod.tfvars": 'partner = "a"\n'}, "env/prod.tfvars", '"a"', '"b"', "before the"
    ),
    "values below another root": Case(
        {**values("env/prod.tfvars").old, "main.tf": "locals {\n  a = 1\n}\n"}, values("env/prod.tfvars").new, "gains", 1
    ),
    "parameter of another root": swapped(dict(PARAMETER), "b/main.tf", '"a"', '"b"', "before the"),
    "attribute of a custom resource": swapped({"t.json": CUSTOM}, "t.json", '"a"', '"c"', "before the"),
    "default behind a custom resource": swapped({"t.json": CUSTOM}, "t.json", PARTNER, VENDOR, "before the"),
    "value of a parameter in the template": swapped({"t.json": OF_PARAMETER}, "t.json", '"a"', '"c"', "before the"),
    "parent of a nested template": swapped(dict(NESTED), "parent.json", '"a"', '"b"', "before the", 1),
    "export": Case({"t.json": IMPORT, "e.json": exporting("a")}, {"e.json": exporting("b")}, "before the"),
    "export with a composed name": Case(
        {"t.json": IMPORT, "e.json": exporting("a", BY_STACK)}, {"e.json": exporting("b", BY_STACK)}, "before the"
    ),
    "parameter of another template": Case(
        {"t.json": RESOLVED, "s.json": OF_PARAMETER.replace('"Value"', '"Name": "/a", "Value"')},
        {"s.json": OF_PARAMETER.replace('"Value": "a"', '"Name": "/a", "Value": "b"')},
        "before the",
    ),
    "file of an unread module": Case(
        {"infra/main.tf": CALL.replace("local.p", 'file("../p.txt")'), "p.txt": "a"}, {"p.txt": "b"}, "`messaging` is called"
    ),
    # Calls and units that cannot be read.
    "version of a module": swapped({"main.tf": CALL}, "main.tf", "ref=v1", "ref=v2", "`messaging` is called"),
    "value for a module": swapped({"main.tf": CALL}, "main.tf", '"a"', '"b"', "`messaging` is called"),
    "version of a unit": swapped({"live/terragrunt.hcl": UNIT}, "live/terragrunt.hcl", "ref=v1", "ref=v2", "unit"),
    "configuration above a unit": swapped(
        {"live/terragrunt.hcl": 'include "root" {\n  path = "../root.hcl"\n}\n', "root.hcl": UNIT},
        "root.hcl",
        "ref=v1",
        "ref=v2",
        "unit",
    ),
    "values file of a unit": Case(
        {"mod/main.tf": VARIABLE + for_account("var.partner"), "cfg/p.tfvars": f'partner = "{PARTNER}"\nother = 1\n',
         "live/terragrunt.hcl": 'terraform {\n  source = "../mod"\n  extra_arguments "x" {\n    commands = ["apply"]\n'
         '    required_var_files = ["../cfg/p.tfvars"]\n  }\n}\n'},
        {"cfg/p.tfvars": f'partner = "{VENDOR}"\nother = 1\n'},
        "with variables of `live`",
    ),
    **{
        f"values in {file}": Case({"mod/main.tf": VARIABLE + for_account("var.partner"), file: text}, {file: text.replace(PARTNER, VENDOR)}, f"{file}: may set")
        for file, text in (
            ("live/terragrunt.hcl.json", json.dumps({"terraform": {"source": "../mod"}, "inputs": {"partner": PARTNER}})),
            ("live/terragrunt.stack.hcl", f'unit "a" {{\n  source = "../mod"\n  path   = "a"\n  values = {{\n    partner = "{PARTNER}"\n  }}\n}}\n'),
        )
    },
    # Values of templates from elsewhere.
    **{
        f"parameters in {file}, as {before}": Case(
            {"t.json": template(), file: before}, {file: before.replace("=a", "=b").replace('"a"', '"b"')}, "sets parameters of `t.json`"
        )
        for file, before in (
            ("prod.json", '[{"ParameterKey": "Partner", "ParameterValue": "a"}]'),
            ("params/prod.json", '{"Parameters": {"Partner": "a"}}'),
            ("prod.json", '["Partner=a"]'),
            ("prod.json", '{"Partner": "a"}'),
            ("samconfig.toml", 'parameter_overrides = "Partner=a"'),
            ("prod.toml", 'parameter_overrides = "ParameterKey=Partner,ParameterValue=a Other=a"'),
            ("prod.env", "Partner=a"),
            ("deploy.py", 'Parameters=[{"ParameterKey": "Partner", "ParameterValue": "a"}]'),
            (".github/workflows/deploy.yml", 'run: sam deploy --parameter-overrides "Partner=a"'),
            ("stack.tf", 'parameters = {\n  Partner = "a"\n}'),
        )
    },
    "uploaded nested template": swapped(
        {
            "t.json": template(),
            "parent.yaml": "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties:\n"
            "      TemplateURL: https://s3.amazonaws.com/b/t.json\n      Parameters: {Partner: a}\n",
        },
        "parent.yaml",
        "Partner: a",
        "Partner: b",
        "nested template",
    ),
    # What is attached to what, and what is beside a policy.
    "policy of another topic": swapped({"main.tf": ELSEWHERE}, "main.tf", ":internal", ":secret", "another topic", 1),
    "output for another topic": Case({"p.json": attributes("a")}, {"p.json": attributes("b")}, "new ARN", 1),
    "grant": Case({"main.tf": KEY}, {"main.tf": KEY + GRANT}, "a grant is added"),
    **{
        f"grant of {name}": Case({"main.tf": code}, {"g.tf": GRANT.replace("aws_kms_key.chat.key_id", key)}, "g.tf: a grant of a key")
        for name, key, code in (
            ("a key by its ARN", '"arn:aws:kms:us-east-1:111122223333:key/a"', ""),
            ("a key by a data source", "data.aws_kms_key.k.id", 'data "aws_kms_key" "k" {\n  key_id = "alias/a"\n}\n'),
            ("the key of another root", "data.terraform_remote_state.x.outputs.partner", REMOTE_STATE),
        )
    },
    "grantee of another key": swapped({"g.tf": OTHER_GRANT}, "g.tf", VENDOR, PARTNER, "g.tf: a grant of a key"),
    "removed grant": Case({"main.tf": KEY + GRANT}, {"main.tf": KEY}, "a grant is removed"),
    "key of a topic": swapped({"main.tf": TWO_KEYS}, "main.tf", "kms_key.a.arn", "kms_key.b.arn", "another key"),
    "key of another account": Case(
        {"main.tf": key_for(PARTNER)}, {"main.tf": key_for(VENDOR)}, "1 gain, 1 loss; compared 1 key", 1
    ),
    "one of two policies of a file": Case(
        {"p.yaml": f"---\n{subscribers(PARTNER)}\n---\n{subscribers(PARTNER)}\n"},
        {"p.yaml": f"---\n{subscribers(PARTNER)}\n---\n{subscribers(PARTNER, VENDOR)}\n"},
        "1 gain; compared 2 topics, 1 unchanged",
        1,
    ),
    "an action that is not listed": Case(
        {"p.json": subscribers(PARTNER)},
        {"p.json": json.dumps(document(json.loads(subscribers(PARTNER))["Statement"][0] | {"Action": ["sns:Subscribe", "sns:New"]}))},
        "`sns:New` is not in checker's list of actions",
    ),
    "an exception that is not listed": Case(
        {"p.json": excepted("sns:Publish", "sns:New")}, {"p.json": excepted("sns:Publish")}, "`sns:New` is not in"
    ),
    "a denied action that is not listed": Case(
        {"p.json": json.dumps(document(OPEN, OPEN | {"Effect": "Deny", "Action": "kms:New"}))},
        {"p.json": json.dumps(document(OPEN))},
        "`kms:New` is not in",
    ),
    # What Terraform leaves as it is, and what a broken file hides.
    "argument `policy`": Case({"main.tf": INLINE}, {"main.tf": TOPIC}, "Terraform keeps the policy"),
    "policy that is not ignored any more": Case({"main.tf": IGNORING}, {"main.tf": INLINE}, "`ignore_changes` has it"),
    "policy that is ignored from now on": Case({"main.tf": INLINE}, {"main.tf": IGNORING}, "`ignore_changes` has it"),
    "ignored policy": swapped({"main.tf": IGNORING}, "main.tf", PARTNER, VENDOR, "`ignore_changes` has it"),
    "ignored policy of its own": swapped(
        {"main.tf": TOPIC, "policy.tf": (SPLIT["policy.tf"] or "").rstrip()[:-1] + IGNORED + "}\n"}, "policy.tf", "[policy]", "[]", "`ignore_changes` has it"
    ),
    "removed block": Case(
        {"main.tf": INLINE},
        {"main.tf": "removed {\n  from = aws_sns_topic.chat\n  lifecycle {\n    destroy = false\n  }\n}\n"},
        "it stays as it is",
    ),
    "file with the policy": Case(dict(SPLIT), {"policy.tf": 'resource "aws' }, "policy.tf"),
    "policy moved to a broken file": Case(
        {"main.tf": SPLIT["main.tf"] + SPLIT["policy.tf"]},
        {"main.tf": TOPIC, "policy.tf": SPLIT["policy.tf"][:-3]},
        "policy.tf",
    ),
    # Roots that replace others.
    "root of another account": Case(
        {"dev/main.tf": 'provider "aws" {\n  profile = "dev"\n}\n' + INLINE},
        {"dev/main.tf": None, "prod/main.tf": 'provider "aws" {\n  profile = "prod"\n}\n' + INLINE},
        "added",
        1,
    ),
}  # fmt: skip

SAME = {
    "documentation": Case({"infra/main.tf": INLINE, "README.md": "a\n"}, {"README.md": "b\n"}),
    "policies in documentation and tests": Case(
        {"infra/main.tf": INLINE},
        {"README.md": subscribers(VENDOR), ".github/x.rst": subscribers(VENDOR), "x_test.py": subscribers(VENDOR)},
    ),
    "documentation beside an unread part": Case(
        {"infra/main.tf": topic('file("${path.module}/../policies/t.tpl")'), "README.md": "a\n"},
        {"README.md": "b\n"},
    ),
    "comment in values": Case(
        {"main.tf": VARIABLE + for_account("var.partner"), "dev.tfvars": f'partner = "{PARTNER}"\n'},
        {"dev.tfvars": f'# dev\npartner = "{PARTNER}"\n'},
    ),
    "values of no topic": Case({"infra/main.tf": INLINE, "env/x.tfvars": "a = 1\n"}, {"env/x.tfvars": "a = 2\n"}),
    "comment beside a data source": Case(
        {"main.tf": data_source("aws_ssm_parameter", "name", "value")},
        {"main.tf": data_source("aws_ssm_parameter", "name", "value").replace("{\n", "{ # stored\n", 1)},
    ),
    "comment beside an unread module": Case({"main.tf": CALL}, {"main.tf": CALL.replace("{\n", "{ # x\n", 1)}),
    "comment beside an unread module for topics": swapped({"main.tf": ALERTS}, "main.tf", "{\n", "{ # x\n", "its call does not change"),
    "code beside an unread module for topics": Case(
        {"main.tf": ALERTS}, {"main.tf": ALERTS.replace(INLINE, ""), "x.tf": INLINE}, "its call does not change"
    ),
    "other value beside an unread module for topics": swapped(
        {**OWN_ALERTS, "x.tf": 'locals {\n  q = "a"\n}\n'}, "x.tf", '"a"', '"b"', "its call does not change"
    ),
    "document that nothing uses": Case({"main.tf": INLINE}, {"x.tf": CONNECT_ONLY}, "nothing uses it"),
    "unrelated template": Case(
        {"t.json": template(), "list.json": json.dumps([{"ParameterKey": "Other", "ParameterValue": "a"}])},
        {"list.json": json.dumps([{"ParameterKey": "Other", "ParameterValue": "b"}])},
    ),
    "template with a property of a parameter's name": Case(
        {"t.json": template(), "u.json": other_template("a")}, {"u.json": other_template("b")}
    ),
    "program with the name of a parameter": Case(
        {"t.json": template(), "x.go": "Partner: a"}, {"x.go": "Partner: b"}
    ),
    "policies of other services": Case(
        {},
        {
            "identity.txt": json.dumps(document({"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"})),
            ".github/bucket.json": json.dumps(document(OPEN | {"Action": "s3:*"})),
        },
    ),
    "root without topics in a folder that is not searched": Case(
        {".infra/main.tf": "locals {\n  a = 1\n}\n"}, {".infra/main.tf": "locals {\n  a = 2\n}\n"}
    ),
    "large file without a policy": Case({"p.json": subscribers(PARTNER)}, {"x.json": padded("[1]")}),
    "topic that becomes a template of others": Case({"main.tf": INLINE, "x.tf": ""}, {"x.tf": "# nothing\n"}),
    "tags of a provider": swapped(
        {"main.tf": PROVIDER + STORED}, "main.tf", 'us-east-1"', 'us-east-1"\n  default_tags {\n    tags = { a = "b" }\n  }'
    ),
    "another provider": swapped({"main.tf": OTHER_ACCOUNT + PROVIDER.replace('"a"', '"w"\n  alias = "w"')}, "main.tf", 'profile = "w"', 'profile = "x"'),
    "encryption of a backend in JSON": swapped({"main.tf": INLINE, "b.tf.json": JSON_BACKEND}, "b.tf.json", "true", "false"),
    "comment in a backend": swapped({"main.tf": BACKEND + INLINE}, "main.tf", 'bucket  = "a"', 'bucket="a" # state'),
    "encryption of a backend": swapped({"main.tf": BACKEND + INLINE}, "main.tf", "true", "false"),
    "body of a role": swapped({"main.tf": ROLE}, "main.tf", '"a"', '"b"'),
    "another entry of a table": swapped({"main.tf": TABLE + 'locals {\n  u = "a"\n}\n'}, "main.tf", '"a"', '"b"'),
    "order of arguments": Case(
        {"main.tf": STORED.replace('name = "/a"', 'name = "/a"\n  with_decryption = true')},
        {"main.tf": STORED.replace('name = "/a"', 'with_decryption = true\n  name = "/a"')},
    ),
    "file of a function": Case(
        {"main.tf": STORED + 'resource "aws_lambda_function" "f" {\n  filename = "f.zip"\n}\n', "f.zip": "a"}, {"f.zip": "b"}
    ),
    "file of other code": Case({"main.tf": STORED + "locals {\n  f = file(var.f)\n}\n", "README.md": "a"}, {"README.md": "b"}),
    "description of a variable": swapped(
        {"m/main.tf": 'variable "n" {\n  description = "a"\n}\n' + STORED.replace('"/a"', "var.n"),
         "main.tf": 'module "m" {\n  source = "./m"\n  n      = "/a"\n}\n'},
        "m/main.tf",
        '"a"',
        '"b"',
    ),
    **{
        f"another value beside {title}": Case(files, {"b/main.tf": (files["b/main.tf"] or "").replace('"o"', '"p"') + "# b\n"})
        for title, files in BEHIND.items()
    },
    "another output of a root": swapped(dict(STATE), "accounts/main.tf", '"b"', '"c"'),
    "tags of a parameter": swapped(dict(PARAMETER), "b/main.tf", '"x"', '"y"'),
    "another parameter": swapped({**PARAMETER, "main.tf": STORED.replace("/a", "/b")}, "b/main.tf", '"a"', '"b"'),
    "description of a Region": swapped(
        {"main.tf": INLINE + REGION.replace("@", "r")}, "main.tf", '"x" {', '"x" {\n  description = "a"\n'
    ),
    "role of a provider in one account": swapped(
        {"main.tf": PROVIDER.replace('profile = "a"', 'assume_role {\n    role_arn = "arn:aws:iam::111122223333:role/a"\n  }') + INLINE},
        "main.tf",
        "role/a",
        "role/b",
    ),
    "another output of a dependency": swapped(
        {**DEPENDENT, "accounts/main.tf": f'{DEPENDENT["accounts/main.tf"]}output "b" {{\n  value = "b"\n}}\n'},
        "accounts/main.tf",
        '"b"\n',
        '"c"\n',
    ),
    "another input of a unit": swapped(dict(GENERATED), "live/terragrunt.hcl", "= 1", "= 2"),
    "another input beside a variable of a data source": swapped(dict(UNIT_WITH_MODULE), "live/terragrunt.hcl", "= 1", "= 2"),
    "another input beside a dependency": swapped(dict(DEPENDENT), "live/infra/terragrunt.hcl", "= 1", "= 2"),
    **{f"description of a {title}": swapped(files, "t.json", '"d"', '"e"') for title, files in ROLES.items()},
    **{f"another {title}": swapped(files, "x/c.json", '"o"', '"p"') for title, files in BELOW.items()},
    "other code beside a grant": Case({"g.tf": OTHER_GRANT}, {"g.tf": f"# grant\n{OTHER_GRANT}locals {{\n  a = 1\n}}\n"}),
    "stack of units without topics": Case({"mod/main.tf": "", "live/terragrunt.stack.hcl": "# a\n"}, {"live/terragrunt.stack.hcl": "# b\n"}),
    "tags that are ignored": swapped({"main.tf": IGNORING}, "main.tf", "[policy]", "[policy]\n    prevent_destroy = true"),
    **{
        f"name of a parameter in {file}": Case({"t.json": template(), file: f"{text} a"}, {file: f"{text} b"})
        for file, text in (
            ("docs/x.md", "* Partner:"), ("Dockerfile", "LABEL Partner="), ("package.json", '{"Partner":'), ("tests/test_x.py", "# parameter\nPartner =")
        )
    },
    "another custom resource": swapped({"t.json": CUSTOM}, "t.json", '"b"', '"c"'),
    "description of a parameter": swapped({"t.json": OF_PARAMETER}, "t.json", '"b"', '"c"'),
    "exporting template": Case(
        {"t.json": IMPORT, "e.json": exporting({"Fn::GetAtt": ["Role", "Arn"]})},
        {"e.json": exporting({"Fn::GetAtt": ["Role", "Arn"]}, other="b")},
    ),
    "another export": Case({"t.json": IMPORT, "e.json": exporting("a", "b")}, {"e.json": exporting("c", "b")}),
    "renamed root with a data source": Case({"dev/main.tf": STORED}, {"dev/main.tf": None, "prod/main.tf": STORED}, "was renamed to"),
    "renamed root": Case({"dev/main.tf": INLINE}, {"dev/main.tf": None, "prod/main.tf": INLINE}, "was renamed to"),
}  # fmt: skip


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("repository")
    git("-C", str(made), "init", "--quiet", "--initial-branch", "main")
    git("-C", str(made), "commit", "--quiet", "--allow-empty", "-m", "start")
    return made


def report(case: Case, out: Path, fail_on: FailOnChange = FailOnChange.ANY) -> tuple[int, str]:
    git("checkout", "--quiet", "--force", "-B", "base", "main")
    git("clean", "--quiet", "-fdx")
    write(case.old)
    git("add", "--all")
    git("commit", "--quiet", "--allow-empty", "-m", "base")
    write(case.new)
    output = (DiffOutput(DiffFormat.TEXT, out),)
    ending = show_change("base", [], DiffRequest(fail_on=fail_on), given=Given(), output=output)
    return ending.code, " ".join(out.read_text().split())


def write(files: Files) -> None:
    for name, text in files.items():
        if text is None:
            Path(name).unlink()
        else:
            save(Path(name), text)


@pytest.mark.parametrize("title", CHANGES)
def test_a_change_that_can_alter_access_is_a_row_or_not_known(
    title: str, top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(top)
    case = CHANGES[title]
    code, text = report(case, tmp_path / "report")
    assert (code, case.says in text) == (case.code, True), text
    assert report(case, tmp_path / "report", FailOnChange.GAINS)[0] in (1, 3)


NOT_IN_FOLDERS = (
    *("in .github", "in node_modules", "a folder that is not searched"),
    *(
        "root of another account",
        "provider of a topic",
        "provider of a renamed key",
        "provider that a unit",
        "backend",
    ),
    "credentials beside a root",
)
"""Changes that two folders do not show: folders are not searched, and two environments are taken as one place."""


@pytest.mark.parametrize("title", [one for one in CHANGES if not any(part in one for part in NOT_IN_FOLDERS)])
def test_two_folders_are_compared_as_a_change(
    title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    case = CHANGES[title]
    for folder, files in (("old", case.old), ("new", {**case.old, **case.new})):
        Path(folder).mkdir()
        write({f"{folder}/{name}": text for name, text in files.items() if text is not None})
        write({f"{folder}/other/p.json": subscribers(PARTNER)})
    output = (DiffOutput(DiffFormat.TEXT, Path("report")),)
    ending = show_difference("old", "new", DiffRequest(), given=Given(), output=output)
    assert ending.code in (1, 3), Path("report").read_text()


@pytest.mark.parametrize("title", SAME)
def test_a_change_that_cannot_alter_access_is_the_same(
    title: str, top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(top)
    code, text = report(SAME[title], tmp_path / "report")
    assert (code, SAME[title].says in text) == (0, True), text


def test_a_gain_in_every_deployment_fails_also_if_others_gain_in_each(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the vendor's account is the own one, its own users gain."""
    monkeypatch.chdir(top)
    own = "arn:aws:iam::${data.aws_caller_identity.c.account_id}"
    before = [OPEN | {"Principal": {"AWS": f"{own}:role/Admin"}}]
    before += [OPEN | {"Principal": {"AWS": f"{own}:root"}, "Action": "kms:Decrypt"}]
    texts = [
        'data "aws_caller_identity" "c" {}\n'
        + KEY.replace("{}", f"{{\n  policy = jsonencode({json.dumps(document(*listed))})\n}}")
        for listed in (before, [*before, OPEN])
    ]
    case = Case({"main.tf": texts[0]}, {"main.tf": texts[1]})
    codes = [report(case, tmp_path / "report", one)[0] for one in FailOnChange]
    assert dict(zip(FailOnChange, codes, strict=True)) == {"gains": 1, "loses": 0, "any": 1}


def test_nothing_of_a_case_is_left_for_the_next(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(top)
    git("checkout", "--quiet", "--force", "main")
    git("clean", "--quiet", "-fdx")
    assert [one.name for one in top.iterdir()] == [".git"]
