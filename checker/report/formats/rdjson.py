"""Reviewdog Diagnostic Format: review comments, with proven safe fixes as suggestions that one click applies.

Lines and columns count from 1, columns in bytes of UTF-8, and the end of a range is exclusive.
https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.finding import Applicability, Position, Severity, Verdict
from checker.core.record import NamedTuple
from checker.core.terminal_text import json_lines, redacted
from checker.policy.source import Source
from checker.report.brief import by_role, crash_text, described, one_line, worst_first
from checker.report.review import relative_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.errors import Skipped
    from checker.core.finding import Edit, Finding, Text
    from checker.lint.report import Report
    from checker.report.context import Setting


_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Write the active findings, the crashed rules and the inputs that were not checked."""
    found = [_diagnostic(finding, setting) for finding in worst_first(report.findings)]
    found += [_crash(rule) for rule in sorted(set(report.crashed))]
    found += [_skipped(one, setting) for one in report.skipped]
    return json_lines({"source": {"name": "checker"}, "diagnostics": found})


def _diagnostic(finding: Finding, setting: Setting) -> dict[str, Any]:
    place = by_role(finding)[0][0]
    position, text = place.position(), place.text
    suggestion = next(_suggestions(finding, text), None) if text is not None and position else None
    if suggestion is not None and position is not None:
        position = _hull(position, suggestion.position)  # reviewdog drops a suggestion outside of the range
    undetermined = finding.verdict is Verdict.UNDETERMINED
    word = "undetermined: " if undetermined else ""
    shown = {"suggestions": [suggestion.as_json(text)]} if suggestion is not None and text is not None else {}
    return {
        "message": word + "\n".join(described(finding, setting)),
        "location": _location(place.source, position, text, setting),
        "severity": "INFO" if undetermined else _SEVERITIES[finding.severity],
        "code": {"value": finding.rule},
        **shown,
    }


class _Suggestion(NamedTuple):
    """One replacement that makes all edits of a fix."""

    position: Position
    text: str

    def as_json(self, document: Text) -> dict[str, Any]:
        return {"range": _range(self.position, document), "text": self.text}


def _suggestions(finding: Finding, document: Text) -> Iterator[_Suggestion]:
    """Yield the safe fixes that edit only the file of the finding, each as one replacement."""
    for fix in finding.fixes:
        file = next((edit.document for edit in fix.edits), None)
        is_within = all(edit.document.name == document.name for edit in fix.edits)
        if (
            fix.applicability is Applicability.SAFE
            and not fix.needs
            and is_within
            and isinstance(file, Source)
        ):
            joined = _joined(sorted(fix.edits, key=lambda edit: edit.position), file)
            if redacted(joined.text) == joined.text:  # a hidden value would be replaced by a placeholder
                yield joined


def _joined(edits: Sequence[Edit], file: Source) -> _Suggestion:
    """Join edits to one, with the text between them."""
    whole, text, at = edits[0].position, "", None
    for edit in edits:
        start, end = _offsets(edit.position, file)
        text += ("" if at is None else file.text[at:start]) + edit.text
        whole, at = _hull(whole, edit.position), end
    return _Suggestion(whole, text)


def _offsets(position: Position, file: Source) -> tuple[int, int]:
    start = file.line_start(position.line) + position.column - 1
    return start, file.line_start(position.end_line) + position.end_column - 1


def _hull(one: Position, other: Position) -> Position:
    """Return the range from the first beginning to the last end."""
    start = min((one.line, one.column), (other.line, other.column))
    end = max((one.end_line, one.end_column), (other.end_line, other.end_column))
    return Position(*start, *end)


def _location(name: str, position: Position | None, text: Text | None, setting: Setting) -> dict[str, Any]:
    path = relative_path(name, setting)
    return {"path": path, "range": _range(position, text)} if position else {"path": path}


def _range(position: Position, text: Text | None) -> dict[str, Any]:
    """Return a range with columns in bytes; lines alone if the file must not be quoted, as its columns do not help."""
    if text is None:
        return {"start": {"line": position.line}, "end": {"line": position.end_line}}
    return {
        "start": _point(text, position.line, position.column),
        "end": _point(text, position.end_line, position.end_column),
    }


def _point(text: Text, line: int, column: int) -> dict[str, int]:
    before = text.line(line)[: column - 1]
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + 1}


def _crash(rule: str) -> dict[str, Any]:
    text = crash_text(rule)
    return {"message": text, "location": {"path": "unnamed"}, "severity": "ERROR", "code": {"value": rule}}


def _skipped(one: Skipped, setting: Setting) -> dict[str, Any]:
    lines = [one_line(f"{one.what}: {one.reason}"), *([f"help: {one_line(one.help)}"] if one.help else [])]
    start = {"line": one.position.line} if one.position else None
    path = {"path": relative_path(one.what, setting)}
    return {
        "message": "\n".join(lines),
        "location": {**path, "range": {"start": start}} if start else path,
        "severity": "ERROR" if one.error else "INFO",
        "code": {"value": "not-read" if one.error else "not-checked"},
    }
