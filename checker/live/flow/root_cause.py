"""Find the most likely reason why a message did not arrive, with its evidence.

AWS reports no error if a topic policy or a key denies Connect. The reason is inferred from the proof, the order of
the steps, the counters and CloudTrail.
https://docs.aws.amazon.com/connect/latest/adminguide/troubleshoot-message-streaming.html
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from checker.analysis.observation import REFUSED
from checker.core.errors import Skipped
from checker.core.record import NamedTuple
from checker.fix.live.flow_result import DONE, FAILED, PREFLIGHT
from checker.inputs.cloudtrail.event import NoTimeError, read_start
from checker.inputs.cloudtrail.key_event import read_use
from checker.lint.causes import (
    CONNECT_PARTICIPANT,
    FAN_OUT,
    LIMIT,
    LIMIT_CODE,
    Cause,
    Counters,
    broken_link,
    unknown_link,
)
from checker.lint.explain import explain
from checker.lint.status import UNKNOWN
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.key_evidence import record_of
from checker.live.aws.lookup import look_up
from checker.live.aws.topic import read_chain
from checker.live.flow.chat import MARKED
from checker.live.flow.steps import StepTimer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from checker.analysis.observation import Observation
    from checker.core.arn import Arn
    from checker.fix.live.flow_result import Step
    from checker.lint.explanation import Explanation
    from checker.lint.rule import Rule
    from checker.live.aws.calls import Calls
    from checker.live.flow.steps import Steps


def examine(
    steps: Steps, calls: Calls, topic: Arn, instance: Arn, rules: Sequence[Rule]
) -> Explanation | CallError:
    """Check the chain of a topic. Return the error if the topic cannot be read. Other failed reads are recorded.

    Raises StoppedError.
    """
    timer = StepTimer()
    try:
        found, key = read_chain(calls, topic)
    except CallError as error:
        step = timer.step(PREFLIGHT, str(topic), FAILED, detail=error.reason, help_text=error.help)
        steps.add(step)
        if error.fault is not Fault.NOT_FOUND:
            calls.note(error)
        return error
    looked_up = look_up(calls, instance, topic.region)
    if looked_up.status == UNKNOWN:
        calls.skip(Skipped(str(instance), looked_up.reason, error=True, help=looked_up.help))
    explanation = explain(found, key, instance, rules, looked_up)
    status = FAILED if explanation.first_broken() else DONE
    steps.add(timer.step(PREFLIGHT, str(topic), status, detail=_preflight_detail(explanation)))
    return explanation


def _preflight_detail(explanation: Explanation) -> str:
    broken = explanation.first_broken()
    if broken is not None:
        return f"the {_words(broken.link.value)} is broken: {broken.reason}"
    unknown = [_words(link.link.value) for link in explanation.links if link.status == UNKNOWN]
    return f"nothing is broken; not known: {', '.join(unknown)}" if unknown else "the chain is whole"


def _words(link: str) -> str:
    return link.replace("_", " ")


_STARTS = ("StartContactStreaming", "StartChatContact")
_INVALID_CODES = ("InvalidParameterException", "InvalidRequestException")


class SilentTopicFacts(NamedTuple):
    """Facts about a topic at which nothing arrived. ``refusals`` are denied uses of its key, from CloudTrail."""

    topic: str
    explanation: Explanation | None
    steps: Sequence[Step]
    counters: Counters = Counters()
    refusals: Sequence[str] = ()


def cause_of_silence(facts: SilentTopicFacts) -> Cause:
    """Return the most likely cause, with evidence."""
    cause = (
        broken_link(facts.explanation)
        or _wrong_order(facts)
        or _denied_key(facts)
        or _not_known(facts.explanation)
        or _other_messages_arrived(facts.counters)
        or _outside_analysis()
    )
    return cause._replace(evidence=(*cause.evidence, *facts.refusals, *_counter_evidence(facts.counters)))


def is_limit(error: CallError, step: Step) -> bool:
    """Return True if a refusal probably means the limit of topics. For StartChatContact it means the limit of chats.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
    """
    return error.refusal.code == LIMIT_CODE and step.name == "StartContactStreaming"


def cause_of_refusal(
    error: CallError, step: Step, explanation: Explanation | None, seen: Sequence[str]
) -> Cause:
    """Return why AWS rejected a step. ``seen`` are the topics that the contact streams to, from CloudTrail."""
    reason = f"{step.name}: {error.reason}"
    if is_limit(error, step):
        streams = tuple(f"CloudTrail shows a stream of the contact to `{topic}`" for topic in seen)
        return Cause(LIMIT, FAN_OUT, rule="too-many-topics", evidence=(reason, *streams))
    broken = broken_link(explanation)
    if broken is not None and error.refusal.code in _INVALID_CODES:
        return broken._replace(evidence=(reason,))
    return Cause(reason, error.help)


def _wrong_order(facts: SilentTopicFacts) -> Cause | None:
    """Return the cause if streaming started too late, or if the customer was not marked as connected."""
    done = list(enumerate(step for step in facts.steps if step.status == DONE))
    streamed = next((n for n, step in done if step.name in _STARTS and step.what == facts.topic), None)
    marked = next((n for n, step in done if step.detail == MARKED), None)
    sent = next((n for n, step in done if step.name == "SendMessage"), None)
    if streamed is not None and sent is not None and sent < streamed:
        return Cause(
            "the message was sent before streaming started, and earlier messages are not streamed",
            "call StartContactStreaming before the customer sends a message, or pass ChatStreamingConfiguration to "
            "StartChatContact",
        )
    if streamed is not None and (marked is None or marked < streamed):
        return Cause(
            "the customer was not marked as connected after streaming started: AWS documents that until then the "
            "contact flow does not start and nothing is streamed",
            CONNECT_PARTICIPANT,
        )
    return None


def _denied_key(facts: SilentTopicFacts) -> Cause | None:
    """Return the cause if CloudTrail shows that KMS denied Connect the key."""
    if not facts.refusals:
        return None
    return Cause(
        "KMS denies Connect the key of the topic",
        "allow connect.amazonaws.com to use kms:GenerateDataKey* and kms:Decrypt in the key policy",
        link="key_policy",
        rule="connect-cannot-use-key",
    )


def _other_messages_arrived(counters: Counters) -> Cause | None:
    """Return the cause if SNS received messages. The counters cover all messages, so this is weak evidence."""
    if not counters.published:
        return None
    return Cause(
        "SNS received messages, but the test message did not arrive in time", "wait longer with --wait"
    )


def _not_known(explanation: Explanation | None) -> Cause | None:
    if explanation is None:
        return Cause(
            "the topic could not be read, so its policy is not known",
            "grant read access; `checker permissions flow` prints the minimal policy",
        )
    return unknown_link(explanation)


def _outside_analysis() -> Cause:
    return Cause(
        "the chain is whole as far as AWS documents it",
        "check that the contact flow is published and does not end at once, and that no resource control policy of the "
        "organization denies connect.amazonaws.com; wait longer with --wait",
    )


def _counter_evidence(counters: Counters) -> tuple[str, ...]:
    if counters.published is None:
        return (
            "SNS has not counted a message yet; it never counts messages that the policy or the key denies",
        )
    parts = (
        (counters.published, "published"),
        (counters.delivered, "delivered"),
        (counters.filtered_out, "filtered out"),
        (counters.failed, "failed"),
    )
    return ("SNS counts " + ", ".join(f"{count or 0} {word}" for count, word in parts),)


_USES = ("GenerateDataKey", "Decrypt")
_PUBLISHERS = ("connect.amazonaws.com", "sns.amazonaws.com")
"""Principals that may use the key for Connect. AWS does not document which of them does."""


def topics_seen(steps: Steps, calls: Calls, contact: str, since: datetime) -> tuple[str, ...]:
    """Return the topics that a contact streams to, from CloudTrail. Raises StoppedError."""
    starts = map(read_start, _events(steps, calls, _STARTS, since))
    topics = (start.topic for start in starts if start is not None and start.contact == contact)
    return tuple(dict.fromkeys(topics))


def key_refusals(steps: Steps, calls: Calls, topic: Arn, since: datetime) -> tuple[str, ...]:
    """Return one sentence for each use of the key that KMS denied for a topic. Raises StoppedError.

    KMS logs the encryption context of each use. For SNS it contains the topic's ARN.
    https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
    """
    uses = map(_read_use, _events(steps, calls, _USES, since))
    refused = (use for use in uses if use is not None and _is_refused(use, str(topic)))
    names = (use.action.removeprefix("kms:") for use in refused)
    return tuple(dict.fromkeys(f"CloudTrail shows that KMS denied {name} for the topic" for name in names))


def _events(steps: Steps, calls: Calls, names: tuple[str, ...], since: datetime) -> Iterator[dict[str, Any]]:
    """Yield the newest events of each name. Skip names that cannot be read.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
    """
    for name in names:
        attributes = [{"AttributeKey": "EventName", "AttributeValue": name}]
        with suppress(CallError):  # the step records the failure
            answer = steps.call(
                calls, "cloudtrail", "lookup_events", name, LookupAttributes=attributes, StartTime=since
            )
            yield from map(record_of, answer.get("Events") or ())


def _read_use(record: dict[str, Any]) -> Observation | None:
    with suppress(NoTimeError):
        return read_use(record)
    return None


def _is_refused(use: Observation, topic: str) -> bool:
    return use.topic == topic and use.principal in _PUBLISHERS and use.outcome == REFUSED
