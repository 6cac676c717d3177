"""JUnit XML: a suite a target, a test case a rule, and a suite for the run itself.

There are no times in it: two runs over the same input write the same report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from checker.report.brief import one_line, place_of
from checker.report.json_v1 import summary
from checker.report.junit_case import judgement
from checker.report.junit_target import Target, targets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.outcome import Report
    from checker.report.setting import Setting

_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit_report(report: Report, setting: Setting) -> Iterator[str]:
    """Write the report as JUnit XML."""
    root = Element("testsuites", name="checker")
    suites = [_run_suite(report, setting), *(_target_suite(one, setting) for one in targets(report))]
    for suite in suites:
        root.append(suite)
    for element in (root, *suites):
        element.attrib |= counted(element)
    yield from xml_lines(root)


def xml_lines(root: Element) -> Iterator[str]:
    """Write a document, line by line."""
    indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield from tostring(root, encoding="us-ascii").decode().split("\n")


def counted(element: Element) -> dict[str, str]:
    """Count the test cases inside an element, as its attributes."""
    counts = {name: len(element.findall(f".//testcase/{kind}")) for name, kind in _COUNTS.items()}
    tests = len(element.findall(".//testcase"))
    return {"tests": str(tests)} | {name: str(count) for name, count in counts.items()}


def _run_suite(report: Report, setting: Setting) -> Element:
    """Tell of the run itself: its counts, what was not judged, and what failed in ``checker``."""
    suite = Element("testsuite", name="run")
    properties = SubElement(suite, "properties")
    for key, count in summary(report).items():
        SubElement(properties, "property", name=key, value=str(count))
    for rule in sorted(set(report.crashed)):
        _case(suite, "rule", rule, "error", "the rule failed itself, which is a fault of checker")
    for one in report.skipped:
        place = place_of(one.what, one.position, setting)
        _case(suite, "input", place, "error" if one.error else "skipped", one.reason)
    for entry in report.stale:
        place = place_of(entry.where, entry.position, setting)
        _case(suite, "suppression", place, "skipped", entry.reason)
    return suite


def _case(suite: Element, kind: str, name: str, outcome: str, message: str) -> None:
    case = SubElement(suite, "testcase", name=name, classname=kind)
    SubElement(case, outcome, message=one_line(message))


def _target_suite(target: Target, setting: Setting) -> Element:
    examined = target.examined
    suite = Element("testsuite", name=one_line(f"{examined.kind} {examined.resource}"))
    for rule in examined.verdicts:
        suite.append(judgement(examined, rule, target.said.get(rule, ()), setting))
    return suite
