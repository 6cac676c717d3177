"""One rule's verdict on one target, as a JUnit test case."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from checker.finding import Verdict
from checker.report.brief import details, one_line, place
from checker.report.setting import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.outcome import Examined
    from checker.report.entry import Entry
    from checker.report.setting import Setting

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
