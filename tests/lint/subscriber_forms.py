"""Subscribers of a topic that Connect streams to, in the forms of code and output that people have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.inputs.terraform.plan.plans import change, plan, refer, state, written
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

if TYPE_CHECKING:
    from collections.abc import Callable

LAMBDA, ALIAS, SQS = "lambda", "alias", "sqs"
TOPIC, OTHER, NOBODY = "this topic", "another topic", "nobody"
ON_FUNCTION, ON_ALIAS = "the function", "the alias"
OTHER_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:other"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:chat-handler"
QUEUE_ARN, DEAD_ARN = (f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}" for name in ("chat", "dead"))
KEY_ID = "0a1b2c3d-1111-4222-8333-444455556666"
KEY_ARN = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{KEY_ID}"
URL = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/"


class Subscriber(NamedTuple):
    """A subscription, and what its endpoint allows.

    ``grant`` is the topic for which the function or queue accepts messages, ``on`` what a permission is about, and
    ``dead`` the topic for which the dead-letter queue accepts messages, if there is one. ``key`` is the service that may
    use the key of the queue, if it has one.
    """

    protocol: str
    grant: str = TOPIC
    principal: str = "sns.amazonaws.com"
    on: str = ON_FUNCTION
    filter: dict[str, Any] | None = None
    dead: str | None = None
    key: str | None = None


PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}


def accepting(queue: Any, topic: Any, principal: str) -> dict[str, Any]:
    """The policy of a queue that accepts the messages of a topic."""
    sends = {"Principal": {"Service": principal}, "Action": "sqs:SendMessage", "Resource": queue}
    return document({"Effect": "Allow", **sends, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}})


def key_policy(service: str) -> dict[str, Any]:
    """The policy of a key that a service may use."""
    actions = ["kms:GenerateDataKey*", "kms:Decrypt"]
    grant = {"Effect": "Allow", "Principal": {"Service": service}, "Action": actions, "Resource": "*"}
    owner = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return document(owner, grant)


# Terraform


ALWAYS = {
    "CreatedTimestamp": "1700000000",
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "VisibilityTimeout": "30",
}
"""Attributes of every queue, which the output of the AWS CLI has."""

_TERRAFORM = """
provider "aws" { region = "us-east-1" }
data "aws_caller_identity" "current" {}
resource "aws_connect_instance" "this" { identity_management_type = "SAML" }
resource "aws_sns_topic" "chat" { name = "chat" }
resource "aws_sns_topic_policy" "chat" {
  arn = aws_sns_topic.chat.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { Service = "connect.amazonaws.com" }
      Action = "sns:Publish", Resource = aws_sns_topic.chat.arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnEquals    = { "aws:SourceArn" = aws_connect_instance.this.arn }
      }
    }]
  })
}
resource "aws_lambda_function" "this" { function_name = "chat-handler" }
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}
resource "aws_sqs_queue" "dead" { name = "dead" }
"""
_ENDPOINTS = {
    LAMBDA: "aws_lambda_function.this.arn",
    ALIAS: "aws_lambda_alias.live.arn",
    SQS: "aws_sqs_queue.chat.arn",
}
_TOPICS = {TOPIC: "aws_sns_topic.chat.arn", OTHER: f'"{OTHER_ARN}"'}


def terraform(one: Subscriber) -> dict[str, str]:
    """Terraform files."""
    lines = [
        _TERRAFORM,
        'resource "aws_sns_topic_subscription" "this" {',
        "  topic_arn = aws_sns_topic.chat.arn",
    ]
    lines += [
        f'  protocol = "{SQS if one.protocol == SQS else LAMBDA}"',
        f"  endpoint = {_ENDPOINTS[one.protocol]}",
    ]
    if one.filter is not None:
        lines.append(f"  filter_policy = jsonencode({json.dumps(one.filter)})")
    if one.dead is not None:
        lines.append("  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn })")
    lines += ["}", *_terraform_grants(one), *_terraform_queue(one)]
    return {"main.tf": "\n".join(lines)}


def _terraform_queue(one: Subscriber) -> list[str]:
    encrypted = ["  kms_master_key_id = aws_kms_key.queue.arn"] if one.key else []
    found = ['resource "aws_sqs_queue" "chat" {', '  name = "chat"', *encrypted, "}"]
    if one.key:
        found += [
            'resource "aws_kms_key" "queue" {',
            f"  policy = jsonencode({json.dumps(key_policy(one.key))})",
            "}",
        ]
    return found


def _terraform_grants(one: Subscriber) -> list[str]:
    found = []
    if one.grant != NOBODY and one.protocol != SQS:
        alias = ["  qualifier = aws_lambda_alias.live.name"] if one.on == ON_ALIAS else []
        found += ['resource "aws_lambda_permission" "sns" {', '  action = "lambda:InvokeFunction"', *alias]
        found += [
            "  function_name = aws_lambda_function.this.function_name",
            f'  principal = "{one.principal}"',
        ]
        found += [f"  source_arn = {_TOPICS[one.grant]}", "}"]
    queues = [("chat", one.grant)] if one.protocol == SQS else []
    for name, topic in (*queues, ("dead", one.dead or NOBODY)):
        if topic != NOBODY:
            found += _queue_policy(name, _TOPICS[topic], one.principal)
    return found


def _queue_policy(name: str, topic: str, principal: str) -> list[str]:
    text = json.dumps(accepting("QUEUE", "TOPIC", principal), indent=1)
    text = text.replace('"QUEUE"', f"aws_sqs_queue.{name}.arn").replace('"TOPIC"', topic)
    header = f'resource "aws_sqs_queue_policy" "{name}" {{'
    return [header, f"  queue_url = aws_sqs_queue.{name}.id", f"  policy = jsonencode({text})", "}"]


# Plans and states


def _resources(one: Subscriber) -> list[tuple[str, dict[str, Any]]]:
    """The resources of a state, with all their values."""
    topics = {TOPIC: TOPIC_ARN, OTHER: OTHER_ARN}
    policy = json.dumps(document(statement(Condition=PINNED)))
    endpoint = {LAMBDA: FUNCTION_ARN, ALIAS: f"{FUNCTION_ARN}:live", SQS: QUEUE_ARN}[one.protocol]
    redrive = json.dumps({"deadLetterTargetArn": DEAD_ARN}) if one.dead is not None else ""
    filters = {"filter_policy": json.dumps(one.filter) if one.filter is not None else ""}
    protocol = SQS if one.protocol == SQS else LAMBDA
    own = {"topic_arn": TOPIC_ARN, "protocol": protocol, "endpoint": endpoint, "redrive_policy": redrive}
    found: list[tuple[str, dict[str, Any]]] = [
        ("aws_sns_topic.chat", {"arn": TOPIC_ARN, "id": TOPIC_ARN, "name": "chat", "policy": policy}),
        ("aws_sns_topic_policy.chat", {"arn": TOPIC_ARN, "id": TOPIC_ARN, "policy": policy}),
        (
            "aws_lambda_function.this",
            {"arn": FUNCTION_ARN, "function_name": "chat-handler", "id": "chat-handler"},
        ),
        (
            "aws_lambda_alias.live",
            {"arn": f"{FUNCTION_ARN}:live", "name": "live", "function_name": "chat-handler"},
        ),
        (
            "aws_sns_topic_subscription.this",
            {**own, **filters, "pending_confirmation": False, "arn": f"{TOPIC_ARN}:1"},
        ),
    ]
    if one.grant != NOBODY and one.protocol != SQS:
        permission = {"function_name": "chat-handler", "action": "lambda:InvokeFunction"}
        qualifier = {"qualifier": "live"} if one.on == ON_ALIAS else {"qualifier": ""}
        values = {**permission, **qualifier, "principal": one.principal, "source_arn": topics[one.grant]}
        found.append(("aws_lambda_permission.sns", values))
    for name, arn, topic in (("chat", QUEUE_ARN, one.grant), ("dead", DEAD_ARN, one.dead or NOBODY)):
        text = json.dumps(accepting(arn, topics[topic], one.principal)) if topic != NOBODY else ""
        key = KEY_ARN if one.key and name == "chat" else ""
        queue = {
            "arn": arn,
            "name": name,
            "id": URL + name,
            "url": URL + name,
            "policy": text,
            "kms_master_key_id": key,
        }
        found.append((f"aws_sqs_queue.{name}", {**queue, "message_retention_seconds": 345600}))
        if text:
            found.append((f"aws_sqs_queue_policy.{name}", {"queue_url": URL + name, "policy": text}))
    if one.key:
        policy = json.dumps(key_policy(one.key))
        found.append(
            ("aws_kms_key.queue", {"arn": KEY_ARN, "key_id": KEY_ID, "id": KEY_ID, "policy": policy})
        )
    return found


def kept_state(one: Subscriber) -> dict[str, str]:
    """A state, as `terraform show -json` prints it."""
    shown = state(*(change(address, values) for address, values in _resources(one)))
    return {"state.json": json.dumps(shown)}


_COMPUTED = ("filter_policy_scope", "pending_confirmation")
"""What the provider computes for a subscription, so that a plan does not know it."""
_SOURCES = {
    TOPIC_ARN: "aws_sns_topic.chat.arn",
    FUNCTION_ARN: "aws_lambda_function.this.arn",
    f"{FUNCTION_ARN}:live": "aws_lambda_alias.live.arn",
    QUEUE_ARN: "aws_sqs_queue.chat.arn",
    DEAD_ARN: "aws_sqs_queue.dead.arn",
    f"{URL}chat": "aws_sqs_queue.chat.id",
    f"{URL}dead": "aws_sqs_queue.dead.id",
    KEY_ARN: "aws_kms_key.queue.arn",
}


def plan_of_new(one: Subscriber) -> dict[str, str]:
    """A plan that creates everything but the topic and the queues, so that ARNs of functions are not known yet."""
    changes, configured = [], []
    for address, values in _resources(one):
        is_new = "_lambda_" in address or "subscription" in address
        own = {"arn", "id", *_COMPUTED} if is_new else set()
        sources = {name: _SOURCES.get(value) for name, value in values.items() if isinstance(value, str)}
        hidden = {name for name, source in sources.items() if source and "_lambda_" in source and is_new}
        unknown = ((own | hidden) & values.keys()) | (set(_COMPUTED) if "subscription" in address else set())
        after = {name: value for name, value in values.items() if name not in unknown}
        changes.append(change(address, after, dict.fromkeys(unknown, True)))
        expressions = {
            name: refer(source)
            if (source := sources.get(name)) and name not in own
            else {"constant_value": value}
            for name, value in values.items()
            if name not in own and value != ""
        }
        configured.append(written(address, expressions))
    return {"plan.json": json.dumps(plan(changes, *configured))}


# CloudFormation


def _stack(resources: dict[str, Any]) -> str:
    instance = {"IdentityManagementType": "SAML", "Attributes": {"InboundCalls": True, "OutboundCalls": True}}
    grant = statement(
        Resource={"Ref": "Chat"},
        Condition={
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
            "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Instance", "Arn"]}},
        },
    )
    policy = {"Topics": [{"Ref": "Chat"}], "PolicyDocument": document(grant)}
    return json.dumps(
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Resources": {
                "Instance": {"Type": "AWS::Connect::Instance", "Properties": instance},
                "Chat": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "chat"}},
                "ChatPolicy": {"Type": "AWS::SNS::TopicPolicy", "Properties": policy},
                **resources,
            },
        },
        indent=1,
    )


def _arn_of(logical: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical, "Arn"]}


def cloudformation(one: Subscriber) -> dict[str, str]:
    """A template, which is also what CDK writes."""
    endpoints = {LAMBDA: _arn_of("Handler"), ALIAS: {"Ref": "Live"}, SQS: _arn_of("Queue")}
    subscription = {"TopicArn": {"Ref": "Chat"}, "Protocol": SQS if one.protocol == SQS else LAMBDA}
    filters = {"FilterPolicy": one.filter} if one.filter is not None else {}
    redrive = {"RedrivePolicy": {"deadLetterTargetArn": _arn_of("Dead")}} if one.dead is not None else {}
    handler = {"FunctionName": "chat-handler", "Runtime": "python3.12"}
    live = {"FunctionName": {"Ref": "Handler"}, "Name": "live"}
    own = {**subscription, "Endpoint": endpoints[one.protocol], **filters, **redrive}
    resources = {
        "Handler": {"Type": "AWS::Lambda::Function", "Properties": handler},
        "Live": {"Type": "AWS::Lambda::Alias", "Properties": live},
        **_template_queue(one),
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Subscription": {"Type": "AWS::SNS::Subscription", "Properties": own},
        **_template_grants(one),
    }
    return {"stack.json": _stack(resources)}


def _template_queue(one: Subscriber) -> dict[str, Any]:
    if not one.key:
        return {"Queue": {"Type": "AWS::SQS::Queue"}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Ref": "Key"}}}
    return {
        "Queue": queue,
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": key_policy(one.key)}},
    }


def _template_grants(one: Subscriber) -> dict[str, Any]:
    topics: dict[str, Any] = {TOPIC: {"Ref": "Chat"}, OTHER: OTHER_ARN}
    found: dict[str, Any] = {}
    if one.grant != NOBODY and one.protocol != SQS:
        name = {"Ref": "Live"} if one.on == ON_ALIAS else {"Ref": "Handler"}
        permission = {"FunctionName": name, "Action": "lambda:InvokeFunction", "Principal": one.principal}
        properties = {**permission, "SourceArn": topics[one.grant]}
        found["Permission"] = {"Type": "AWS::Lambda::Permission", "Properties": properties}
    queues = [("Queue", one.grant)] if one.protocol == SQS else []
    for logical, topic in (*queues, ("Dead", one.dead or NOBODY)):
        if topic != NOBODY:
            policy = accepting(_arn_of(logical), topics[topic], one.principal)
            properties = {"Queues": [{"Ref": logical}], "PolicyDocument": policy}
            found[f"{logical}Policy"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": properties}
    return found


# Output of the AWS CLI


def cli_output(one: Subscriber) -> dict[str, str]:
    """Output of the AWS CLI, a file for each command."""
    topics = {TOPIC: TOPIC_ARN, OTHER: OTHER_ARN}
    endpoint = {LAMBDA: FUNCTION_ARN, ALIAS: f"{FUNCTION_ARN}:live", SQS: QUEUE_ARN}[one.protocol]
    policy = json.dumps(document(statement(Condition=PINNED)))
    arn, protocol = f"{TOPIC_ARN}:1a2b", SQS if one.protocol == SQS else LAMBDA
    base = {
        "SubscriptionArn": arn,
        "Owner": ACCOUNT,
        "Protocol": protocol,
        "Endpoint": endpoint,
        "TopicArn": TOPIC_ARN,
    }
    attributes = {**base, "PendingConfirmation": "false", "RawMessageDelivery": "false"}
    if one.filter is not None:
        attributes |= {"FilterPolicy": json.dumps(one.filter), "FilterPolicyScope": "MessageAttributes"}
    if one.dead is not None:
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": DEAD_ARN})
    found: dict[str, Any] = {
        "topic.json": {"Attributes": {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT, "Policy": policy}},
        "instance.json": {"Instance": {"Arn": INSTANCE_ARN, "InstanceAlias": "a", "ServiceRole": "b"}},
        "subscriptions.json": {"Subscriptions": [base]},
        "subscription.json": {"Attributes": attributes},
    }
    if one.protocol != SQS:
        found |= {"function.json": _function_policy(one, topics)}
    for name, queue, topic in (("queue", QUEUE_ARN, one.grant), ("dead", DEAD_ARN, one.dead or NOBODY)):
        given = {"QueueArn": queue, **ALWAYS, "SqsManagedSseEnabled": "false"}
        if one.key and name == "queue":
            given["KmsMasterKeyId"] = KEY_ARN
        if topic != NOBODY:
            given["Policy"] = json.dumps(accepting(queue, topics[topic], one.principal))
        found[f"{name}.json"] = {"Attributes": given}
    if one.key:
        metadata = {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "KeyManager": "CUSTOMER"}
        found["key.json"] = {
            "KeyMetadata": {"Arn": KEY_ARN, "KeyId": KEY_ID, "KeyState": "Enabled", **metadata}
        }
        found["key-policy.json"] = {"Policy": json.dumps(key_policy(one.key)), "PolicyName": "default"}
    return {name: json.dumps(value) for name, value in found.items()}


def _function_policy(one: Subscriber, topics: dict[str, str]) -> dict[str, Any]:
    """The policy of the subscribed function or alias. Without a policy, Lambda reports an error instead."""
    resource = f"{FUNCTION_ARN}:live" if one.protocol == ALIAS else FUNCTION_ARN
    grants = {"Sid": "s", "Effect": "Allow", "Principal": {"Service": one.principal}, "Resource": resource}
    is_elsewhere = one.grant == NOBODY or (one.on == ON_ALIAS) != (one.protocol == ALIAS)
    service = "events.amazonaws.com" if is_elsewhere else one.principal
    source = OTHER_ARN if is_elsewhere else topics[one.grant]
    condition = {"ArnLike": {"AWS:SourceArn": source}}
    whole = {
        **grants,
        "Principal": {"Service": service},
        "Action": "lambda:InvokeFunction",
        "Condition": condition,
    }
    return {
        "Policy": json.dumps({"Version": "2012-10-17", "Id": "default", "Statement": [whole]}),
        "RevisionId": "1",
    }


FORMS: dict[str, Callable[[Subscriber], dict[str, str]]] = {
    "Terraform files": terraform,
    "a state": kept_state,
    "a plan": plan_of_new,
    "a template": cloudformation,
    "output of the AWS CLI": cli_output,
}
