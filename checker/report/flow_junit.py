"""A flow as JUnit XML: a test case a step, and one for the message at each topic."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from checker.passage import FAILED, MESSAGE, End
from checker.report.brief import one_line
from checker.report.junit import counted, xml_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.passage import Cause, Passage, Step, TopicPassage


def flow_junit(passage: Passage) -> Iterator[str]:
    """Write a flow as JUnit XML."""
    root = Element("testsuites", name="checker")
    suite = SubElement(root, "testsuite", name="flow")
    for step in passage.steps:
        if step.name != MESSAGE:
            suite.append(_step(step))
    for topic in passage.topics:
        suite.append(_topic(topic, passage))
    suite.append(_clearing(passage))
    for element in (root, suite):
        element.attrib |= counted(element)
    yield from xml_lines(root)


def _step(step: Step) -> Element:
    case = Element("testcase", name=one_line(_name(step)), classname="step", time=str(step.seconds))
    if step.status == FAILED:
        SubElement(case, "failure", message=one_line(step.said)).text = one_line(step.help)
    return case


def _name(step: Step) -> str:
    """The name of a case, the same from run to run: without the ids of chats and queues."""
    return f"{step.name} {step.what}" if step.what.startswith("arn:") else step.name


def _topic(topic: TopicPassage, passage: Passage) -> Element:
    """The message at a topic; skipped where the flow never came so far."""
    seconds = str(topic.arrival.seconds) if topic.arrival else "0"
    case = Element("testcase", name=one_line(f"{MESSAGE} {topic.topic}"), classname="topic", time=seconds)
    cause = topic.cause or passage.cause
    if topic.arrival is None:
        kind = "skipped" if passage.end is End.INTERRUPTED else "failure"
        SubElement(case, kind, message=one_line(_said(cause))).text = one_line(cause.help if cause else "")
    return case


def _said(cause: Cause | None) -> str:
    return cause.reason if cause else "the flow did not come so far"


def _clearing(passage: Passage) -> Element:
    case = Element("testcase", name="nothing is left behind", classname="clearing", time="0")
    if passage.left_behind:
        SubElement(case, "failure", message=one_line("; ".join(passage.left_behind)))
    return case
