"""Reads events of EventBridge about API calls that may change a stream: its topic, its key, or where it goes.

Nothing of an event is trusted. It only names an account and Region to audit, and a resource there. An event that names
none, or whose parts contradict each other, is refused with the reason. AWS documents the envelope and the record; parameters are compared
without case, as in other CloudTrail events.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn, is_account, is_plain, is_uuid, partition_of, topic_arn_problem
from checker.core.record import NamedTuple
from checker.inputs.cloudtrail.event import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DETAIL_TYPE = "AWS API Call via CloudTrail"
_LONGEST = 2048
"""AWS documents at most 2048 characters for ARNs."""


STREAM = "StartContactStreaming"
GRANTS = ("CreateGrant", "RetireGrant", "RevokeGrant")
"""Calls that other services make all the time, for keys of all kinds."""


class ChangeEvent(NamedTuple):
    """A call that succeeded: the ID and time of its event, and the topic, key, alias or instance that it names.

    ``instance`` is the instance of a contact that streams to the topic, which may be in another account or Region.
    """

    id: str
    name: str
    time: str
    resource: Arn
    instance: Arn | None = None

    @property
    def homes(self) -> tuple[Arn, ...]:
        """The resources whose accounts and Regions the change concerns."""
        return (self.resource,) if self.instance is None else (self.instance, self.resource)


class _Record(NamedTuple):
    """A CloudTrail record in an event, with the members of its parameters in lower case."""

    detail: dict[str, Any]
    parameters: dict[str, Any]
    account: str
    region: str

    def arn(self, service: str, resource: str) -> Arn:
        """Return the ARN of a resource in the account and Region of the record."""
        return Arn(partition_of(self.region) or "aws", service, self.region, self.account, resource)


def _topic(record: _Record) -> str:
    return _text(record.parameters, "topicarn")


def _new_topic(record: _Record) -> str:
    return _text(folded(record.detail.get("responseElements")), "topicarn")


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
    return str(record.arn("kms", f"key/{named}")) if named and ":" not in named else named


def _alias(record: _Record) -> str:
    return str(record.arn("kms", _text(record.parameters, "aliasname")))


def _instance(record: _Record) -> str:
    return str(record.arn("connect", f"instance/{_text(record.parameters, 'instanceid')}"))


EVENTS: dict[str, dict[str, Callable[[_Record], str]]] = {
    "sns": {
        "AddPermission": _topic,
        "ConfirmSubscription": _topic,
        "CreateTopic": _new_topic,
        "DeleteTopic": _topic,
        "RemovePermission": _topic,
        "SetSubscriptionAttributes": _topic_of_subscription,
        "SetTopicAttributes": _topic,
        "Subscribe": _topic,
        "Unsubscribe": _topic_of_subscription,
    },
    "kms": {
        **dict.fromkeys(
            (
                "CancelKeyDeletion",
                "DeleteImportedKeyMaterial",
                "DisableKey",
                "EnableKey",
                "ImportKeyMaterial",
                "PutKeyPolicy",
                "ScheduleKeyDeletion",
                *GRANTS,
            ),
            _key,
        ),
        **dict.fromkeys(("CreateAlias", "DeleteAlias", "UpdateAlias"), _alias),
    },
    "connect": {"DeleteInstance": _instance, STREAM: _topic_of_stream},
}
"""The calls that may change a stream, by service, each with the function that finds the resource."""


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


_NAMES_NONE = "it names no topic, key, alias or instance"


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
    if arn is None or not _is_concrete(arn):
        return _NAMES_NONE
    instance = Arn.parse(_instance(record)) if name == STREAM else None
    if name == STREAM and (instance is None or not _is_instance(instance)):
        return "it names no instance"
    elsewhere = arn.region != record.region and instance is None
    if elsewhere or arn.partition != (partition_of(arn.region) or arn.partition):
        return "the resource is in another Region or partition"
    time = _text(record.detail, "eventTime")
    return ChangeEvent(_text(record.detail, "eventID"), name, time[:20], arn, instance)


def _is_concrete(arn: Arn) -> bool:
    """True for the ARN of a single topic, key, alias or instance."""
    if not is_plain(arn.region):
        return False
    return not topic_arn_problem(str(arn)) or _is_key(arn) or _is_alias(arn) or _is_instance(arn)


def _is_instance(arn: Arn) -> bool:
    return arn.is_instance and is_uuid(arn.instance_id) and is_account(arn.account)


def _is_alias(arn: Arn) -> bool:
    kind, _, name = arn.resource.partition("/")
    words = name.replace("_", "-").split("/")
    return arn.service == "kms" and kind == "alias" and all(map(is_plain, words)) and is_account(arn.account)


def _is_key(arn: Arn) -> bool:
    kind, _, name = arn.resource.partition("/")
    return arn.service == "kms" and kind == "key" and is_plain(name) and is_account(arn.account)


def _text(value: dict[str, Any], name: str) -> str:
    """Return a member that is a text; empty for anything else."""
    member = value.get(name)
    return member if isinstance(member, str) else ""
