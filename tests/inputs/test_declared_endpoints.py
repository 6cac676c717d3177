"""What declared subscriptions deliver to: which permissions and policies count, and what is not known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from checker.analysis.endpoints import Function, Queue, Subscription
from checker.analysis.inventory import PolicyText
from checker.core.unknown import Unknown
from checker.inputs.load import load
from checker.lint.engine import judge
from checker.lint.registry import all_rules
from checker.policy.node import rendered
from tests.inputs.terraform.module.reading import write
from tests.samples import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from checker.analysis.inventory import Inventory

BASE = """
variable "open" {}
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_subscription" "chat" {
  topic_arn = aws_sns_topic.chat.arn
  protocol  = "PROTOCOL"
  endpoint  = ENDPOINT
  MORE
}
"""
FUNCTION = 'resource "aws_lambda_function" "f" { function_name = "chat-handler" }\n'
QUEUE = 'resource "aws_sqs_queue" "q" { name = "q" }\n'
ALIAS = """
resource "aws_lambda_alias" "live" {
  name = "live"
  function_name = aws_lambda_function.f.function_name
}
"""
OF_FUNCTION, OF_ALIAS = "aws_lambda_function.f.arn", "aws_lambda_alias.live.arn"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:chat-handler"


def permission(function: str = "aws_lambda_function.f.function_name", **more: str) -> str:
    values = {"function_name": function, "principal": '"sns.amazonaws.com"', **more}
    lines = ['  action = "lambda:InvokeFunction"', *(f"  {name} = {value}" for name, value in values.items())]
    return "\n".join(['resource "aws_lambda_permission" "sns" {', *lines, "}", ""])


def subscribed(endpoint: str, *parts: str, protocol: str = "lambda", more: str = "") -> str:
    base = BASE.replace("PROTOCOL", protocol).replace("ENDPOINT", endpoint).replace("MORE", more)
    return "\n".join([base, *parts])


def read(folder: Path, text: str) -> Inventory:
    return load([write(folder, {"main.tf": text})])


def subscription_in(inventory: Inventory) -> Subscription:
    (topic,) = inventory.topics
    assert not isinstance(topic.subscriptions, Unknown)
    return topic.subscriptions[0]


def behind(inventory: Inventory) -> Function | Queue | Unknown:
    """What the only subscription names."""
    subscription, (topic,) = subscription_in(inventory), inventory.topics
    known, reference = inventory.endpoints, subscription.endpoint
    return (known.queue if subscription.protocol == "sqs" else known.function)(reference, topic.home)


def statements(found: Function | Queue | Unknown) -> list[dict[str, Any]]:
    assert not isinstance(found, Unknown), found
    if found.policy is None:
        return []
    assert isinstance(found.policy, PolicyText), found.policy
    listed: list[dict[str, Any]] = json.loads(rendered(found.policy.document.root))["Statement"]
    return listed


MEANT = {
    "the name of the function": (OF_FUNCTION, permission()),
    "its ARN": (OF_FUNCTION, permission(OF_FUNCTION)),
    "its ID": (OF_FUNCTION, permission("aws_lambda_function.f.id")),
    "its name in quotes": (OF_FUNCTION, permission('"chat-handler"')),
    "a partial ARN": (OF_FUNCTION, permission(f'"{ACCOUNT}:function:chat-handler"')),
    "the alias by its name": (OF_ALIAS, permission(qualifier="aws_lambda_alias.live.name")),
    "the alias by its name in quotes": (OF_ALIAS, permission('"chat-handler"', qualifier='"live"')),
    "the alias in the name": (OF_ALIAS, permission('"chat-handler:live"')),
    "the ARN of the alias": (OF_ALIAS, permission(OF_ALIAS)),
    "the version": (
        "aws_lambda_function.f.qualified_arn",
        permission(qualifier="aws_lambda_function.f.version"),
    ),
}
OTHERS = {
    "another function": (OF_FUNCTION, permission('"other"')),
    "the alias": (OF_FUNCTION, permission(qualifier="aws_lambda_alias.live.name")),
    "the function instead of its alias": (OF_ALIAS, permission()),
    "another alias": (OF_ALIAS, permission(qualifier='"dev"')),
    "the function instead of its version": ("aws_lambda_function.f.qualified_arn", permission()),
    "no permission": (OF_FUNCTION, ""),
}


@pytest.mark.parametrize("name", MEANT)
def test_a_permission_belongs_to_what_it_names(name: str, tmp_path: Path) -> None:
    endpoint, granted = MEANT[name]
    found = behind(read(tmp_path, subscribed(endpoint, FUNCTION, ALIAS, granted)))
    assert isinstance(found, Function)
    assert [one["Principal"] for one in statements(found)] == [{"Service": "sns.amazonaws.com"}]
    assert found.more is None
    assert found.exists is True


@pytest.mark.parametrize("name", OTHERS)
def test_a_permission_on_something_else_does_not_count(name: str, tmp_path: Path) -> None:
    endpoint, granted = OTHERS[name]
    found = behind(read(tmp_path, subscribed(endpoint, FUNCTION, ALIAS, granted)))
    assert isinstance(found, Function)
    assert found.policy is None
    assert found.more is None


WRITTEN = {
    "a topic": (
        {"source_arn": "aws_sns_topic.chat.arn"},
        {"ArnLike": {"AWS:SourceArn": "aws_sns_topic.chat.arn"}},
    ),
    "a composed ARN": (
        {"source_arn": f'"arn:aws:sns:us-east-1:{ACCOUNT}:chat"'},
        {"ArnLike": {"AWS:SourceArn": f"arn:aws:sns:us-east-1:{ACCOUNT}:chat"}},
    ),
    "an account": (
        {"source_account": f'"{ACCOUNT}"'},
        {"StringEquals": {"AWS:SourceAccount": ACCOUNT}},
    ),
    "an organization": (
        {"principal_org_id": '"o-1"'},
        {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
    ),
    "a token": ({"event_source_token": '"t"'}, {"StringEquals": {"lambda:EventSourceToken": "t"}}),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_permission_becomes_a_statement_as_lambda_writes_it(name: str, tmp_path: Path) -> None:
    arguments, condition = WRITTEN[name]
    (found,) = statements(behind(read(tmp_path, subscribed(OF_FUNCTION, FUNCTION, permission(**arguments)))))
    expected = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    assert expected.items() <= found.items()
    assert found.get("Condition") == condition


PRINCIPALS = {
    '"sns.amazonaws.com"': {"Service": "sns.amazonaws.com"},
    f'"{ACCOUNT}"': {"AWS": ACCOUNT},
    f'"arn:aws:iam::{ACCOUNT}:root"': {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    '"*"': "*",
}


@pytest.mark.parametrize("principal", PRINCIPALS)
def test_a_principal_is_a_service_an_account_or_everyone(principal: str, tmp_path: Path) -> None:
    text = subscribed(OF_FUNCTION, FUNCTION, permission(principal=principal))
    assert [one["Principal"] for one in statements(behind(read(tmp_path, text)))] == [PRINCIPALS[principal]]


COUNT = "  count = var.open ? 1 : 0\n"
UNSURE = {
    "a permission that may not exist": (
        subscribed(OF_FUNCTION, FUNCTION, permission().replace("{\n", "{\n" + COUNT, 1)),
        "whether `aws_lambda_permission.sns` exists is not known",
    ),
    "a permission on a function that is not known": (
        subscribed(OF_FUNCTION, FUNCTION, permission("var.open")),
        "the function of `aws_lambda_permission.sns` is not known",
    ),
    "a permission on an alias that is not known": (
        subscribed(OF_ALIAS, FUNCTION, ALIAS, permission(qualifier="var.open")),
        "the function of `aws_lambda_permission.sns` is not known",
    ),
    "a module that is not downloaded": (
        subscribed(
            OF_FUNCTION,
            FUNCTION,
            'module "p" {\n  source = "acme/permission/aws"\n  function = aws_lambda_function.f.arn\n}\n',
        ),
        "a module that was not read may add permissions",
    ),
    "a function that is looked up": (
        subscribed(
            "data.aws_lambda_function.f.arn",
            'data "aws_lambda_function" "f" { function_name = "chat-handler" }\n',
            permission("data.aws_lambda_function.f.function_name"),
        ),
        "the function is declared elsewhere, and may have other permissions there",
    ),
    "a function that only its ARN names": (
        subscribed(f'"{ARN}"', permission('"chat-handler"')),
        "the function is declared elsewhere, and may have other permissions there",
    ),
}


@pytest.mark.parametrize("name", UNSURE)
def test_other_permissions_are_not_ruled_out(name: str, tmp_path: Path) -> None:
    text, reason = UNSURE[name]
    found = behind(read(tmp_path, text))
    assert isinstance(found, Function)
    assert found.more is not None
    assert found.more.reason == reason


NOT_SUPPLIED = {
    "a function that is looked up": (
        subscribed(
            "data.aws_lambda_function.f.arn",
            'data "aws_lambda_function" "f" { function_name = "chat-handler" }\n',
        )
    ),
    "a variable": subscribed("var.open", FUNCTION, permission()),
    "an ARN": subscribed(f'"{ARN}"', FUNCTION, permission('"other"')),
    "an output of a module that is not downloaded": subscribed(
        "module.f.arn", 'module "f" { source = "acme/f/aws" }\n', FUNCTION
    ),
    "the URL of a queue": subscribed("aws_sqs_queue.q.url", QUEUE, protocol="sqs"),
    "a queue that is looked up": subscribed(
        "data.aws_sqs_queue.q.arn", 'data "aws_sqs_queue" "q" { name = "q" }\n', protocol="sqs"
    ),
}


@pytest.mark.parametrize("name", NOT_SUPPLIED)
def test_an_endpoint_that_is_not_declared_is_not_known(name: str, tmp_path: Path) -> None:
    assert isinstance(behind(read(tmp_path, NOT_SUPPLIED[name])), Unknown)


def test_a_function_that_may_not_exist_is_not_known_to_exist(tmp_path: Path) -> None:
    conditional = 'resource "aws_lambda_function" "f" {\n  function_name = "f"\n' + COUNT + "}\n"
    found = behind(read(tmp_path, subscribed("aws_lambda_function.f[0].arn", conditional)))
    assert isinstance(found, Function)
    assert isinstance(found.exists, Unknown)


def test_a_subscription_that_may_not_exist_is_no_subscription_but_may_be_one(tmp_path: Path) -> None:
    inventory = read(tmp_path, subscribed(OF_FUNCTION, FUNCTION, more=COUNT))
    (topic,) = inventory.topics
    assert isinstance(topic.subscriptions, Unknown)
    assert topic.unlisted is not None
    assert topic.unlisted.reason == "whether `aws_sns_topic_subscription.chat` exists is not known"


SENDS = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}


def queue_policy(owner: str = "aws_sqs_queue.q.id", name: str = "q") -> str:
    policy = json.dumps({"Statement": [{**SENDS, "Resource": "*"}]})
    lines = [f'resource "aws_sqs_queue_policy" "{name}" {{', f"  queue_url = {owner}"]
    return "\n".join([*lines, f"  policy = jsonencode({policy})", "}", ""])


@pytest.mark.parametrize("owner", ["aws_sqs_queue.q.id", "aws_sqs_queue.q.url"])
def test_the_policy_of_a_queue_is_that_of_its_url(owner: str, tmp_path: Path) -> None:
    text = subscribed("aws_sqs_queue.q.arn", QUEUE, queue_policy(owner), protocol="sqs")
    found = behind(read(tmp_path, text))
    assert [one["Action"] for one in statements(found)] == ["sqs:SendMessage"]


QUEUE_POLICIES: dict[str, tuple[tuple[str, ...], str]] = {
    "two policies": (
        (queue_policy(), queue_policy(name="other")),
        "several resources write the policy, and the last write wins",
    ),
    "a policy that may not exist": (
        (queue_policy().replace("{\n", "{\n" + COUNT, 1),),
        "whether `aws_sqs_queue_policy.q` exists is not known",
    ),
}


@pytest.mark.parametrize("name", QUEUE_POLICIES)
def test_a_policy_of_a_queue_may_not_be_in_force(name: str, tmp_path: Path) -> None:
    parts, reason = QUEUE_POLICIES[name]
    found = behind(read(tmp_path, subscribed("aws_sqs_queue.q.arn", QUEUE, *parts, protocol="sqs")))
    assert isinstance(found, Queue)
    assert isinstance(found.policy, Unknown)
    assert found.policy.reason == reason


def test_a_policy_of_a_queue_that_is_not_known_may_be_that_of_any(tmp_path: Path) -> None:
    text = subscribed("aws_sqs_queue.q.arn", QUEUE, queue_policy("var.open"), protocol="sqs")
    found = behind(read(tmp_path, text))
    assert isinstance(found, Queue)
    assert found.policy is None
    assert found.more is not None


SETTINGS: dict[str, dict[str, object]] = {
    'kms_master_key_id = "alias/aws/sqs"': {"key": "alias/aws/sqs"},
    "sqs_managed_sse_enabled = true": {"key": None, "managed_sse": True},
    "message_retention_seconds = 1209600": {"period": 1209600},
    "": {"period": 345600, "fifo": False, "redrive": ""},
    f'redrive_policy = jsonencode({{ deadLetterTargetArn = "arn:aws:sqs:us-east-1:{ACCOUNT}:d" }})': {
        "redrive": f"arn:aws:sqs:us-east-1:{ACCOUNT}:d"
    },
    "fifo_queue = true": {"fifo": True},
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_settings_of_a_queue_are_read(setting: str, tmp_path: Path) -> None:
    queue = f'resource "aws_sqs_queue" "q" {{\n  {setting}\n}}\n'
    found = behind(read(tmp_path, subscribed("aws_sqs_queue.q.arn", queue, protocol="sqs")))
    assert isinstance(found, Queue)
    assert found._asdict().items() >= SETTINGS[setting].items()


DELIVERY: dict[str, dict[str, object]] = {
    'filter_policy = jsonencode({ Type = ["EVENT"] })': {"filter_policy": '{"Type":["EVENT"]}'},
    'filter_policy_scope = "MessageBody"': {"filter_scope": "MessageBody", "filter_policy": None},
    "raw_message_delivery = true": {"raw": True},
    "": {"filter_policy": None, "filter_scope": "MessageAttributes", "raw": False, "dead_letter": None},
    f'redrive_policy = "{{\\"deadLetterTargetArn\\": \\"{ARN}\\"}}"': {"dead_letter": ARN},
    'subscription_role_arn = "arn:aws:iam::111122223333:role/r"': {
        "role": "arn:aws:iam::111122223333:role/r"
    },
}


@pytest.mark.parametrize("setting", DELIVERY)
def test_the_settings_of_a_subscription_are_read(setting: str, tmp_path: Path) -> None:
    found = subscription_in(read(tmp_path, subscribed(OF_FUNCTION, FUNCTION, more=setting)))
    assert found._asdict().items() >= DELIVERY[setting].items()


@pytest.mark.parametrize(
    "setting", ["filter_policy = var.open", "filter_policy = jsonencode({ Type = [var.open] })"]
)
def test_a_filter_with_an_unknown_part_is_not_known(setting: str, tmp_path: Path) -> None:
    found = subscription_in(read(tmp_path, subscribed(OF_FUNCTION, FUNCTION, more=setting)))
    assert isinstance(found.filter_policy, Unknown)
    assert found.filter_policy.where == "var.open"


def test_names_are_those_of_one_root(tmp_path: Path) -> None:
    """A function, a permission and a queue policy of another root have the same addresses and names."""
    other = (
        FUNCTION + permission() + QUEUE + queue_policy() + 'resource "aws_sns_topic" "other" { name = "o" }\n'
    )
    inventory = load([write(tmp_path, {"a/main.tf": subscribed(OF_FUNCTION, FUNCTION), "b/main.tf": other})])
    topic = next(one for one in inventory.topics if one.address == "aws_sns_topic.chat")
    assert not isinstance(topic.subscriptions, Unknown)
    found = inventory.endpoints.function(topic.subscriptions[0].endpoint, topic.home)
    assert isinstance(found, Function)
    assert found.policy is None
    assert len(inventory.endpoints.functions) == 1


def test_what_is_behind_other_subscriptions_connects_nothing_to_amazon_connect(tmp_path: Path) -> None:
    text = subscribed(OF_FUNCTION, FUNCTION, permission(principal='"connect.amazonaws.com"'))
    report = judge(read(tmp_path, text), all_rules())
    assert report.examined == ()
    assert report.findings == ()
    assert not any("not read" in one.reason for one in report.skipped)


def test_functions_that_no_subscription_names_are_left_out(tmp_path: Path) -> None:
    others = "".join(FUNCTION.replace('"f"', f'"f{number}"') for number in range(3))
    inventory = read(tmp_path, subscribed(OF_FUNCTION, FUNCTION, others, QUEUE, permission()))
    assert [one.address for one in inventory.endpoints.functions] == ["aws_lambda_function.f"]
    assert inventory.endpoints.queues == ()


def test_a_module_for_topics_and_a_module_for_functions_pair(tmp_path: Path) -> None:
    topic = """
    variable "subscriptions" {}
    resource "aws_sns_topic" "this" {
      count = 1
      name  = "chat"
    }
    resource "aws_sns_topic_subscription" "this" {
      for_each      = var.subscriptions
      topic_arn     = aws_sns_topic.this[0].arn
      protocol      = each.value.protocol
      endpoint      = each.value.endpoint
      filter_policy = try(each.value.filter_policy, null)
    }
    output "topic_arn" { value = try(aws_sns_topic.this[0].arn, null) }
    """
    function = """
    variable "allowed_triggers" { default = {} }
    resource "aws_lambda_function" "this" {
      count         = 1
      function_name = "chat-handler"
    }
    resource "aws_lambda_permission" "triggers" {
      for_each      = var.allowed_triggers
      function_name = aws_lambda_function.this[0].function_name
      action        = try(each.value.action, "lambda:InvokeFunction")
      principal     = try(each.value.principal, format("%s.amazonaws.com", try(each.value.service, "")))
      source_arn    = try(each.value.source_arn, null)
    }
    output "lambda_function_arn" { value = try(aws_lambda_function.this[0].arn, "") }
    """
    root = """
    module "topic" {
      source        = "./topic"
      subscriptions = { handler = { protocol = "lambda", endpoint = module.handler.lambda_function_arn } }
    }
    module "handler" {
      source           = "./function"
      allowed_triggers = { sns = { service = "sns", source_arn = module.topic.topic_arn } }
    }
    """
    files = {"main.tf": root, "topic/main.tf": topic, "function/main.tf": function}
    inventory = load([write(tmp_path, files)])
    (found,) = statements(behind(inventory))
    (chat,) = inventory.topics
    assert found["Condition"] == {"ArnLike": {"AWS:SourceArn": chat.symbol}}
