"""A comment for a pull request: the findings by file, then what was not judged and what is suppressed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.finding import Verdict
from checker.report.brief import by_role, details, one_line, place, place_of, worst_first
from checker.report.style import Paint
from checker.report.text import summary_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.finding import Finding, Position
    from checker.lint.report import Report, Suppressed
    from checker.report.context import Setting


_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_LIVE = re.compile(r"[@#]|:(?=//)|\bwww(?=\.)|\bgh-(?=\d)", re.IGNORECASE)
_BACKTICKS = re.compile("`+")
_BREAK = "\N{ZERO WIDTH SPACE}"


def plain(text: str) -> str:
    """Write a text of one line so that it reads as it is."""
    # mentions, references and bare links are looked for in the rendered text, where escapes are gone
    return _PUNCTUATION.sub(r"\\\1", _LIVE.sub(lambda found: found[0] + _BREAK, text))


def code(text: str) -> str:
    """Write a text of one line as a code span, whatever backticks it has itself."""
    if not text:
        return plain("``")
    runs = [len(run) for run in _BACKTICKS.findall(text)]
    fence = "`" * (max(runs, default=0) + 1)
    edged = text[0] in "` " or text[-1] in "` "
    pad = " " if edged and text.strip(" ") else ""  # of blanks alone none is taken off
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Write one of our messages, which put values between backticks; a value may hold backticks itself."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return plain(text)
    return "".join(code(piece) if index % 2 else plain(piece) for index, piece in enumerate(pieces))


_LONGEST = 300


def size(lines: Sequence[str]) -> int:
    """Count the bytes that lines take with their ends."""
    return sum(len(line.encode()) + 1 for line in lines)


def remarks(report: Report, setting: Setting, room: int) -> list[str]:
    """Write the remarks, a section each, in at most so many bytes."""
    sections = {
        "Rules that failed themselves": [f"- {code(rule)}" for rule in sorted(set(report.crashed))],
        "Not judged": [
            _remark(one.what, one.position, f"{'error: ' if one.error else ''}{one.reason}", setting)
            for one in report.skipped
        ],
        "Stale suppressions": [_remark(one.where, one.position, one.reason, setting) for one in report.stale],
        "Suppressed": [_suppressed(one, setting) for one in report.suppressed],
    }
    share = room // len(sections)
    return [line for title, items in sections.items() if items for line in _section(title, items, share)]


def _section(title: str, items: Sequence[str], room: int) -> Iterator[str]:
    lines = ["", f"### {title}", ""]
    room -= size([*lines, f"- and {len(items)} more"])
    for number, item in enumerate(items):
        room -= size([item])
        if room < 0:
            lines.append(f"- and {len(items) - number} more")
            break
        lines.append(item)
    yield from lines


def _remark(where: str, position: Position | None, reason: str, setting: Setting) -> str:
    at = place_of(where, position, setting)[:_LONGEST]
    return f"- {code(at)}: {prose(one_line(reason, _LONGEST))}"


def _suppressed(one: Suppressed, setting: Setting) -> str:
    finding = one.finding
    at = place(finding.locations[0], setting)[:_LONGEST]
    said = f"{code(finding.rule)} at {code(at)}: {prose(one_line(finding.message, _LONGEST))}"
    return f"- {said} (by {one.by.value}: {prose(one_line(one.reason, _LONGEST))})"


_COMMENT = 65_536  # GitHub counts characters, of which there are never more than bytes


def markdown_report(report: Report, setting: Setting) -> Iterator[str]:
    """Write the report as a comment that is not too long for GitHub."""
    return markdown_within(_COMMENT, report, setting)


def markdown_within(most: int, report: Report, setting: Setting) -> Iterator[str]:
    """Write the report in at most so many bytes; the worst findings come first and are cut last."""
    found, _, others = summary_text(report, Paint()).partition("; ")
    heading = [f"## checker: {found}", "", others]
    room = most - size([*heading, *_cut(len(report.findings))])
    beside = remarks(report, setting, room // 4)
    groups, cut = _findings(report, setting, room - size(beside))
    yield from heading
    for lines in groups.values():
        yield from lines
    yield from _cut(cut)
    yield from beside


def _cut(number: int) -> list[str]:
    return ["", f"and {number} more findings, not shown for want of room"] if number else []


def _findings(report: Report, setting: Setting, room: int) -> tuple[dict[str, list[str]], int]:
    """Take as many findings as there is room for, by file, and count the others."""
    groups: dict[str, list[str]] = {}
    cut = 0
    for finding in worst_first(report.findings):
        name = one_line(setting.relative(by_role(finding)[0][0].source))
        lines = list(_item(finding, setting))
        if name not in groups:
            lines = ["", f"### {code(name)}", *lines]
        if size(lines) > room:
            cut += 1
            continue
        room -= size(lines)
        groups.setdefault(name, []).extend(lines)
    return groups, cut


def _item(finding: Finding, setting: Setting) -> Iterator[str]:
    word = "could not tell" if finding.verdict is Verdict.UNDETERMINED else finding.severity.value
    at = place(by_role(finding)[0][0], setting)
    yield ""
    yield f"- **{word}** {code(finding.rule)} at {code(at)}: {prose(one_line(finding.message))}"
    more = list(details(finding, setting))
    if more:
        yield from ("", "  <details><summary>details</summary>", "")
        for label, text, name in more:
            yield f"  - {prose(label)}: {code(text) if name else prose(text)}"
        yield from ("", "  </details>")
