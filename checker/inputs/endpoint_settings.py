"""Reads the settings of subscriptions, permissions and queues from any source, by tables of their names.

https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
The names of a setting are those of `checker.inputs.topic_settings`: in the API, in CloudFormation and in Terraform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.analysis.endpoints import ATTRIBUTES
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.declared import DeclaredDelivery
from checker.inputs.topic_settings import API
from checker.policy.node import Object, Scalar, children, rendered, scalar_text, text_of
from checker.policy.text_json import TextError, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.unknown import Truth
    from checker.policy.model import Value
    from checker.policy.node import Node


class Attributes(Protocol):
    """The attributes of a subscription, permission or queue, by the names of its source."""

    def text(self, name: str) -> Value | None:
        """Return an attribute as text; ``None`` if it is not set or empty."""

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean attribute; ``None`` if it is not set."""

    def json(self, name: str) -> Node | Unknown | None:
        """Return an attribute that is JSON, as an object or in a string; ``None`` if it is not set or empty."""


_FILTER = ("FilterPolicy", "FilterPolicy", "filter_policy")
_SCOPE = ("FilterPolicyScope", "FilterPolicyScope", "filter_policy_scope")
_RAW = ("RawMessageDelivery", "RawMessageDelivery", "raw_message_delivery")
_REDRIVE = ("RedrivePolicy", "RedrivePolicy", "redrive_policy")
_ROLE = ("SubscriptionRoleArn", "SubscriptionRoleArn", "subscription_role_arn")
_OF_SUBSCRIPTION = (_FILTER, _SCOPE, _RAW, _REDRIVE, _ROLE)
_DEAD_LETTER = "deadLetterTargetArn"
_NO_TARGET = Unknown(f"the redrive policy has no `{_DEAD_LETTER}`")


def subscription_names(column: int) -> tuple[str, ...]:
    """Return the names of the settings of a subscription in a column."""
    return tuple(names[column] for names in _OF_SUBSCRIPTION)


def delivery_of(subscription: Attributes, column: int) -> DeclaredDelivery:
    """Read how SNS delivers to a subscription."""
    raw = subscription.flag(_RAW[column])
    scope = subscription.text(_SCOPE[column])
    return DeclaredDelivery(
        json_text(subscription.json(_FILTER[column])),
        ATTRIBUTES if scope is None else scope,
        False if raw is None else raw,
        dead_letter_of(subscription.json(_REDRIVE[column])),
        subscription.text(_ROLE[column]),
    )


def json_text(node: Node | Unknown | None) -> Value | None:
    """Return JSON as text; Unknown if a part of it is not known."""
    if node is None or isinstance(node, Unknown):
        return node
    unknown = next(_unknown_in(node), None)
    if unknown is not None:
        return unknown._replace(pieces=())
    text = text_of(node)
    return rendered(node) if text is None else text


def _unknown_in(node: Node) -> Iterator[Unknown]:
    if isinstance(node, Scalar):
        if isinstance(node.value, Unknown):
            yield node.value
        return
    for one in children(node):
        yield from _unknown_in(one)


def dead_letter_of(node: Node | Unknown | None) -> Value | None:
    """Return the queue in a redrive policy. A policy that is not known has the name of its only source."""
    if isinstance(node, Scalar) and isinstance(node.value, str):
        node = _parsed(node)
    if node is None or isinstance(node, Unknown):
        return node
    if isinstance(node, Scalar) and isinstance(node.value, Unknown):
        return node.value
    target = node.get(_DEAD_LETTER) if isinstance(node, Object) else None
    text = scalar_text(target) if target is not None else None
    return _NO_TARGET if text is None else text


def _parsed(node: Scalar) -> Node | Unknown | None:
    from checker.policy.source import Source

    text = str(node.value)
    try:
        return parse_json(Source(node.source.name, text)) if text.strip() else None
    except TextError as error:
        return Unknown(error.message)


_TESTS = (
    (("", "SourceArn", "source_arn"), "ArnLike", "AWS:SourceArn"),
    (("", "SourceAccount", "source_account"), "StringEquals", "AWS:SourceAccount"),
    (("", "PrincipalOrgID", "principal_org_id"), "StringEquals", "aws:PrincipalOrgID"),
    (("", "EventSourceToken", "event_source_token"), "StringEquals", "lambda:EventSourceToken"),
    (("", "FunctionUrlAuthType", "function_url_auth_type"), "StringEquals", "lambda:FunctionUrlAuthType"),
    (
        ("", "InvokedViaFunctionUrl", "invoked_via_function_url"),
        "Bool",
        "lambda:InvokedViaFunctionUrl",
    ),
)
"""The conditions that Lambda writes for the parameters of a permission."""


def permission_names(column: int) -> tuple[str, ...]:
    """Return the names of the conditions of a permission in a column."""
    return tuple(names[column] for names, _, _ in _TESTS)


def tests_of(permission: Attributes, column: int) -> tuple[tuple[str, str, Value], ...]:
    """Read the conditions of a permission: operator, condition key and value."""
    found = ((operator, key, permission.text(names[column])) for names, operator, key in _TESTS)
    return tuple((operator, key, value) for operator, key, value in found if value is not None)


class QueueSettings(NamedTuple):
    """The settings of a queue, as `checker.analysis.endpoints.Queue` has them."""

    key: Value | None
    managed_sse: Truth
    period: int | Unknown
    redrive: Value
    fifo: Truth


_KEY = ("KmsMasterKeyId", "KmsMasterKeyId", "kms_master_key_id")
_MANAGED = ("SqsManagedSseEnabled", "SqsManagedSseEnabled", "sqs_managed_sse_enabled")
_PERIOD = ("MessageRetentionPeriod", "MessageRetentionPeriod", "message_retention_seconds")
_FIFO = ("FifoQueue", "FifoQueue", "fifo_queue")
_NAME = ("QueueArn", "QueueName", "name")
_DEFAULT_PERIOD = 345_600
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
_LONGEST = 10
_SUFFIX = ".fifo"


def queue_names(column: int) -> tuple[str, ...]:
    """Return the names of the settings of a queue in a column."""
    return tuple(names[column] for names in (_NAME, _KEY, _MANAGED, _PERIOD, _REDRIVE, _FIFO))


def queue_settings_of(queue: Attributes, column: int) -> QueueSettings:
    """Read the settings of a queue."""
    managed = queue.flag(_MANAGED[column])
    redrive = dead_letter_of(queue.json(_REDRIVE[column]))
    return QueueSettings(
        queue.text(_KEY[column]),
        Unknown("it is not set whether SQS encrypts the queue") if managed is None else managed,
        _period(queue.text(_PERIOD[column]), column),
        "" if redrive is None else redrive,
        _is_fifo(queue, column),
    )


def _period(value: Value | None, column: int) -> int | Unknown:
    """Return the retention period; the output of the API states the default, code may leave it out."""
    if value is None:
        return Unknown("the retention period was not supplied") if column == API else _DEFAULT_PERIOD
    if isinstance(value, Unknown):
        return value
    return (
        int(value)
        if value.isdecimal() and len(value) < _LONGEST
        else Unknown(f"`{value}` is not a number of seconds")
    )


def _is_fifo(queue: Attributes, column: int) -> Truth:
    """Return whether a queue is FIFO: the name of a FIFO queue ends in `.fifo`, and that of no other queue."""
    name, flag = queue.text(_NAME[column]), queue.flag(_FIFO[column])
    if isinstance(name, str):
        return name.endswith(_SUFFIX)
    return False if flag is None else flag
