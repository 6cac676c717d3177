"""A digest of at most 40 lines, for mail or chat: what is new and fixed, then the totals. Also valid Markdown.

Names and messages may have text of others, such as the name of a member account, so they cannot act: there are no links,
mentions or HTML, and no word that a chat makes a link of.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from checker.core.arn import Arn, topic_arn
from checker.core.finding import Verdict
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.lint.history import Change
from checker.report.brief import one_line, place, some, summary_text, worst_first
from checker.report.context import Paint
from checker.report.markdown import code
from checker.report.overview import Home, changes_text, grouped, headline, risk, short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.finding import Finding
    from checker.lint.history import Entry
    from checker.lint.report import Report
    from checker.lint.rule import Rule
    from checker.report.context import Setting

MOST_LINES = 40
_ROOM = {
    "New": 9,
    "Escalated": 3,
    "Fixed": 4,
    "Not audited": 3,
    "Suppressed": 2,
    "Findings": 22,
    "Not looked at": 3,
}
"""The least room of each section, in lines without its title. The sections share what others leave."""
_TITLE = 2
"""An empty line and the title."""
_LONGEST = 120
_MOST_NAMES = 4


class _Line(NamedTuple):
    """A line, and the number of findings or other entries that it stands for."""

    text: str
    number: int = 1


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Yield the lines of the digest."""
    rules = {rule.id: rule for rule in setting.rules}
    yield f"**checker: {headline(report.audit)}**" if report.audit else "**checker**"
    if report.history is not None:
        yield f"Changes: {changes_text(report)}"
        sections = _changes(report, rules, setting)
    else:
        groups = grouped(report.findings, rules)
        sections = {"Findings": [_line(group.findings, report, setting) for group in groups]}
    sections["Not looked at"] = list(_unread(report))
    others = 3 if report.history is None else 4
    rooms = _rooms({title: len(lines) for title, lines in sections.items()}, MOST_LINES - others)
    for title, lines in sections.items():
        yield from _section(title, lines, rooms[title])
    yield ""
    yield f"Total: {summary_text(report, Paint())}"


def _rooms(wanted: dict[str, int], room: int) -> dict[str, int]:
    """Return the lines of each section: the least room, and in the order of the sections what is free."""
    rooms = {title: min(lines, _ROOM[title]) for title, lines in wanted.items()}
    free = room - sum(_TITLE + lines for lines in rooms.values() if lines)
    for title, lines in wanted.items():
        more = min(free, lines - rooms[title])
        rooms[title] += more
        free -= more
    return rooms


def _changes(report: Report, rules: dict[str, Rule], setting: Setting) -> dict[str, list[_Line]]:
    history = report.history
    if history is None:
        return {}
    present = {"New": Change.NEW, "Escalated": Change.ESCALATED}
    absent = {"Fixed": Change.FIXED, "Not audited": Change.NOT_AUDITED, "Suppressed": Change.SUPPRESSED}
    sections = {}
    for title, change in present.items():
        groups = grouped((entry.finding for entry in history.of(change)), rules)
        sections[title] = [_line(group.findings, report, setting) for group in groups]
    for title, change in absent.items():
        entries = sorted(history.of(change), key=lambda entry: (risk(entry.finding, rules), _kind(entry)))
        sections[title] = [
            _line([entry.finding for entry in same], report, setting, reason)
            for (*_, reason), same in ((kind, list(each)) for kind, each in groupby(entries, _kind))
        ]
    return sections


def _kind(entry: Entry) -> tuple[Home, str, str, str, str]:
    finding = entry.finding
    return Home.of_finding(finding), finding.rule, finding.severity.value, finding.verdict.value, entry.reason


def _line(findings: Sequence[Finding], report: Report, setting: Setting, reason: str = "") -> _Line:
    """Return one line for the findings of a rule in an account and Region."""
    first = worst_first(findings)[0]
    names = [_name(finding, report, setting) for finding in worst_first(findings)]
    names = list(dict.fromkeys(names))
    where = Home.of_finding(first).shown(report.audit) if report.audit and Arn.parse(first.resource) else ""
    about = f"{_still(some(names, _MOST_NAMES))}{f' ({_without_domains(where)})' if where else ''}"
    is_open = first.verdict is Verdict.UNDETERMINED
    level = f"{first.severity.value}{' (not known)' if is_open else ''}"
    differ = not reason and len({finding.message for finding in findings}) > 1
    message = f"{'for example, ' * differ}{reason or first.message}"
    return _Line(f"- {level} {first.rule}: {about}: {_message(message)}", len(findings))


_ACTIVE = str.maketrans(
    {
        "<": "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}",
        ">": "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}",
        "@": "\N{FULLWIDTH COMMERCIAL AT}",
    }
)
_NUMBER = pattern(r"#(?=\d)")
"""What GitHub makes a link to an issue of. With a space after it, it could begin a heading."""
_EMPHASIS = pattern(r"(?<!\w)_+|_+(?!\w)")
"""Underscores that are not within a word, which Markdown may take for emphasis."""
_REFERENCE = pattern(r"(:(?=//)|www(?=\.)|gh-(?=\d))", re.IGNORECASE)
"""What GitHub, a chat or a mail program makes a link of; a space after it prevents that."""
_BARE_ARN = pattern(r"(?<![`\w])arn:[^\s`,;]+")
_MARKS = str.maketrans("", "", "`[]*!\\")


def _still(text: str) -> str:
    """Return a text that neither Markdown nor a chat makes a link, a mention or an element of."""
    still = _REFERENCE.sub(r"\1 ", text.translate(_ACTIVE).translate(_MARKS))
    still = _EMPHASIS.sub(lambda run: "\N{FULLWIDTH LOW LINE}" * len(run[0]), still)
    return _NUMBER.sub("\N{FULLWIDTH NUMBER SIGN}", still)


_DOMAIN = pattern(r"(?<=\w)\.(?=[^\W\d_])")
"""A dot that a chat or a mail program may take for that of a domain, and make a link."""


def _without_domains(text: str) -> str:
    """Return a still text in which no word is taken for a domain. Not for names of resources and files."""
    return _DOMAIN.sub(". ", _still(text))


def _message(text: str) -> str:
    """Format a message with values in backticks: cut to a readable length, with short names in place of ARNs."""
    pieces = one_line(text).split("`")
    pieces[1::2] = [short(piece) for piece in pieces[1::2]]
    whole = _BARE_ARN.sub(lambda found: short(found[0]), "`".join(pieces))
    cut = whole if len(whole) <= _LONGEST else f"{whole[:_LONGEST]}..."
    spans = enumerate(cut.split("`"))
    return "".join(_value(piece) if at % 2 and piece else _without_domains(piece) for at, piece in spans)


def _value(text: str) -> str:
    """Return a value as code, which a chat leaves as it is. A mail program makes a link of a URL there as well."""
    return code(_REFERENCE.sub(r"\1 ", text.translate(_ACTIVE)))


def _name(finding: Finding, report: Report, setting: Setting) -> str:
    """Return the name of a resource of an audit, or the place of a finding in a file with the address.

    A key has the topics that it encrypts, as its own name is only an ID.
    """
    if report.audit is not None:
        topics = [short(name) for name in finding.affects if topic_arn(name)]
        of = f" of {some(topics, 1)}" if topics and topic_arn(finding.resource) is None else ""
        return one_line(f"{short(finding.resource)}{of}", _LONGEST)
    address = f" {one_line(finding.declared_as, _LONGEST)}" if finding.declared_as else ""
    return f"{place(finding.locations[0], setting)}{address}"


def _unread(report: Report) -> Iterator[_Line]:
    for skipped in report.skipped:
        if skipped.error:
            yield _Line(f"- {_message(f'{skipped.what}: {skipped.reason}')}")


def _section(title: str, lines: Sequence[_Line], room: int) -> Iterator[str]:
    if not lines:
        return
    shown = lines if len(lines) <= room else lines[: room - 1]
    yield ""
    yield f"**{title}**"
    yield from (line.text for line in shown)
    if len(shown) < len(lines):
        yield f"- and {sum(line.number for line in lines[len(shown) :])} more"
