"""Reads AWS CLI output about the endpoints of subscriptions.

The kinds are those of `aws sns get-subscription-attributes`, `aws lambda get-policy` and `aws sqs get-queue-attributes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import Function, Queue, Subscription, split_qualifier
from checker.analysis.inventory import Place, PolicyText
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.aws_cli import policy_in
from checker.inputs.endpoint_settings import delivery_of, queue_settings_of
from checker.inputs.topic_settings import API
from checker.policy.node import text_of
from checker.policy.vocabulary import FUNCTION, QUEUE

if TYPE_CHECKING:
    from checker.core.finding import Route
    from checker.inputs.text import TextDocument
    from checker.policy.node import Node, Object


_NO_ENCRYPTION = Unknown(
    "the encryption of the queue was not supplied; use `--attribute-names All` with `aws sqs get-queue-attributes`"
)
_NO_POLICY = Unknown(
    "the policy of the queue was not supplied; use `--attribute-names All` with `aws sqs get-queue-attributes`"
)
_ALWAYS = (
    "CreatedTimestamp",
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "VisibilityTimeout",
)
"""Attributes of every queue. Output that lacks one of them was limited to some attributes."""


class _Attributes(NamedTuple):
    """Attributes in output of the API, all of them texts."""

    node: Object

    def text(self, name: str) -> str | None:
        """Return an attribute; ``None`` if it is missing or empty."""
        return text_of(self.node.get(name)) or None

    def flag(self, name: str) -> bool | None:
        """Return a boolean attribute; ``None`` if it is missing."""
        text = self.text(name)
        return None if text is None else text == "true"

    def json(self, name: str) -> Node | None:
        """Return an attribute that is JSON in a string; ``None`` if it is missing or empty."""
        return self.node.get(name) if self.text(name) is not None else None


def read_subscription(document: TextDocument, attributes: Object, route: Route) -> tuple[str, Subscription]:
    """Read `aws sns get-subscription-attributes`; return the topic's ARN and the subscription.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """
    given = _Attributes(attributes)
    delivery, pending = delivery_of(given, API), given.flag("PendingConfirmation")
    subscription = Subscription(
        given.text("Protocol") or "",
        given.text("Endpoint") or "",
        Unknown("the output has no `PendingConfirmation`") if pending is None else not pending,
        given.text("SubscriptionArn") or "",
        Place(document, route),
        filter_policy=delivery.filter_policy,
        filter_scope=delivery.filter_scope,
        raw=delivery.raw,
        dead_letter=delivery.dead_letter,
        role=delivery.role,
    )
    return given.text("TopicArn") or "", subscription


def read_queue(document: TextDocument, attributes: Object, route: Route) -> Queue:
    """Read `aws sqs get-queue-attributes`. Without the attributes that SQS always has, others may be missing, too.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """
    given = _Attributes(attributes)
    settings = queue_settings_of(given, API)
    is_whole = all(given.text(name) is not None for name in _ALWAYS)
    policy = given.json("Policy")
    has_encryption = is_whole or settings.key is not None or settings.managed_sse is True
    missing: Unknown | None = None if is_whole else _NO_POLICY
    return Queue(
        Arn.parse(given.text("QueueArn") or "") or Unknown("the output has no `QueueArn`"),
        policy=missing if policy is None else policy_in(policy, QUEUE),
        key=settings.key if has_encryption else _NO_ENCRYPTION,
        managed_sse=settings.managed_sse,
        period=settings.period,
        redrive=settings.redrive,
        place=Place(document, route),
        fifo=settings.fifo,
    )


def read_function_policy(document: TextDocument, policy: Node, route: Route) -> Function | None:
    """Read `aws lambda get-policy`; ``None`` if its statements do not name one function, version or alias.

    https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html
    """
    read = policy_in(policy, FUNCTION)
    resources = read.policy.resources() if isinstance(read, PolicyText) else ()
    names = set(map(split_qualifier, resources))
    name, qualifier = names.pop() if len(names) == 1 else ("", "")
    arn = Arn.parse(name)
    if arn is None or arn.service != "lambda":
        return None
    return Function(arn, Place(document, route), read, qualifier)
