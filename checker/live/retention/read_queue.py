"""Reads a queue, and the key that it is encrypted with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.analysis.inventory import is_managed_key
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.lint.retention.model import Queue
from checker.live.aws.errors import Fault, UnreadError
from checker.live.aws.facts import policy_of
from checker.live.aws.keys import Keys
from checker.policy.vocabulary import QUEUE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.analysis.inventory import Key
    from checker.live.aws.calls import Calls


def read_queue(calls: Calls, endpoint: str) -> Queue | Unknown | None:
    """Read a queue by its ARN; ``None`` if SQS does not find it.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html
    SQS does not find a queue of another account that the caller has no access to either.
    """
    arn = Arn.parse(endpoint)
    if arn is None or arn.service != "sqs":
        return Unknown("the endpoint is no ARN of a queue", endpoint)
    there = calls.elsewhere(calls.unit._replace(region=arn.region))
    try:
        asked = {"QueueName": arn.resource, "QueueOwnerAWSAccountId": arn.account}
        url = str(there.make("sqs", "get_queue_url", endpoint, **asked)["QueueUrl"])
        asked_all = {"QueueUrl": url, "AttributeNames": ["All"]}
        answer = there.make("sqs", "get_queue_attributes", endpoint, **asked_all)
    except UnreadError as error:
        if error.fault is not Fault.GONE:
            return Unknown(error.skipped.reason)
        if arn.account == calls.unit.account:
            return None
        return Unknown(f"SQS does not show the queue of account {arn.account} to the caller, or it is gone")
    return _queue_of(there, arn, url, answer.get("Attributes") or {})


def _queue_of(calls: Calls, arn: Arn, url: str, attributes: Mapping[str, str]) -> Queue:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""
    policy, key = attributes.get("Policy"), attributes.get("KmsMasterKeyId", "")
    found = _key(calls, arn, key)
    period = attributes.get("MessageRetentionPeriod", "")
    return Queue(
        arn=arn,
        url=url,
        policy=policy_of(str(arn), policy, QUEUE) if policy else None,
        key=key,
        managed_sse=attributes.get("SqsManagedSseEnabled") == "true",
        period=int(period) if period.isdecimal() else Unknown("SQS gave no MessageRetentionPeriod"),
        redrive=_target(attributes.get("RedrivePolicy", "")),
        found=found,
        unread=tuple(dict.fromkeys(one.reason for one in calls.skipped)),
    )


def _key(calls: Calls, arn: Arn, reference: str) -> Key | None:
    """The key, if it may be asked for: describing the alias of one that AWS manages can create it."""
    if not reference or is_managed_key(reference):
        return None
    return Keys(calls).key_of(arn, reference)


def _target(redrive: str) -> str:
    """The queue that a redrive policy names."""
    try:
        return str(json.loads(redrive)["deadLetterTargetArn"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
