"""GitHub Actions output: annotations as workflow commands, and the job summary.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity, Verdict
from checker.core.record import NamedTuple
from checker.core.terminal_text import Inert
from checker.report.brief import by_role, described, one_line, summary_text, worst_first
from checker.report.context import Paint, is_file
from checker.report.markdown import markdown_within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.core.errors import Skipped
    from checker.core.finding import Finding, Position
    from checker.lint.report import Report
    from checker.report.context import Setting


class Command(NamedTuple):
    """A workflow command with properties and a message. Each line of the message is safe to print."""

    kind: str
    properties: tuple[tuple[str, str], ...]
    message: str

    def line(self) -> Inert:
        """Format the command as one line for the runner to execute."""
        properties = ",".join(f"{key}={_property(value)}" for key, value in self.properties if value)
        return Inert(f"::{self.kind} {properties}::{_data(self.message)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_MAX_ANNOTATIONS = 10
"""GitHub shows this many annotations of a kind per step and silently drops the others."""

_SUMMARY_BYTES = 1024 * 1024
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(report: Report, setting: Setting) -> Iterator[str]:
    """Yield annotations, most severe first and at most ten of a kind, then the summary line."""
    yield from limited(list(_commands(report, setting)))
    yield f"checker: {summary_text(report, Paint())}"


def limited(commands: Sequence[Command]) -> Iterator[str]:
    """Yield the commands by kind, at most ten of each, with the number of the others."""
    for kind in _KINDS.values():
        annotations = [command for command in commands if command.kind == kind]
        yield from (command.line() for command in annotations[:_MAX_ANNOTATIONS])
        if len(annotations) > _MAX_ANNOTATIONS:
            more = len(annotations) - _MAX_ANNOTATIONS
            yield f"{more} more annotations of kind {kind}: see the job summary, GitHub shows {_MAX_ANNOTATIONS}"


def step_summary(report: Report, setting: Setting) -> Iterator[str]:
    """Write the job summary, for the file that ``GITHUB_STEP_SUMMARY`` names. GitHub drops one that is too large."""
    return markdown_within(_SUMMARY_BYTES, report, setting)


def _commands(report: Report, setting: Setting) -> Iterator[Command]:
    for rule in sorted(set(report.crashed)):
        yield Command("error", (("title", one_line(rule)),), "the rule crashed; this is a bug in checker")
    yield from (_skipped(skipped, setting) for skipped in report.skipped)
    yield from (_finding(finding, setting) for finding in worst_first(report.findings))
    for stale in report.stale:
        properties = (*_at(stale.where, stale.position, setting), ("title", "stale suppression"))
        yield Command("notice", properties, one_line(f"{stale.where}: {stale.reason}"))


def _skipped(skipped: Skipped, setting: Setting) -> Command:
    kind, title = ("error", "cannot read") if skipped.error else ("notice", "not checked")
    lines = [one_line(f"{skipped.what}: {skipped.reason}")]
    if skipped.help:
        lines.append(f"help: {one_line(skipped.help)}")
    properties = (*_at(skipped.what, skipped.position, setting), ("title", title))
    return Command(kind, properties, "\n".join(lines))


def _finding(finding: Finding, setting: Setting) -> Command:
    undetermined = finding.verdict is Verdict.UNDETERMINED
    title = one_line(f"undetermined: {finding.rule}" if undetermined else finding.rule)
    first = by_role(finding)[0][0]
    position = first.position()
    lines = described(finding, setting)
    properties = (*_at(first.source, position, setting), ("title", title))
    return Command("notice" if undetermined else _KINDS[finding.severity], properties, "\n".join(lines))


def _at(name: str, position: Position | None, setting: Setting) -> Iterator[tuple[str, str]]:
    if is_file(name):  # GitHub would look for any other name in the repository
        yield "file", one_line(setting.relative(name))
    if position is None:
        return
    yield from (("line", str(position.line)), ("endLine", str(position.end_line)))
    if position.line == position.end_line:  # GitHub accepts columns only within one line
        yield from (("col", str(position.column)), ("endColumn", str(position.end_column)))
