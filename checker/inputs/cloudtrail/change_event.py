"""Reads events of EventBridge about API calls that may change a stream: its topic, its key, or where it goes.

Nothing of an event is trusted. It only names a topic or key to audit, and an event that names none, or whose parts
contradict each other, is refused with the reason. AWS documents the envelope and the record; parameters are compared
without case, as in other CloudTrail events.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker.core.arn import Arn, is_account, is_plain, is_uuid, partition_of, topic_arn_problem
from checker.inputs.cloudtrail.event import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DETAIL_TYPE = "AWS API Call via CloudTrail"
_LONGEST = 2048
"""AWS documents at most 2048 characters for ARNs."""


class ChangeEvent(NamedTuple):
    """A call that succeeded: the ID and time of its event, and the topic or key that it names, as an ARN."""

    id: str
    name: str
    time: str
    resource: Arn

    @property
    def topic(self) -> str:
        """The ARN of a topic that may still exist; empty for a deleted topic or a key."""
        return str(self.resource) if self.resource.is_topic and self.name != "DeleteTopic" else ""


class _Record(NamedTuple):
    """A CloudTrail record in an event, with the members of its parameters in lower case."""

    detail: dict[str, Any]
    parameters: dict[str, Any]
    account: str
    region: str


def _topic(record: _Record) -> str:
    return _text(record.parameters, "topicarn")


def _topic_of_subscription(record: _Record) -> str:
    """Return the topic of a subscription, whose ARN is that of the topic and an ID."""
    topic, _, subscription = _text(record.parameters, "subscriptionarn").rpartition(":")
    return topic if is_uuid(subscription) else ""


def _topic_of_stream(record: _Record) -> str:
    return _text(folded(record.parameters.get("chatstreamingconfiguration")), "streamingendpointarn")


def _key(record: _Record) -> str:
    """Return the ARN of the key. AWS lists it as resource; a parameter may be an ID."""
    listed = record.detail.get("resources")
    for resource in listed if isinstance(listed, list) else ():
        arn = Arn.parse(_text(folded(resource), "arn"))
        if arn is not None and _is_key(arn):
            return str(arn)
    named = _text(record.parameters, "keyid")
    if named and ":" not in named:
        partition = partition_of(record.region) or "aws"
        return str(Arn(partition, "kms", record.region, record.account, f"key/{named}"))
    return named


EVENTS: dict[str, dict[str, Callable[[_Record], str]]] = {
    "sns": {
        "AddPermission": _topic,
        "DeleteTopic": _topic,
        "RemovePermission": _topic,
        "SetSubscriptionAttributes": _topic_of_subscription,
        "SetTopicAttributes": _topic,
        "Unsubscribe": _topic_of_subscription,
    },
    "kms": dict.fromkeys(
        (
            "CancelKeyDeletion",
            "DisableKey",
            "EnableKey",
            "PutKeyPolicy",
            "RetireGrant",
            "RevokeGrant",
            "ScheduleKeyDeletion",
        ),
        _key,
    ),
    "connect": {"StartContactStreaming": _topic_of_stream},
}
"""The calls that may change a stream, by service, each with the function that finds the topic or key."""


def read_change(event: object) -> ChangeEvent | str:
    """Read an event of EventBridge, or return why it leads to no audit."""
    envelope = event if isinstance(event, dict) else {}
    detail = envelope.get("detail")
    if envelope.get("detail-type") != DETAIL_TYPE or not isinstance(detail, dict):
        return "it is not an API call of CloudTrail"
    service, name = _text(envelope, "source").removeprefix("aws."), _text(detail, "eventName")
    find = EVENTS.get(service, {}).get(name)
    if find is None or detail.get("eventSource") != f"{service}.amazonaws.com":
        return "it is not a call that may change a stream"
    problem = next(_problems(envelope, detail), "")
    if problem:
        return problem
    parameters = folded(detail.get("requestParameters"))
    record = _Record(detail, parameters, _text(envelope, "account"), _text(envelope, "region"))
    return _change(record, name, find(record))


def _problems(envelope: dict[str, Any], detail: dict[str, Any]) -> Iterator[str]:
    account, region = _text(envelope, "account"), _text(envelope, "region")
    if not is_account(account) or detail.get("recipientAccountId", account) != account:
        yield "its account is not valid, or not that of the record"
    if not is_plain(region) or detail.get("awsRegion", region) != region:
        yield "its Region is not valid, or not that of the record"
    if not is_uuid(_text(detail, "eventID")):
        yield "it has no valid ID"
    if detail.get("errorCode") is not None or detail.get("errorMessage") is not None:
        yield "the call failed, so nothing changed"


def _change(record: _Record, name: str, resource: str) -> ChangeEvent | str:
    arn = Arn.parse(resource) if len(resource) <= _LONGEST else None
    if arn is None or not (_is_key(arn) or not topic_arn_problem(resource)):
        return "it names no topic or key"
    if arn.region != record.region or arn.partition != (partition_of(arn.region) or arn.partition):
        return "the topic or key is in another Region or partition"
    time = _text(record.detail, "eventTime")
    return ChangeEvent(_text(record.detail, "eventID"), name, time[:20], arn)


def _is_key(arn: Arn) -> bool:
    kind, _, name = arn.resource.partition("/")
    return arn.service == "kms" and kind == "key" and is_plain(name) and is_account(arn.account)


def _text(value: dict[str, Any], name: str) -> str:
    """Return a member that is a text; empty for anything else."""
    member = value.get(name)
    return member if isinstance(member, str) else ""
