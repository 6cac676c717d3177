"""The use of a topic in AWS, and the likely causes of its silence, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.terminal_text import inert
from checker.core.unknown import Unknown
from checker.lint.causes import causes_of_silence
from checker.report.brief import count_noun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.lint.causes import Activity, Counters
    from checker.lint.explanation import Explanation
    from checker.report.context import Paint


def activity_json(explanation: Explanation, activity: Activity) -> dict[str, Any]:
    counters, streams = activity.counters, activity.streams
    return {
        "activity": {
            "hours": activity.hours,
            "streams": None if isinstance(streams, Unknown) else streams,
            "refused": [{"api": one.name, "error": one.code} for one in activity.refused],
            "counters": None if isinstance(counters, Unknown) else counters._asdict(),
            "unread": [one.reason for one in (counters, streams) if isinstance(one, Unknown)],
        },
        "causes": [
            {**cause._asdict(), "link": cause.link or None, "rule": cause.rule or None}
            for cause in causes_of_silence(explanation, activity)
        ],
    }


def cause_lines(explanation: Explanation, activity: Activity, paint: Paint) -> Iterator[str]:
    """Yield the likely causes that the answer does not state already; after a broken link they are further problems."""
    first = explanation.decisive
    label = "Likely cause of silence:" if explanation.first_broken() is None else "Another problem:"
    for cause in causes_of_silence(explanation, activity):
        if first is not None and cause.link == first.link.value:
            continue
        rule = paint("dim", f" [{cause.rule}]") if cause.rule else ""
        yield f"{paint('bold', label)} {inert(cause.reason)}{rule}"
        yield from (f"  {inert(evidence)}" for evidence in cause.evidence)
        if cause.help:
            yield paint.detail("help", cause.help)


def activity_lines(activity: Activity) -> Iterator[str]:
    counters, streams = activity.counters, activity.streams
    if isinstance(streams, Unknown):
        yield f"  {'streams':<9} not known: {inert(streams.reason)}"
    else:
        count = count_noun(streams, "contact") if streams else "no contacts"
        yield f"  {'streams':<9} {count} streamed to the topic, by CloudTrail"
    if activity.refused:
        yield f"  {'refused':<9} {count_noun(len(activity.refused), 'request')} to stream, by CloudTrail"
    yield f"  {'messages':<9} {counters_text(counters)}"


def counters_text(counters: Counters | Unknown) -> str:
    """Describe the counters of a topic. SNS never counts messages that the policy or the key denies."""
    if isinstance(counters, Unknown):
        return f"not known: {inert(counters.reason)}"
    if counters.published is None:
        return "CloudWatch has no counts for the topic"
    named = {name.replace("_", " "): count or 0 for name, count in counters._asdict().items()}
    return f"CloudWatch counts: {', '.join(f'{count} {name}' for name, count in named.items())}"
