"""GitHub Actions: annotations by workflow commands, and the summary of a job.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Severity, Verdict
from checker.core.terminal_text import Inert
from checker.report.brief import by_role, details, one_line, place, worst_first
from checker.report.context import is_file
from checker.report.markdown import markdown_within
from checker.report.style import Paint
from checker.report.text import summary_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.errors import Skipped
    from checker.core.finding import Finding, Position
    from checker.lint.report import Report
    from checker.report.context import Setting


class Command(NamedTuple):
    """A command with properties and a message, whose lines may be several and each is safe to print."""

    kind: str
    properties: tuple[tuple[str, str], ...]
    message: str

    def line(self) -> Inert:
        """Write the command as one line, which the runner is meant to obey."""
        properties = ",".join(f"{key}={_property(value)}" for key, value in self.properties if value)
        return Inert(f"::{self.kind} {properties}::{_data(self.message)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_MOST = 10
"""GitHub shows this many annotations of a kind for a step, and drops the rest without a word."""

_SUMMARY_BYTES = 1024 * 1024
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def github_commands(report: Report, setting: Setting) -> Iterator[str]:
    """Write annotations, the worst first and ten of a kind at most, and the counts of the run."""
    commands = list(_commands(report, setting))
    for kind in _KINDS.values():
        some = [one for one in commands if one.kind == kind]
        yield from (one.line() for one in some[:_MOST])
        if len(some) > _MOST:
            yield f"and {len(some) - _MOST} more of the kind {kind}, see the summary of the job: GitHub shows {_MOST}"
    yield f"checker: {summary_text(report, Paint())}"


def step_summary(report: Report, setting: Setting) -> Iterator[str]:
    """Write what belongs into the file that ``GITHUB_STEP_SUMMARY`` names; GitHub drops one that is too large."""
    return markdown_within(_SUMMARY_BYTES, report, setting)


def _commands(report: Report, setting: Setting) -> Iterator[Command]:
    for rule in sorted(set(report.crashed)):
        yield Command("error", (("title", rule),), "the rule failed itself, which is a fault of checker")
    yield from (_skipped(one, setting) for one in report.skipped)
    yield from (_finding(one, setting) for one in worst_first(report.findings))
    for stale in report.stale:
        properties = (*_at(stale.where, stale.position, setting), ("title", "stale suppression"))
        yield Command("notice", properties, one_line(f"{stale.where}: {stale.reason}"))


def _skipped(skipped: Skipped, setting: Setting) -> Command:
    kind, title = ("error", "could not be read") if skipped.error else ("notice", "not judged")
    told = [one_line(f"{skipped.what}: {skipped.reason}")]
    if skipped.help:
        told.append(f"help: {one_line(skipped.help)}")
    properties = (*_at(skipped.what, skipped.position, setting), ("title", title))
    return Command(kind, properties, "\n".join(told))


def _finding(finding: Finding, setting: Setting) -> Command:
    untold = finding.verdict is Verdict.UNDETERMINED
    title = f"could not tell: {finding.rule}" if untold else finding.rule
    first = by_role(finding)[0][0]
    position = first.position()
    told = [one_line(finding.message)]
    if position is None:
        told.append(f"at: {place(first, setting)}")
    told += (f"{label}: {text}" for label, text, _ in details(finding, setting))
    properties = (*_at(first.source, position, setting), ("title", title))
    return Command("notice" if untold else _KINDS[finding.severity], properties, "\n".join(told))


def _at(name: str, position: Position | None, setting: Setting) -> Iterator[tuple[str, str]]:
    if is_file(name):  # else GitHub would look for it in the repository
        yield "file", one_line(setting.relative(name))
    if position is None:
        return
    yield from (("line", str(position.line)), ("endLine", str(position.end_line)))
    if position.line == position.end_line:  # GitHub takes no columns of a stretch of several lines
        yield from (("col", str(position.column)), ("endColumn", str(position.end_column)))
