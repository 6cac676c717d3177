"""The requests that Amazon SNS makes to deliver a notification, and those that topics of others could cause.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
AWS documents that the queue's policy can rely on aws:SourceArn, which is the topic's ARN. Nothing says that SNS
sends aws:SourceAccount, or what it passes on to KMS, so these are Unknown.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, NamedTuple

from checker.iam.domain import Assignment, Choices, comparable
from checker.iam.identity import SOURCE_ACCOUNT, SOURCE_ARN, arn_classes
from checker.iam.request import AwsPrincipal, Service
from checker.iam.shape import Segment
from checker.iam.space import SNS, Space, Target, service_context
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.arn import Arn
    from checker.iam.mention import Mentions

SEND, ASSUME = "sqs:SendMessage", "sts:AssumeRole"
_SOURCE = Unknown("AWS does not document that SNS sends this key when it delivers")
_CHARS = "x" + (string.ascii_letters + string.digits + "-_").replace("x", "")
_NAME = (Segment("name", chars=_CHARS, length=1), Segment("rest of the name", chars=_CHARS))


def delivery_space(queue: Target, topic: Arn, principal: str = SNS) -> Space:
    """The one request that SNS makes to deliver a message of a topic to a queue."""
    context = service_context(queue, principal)
    context.update({SOURCE_ARN: str(topic), SOURCE_ACCOUNT: _SOURCE})
    return Space(Service(principal), SEND, queue.resource, context)


def other_topics_space(queue: Target, topic: Arn) -> Space:
    """The requests to deliver for any topic of another account, in the topic's Region."""
    context = service_context(queue, SNS)
    context[SOURCE_ACCOUNT] = _SOURCE
    others = Topics(topic.partition, topic.region, topic.account)
    return Space(Service(SNS), SEND, queue.resource, context, (others,))


def queue_key_space(key: Target, action: str) -> Space:
    """How the key policy sees SQS use the key when SNS sends to an encrypted queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    context = service_context(key, SNS)
    unsaid = Unknown("AWS does not document this key for SNS when it sends to an encrypted queue")
    context.update(dict.fromkeys((SOURCE_ARN, SOURCE_ACCOUNT, "kms:viaservice", "kms:calleraccount"), unsaid))
    context["kms:encryptioncontextkeys"] = unsaid
    prefixes = ("aws:resourcetag/", "kms:encryptioncontext:")
    return Space(Service(SNS), action, key.resource, context, unknown_prefixes=prefixes)


def trust_space(role: Target, topic: Arn) -> Space:
    """The request of SNS to assume the role of a subscription; AWS documents no source keys for it."""
    context = service_context(role._replace(region=topic.region), SNS)
    context.update({SOURCE_ARN: _SOURCE, SOURCE_ACCOUNT: _SOURCE})
    return Space(Service(SNS), ASSUME, role.resource, context)


def role_space(role: Arn, action: str, resource: str) -> Space:
    """A request of SNS as the role; whatever a condition of the role's policies asks for is unknown."""
    return Space(AwsPrincipal(role), action, resource, {}, unknown_prefixes=("",))


class Topics(NamedTuple):
    """Topics of every account but one, in one Region."""

    partition: str
    region: str
    but_not: str

    @property
    def keys(self) -> tuple[str, ...]:
        """The key that says for which topic."""
        return (SOURCE_ARN,)

    def choices(self, mentions: Mentions) -> Choices:
        """Pick a topic of every class."""
        arns = mentions.get(SOURCE_ARN, [])
        head = f"arn:{self.partition}:sns:{self.region}:"
        found = arn_classes(head, "", _NAME, arns, (), (self.but_not,))
        assignments: list[Assignment] = [
            {SOURCE_ARN: str(arn)} for arn in found if arn.account != self.but_not
        ]
        return Choices(assignments, comparable(arns))
