"""Suppresses findings by comments in files or by entries of the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.configuration.model import matches, root_of
from checker.core.finding import Part
from checker.lint.report import Stale, Suppressed, SuppressedBy
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.analysis.inventory import IgnoreComment
    from checker.configuration.model import Configuration, Suppression
    from checker.core.finding import Finding
    from checker.lint.report import Examined, Report


def suppress(
    report: Report,
    configuration: Configuration,
    comments: Sequence[IgnoreComment],
    today: str,
    absolute: Callable[[str], str],
) -> Report:
    """Suppress findings according to comments and entries, and report the stale ones among these.

    ``today`` is YYYY-MM-DD. ``absolute`` returns the path for the name of a file. An entry is stale only if the run
    examined its resource or path. A run over some files does not cover the others.
    """
    run = _Run(configuration, today, absolute)
    kept, suppressed = [], []
    for finding in report.findings:
        suppression = run.by_comment(finding, comments) or run.by_entry(finding)
        if suppression is None:
            kept.append(finding)
        else:
            suppressed.append(suppression)
    stale = (*run.stale_comments(report, comments), *run.stale_entries(report))
    return report._replace(
        findings=tuple(kept), suppressed=(*report.suppressed, *suppressed), stale=(*report.stale, *stale)
    )


class _Run:
    def __init__(self, configuration: Configuration, today: str, absolute: Callable[[str], str]) -> None:
        self.configuration = configuration
        self.today = today
        self.absolute = absolute
        self.used: set[tuple[object, str]] = set()

    def is_over(self, until: str) -> bool:
        return bool(until) and until < self.today

    def by_comment(self, finding: Finding, comments: Sequence[IgnoreComment]) -> Suppressed | None:
        for comment in comments:
            if finding.rule in comment.rules and not comment.fault and covers(comment, finding):
                self.used.add((comment, finding.rule))
                if not self.is_over(comment.until):
                    return Suppressed(finding, SuppressedBy.COMMENT, comment.reason)
        return None

    def by_entry(self, finding: Finding) -> Suppressed | None:
        paths = self.paths_of(finding, finding.locations[0].source)
        for entry in self.configuration.suppressions:
            if entry.rule == finding.rule and self.is_about(entry, finding.resource, paths):
                self.used.add((entry, finding.rule))
                if not self.is_over(entry.until):
                    return Suppressed(finding, SuppressedBy.CONFIGURATION, entry.reason)
        return None

    def paths_of(self, result: Finding | Examined, source: str) -> tuple[str | None, ...]:
        return self.configuration.paths_of(self.absolute(source), root_of(result))

    def is_about(self, entry: Suppression, resource: str, paths: tuple[str | None, ...]) -> bool:
        if entry.resource and not glob(entry.resource).matches(resource):
            return False
        return not entry.path or matches((entry.path,), *paths)

    def stale_comments(self, report: Report, comments: Sequence[IgnoreComment]) -> Iterator[Stale]:
        """Yield comments that cannot be read, that have expired, or whose rule has no finding at their place."""
        examined = {(target.source, rule) for target in report.examined for rule in target.verdicts}
        for comment in comments:
            if comment.fault:
                yield Stale(comment.source, comment.fault, comment.position)
                continue
            for rule in comment.rules:
                is_used = (comment, rule) in self.used
                if is_used and self.is_over(comment.until):
                    yield Stale(comment.source, _expired(rule, comment.until), comment.position)
                elif not is_used and (comment.source, rule) in examined:
                    yield Stale(comment.source, _unused(rule), comment.position)

    def stale_entries(self, report: Report) -> Iterator[Stale]:
        for entry in self.configuration.suppressions:
            is_used = (entry, entry.rule) in self.used
            if is_used and self.is_over(entry.until):
                yield Stale(entry.where, _expired(entry.rule, entry.until), entry.position)
            elif not is_used and any(
                entry.rule in target.verdicts
                and self.is_about(entry, target.resource, self.paths_of(target, target.source))
                for target in report.examined
            ):
                yield Stale(entry.where, _unused(entry.rule), entry.position)


def _expired(rule: str, until: str) -> str:
    return f"the suppression of `{rule}` expired after {until}; fix the finding or extend the date"


def _unused(rule: str) -> str:
    return f"the suppression of `{rule}` matches no finding; remove it"


def covers(comment: IgnoreComment, finding: Finding) -> bool:
    """True if a comment is next to or above the finding's place, or an element that contains it."""
    location = finding.locations[0]
    document, route, part = location[:3]
    if location.source != comment.source:
        return False
    places = [
        (route[: end + 1], Part.KEY if isinstance(step, str) else Part.VALUE)
        for end, step in enumerate(route)
    ]
    positions = (document.locate(place, at) for place, at in (*places, (route, part)))
    return any(position is not None and position.line == comment.line for position in positions)
