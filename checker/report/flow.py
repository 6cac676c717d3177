"""Result of a test flow: single steps and the whole flow, as text, JSON and JUnit XML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

from checker.core.terminal_text import inert
from checker.fix.live.flow_result import FAILED, MESSAGE, End
from checker.report.activity import counters_text
from checker.report.brief import one_line
from checker.report.explanation import explanation_json
from checker.report.formats.junit import case_counts, xml_lines
from checker.report.retention import retention_text, set_up_json, set_up_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.fix.live.flow_result import FlowResult, Step, TopicResult
    from checker.lint.causes import Cause
    from checker.report.context import Paint


_VERSION = 1
_CLOCK = slice(11, 23)
"""The time of day in `2026-01-31T10:22:31.120Z`."""

ENDS = {
    End.ARRIVED: ("ok", "The message arrived."),
    End.SILENT: ("error", "The message did not arrive."),
    End.REFUSED: ("error", "The flow failed at a step."),
    End.BLOCKED: (
        "error",
        "The flow was not started because a link is broken. Use --force to start it anyway.",
    ),
    End.INTERRUPTED: ("warning", "The flow was interrupted."),
}
"""The style and the sentence of each end."""


def step_line(step: Step, paint: Paint) -> str:
    """Format a step: time, status, name, duration, resource, message and request ID."""
    style, word = ("error", "FAILED") if step.status == FAILED else ("ok", "ok")
    details = f"{_short(step.what)}: {step.detail}" if step.detail else _short(step.what)
    request = paint("dim", f"  {inert(step.request_id)}") if step.request_id else ""
    return (
        f"{paint('dim', step.at[_CLOCK])} {paint(style, f'{word:<6}')} {step.name:<27} "
        f"{step.seconds:>6.2f} s  {inert(details)}{request}"
    )


def _short(resource: str) -> str:
    """Return the last part of an ARN; other names are unchanged."""
    return resource.rpartition(":")[2] if resource.startswith("arn:") else resource


def flow_text(result: FlowResult, paint: Paint) -> Iterator[str]:
    """Yield the result of a flow, to print after its steps."""
    yield ""
    yield f"{paint('dim', 'instance')} {result.instance}"
    if result.contact:
        yield f"{paint('dim', 'contact ')} {inert(result.contact)}"
    for topic in result.topics:
        yield from _topic(topic, result.end, paint)
    yield ""
    style, sentence = ENDS[result.end]
    yield paint(style, sentence)
    if result.cause is not None and not _is_topic_cause(result.cause, result):
        yield from _cause(result.cause, result.end, paint)
    for resource in result.left_behind:
        yield f"{paint('warning', 'not removed:')} {inert(resource)}"


def _is_topic_cause(cause: Cause, result: FlowResult) -> bool:
    """Return whether the report of a topic already shows this cause, with or without the evidence."""
    return any(topic.cause is not None and topic.cause.reason == cause.reason for topic in result.topics)


def _topic(result: TopicResult, end: End, paint: Paint) -> Iterator[str]:
    yield f"{paint('dim', 'topic   ')} {inert(result.topic)}"
    if result.arrival is not None:
        yield f"  {paint('ok', 'arrived')} after {result.arrival.seconds:.2f} s"
        yield from _unexpected(result, paint)
    elif end is End.SILENT:
        yield f"  {paint('error', 'nothing arrived')}"
    if result.counters is not None and result.arrival is not None:
        yield f"  {paint('dim', counters_text(result.counters))}"
    if result.setup is not None:
        yield from (
            f"  {line}"
            for line in (*set_up_text(result.setup, paint), *retention_text(result.setup.retention, paint))
        )
    if result.cause is not None:
        yield from _cause(result.cause, end, paint)


def _unexpected(result: TopicResult, paint: Paint) -> Iterator[str]:
    """Report a message that arrived although the analysis found a broken link.

    Such a case shows undocumented behavior of AWS, or a bug in the analysis.
    """
    broken = result.explanation.first_broken() if result.explanation else None
    if broken is not None:
        yield f"  {paint('warning', 'unexpected')}: the analysis said: {inert(broken.reason)}"
        yield paint.detail("help", "AWS allowed more than it documents; please report this", "    ")


def _cause(cause: Cause, end: End, paint: Paint) -> Iterator[str]:
    """Yield the cause, labeled as known (proven, or stated by AWS) or as likely."""
    stated = end is End.REFUSED and not cause.link and not cause.rule
    known = end is End.BLOCKED or stated or (end is End.SILENT and cause.proven)
    label = "reason:" if known else "likely cause:"
    rule = paint("dim", f" [{cause.rule}]") if cause.rule else ""
    link = f"the {cause.link.replace('_', ' ')}: " if cause.link else ""
    yield f"  {paint('bold', label)} {link}{inert(cause.reason)}{rule}"
    for evidence in cause.evidence:
        yield f"    {inert(evidence)}"
    if cause.help:
        yield paint.detail("help", cause.help, "    ")


def flow_json(result: FlowResult) -> dict[str, Any]:
    """Convert a flow to JSON values, as `schemas/flow.v1.json` describes them."""
    return {
        "version": _VERSION,
        "end": result.end.value,
        "instance": result.instance,
        "contact": result.contact or None,
        "topics": [_topic_json(topic) for topic in result.topics],
        "steps": [_step_json(step) for step in result.steps],
        "cause": _cause_json(result.cause),
        "left_behind": list(result.left_behind),
    }


def _topic_json(result: TopicResult) -> dict[str, Any]:
    arrival = result.arrival
    return {
        "topic": result.topic,
        "arrived": arrival is not None,
        "seconds": arrival.seconds if arrival else None,
        "message": arrival.message_id if arrival else None,
        "attributes": dict(arrival.attributes) if arrival else None,
        "counters": result.counters._asdict() if result.counters else None,
        "cause": _cause_json(result.cause),
        "retention": set_up_json(result.setup) if result.setup else None,
        "explanation": explanation_json(result.explanation) if result.explanation else None,
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "step": step.name,
        "what": step.what,
        "status": step.status,
        "at": step.at,
        "seconds": step.seconds,
        "request_id": step.request_id or None,
        "said": step.detail or None,
        "help": step.help or None,
    }


def _cause_json(cause: Cause | None) -> dict[str, Any] | None:
    if cause is None:
        return None
    return {
        "reason": cause.reason,
        "help": cause.help or None,
        "link": cause.link or None,
        "rule": cause.rule or None,
        "evidence": list(cause.evidence),
    }


def flow_junit(result: FlowResult) -> Iterator[str]:
    """Write a flow as JUnit XML."""
    root = Element("testsuites", name="checker")
    suite = SubElement(root, "testsuite", name="flow")
    for step in result.steps:
        if step.name != MESSAGE:
            suite.append(_step(step))
    for topic in result.topics:
        suite.append(_topic_case(topic, result))
    suite.append(_cleanup(result))
    for element in (root, suite):
        element.attrib |= case_counts(element)
    yield from xml_lines(root)


def _step(step: Step) -> Element:
    case = Element("testcase", name=one_line(_name(step)), classname="step", time=str(step.seconds))
    if step.status == FAILED:
        SubElement(case, "failure", message=one_line(step.detail)).text = one_line(step.help)
    return case


def _name(step: Step) -> str:
    """Return a test case name that is stable across runs: without the IDs of chats and queues."""
    return f"{step.name} {step.what}" if step.what.startswith("arn:") else step.name


def _topic_case(topic: TopicResult, result: FlowResult) -> Element:
    """Return the test case for the message at a topic; skipped if the flow was interrupted before."""
    seconds = str(topic.arrival.seconds) if topic.arrival else "0"
    case = Element("testcase", name=one_line(f"{MESSAGE} {topic.topic}"), classname="topic", time=seconds)
    cause = topic.cause or result.cause
    if topic.arrival is None:
        kind = "skipped" if result.end is End.INTERRUPTED else "failure"
        SubElement(case, kind, message=one_line(_reason(cause))).text = one_line(cause.help if cause else "")
    return case


def _reason(cause: Cause | None) -> str:
    return cause.reason if cause else "the flow ended before the message was sent"


def _cleanup(result: FlowResult) -> Element:
    case = Element("testcase", name="temporary resources are removed", classname="cleanup", time="0")
    if result.left_behind:
        SubElement(case, "failure", message=one_line("; ".join(result.left_behind)))
    return case
