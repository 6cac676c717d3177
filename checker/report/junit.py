"""JUnit XML: a suite a target, a test case a rule, and a suite for the run itself.

There are no times in it: two runs over the same input write the same report.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from checker.core.finding import Verdict
from checker.lint.report import Examined
from checker.report.brief import Entry, details, entries, one_line, place, place_of
from checker.report.context import is_file
from checker.report.json_v1 import summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.lint.report import Report
    from checker.report.brief import Entry
    from checker.report.context import Setting


class Target(NamedTuple):
    """A target and what each rule that judged it has to say."""

    examined: Examined
    said: Mapping[str, Sequence[Entry]]


def targets(report: Report) -> Iterator[Target]:
    """Give every target that was examined, and one more for each resource that strangely was not."""
    said: list[dict[str, list[Entry]]] = [defaultdict(list) for _ in report.examined]
    strays: dict[str, list[Entry]] = defaultdict(list)
    named: dict[str, list[int]] = defaultdict(list)
    for number, examined in enumerate(report.examined):
        named[examined.resource].append(number)
    for entry in entries(report):
        target = _target_of(entry, report.examined, named[entry.finding.resource])
        (strays[entry.finding.resource] if target is None else said[target][entry.finding.rule]).append(entry)
    yield from map(Target, report.examined, said)
    yield from (_stray(resource, some) for resource, some in strays.items())


def _target_of(entry: Entry, examined: Sequence[Examined], named: Iterable[int]) -> int | None:
    """Choose between targets that are called the same; the file decides."""
    finding = entry.finding
    judged = [number for number in named if finding.rule in examined[number].verdicts]
    source = finding.locations[0].source
    return min(judged, key=lambda number: examined[number].source != source, default=None)


def _stray(resource: str, some: Sequence[Entry]) -> Target:
    said: dict[str, list[Entry]] = defaultdict(list)
    for one in some:
        said[one.finding.rule].append(one)
    verdicts = {rule: ones[0].finding.verdict for rule, ones in said.items()}
    return Target(Examined("resource", resource, some[0].finding.locations[0].source, verdicts), said)


UNTOLD = "could not be told"


def judgement(target: Examined, rule: str, said: Sequence[Entry], setting: Setting) -> Element:
    """Make a test case that fails for findings from the severity on from which a run fails.

    What could not be told and what is held back is skipped; the rest is told as the output of the case.
    """
    case = Element("testcase", name=rule, classname=one_line(target.resource))
    if is_file(target.source):
        case.set("file", one_line(setting.relative(target.source)))
    failing = [one for one in said if _fails(one, setting)]
    others = [one for one in said if not _fails(one, setting)]
    if failing:
        _outcome(case, "failure", failing, setting)
    elif target.verdicts[rule] is Verdict.UNDETERMINED or any(map(_passed_over, said)):
        others.sort(key=lambda one: not _passed_over(one))
        _outcome(case, "skipped", others[:1], setting)
        others = others[1:]
    if others:
        SubElement(case, "system-out").text = _told(others, setting)
    return case


def _fails(entry: Entry, setting: Setting) -> bool:
    serious = entry.finding.severity.rank >= setting.fail_on.rank
    return serious and not _passed_over(entry)


def _passed_over(entry: Entry) -> bool:
    return entry.held_back is not None or entry.finding.verdict is Verdict.UNDETERMINED


def _outcome(case: Element, kind: str, said: Sequence[Entry], setting: Setting) -> None:
    outcome = SubElement(case, kind, message=_heading(said[0]) if said else UNTOLD)
    if said:
        outcome.set("type", said[0].finding.severity.value)
        outcome.text = _told(said, setting)


def _heading(entry: Entry) -> str:
    message = one_line(entry.finding.message)
    if entry.held_back is None:
        return message
    return f"suppressed by {entry.held_back.by.value}: {one_line(entry.held_back.reason)}"


def _told(said: Sequence[Entry], setting: Setting) -> str:
    return "\n".join(chain.from_iterable(_lines(one, setting) for one in said))


def _lines(entry: Entry, setting: Setting) -> Iterator[str]:
    finding = entry.finding
    yield f"{finding.severity.value}[{finding.rule}]: {one_line(finding.message)}"
    yield f"  at: {place(finding.locations[0], setting)}"
    if entry.held_back is not None:
        yield f"  {_heading(entry)}"
    for label, text, _ in details(finding, setting):
        yield f"  {label}: {text}"


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
