"""Finds the likely causes of a silent topic, the most certain first: the proof, then what AWS shows of its use.

AWS reports no error if a topic policy or a key denies Connect, and counts no message that it denies.
https://docs.aws.amazon.com/connect/latest/adminguide/troubleshoot-message-streaming.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import MOST_TOPICS
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.status import BROKEN, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.inventory import Contact, RefusedStart
    from checker.lint.explanation import Explanation, LinkStatus


LIMIT = f"AWS documents that a contact can stream to at most {MOST_TOPICS} topics"
FAN_OUT = "stop a stream, or use several subscriptions of one topic"
SUBSCRIPTION = "subscription"
"""The link behind the topic."""

LIMIT_CODE = "LimitExceededException"
CONNECT_PARTICIPANT = (
    "call CreateParticipantConnection with ConnectParticipant=true after StartContactStreaming"
)


class Cause(NamedTuple):
    """A likely reason why nothing arrived: the link of the delivery chain and the rule, if any.

    ``evidence`` supports it besides the proof: counters, events, the order of the steps. ``proven`` is true if the
    reason is a proof about the configuration.
    """

    reason: str
    help: str = ""
    link: str = ""
    rule: str = ""
    evidence: tuple[str, ...] = ()
    proven: bool = False


class Counters(NamedTuple):
    """CloudWatch metrics of a topic in a period, over all chats. ``None`` if CloudWatch has no data.

    https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html
    """

    published: int | None = None
    delivered: int | None = None
    filtered_out: int | None = None
    failed: int | None = None


class Activity(NamedTuple):
    """What AWS shows of the use of a topic in the last ``hours``; Unknown for what could not be read.

    ``contacts`` stream to the topic, and ``refused`` are requests to stream to it that Connect refused.
    """

    hours: int
    counters: Counters | Unknown
    contacts: tuple[Contact, ...] | Unknown
    refused: tuple[RefusedStart, ...] = ()

    @property
    def streams(self) -> int | Unknown:
        """The number of contacts that streamed to the topic."""
        if isinstance(self.contacts, Unknown):
            return self.contacts
        return sum(contact.alike for contact in self.contacts)


def broken_link(explanation: Explanation | None) -> Cause | None:
    """Return the first broken link as a cause. None if no link is known to be broken."""
    link = explanation.first(BROKEN) if explanation else None
    return _cause_of(link)._replace(proven=True) if link else None


def unknown_link(explanation: Explanation | None) -> Cause | None:
    """Return the first link with an unknown status as a cause. None if there is none."""
    link = explanation.first(UNKNOWN) if explanation else None
    if link is None:
        return None
    words = link.link.value.replace("_", " ")
    reason = f"the {words}: {link.reason}"
    return _cause_of(link)._replace(reason=reason)


def _cause_of(link: LinkStatus) -> Cause:
    return Cause(link.reason, link.help, link.link.value, link.rule)


def causes_of_silence(explanation: Explanation, activity: Activity) -> tuple[Cause, ...]:
    """Return the causes why a topic in AWS may be silent, the most likely first; empty if none is known.

    A link whose status is unknown is not a likely cause if another link is known to be broken.
    """
    behind = tuple(_behind(explanation, activity.counters))
    broken = broken_link(explanation)
    unknown = None if broken else unknown_link(explanation)
    known = (broken, *_refused(activity.refused), *behind, unknown)
    causes = tuple(cause for cause in known if cause is not None)
    return causes or tuple(_unused(activity))


def _behind(explanation: Explanation, counters: Counters | Unknown) -> Iterator[Cause]:
    """Yield the subscribers that get no messages, or that there are none, with the counters as evidence."""
    subscribers = explanation.subscribers
    if isinstance(subscribers, Unknown):
        return
    evidence = tuple(_lost(counters)) if isinstance(counters, Counters) else ()
    for one in subscribers:
        if one.status == BROKEN:
            reason = f"`{one.endpoint}` gets no messages: {one.reason}"
            yield Cause(reason, one.help, SUBSCRIPTION, one.rule, evidence, proven=True)
    if not subscribers:
        help_text = "subscribe an SQS queue, a function or an endpoint"
        reason = "the topic has no subscriptions, so its messages are lost"
        yield Cause(reason, help_text, SUBSCRIPTION, "no-durable-subscriber", proven=True)


def _lost(counters: Counters) -> Iterator[str]:
    for count, words in (
        (counters.failed, "deliveries that failed"),
        (counters.filtered_out, "messages that filter policies dropped"),
    ):
        if count:
            yield f"SNS counts {count} {words}"


def _refused(refused: Sequence[RefusedStart]) -> Iterator[Cause]:
    """Yield a cause for each error with which Connect refused to stream to the topic."""
    for code in dict.fromkeys(one.code for one in refused):
        events = [one for one in refused if one.code == code]
        name, message = events[0].name, events[0].message
        times = "once" if len(events) == 1 else f"{len(events)} times"
        where = "" if events[0].topic else ", for a topic that it does not show"
        shown = f"CloudTrail shows that `{name}` was refused {times} with `{code}`{where}"
        evidence = (shown, f"its message: {message}") if message else (shown,)
        if code == LIMIT_CODE and name.lower() == "startcontactstreaming":
            yield Cause(LIMIT, FAN_OUT, rule="too-many-topics", evidence=evidence)
        else:
            yield Cause(
                f"Connect refuses to stream to the topic: `{code}`", _help_of(code), evidence=evidence
            )


def _help_of(code: str) -> str:
    if "AccessDenied" in code:
        return (
            "allow the caller `connect:StartContactStreaming` on the instance, and `connect:StartChatContact` "
            "on the contact flow"
        )
    return "correct the call of the application"


def _unused(activity: Activity) -> Iterator[Cause]:
    """Yield the cause if no message was published although the chain is whole."""
    counters, streams = activity.counters, activity.streams
    published = counters.published if isinstance(counters, Counters) else 1
    if published or isinstance(streams, Unknown):
        return
    if not streams:
        yield Cause(
            f"no contact streamed to the topic in the last {activity.hours} hours",
            "check that the application calls StartContactStreaming with this topic for each chat",
        )
        return
    yield Cause(
        "contacts stream to the topic, but SNS received no message: the contact flow starts only when the customer "
        "is marked as connected",
        CONNECT_PARTICIPANT,
    )
