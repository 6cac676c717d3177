"""Reports in Markdown: the findings by file, then skipped inputs and suppressed findings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.finding import Verdict
from checker.core.pattern import pattern
from checker.report.brief import (
    EXPECTATION_WORDS,
    by_role,
    details,
    one_line,
    place,
    place_of,
    summary_text,
    worst_first,
)
from checker.report.context import Paint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.finding import Finding, Position
    from checker.lint.report import Report, Suppressed
    from checker.report.context import Setting


_PUNCTUATION = pattern(r"([!-$&(-+\--/:<-@\[-`{-~])")
"""ASCII punctuation, except what never has a meaning in Markdown: percent and quotation signs, `,` and `;`."""
_AUTOLINK = pattern(r"([@#]|:(?=//)|www(?=\.)|gh-(?=\d))", re.IGNORECASE)
"""What GitHub makes a link of: also after `_`, `*`, `~` and `(`. A break within a word does no harm."""
_BACKTICKS = pattern("`+")
_BREAK = "&#8203;"
"""A zero width space, as an entity, because output shows invisible characters as escapes."""


def plain(text: str) -> str:
    """Escape one line of text so that Markdown shows it literally."""
    # GitHub finds mentions, references and bare links in the rendered text, so escapes do not prevent them.
    pieces = _AUTOLINK.split(text)
    return "".join(
        _PUNCTUATION.sub(r"\\\1", piece) + (_BREAK if index % 2 else "") for index, piece in enumerate(pieces)
    )


def code(text: str) -> str:
    """Format one line of text as a code span; the text may contain backticks."""
    if not text:
        return plain("``")
    runs = [len(run) for run in _BACKTICKS.findall(text)]
    fence = "`" * (max(runs, default=0) + 1)
    edged = text[0] in "` " or text[-1] in "` "
    pad = " " if edged and text.strip(" ") else ""  # Markdown does not strip a span of only spaces
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Format a message that has values in backticks; a value may itself contain backticks."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return plain(text)
    return "".join(code(piece) if index % 2 else plain(piece) for index, piece in enumerate(pieces))


_MAX_LENGTH = 300


def size(lines: Sequence[str]) -> int:
    """Return the size of lines in bytes, including line ends."""
    return sum(len(line.encode()) + 1 for line in lines)


def remarks(report: Report, setting: Setting, room: int) -> list[str]:
    """Write the sections after the findings, in at most ``room`` bytes."""
    sections = {
        "Expectations": list(_expectations(report)),
        "Crashed rules": [f"- {code(rule)}" for rule in sorted(set(report.crashed))],
        "Not checked": [
            _remark(
                skipped.what,
                skipped.position,
                f"{'error: ' if skipped.error else ''}{skipped.reason}",
                setting,
            )
            for skipped in report.skipped
        ],
        "Stale suppressions": [
            _remark(stale.where, stale.position, stale.reason, setting) for stale in report.stale
        ],
        "Suppressed": [_suppressed(suppressed, setting) for suppressed in report.suppressed],
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
    at = place_of(where, position, setting)[:_MAX_LENGTH]
    return f"- {code(at)}: {prose(one_line(reason, _MAX_LENGTH))}"


def _expectations(report: Report) -> Iterator[str]:
    for target in report.examined:
        for name, verdict in target.expectations.items():
            what = f"{code(one_line(name, _MAX_LENGTH))} of {code(one_line(target.resource, _MAX_LENGTH))}"
            yield f"- {EXPECTATION_WORDS[verdict]}: {what}"


def _suppressed(suppressed: Suppressed, setting: Setting) -> str:
    finding = suppressed.finding
    at = place(finding.locations[0], setting)[:_MAX_LENGTH]
    item = f"{code(finding.rule)} at {code(at)}: {prose(one_line(finding.message, _MAX_LENGTH))}"
    return f"- {item} (by {suppressed.by.value}: {prose(one_line(suppressed.reason, _MAX_LENGTH))})"


def markdown_within(limit: int, report: Report, setting: Setting) -> Iterator[str]:
    """Write the report in at most ``limit`` bytes. The most severe findings come first and are omitted last."""
    counts, _, others = summary_text(report, Paint()).partition("; ")
    heading = [f"## checker: {counts}", "", others]
    room = limit - size([*heading, *_omitted(len(report.findings))])
    sections = remarks(report, setting, room // 4)
    groups, omitted = _findings(report, setting, room - size(sections))
    yield from heading
    for lines in groups.values():
        yield from lines
    yield from _omitted(omitted)
    yield from sections


def _omitted(number: int) -> list[str]:
    return ["", f"and {number} more findings, omitted because of the size limit"] if number else []


def _findings(report: Report, setting: Setting, room: int) -> tuple[dict[str, list[str]], int]:
    """Return as many findings as fit, by file, and the number of omitted ones."""
    groups: dict[str, list[str]] = {}
    omitted = 0
    for finding in worst_first(report.findings):
        name = one_line(setting.relative(by_role(finding)[0][0].source))
        lines = list(_item(finding, setting))
        if name not in groups:
            lines = ["", f"### {code(name)}", *lines]
        if size(lines) > room:
            omitted += 1
            continue
        room -= size(lines)
        groups.setdefault(name, []).extend(lines)
    return groups, omitted


def _item(finding: Finding, setting: Setting) -> Iterator[str]:
    word = "undetermined" if finding.verdict is Verdict.UNDETERMINED else finding.severity.value
    at = place(by_role(finding)[0][0], setting)
    yield ""
    yield f"- **{word}** {code(finding.rule)} at {code(at)}: {prose(one_line(finding.message))}"
    more = list(details(finding, setting))
    if more:
        yield from ("", "  <details><summary>details</summary>", "")
        for label, text, name in more:
            yield f"  - {prose(label)}: {code(text) if name else prose(text)}"
        yield from ("", "  </details>")
