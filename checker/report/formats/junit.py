"""JUnit XML: one suite per target, one test case per rule and expectation, and a suite for the run itself.

The report contains no times, so that two runs over the same input write the same report.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from checker.core.finding import Verdict
from checker.core.record import NamedTuple
from checker.lint.report import UNMET, Examined
from checker.report.brief import Entry, details, entries, one_line, place, place_of, summary
from checker.report.context import is_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.lint.report import Report
    from checker.report.brief import Entry
    from checker.report.context import Setting


class Target(NamedTuple):
    """A checked target, with its findings by rule."""

    examined: Examined
    entries: Mapping[str, Sequence[Entry]]


def targets(report: Report) -> Iterator[Target]:
    """Yield every examined target, and an additional one for each other resource that has findings."""
    by_target: list[dict[str, list[Entry]]] = [defaultdict(list) for _ in report.examined]
    unmatched: dict[str, list[Entry]] = defaultdict(list)
    numbers: dict[str, list[int]] = defaultdict(list)
    for number, examined in enumerate(report.examined):
        numbers[examined.resource].append(number)
    for entry in entries(report):
        finding = entry.finding
        target = _target_of(entry, report.examined, numbers[finding.resource])
        (unmatched[finding.resource] if target is None else by_target[target][finding.rule]).append(entry)
    yield from map(Target, report.examined, by_target)
    yield from (_unmatched_target(resource, found) for resource, found in unmatched.items())


def _target_of(entry: Entry, examined: Sequence[Examined], numbers: Iterable[int]) -> int | None:
    """Choose the target of a finding among targets with the same name, preferably from the same file."""
    finding = entry.finding
    candidates = [number for number in numbers if finding.rule in examined[number].verdicts]
    source = finding.locations[0].source
    return min(candidates, key=lambda number: examined[number].source != source, default=None)


def _unmatched_target(resource: str, entries: Sequence[Entry]) -> Target:
    by_rule: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_rule[entry.finding.rule].append(entry)
    verdicts = {rule: group[0].finding.verdict for rule, group in by_rule.items()}
    return Target(Examined("resource", resource, entries[0].finding.locations[0].source, verdicts), by_rule)


_UNDETERMINED = "undetermined"


def rule_case(target: Examined, rule: str, entries: Sequence[Entry], setting: Setting) -> Element:
    """Create the test case of a rule. It fails if a finding has at least the severity that fails a run.

    Undetermined and suppressed findings make the case skipped. Other findings are the output of the case.
    """
    case = Element("testcase", name=rule, classname=one_line(target.resource))
    if is_file(target.source):
        case.set("file", one_line(setting.relative(target.source)))
    failing = [entry for entry in entries if _fails(entry, setting)]
    others = [entry for entry in entries if not _fails(entry, setting)]
    if failing:
        _outcome(case, "failure", failing, setting)
    elif target.verdicts[rule] is Verdict.UNDETERMINED or any(map(_is_skipped, entries)):
        others.sort(key=lambda entry: not _is_skipped(entry))
        _outcome(case, "skipped", others[:1], setting)
        others = others[1:]
    if others:
        SubElement(case, "system-out").text = _details_text(others, setting)
    return case


def _fails(entry: Entry, setting: Setting) -> bool:
    serious = entry.finding.severity.rank >= setting.fail_on.rank
    return serious and not _is_skipped(entry)


def _is_skipped(entry: Entry) -> bool:
    return entry.suppression is not None or entry.finding.verdict is Verdict.UNDETERMINED


def _outcome(case: Element, kind: str, entries: Sequence[Entry], setting: Setting) -> None:
    outcome = SubElement(case, kind, message=_heading(entries[0]) if entries else _UNDETERMINED)
    if entries:
        outcome.set("type", entries[0].finding.severity.value)
        outcome.text = _details_text(entries, setting)


def _heading(entry: Entry) -> str:
    message = one_line(entry.finding.message)
    if entry.suppression is None:
        return message
    return f"suppressed by {entry.suppression.by.value}: {one_line(entry.suppression.reason)}"


def _details_text(entries: Sequence[Entry], setting: Setting) -> str:
    return "\n".join(chain.from_iterable(_lines(entry, setting) for entry in entries))


def _lines(entry: Entry, setting: Setting) -> Iterator[str]:
    finding = entry.finding
    yield f"{finding.severity.value}[{finding.rule}]: {one_line(finding.message)}"
    yield f"  at: {place(finding.locations[0], setting)}"
    if entry.suppression is not None:
        yield f"  {_heading(entry)}"
    for label, text, _ in details(finding, setting):
        yield f"  {label}: {text}"


_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Write the report as JUnit XML."""
    root = Element("testsuites", name="checker")
    suites = [_run_suite(report, setting), *(_target_suite(target, setting) for target in targets(report))]
    for suite in suites:
        root.append(suite)
    for element in (root, *suites):
        element.attrib |= case_counts(element)
    yield from xml_lines(root)


def xml_lines(root: Element) -> Iterator[str]:
    """Yield the lines of an XML document."""
    indent(root)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield from tostring(root, encoding="us-ascii").decode().split("\n")


def case_counts(element: Element) -> dict[str, str]:
    """Count the test cases inside an element and return the counts as attributes."""
    counts = {name: len(element.findall(f".//testcase/{kind}")) for name, kind in _COUNTS.items()}
    tests = len(element.findall(".//testcase"))
    return {"tests": str(tests)} | {name: str(count) for name, count in counts.items()}


def _run_suite(report: Report, setting: Setting) -> Element:
    """Create the suite of the run itself: counts, skipped inputs, stale suppressions and crashed rules."""
    suite = Element("testsuite", name="run")
    properties = SubElement(suite, "properties")
    for key, count in summary(report).items():
        SubElement(properties, "property", name=key, value=str(count))
    for rule in sorted(set(report.crashed)):
        _case(suite, "rule", rule, "error", "the rule crashed; this is a bug in checker")
    for skipped in report.skipped:
        place = place_of(skipped.what, skipped.position, setting)
        _case(suite, "input", place, "error" if skipped.error else "skipped", skipped.reason)
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
        if rule != UNMET or not examined.expectations:
            suite.append(rule_case(examined, rule, target.entries.get(rule, ()), setting))
    for name, verdict in examined.expectations.items():
        about = [one for one in target.entries.get(UNMET, ()) if one.finding.expectation in ("", name)]
        case = rule_case(examined._replace(verdicts={UNMET: verdict}), UNMET, about, setting)
        case.set("name", one_line(f"{UNMET}: {name}"))
        suite.append(case)
    return suite
