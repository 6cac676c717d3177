"""Why a message did not arrive: the most likely broken link, and what speaks for it.

AWS says nothing when a topic policy or a key shuts Connect out, so it is told from the proof, from the order of the
steps, from counters and from CloudTrail.
https://docs.aws.amazon.com/connect/latest/adminguide/troubleshoot-message-streaming.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.live.flow.asked import MOST_TOPICS
from checker.live.flow.chat import MARKED
from checker.live.flow.preflight import broken_link, unknown_link
from checker.passage import DONE, Cause, Counters

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.chain import Explanation
    from checker.live.faults import UnreadError
    from checker.passage import Step

LIMIT = f"AWS documents that a contact is streamed to {MOST_TOPICS} topics at most"
"""https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html"""

_FAN_OUT = "stop a stream, or let one topic fan out to several subscriptions"
_STARTS = ("StartContactStreaming", "StartChatContact")
_LIMIT_CODE = "LimitExceededException"
_INVALID_CODES = ("InvalidParameterException", "InvalidRequestException")


class Clues(NamedTuple):
    """What is known of one topic that stayed silent; ``refusals`` are those of its key that CloudTrail shows."""

    topic: str
    explanation: Explanation | None
    steps: Sequence[Step]
    counters: Counters = Counters()
    refusals: Sequence[str] = ()


def cause_of_silence(clues: Clues) -> Cause:
    """Name the most likely cause, with evidence."""
    cause = (
        broken_link(clues.explanation)
        or _wrong_order(clues)
        or _refused_key(clues)
        or _not_known(clues.explanation)
        or _not_the_one(clues.counters)
        or _beyond()
    )
    return cause._replace(evidence=(*cause.evidence, *clues.refusals, *_counted(clues.counters)))


def is_limit(error: UnreadError, step: Step) -> bool:
    """True if a refusal most likely means the limit of topics; for StartChatContact it means that of chats.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
    """
    return error.refusal.code == _LIMIT_CODE and step.name == "StartContactStreaming"


def cause_of_refusal(
    error: UnreadError, step: Step, explanation: Explanation | None, seen: Sequence[str]
) -> Cause:
    """Say why AWS refused a step; ``seen`` are the topics that CloudTrail shows the contact to stream to."""
    told = f"{step.name}: {error.told}"
    if is_limit(error, step):
        streams = tuple(f"CloudTrail shows a stream of the contact to `{topic}`" for topic in seen)
        return Cause(LIMIT, _FAN_OUT, rule="too-many-topics", evidence=(told, *streams))
    broken = broken_link(explanation)
    if broken is not None and error.refusal.code in _INVALID_CODES:
        return broken._replace(evidence=(told,))
    return Cause(told, error.skipped.help)


def _wrong_order(clues: Clues) -> Cause | None:
    """A stream that began too late, or a customer who is not marked as connected."""
    order = [(one.name, one) for one in clues.steps if one.status == DONE]
    streamed = _at(n for n, (name, one) in enumerate(order) if name in _STARTS and one.what == clues.topic)
    marked = _at(n for n, (_, one) in enumerate(order) if one.said == MARKED)
    spoken = _at(n for n, (name, _) in enumerate(order) if name == "SendMessage")
    if streamed is not None and spoken is not None and spoken < streamed:
        return Cause(
            "the message was sent before the stream began, and what was said before is not streamed",
            "call StartContactStreaming before the customer speaks, or give StartChatContact the "
            "ChatStreamingConfiguration",
        )
    if streamed is not None and (marked is None or marked < streamed):
        return Cause(
            "the customer was not marked as connected after the stream began: AWS documents that until then the "
            "contact flow does not start, and nothing is streamed",
            "call CreateParticipantConnection with ConnectParticipant=true after StartContactStreaming",
        )
    return None


def _at(places: Iterable[int]) -> int | None:
    return next(iter(places), None)


def _refused_key(clues: Clues) -> Cause | None:
    """What the key's policy would say by itself, if it could be read."""
    if not clues.refusals:
        return None
    return Cause(
        "KMS refuses Connect the key of the topic",
        "let connect.amazonaws.com use kms:GenerateDataKey* and kms:Decrypt in the key policy",
        link="key_policy",
        rule="connect-cannot-use-key",
    )


def _not_the_one(counters: Counters) -> Cause | None:
    """The counters are of all messages and all subscriptions, so they say little of the one that was sent."""
    if not counters.published:
        return None
    return Cause(
        "SNS took messages, though the one that was sent did not come out in time", "wait longer with --wait"
    )


def _not_known(explanation: Explanation | None) -> Cause | None:
    if explanation is None:
        return Cause(
            "the topic could not be read, so that nothing is known of its policy",
            "allow the reading; `checker permissions flow` prints the least policy",
        )
    unknown = unknown_link(explanation)
    if unknown is None:
        return None
    link = unknown.link.replace("_", " ")
    return unknown._replace(
        reason=f"the {link} is not known, which leaves it as the likeliest: {unknown.reason}"
    )


def _beyond() -> Cause:
    return Cause(
        "the chain is whole as far as AWS documents it",
        "see that the contact flow is published and does not end at once, that no resource control policy of the "
        "organization denies connect.amazonaws.com, and wait longer with --wait",
    )


def _counted(counters: Counters) -> tuple[str, ...]:
    if counters.published is None:
        return (
            "SNS has counted no message yet; a message that the policy or the key refuses is never counted",
        )
    parts = (
        (counters.published, "published"),
        (counters.delivered, "delivered"),
        (counters.filtered_out, "filtered out"),
        (counters.failed, "failed"),
    )
    return ("SNS counts " + ", ".join(f"{count or 0} {word}" for count, word in parts),)
