"""The plan and the result of a trial of key conditions, as text and JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.analysis.observation import REFUSED, SERVED
from checker.core.terminal_text import inert
from checker.fix.live.trial import CONTROL
from checker.inputs.evidence_file import evidence_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.analysis.observation import Observation
    from checker.fix.live.trial import Setup, TrialResult
    from checker.report.context import Paint


_CREATED = (
    "kms:CreateKey",
    "sns:CreateTopic",
    "sqs:CreateQueue",
    "sns:Subscribe",
    "connect:StartChatContact",
    "connect:StartContactStreaming",
)
_DELETED = (
    "connect:StopContactStreaming",
    "sns:Unsubscribe",
    "sqs:DeleteQueue",
    "sns:DeleteTopic",
    "kms:ScheduleKeyDeletion",
)


def plan_text(setups: Sequence[Setup], wait: float) -> Iterator[str]:
    """Yield the resources and calls of a trial, and what it costs."""
    yield f"a trial of {len(setups)} key statements, in account {setups[0].topic.account}, {setups[0].topic.region}"
    yield f"would create for each of them a key, a topic, a queue with its subscription, and a chat of {setups[0].trial.instance}"
    for number, setup in enumerate(setups, 1):
        yield f"{number}. {setup.variant.name}: topic `{setup.topic.resource}`"
        yield f"     Condition: {json.dumps(_condition_of(setup)) if setup.variant.conditions else 'none'}"
    yield ""
    yield f"calls for each: {', '.join(_CREATED)}"
    yield f"at the end:     {', '.join(_DELETED)}"
    yield f"waits up to {wait:g} seconds for the messages, because a new key may take minutes to be available everywhere"
    yield "a key and topic of its own for each statement: a changed key policy takes minutes to apply, and SNS reuses"
    yield "a data key for up to five minutes, so that a shared key or topic would show nothing"
    yield f"costs: {len(setups)} KMS keys, billed per key until their deletion is scheduled at the end, and requests;"
    yield "KMS deletes the keys after seven days: https://aws.amazon.com/kms/pricing/"


def _condition_of(setup: Setup) -> Any:
    return json.loads(setup.key_policy)["Statement"][-1].get("Condition")


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
    return "warning", "no message arrived; CloudTrail shows no refusal (yet)"


def _sentence(result: TrialResult) -> tuple[str, str]:
    if result.fault:
        return "error", "The trial failed at a step."
    if result.interrupted:
        return "warning", "The trial was interrupted."
    if not result.control_arrived:
        return (
            "error",
            f"The trial shows nothing: without a condition (`{CONTROL}`), no message arrived either.",
        )
    return (
        "ok",
        "The trial is complete. Messages that arrived are evidence for statements with the same conditions.",
    )


def trial_json(setups: Sequence[Setup], result: TrialResult) -> dict[str, Any]:
    """Convert a trial to JSON values, with its observations as in `schemas/evidence.v1.json`."""
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
