"""The plan and the result of a trial of key conditions, as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.analysis.observation import ACCOUNT, INSTANCE, REFUSED, SERVED, TOPIC
from checker.core.terminal_text import inert
from checker.fix.live.trial import CONTROL
from checker.inputs.evidence_file import evidence_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.observation import FormCondition, Observation
    from checker.fix.live.trial import Setup, TrialResult
    from checker.report.context import Paint


_CREATED = (
    "kms:CreateKey",
    "sns:CreateTopic",
    "sqs:CreateQueue",
    "sns:Subscribe",
    "connect:StartChatContact",
    "connect:StartContactStreaming",
    "connectparticipant:CreateParticipantConnection",
    "connectparticipant:SendMessage",
    "sqs:ReceiveMessage",
    "cloudtrail:LookupEvents",
)
_DELETED = (
    "connect:StopContactStreaming",
    "connectparticipant:DisconnectParticipant",
    "connect:StopContact",
    "sns:Unsubscribe",
    "sqs:DeleteQueue",
    "sns:DeleteTopic",
    "kms:ScheduleKeyDeletion",
)


def plan_text(setups: Sequence[Setup], wait: float) -> Iterator[str]:
    """Yield the resources and calls of a trial, and what it costs."""
    topic, width = setups[0].topic, max(len(setup.variant.name) for setup in setups)
    yield f"a trial of {len(setups)} key statements for connect.amazonaws.com"
    yield f"in account {topic.account}, {topic.region}, with chats of"
    yield f"{setups[0].trial.instance}"
    yield ""
    for setup in setups:
        first, *others = [_written(one, setup) for one in setup.variant.conditions] or ["none"]
        yield f"  {setup.variant.name:<{width}} {first}"
        yield from (f"  {'':<{width}} {other}" for other in others)
    yield ""
    yield "would create for each statement, and delete at the end:"
    yield "  a KMS key whose policy has the statement"
    yield f"  the topic {topic.resource.removesuffix(setups[0].variant.name)}STATEMENT, encrypted with the key"
    yield "  a queue that is subscribed to the topic"
    yield "  a chat that streams to the topic"
    yield ""
    yield from _listed("calls", _CREATED)
    yield from _listed("at the end", _DELETED)
    yield ""
    yield f"It waits up to {wait:g} seconds for messages: a new key may take minutes to be"
    yield "available everywhere. No key or topic is used twice: a changed key policy may"
    yield "take minutes to apply, and SNS reuses a data key for five minutes."
    yield ""
    yield f"costs: {len(setups)} KMS keys until their deletion is scheduled, and requests"
    yield "       https://aws.amazon.com/kms/pricing/"


_VALUES = {
    INSTANCE: "the instance",
    ACCOUNT: "its account",
    TOPIC: "the topic",
}


def _written(one: FormCondition, setup: Setup) -> str:
    value = _VALUES.get(one.value) or f"sns.{setup.topic.region}.amazonaws.com"
    return f"{one.operator} {one.key} = {value}"


def _listed(title: str, names: Sequence[str]) -> Iterator[str]:
    """Yield names after a title, one in a line."""
    yield from (f"{f'{title}:' if number == 0 else '':<12}{name}" for number, name in enumerate(names))


def trial_text(setups: Sequence[Setup], result: TrialResult, paint: Paint) -> Iterator[str]:
    """Yield what each variant showed, and what could not be done or deleted."""
    observed = dict(result.observations)
    yield f"{paint('dim', 'instance')} {setups[0].trial.instance}"
    for setup in setups:
        style, words = _words(observed.get(setup.variant.name))
        yield f"  {setup.variant.name:<23} {paint(style, words)}"
    yield ""
    style, sentence = _sentence(result)
    yield paint(style, sentence)
    if result.fault:
        yield f"  {paint('bold', 'reason:')} {inert(result.fault)}"
        if result.help:
            yield paint.detail("help", result.help, "    ")
    for resource in result.left_behind:
        yield f"{paint('warning', 'not removed:')} {inert(resource)}"


def _words(observation: Observation | None) -> tuple[str, str]:
    if observation is None:
        return "dim", "not known"
    if observation.outcome == SERVED:
        return "ok", "the message arrived"
    if observation.outcome == REFUSED:
        return "error", f"KMS refused {observation.action} ({observation.code})"
    return "warning", "no message arrived; CloudTrail shows no refusal yet"


def _sentence(result: TrialResult) -> tuple[str, str]:
    if result.fault:
        return "error", "The trial failed at a step."
    if result.interrupted:
        return "warning", "The trial was interrupted."
    if not result.control_arrived:
        return (
            "error",
            f"The trial shows little: for `{CONTROL}`, no message arrived either.",
        )
    return (
        "ok",
        "The trial is complete. Messages that arrived are evidence for statements with the same conditions.",
    )


def _condition_of(setup: Setup) -> Any:
    return json.loads(setup.key_policy)["Statement"][-1].get("Condition")


def trial_json(setups: Sequence[Setup], result: TrialResult) -> dict[str, Any]:
    """Convert a trial to JSON values, as `schemas/trial.v1.json` describes them."""
    observed = dict(result.observations)
    return {
        "version": 1,
        "instance": setups[0].trial.instance,
        "variants": [
            {
                "name": setup.variant.name,
                "topic": str(setup.topic),
                "condition": _condition_of(setup),
                "outcome": observed[setup.variant.name].outcome if setup.variant.name in observed else None,
            }
            for setup in setups
        ],
        "observations": evidence_json(observed.values())["observations"],
        "fault": result.fault or None,
        "interrupted": result.interrupted,
        "left_behind": list(result.left_behind),
    }
