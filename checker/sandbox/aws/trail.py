"""CloudTrail event history of the streaming calls, and of the uses of keys by Connect.

https://docs.aws.amazon.com/connect/latest/adminguide/logging-using-cloudtrail.html
In all examples of the guide, parameters are spelled as in the API. Assumed: also those of these calls.
"""

from __future__ import annotations

import json
import time
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from checker.sandbox.aws.service_requests import place_of
from checker.sandbox.connect.contacts import new_id
from checker.sandbox.http.call import Answer, RefusedError, json_answer, json_object

if TYPE_CHECKING:
    from checker.sandbox.aws.key_use import KeyUse
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Call, Next
    from checker.sandbox.http.journal import Clock


_RECORDED = ("StartChatContact", "StartContactStreaming", "StopContactStreaming", "StopContact")
_SOURCE = "connect.amazonaws.com"
_MASKED = ("ParticipantToken", "ConnectionCredentials", "Websocket")
_PAGE = 50  # "The number of events to return. Possible values are 1 through 50"
_ATTRIBUTES = {
    "EventId": "eventID",
    "EventName": "eventName",
    "EventSource": "eventSource",
    "ReadOnly": "readOnly",
}
_OF_RESOURCES = {"ResourceName": "ARN", "ResourceType": "type"}


class TrailService:
    """Stage that records events and answers LookupEvents."""

    def __init__(self, clock: Clock, upstream: Upstream) -> None:
        self._clock = clock
        self._upstream = upstream
        self._lock = Lock()
        self._events: list[dict[str, Any]] = []

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if (call.service, call.action) == ("cloudtrail", "LookupEvents"):
            return self._lookup(call)
        if call.service != "connect" or call.action not in _RECORDED:
            return proceed(call)
        return self._recorded(call, proceed)

    def _recorded(self, call: Call, proceed: Next) -> Answer:
        try:
            answer = proceed(call)
        except RefusedError as error:
            self._record(call, {"errorCode": error.code, "errorMessage": error.message})
            raise
        self._record(call, {"responseElements": _masked(json_object(answer.body)) or None})
        return answer

    def _record(self, call: Call, outcome: dict[str, Any]) -> None:
        arn = self._upstream.caller_arn(call.access_key, call.account)
        self._append(
            userIdentity={"type": "IAMUser", "arn": arn, "accountId": call.account},
            eventSource=_SOURCE,
            eventName=call.action,
            awsRegion=call.region,
            recipientAccountId=call.account,
            requestParameters=_masked(dict(call.parameters)),
            **outcome,
        )

    def record_key_use(self, use: KeyUse, action: str, key: str, error: str) -> None:
        """Record that a service used a key, or with an error code that KMS refused it, for the owner of the key.

        https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
        Assumed: the caller and the error code, as AWS documents events of keys but none of Connect; and that a
        service asks for each message. AWS documents that SNS can use a data key for up to five minutes.
        """
        account, region = place_of(key)
        failed = {"errorCode": error, "errorMessage": f"not authorized to perform: {action}"} if error else {}
        self._append(
            userIdentity={"type": "AWSService", "invokedBy": use.source.service},
            sourceIPAddress=use.source.service,
            eventSource="kms.amazonaws.com",
            eventName=action.removeprefix("kms:"),
            awsRegion=region,
            recipientAccountId=account,
            requestParameters={"encryptionContext": dict(use.encrypted), "keyId": key},
            resources=[{"accountId": account, "type": "AWS::KMS::Key", "ARN": key}],
            readOnly=True,
            **failed,
        )

    def _append(self, **fields: Any) -> None:
        now = self._clock.now()
        event = {
            "eventVersion": "1.08",
            "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "responseElements": None,
            "readOnly": False,
            **fields,
            "eventID": new_id(),
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "eventCategory": "Management",
        }
        with self._lock:
            self._events.append({"at": now, "event": event})

    def _lookup(self, call: Call) -> Answer:
        """Answer LookupEvents: the events of the account and Region, newest first.

        https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
        """
        parameters = call.parameters
        if len(parameters.get("LookupAttributes", [])) > 1:  # the list is limited to one item
            raise RefusedError("InvalidLookupAttributesException", "You can only use one lookup attribute")
        events = [event for event in self._events_of(call) if _is_selected(event, parameters)]
        start = int(parameters.get("NextToken") or 0)
        end = start + min(int(parameters.get("MaxResults") or _PAGE), _PAGE)
        more = {"NextToken": str(end)} if end < len(events) else {}
        return json_answer({"Events": [_summary(event) for event in events[start:end]], **more})

    def _events_of(self, call: Call) -> list[dict[str, Any]]:
        with self._lock:
            newest = self._events[::-1]
        place = (call.account, call.region)
        return [
            recorded
            for recorded in newest
            if (recorded["event"]["recipientAccountId"], recorded["event"]["awsRegion"]) == place
        ]


def _masked(document: dict[str, Any]) -> dict[str, Any]:
    """Mask secret values. Assumed: CloudTrail does not record them."""
    return {name: "***" if name in _MASKED else value for name, value in document.items()}


def _is_selected(recorded: dict[str, Any], parameters: Any) -> bool:
    at = recorded["at"]
    if not _timestamp(parameters.get("StartTime"), 0) <= at <= _timestamp(parameters.get("EndTime"), at):
        return False
    return all(
        attribute["AttributeValue"].lower() in _values(recorded["event"], attribute["AttributeKey"])
        for attribute in parameters.get("LookupAttributes", [])
    )


def _values(event: dict[str, Any], attribute: str) -> list[str]:
    """Return the values of an event for a lookup attribute, in lower case."""
    if attribute in _OF_RESOURCES:
        return [resource[_OF_RESOURCES[attribute]].lower() for resource in event.get("resources", ())]
    return [str(event.get(_ATTRIBUTES.get(attribute, ""))).lower()]


def _timestamp(value: Any, default: float) -> float:
    """Parse a time parameter: seconds since the epoch, or from some clients a text."""
    if value is None:
        return default
    return float(value) if not isinstance(value, str) else datetime.fromisoformat(value).timestamp()


def _summary(recorded: dict[str, Any]) -> dict[str, Any]:
    event = recorded["event"]
    return {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": str(event["readOnly"]).lower(),
        "EventTime": recorded["at"],
        "EventSource": event["eventSource"],
        **_username(event["userIdentity"]),
        "Resources": [
            {"ResourceType": resource["type"], "ResourceName": resource["ARN"]}
            for resource in event.get("resources", ())
        ],
        "CloudTrailEvent": json.dumps(event),
    }


def _username(identity: dict[str, str]) -> dict[str, str]:
    """Return the name of a user. Assumed: a service has none."""
    return {"Username": identity["arn"].rpartition("/")[2]} if "arn" in identity else {}
