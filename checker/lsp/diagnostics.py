"""Writes findings, and files that were not read, as diagnostics of their documents.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#diagnostic
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol.types import (
    Diagnostic,
    DiagnosticRelatedInformation,
    DiagnosticSeverity,
)
from lsprotocol.types import Location as Link

from checker.core.finding import Severity, Verdict
from checker.lsp.positions import TOP, Lines, uri_of
from checker.report.brief import by_role, crash_text, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lsprotocol.types import Range
    from pygls.workspace import PositionCodec

    from checker.core.errors import CheckerError, Skipped
    from checker.core.finding import Finding, Location
    from checker.lint.report import Report
    from checker.lsp.folder_check import FolderCheck

SOURCE = "checker"
_SEVERITIES = {
    Severity.ERROR: DiagnosticSeverity.Error,
    Severity.WARNING: DiagnosticSeverity.Warning,
    Severity.NOTE: DiagnosticSeverity.Information,
}
_FEW = 10
"""The number of related places that a diagnostic lists."""


class Shown:
    """A check with its texts, to find the ranges of findings in its documents."""

    def __init__(self, check: FolderCheck, codec: PositionCodec) -> None:
        self.check = check
        self.codec = codec
        self._lines: dict[str, Lines] = {}

    def path(self, location: Location) -> str:
        """Return the absolute path of the file of a location."""
        return self.check.path_of(location.source)

    def range(self, location: Location) -> Range:
        """Return the range of a location; the beginning of the file if it has none."""
        return self.lines(location.source).range_of(location.position())

    def lines(self, name: str) -> Lines:
        """Return the lines of a file that the report names."""
        path = self.check.path_of(name)
        if path not in self._lines:
            self._lines[path] = Lines(self.check.text_of(name) or "", self.codec)
        return self._lines[path]


def diagnostics_of(path: str, shown: Shown) -> list[Diagnostic]:
    """Return the diagnostics of an open document."""
    return [*_of_findings(path, shown), *_of_unread(path, shown), *_of_doubts(path, shown)]


def findings_in(report: Report, path: str, shown: Shown) -> Iterator[tuple[Finding, Range]]:
    """Yield the findings of a report whose first place is in a document, with its range."""
    for finding in report.findings:
        first = by_role(finding)[0][0]
        if shown.path(first) == path:
            yield finding, shown.range(first)


def _of_findings(path: str, shown: Shown) -> Iterator[Diagnostic]:
    for finding, where in findings_in(shown.check.report, path, shown):
        yield Diagnostic(
            range=where,
            message=_message_of(finding),
            severity=_SEVERITIES[finding.severity],
            code=finding.rule,
            source=SOURCE,
            related_information=[*_related(finding, shown)],
        )


def _message_of(finding: Finding) -> str:
    """Return the message of a finding with its witness and its help."""
    witness = (f"witness: {finding.witness.sentence}",) if finding.witness is not None else ()
    return _with_help(finding.help, finding.message, *witness)


def _with_help(help_text: str, *texts: str) -> str:
    """Return texts and their help, if there is any, each in a line."""
    return "\n".join(map(one_line, (*texts, *((f"help: {help_text}",) if help_text else ()))))


def _related(finding: Finding, shown: Shown) -> Iterator[DiagnosticRelatedInformation]:
    """Yield the other places of a finding."""
    primary, related = by_role(finding)
    for location in (*primary[1:], *related)[:_FEW]:
        if location.position() is not None:
            link = Link(uri_of(shown.path(location)), shown.range(location))
            yield DiagnosticRelatedInformation(link, one_line(location.note) or "see also")


def _of_unread(path: str, shown: Shown) -> Iterator[Diagnostic]:
    """Yield why a document, or a part of it, was not read."""
    for skipped in shown.check.report.skipped:
        if shown.check.path_of(skipped.what) == path and not skipped.complete:
            yield _unread(skipped, shown)
    yield from (_error(crash_text(rule)) for rule in dict.fromkeys(shown.check.report.crashed))


def _unread(skipped: Skipped, shown: Shown) -> Diagnostic:
    word = "not read" if skipped.error else "not checked"
    return Diagnostic(
        range=shown.lines(skipped.what).range_of(skipped.position),
        message=_with_help(skipped.help, f"{word}: {skipped.reason}"),
        severity=DiagnosticSeverity.Error if skipped.error else DiagnosticSeverity.Information,
        source=SOURCE,
    )


def _of_doubts(path: str, shown: Shown) -> Iterator[Diagnostic]:
    """Yield what is not known about the topics and keys of a document, where a file could show it."""
    for target in shown.check.report.examined:
        reasons = [
            doubt.reason
            for rule, doubt in target.undetermined
            if doubt.counts and not _is_shown(rule, target.resource, shown)
        ]
        if reasons and shown.check.path_of(target.source) == path:
            message = "\n".join(f"not known: {one_line(reason)}" for reason in dict.fromkeys(reasons))
            yield Diagnostic(TOP, message, severity=DiagnosticSeverity.Information, source=SOURCE)


def _is_shown(rule: str, resource: str, shown: Shown) -> bool:
    """True if a finding already says that the result of a rule is not known."""
    return any(
        (one.rule, one.resource, one.verdict) == (rule, resource, Verdict.UNDETERMINED)
        for one in shown.check.report.findings
    )


def of_error(error: CheckerError) -> Diagnostic:
    """Return why no open document of a folder was checked."""
    return _error(_with_help(error.help, f"not checked: {error}"))


def _error(message: str) -> Diagnostic:
    return Diagnostic(TOP, message, severity=DiagnosticSeverity.Error, source=SOURCE)
