"""The requests that Amazon SNS makes to deliver a notification, for a topic or for topics of other AWS customers.

https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
AWS documents that the policy of a queue can test aws:SourceArn, which is the topic's ARN. AWS does not document
that SNS sends aws:SourceAccount, or what it passes on to KMS, so these keys are Unknown.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.iam.decide.request import AwsPrincipal, Service
from checker.iam.prove.shape import Segment
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.iam.prove.space import ABSENT_FOR_SERVICES, SNS, Space, Target, service_context
from checker.iam.prove.texts import Excluded, Form, Texts, account_segment, arn_head, at_least
from checker.policy.wildcard import tokens_of

if TYPE_CHECKING:
    from checker.core.arn import Arn


SEND, ASSUME = "sqs:SendMessage", "sts:AssumeRole"
_SOURCE = Unknown("AWS does not document that SNS sends this key when it delivers")
_NAME = at_least("x" + (string.ascii_letters + string.digits + "-_").replace("x", ""))


def delivery_space(queue: Target, topic: Arn, principal: str = SNS) -> Space:
    """Return the one request that SNS makes to deliver a message of a topic to a queue."""
    context = service_context(queue, principal)
    context.update({SOURCE_ARN: str(topic), SOURCE_ACCOUNT: _SOURCE})
    return Space(Service(principal), SEND, queue.resource, context, absent=ABSENT_FOR_SERVICES)


def other_topics_space(queue: Target, topic: Arn) -> Space:
    """Return the requests to deliver for any topic of another account, in the topic's Region."""
    context = service_context(queue, SNS)
    context[SOURCE_ACCOUNT] = _SOURCE
    return Space(Service(SNS), SEND, queue.resource, context, (_other_topics(topic),), ABSENT_FOR_SERVICES)


def _other_topics(topic: Arn) -> Texts:
    """Return the topics of all other accounts in the topic's Region."""
    parts = map(Segment, ("arn", topic.partition, "sns", topic.region))
    shape = (*arn_head(*parts, account_segment()), *_NAME)
    own = Excluded(SOURCE_ARN, tokens_of(f"*:{topic.account}:*"))
    return Texts((Form.of(SOURCE_ARN, shape),), excluded=(own,))


def queue_key_space(key: Target, action: str) -> Space:
    """Return the request to use the key that results when SNS sends to an encrypted queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    context = service_context(key, SNS)
    unsaid = Unknown("AWS does not document this key for SNS when it sends to an encrypted queue")
    context.update(dict.fromkeys((SOURCE_ARN, SOURCE_ACCOUNT, "kms:viaservice", "kms:calleraccount"), unsaid))
    context["kms:encryptioncontextkeys"] = unsaid
    return Space(Service(SNS), action, key.resource, context, absent=ABSENT_FOR_SERVICES)


def trust_space(role: Target, topic: Arn) -> Space:
    """Return the request of SNS to assume the role of a subscription; AWS documents no source keys for it."""
    context = service_context(role._replace(region=topic.region), SNS)
    context.update({SOURCE_ARN: _SOURCE, SOURCE_ACCOUNT: _SOURCE})
    return Space(Service(SNS), ASSUME, role.resource, context, absent=ABSENT_FOR_SERVICES)


def role_space(role: Arn, action: str, resource: str) -> Space:
    """Return a request of SNS with the role; every key that a condition of the role's policies tests is unknown."""
    return Space(AwsPrincipal(role), action, resource, {})
