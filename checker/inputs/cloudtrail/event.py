"""Reads the events that start and stop the streaming of a chat contact.

Keys are compared without case, and every value may be missing or have another type. AWS publishes no sample
of these events, only of other Amazon Connect events, whose parameters are written as in the API.
https://docs.aws.amazon.com/connect/latest/adminguide/logging-using-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import unquote

from checker.analysis.inventory import RefusedStart
from checker.core.arn import NEWEST, Arn, partition_of
from checker.core.record import NamedTuple


@lru_cache(maxsize=256)
def instance_of(named: str, region: str, account: str) -> str:
    """Return the ARN of an instance; empty if it is not known.

    An ID is resolved in the account and Region of the event.
    """
    decoded = unquote(named)
    arn = Arn.parse(decoded)
    if arn is None:
        arn = Arn(partition_of(region) or NEWEST, "connect", region, account, f"instance/{decoded}")
    return str(arn) if arn.is_instance and arn.region else ""


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_SOURCE = "connect.amazonaws.com"
_LONGEST = 1_000
"""Maximum length in characters: Connect allows 500 for IDs and tokens, and 350 for ARNs."""

_ENDPOINT = "streamingendpointarn"
STARTS = {
    "startcontactstreaming": ("chatstreamingconfiguration",),
    "startchatcontact": ("chatstreamingconfiguration",),
    "sendchatintegrationevent": ("newsessiondetails", "streamingconfiguration"),
}
"""The request parameter of each API that holds the topic.

https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
https://docs.aws.amazon.com/connect/latest/APIReference/API_StartChatContact.html
https://docs.aws.amazon.com/connect/latest/APIReference/API_SendChatIntegrationEvent.html
"""
_STOP = "stopcontactstreaming"
_HIDDEN = "hidden due to security reasons"
"""Placeholders for hidden values, besides asterisks, with or without underscores.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
"""

Folded = dict[str, object]


class Start(NamedTuple):
    """The start of a stream. Times are in milliseconds; unknown texts are empty.

    ``contact`` is empty if it is hidden. ``instance`` is the ARN of the Connect instance. ``stream`` is the
    StreamingId. ``request`` identifies the request, so that a repeated or duplicate record counts once.
    """

    contact: str
    time: int
    stream: str
    request: str
    topic: str
    region: str
    instance: str


class Stop(NamedTuple):
    """The end of a stream."""

    contact: str
    time: int
    stream: str


class NoTimeError(Exception):
    """An event has no time."""


class HiddenTopicError(Exception):
    """An event starts a stream but does not show the topic."""


def read_event(record: object) -> Start | Stop | None:
    """Read one record; ``None`` for a record that starts or stops no stream, such as a refused request.

    Raises NoTimeError, HiddenTopicError.
    """
    event = folded(record)
    name = text(event.get("eventname")).lower()
    if (name not in STARTS and name != _STOP) or event.get("errorcode") or not _is_of_connect(event):
        return None
    return _stop(event) if name == _STOP else _start(event, name)


def read_start(record: object) -> Start | None:
    """Read the start of a stream; ``None`` for another record, and for one that lacks its time or topic."""
    try:
        event = read_event(record)
    except (NoTimeError, HiddenTopicError):
        return None
    return event if isinstance(event, Start) else None


def read_refusal(record: object) -> RefusedStart | None:
    """Read one record; ``None`` for a record that is not the refused start of a stream.

    StartChatContact counts only if it asks for a stream. A topic or contact that the event does not show is empty.
    Raises NoTimeError.
    """
    event = folded(record)
    name, code = text(event.get("eventname")), text(event.get("errorcode"))
    if name.lower() not in STARTS or not code or not _is_of_connect(event):
        return None
    asked = folded(event.get("requestparameters"))
    inside = _stream_in(asked, name.lower())
    if name.lower() != "startcontactstreaming" and _ENDPOINT not in inside:
        return None
    account = text(event.get("recipientaccountid")) or _caller(event)
    return RefusedStart(
        name,
        _contact(asked, {}),
        text(inside.get(_ENDPOINT)),
        instance_of(text(asked.get("instanceid")), text(event.get("awsregion")), account),
        time_of(event),
        code,
        text(event.get("errormessage")),
        text(event.get("eventid")),
    )


def _is_of_connect(event: Folded) -> bool:
    return text(event.get("eventsource")).lower() in ("", _SOURCE)


def _stream_in(asked: Folded, name: str) -> Folded:
    """Return the request parameter that holds the topic; empty if the request does not have it."""
    for step in STARTS[name]:
        asked = folded(asked.get(step))
    return asked


def _stop(event: Folded) -> Stop | None:
    asked = folded(event.get("requestparameters"))
    contact, stream = text(asked.get("contactid")), text(asked.get("streamingid"))
    return Stop(contact.lower(), time_of(event), stream) if contact and stream else None


def _start(event: Folded, name: str) -> Start | None:
    asked, answer = folded(event.get("requestparameters")), folded(event.get("responseelements"))
    inside = _stream_in(asked, name)
    if _ENDPOINT not in inside or not _began(name, answer):
        return None
    region = text(event.get("awsregion"))
    account = text(event.get("recipientaccountid"))
    return Start(
        _contact(asked, answer),
        time_of(event),
        text(answer.get("streamingid")),
        _request(event, asked),
        _topic(inside),
        region,
        instance_of(text(asked.get("instanceid")), region, account or _caller(event)),
    )


def _began(name: str, answer: Folded) -> bool:
    """False if the response shows that the request started no stream; a missing response shows nothing."""
    if name == "startchatcontact":
        return not answer or answer.get("streamingid") is not None
    return answer.get("newchatcreated") is not False


def _contact(asked: Folded, answer: Folded) -> str:
    """Return the contact ID; a contact that the request creates appears only in the response."""
    known = (asked.get("contactid"), answer.get("contactid"), answer.get("initialcontactid"))
    return next((text(one).lower() for one in known if text(one)), "")


def _request(event: Folded, asked: Folded) -> str:
    """Identify the request by its client token, which is the same for retries."""
    if token := text(asked.get("clienttoken")):
        return f"token {token}"
    known = text(event.get("eventid"))
    return f"event {known}" if known else ""


def _topic(configuration: Folded) -> str:
    if topic := text(configuration[_ENDPOINT]):
        return topic
    raise HiddenTopicError


def _caller(event: Folded) -> str:
    return text(folded(event.get("useridentity")).get("accountid"))


def time_of(event: Folded) -> int:
    """Return the time of an event in milliseconds. Raises NoTimeError."""
    try:
        time = datetime.fromisoformat(text(event.get("eventtime")))
    except ValueError:
        raise NoTimeError from None
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def folded(node: object) -> Folded:
    """Return an object with lowercase keys; an empty object for any other value."""
    return dict(zip(map(str.lower, node), node.values(), strict=True)) if isinstance(node, dict) else {}


def text(value: object) -> str:
    """Return a text; empty for a masked value or another type."""
    if not isinstance(value, str) or _is_masked(value):
        return ""
    if len(value) <= _LONGEST and value.isascii():
        return value
    return value[:_LONGEST].encode("utf-8", "replace").decode()


def _is_masked(value: str) -> bool:
    if value[:1] in "* ":
        return not value.strip("* ")
    return len(value) < _LONGEST and value.replace("_", " ").lower().endswith(_HIDDEN)
