"""Which rules count for a file, and how severe they are there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from checker.configuration.paths import matches
from checker.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checker.configuration.model import Choice, Configuration
    from checker.finding import Finding
    from checker.outcome import Examined, Report

ALL = "all"


def selects(choice: Choice, rule: str, family: str) -> bool:
    """True if a rule counts: what names it more closely wins, its id before its family before all."""
    return _closeness(choice.select, rule, family, otherwise=0) > _closeness(choice.ignore, rule, family)


def _closeness(names: tuple[str, ...] | None, rule: str, family: str, otherwise: int = -1) -> int:
    if names is None:
        return otherwise
    order = {ALL: 0, family: 1, rule: 2}
    return max((order[name] for name in names if name in order), default=-1)


def choose(
    report: Report,
    configuration: Configuration,
    option: Choice,
    families: Mapping[str, str],
    absolute: Callable[[str], str],
) -> Report:
    """Keep what the choices for each file select, with the severities that they set.

    ``families`` maps the id of every rule to its family, ``absolute`` the name of a file to its path.
    """
    everywhere = configuration.choice.then(option)

    def choice_for(source: str) -> Choice:
        return overridden(source) if configuration.overrides else everywhere

    @cache
    def overridden(source: str) -> Choice:
        choice = configuration.choice
        path = configuration.relative(absolute(source))
        for override in configuration.overrides:
            if matches(override.paths, path):
                choice = choice.then(override.choice)
        return choice.then(option)

    def counts(rule: str, source: str) -> bool:
        return selects(choice_for(source), rule, families[rule])

    def kept(finding: Finding) -> Finding:
        severity = choice_for(finding.locations[0].source).severity.get(finding.rule)
        failed = severity is not None and finding.verdict is Verdict.FAIL
        return finding._replace(severity=severity or finding.severity) if failed else finding

    def narrowed(one: Examined) -> Examined:
        verdicts = {rule: verdict for rule, verdict in one.verdicts.items() if counts(rule, one.source)}
        same = len(verdicts) == len(
            one.verdicts
        )  # there may be very many targets, which share what is the same
        return one if same else one._replace(verdicts=verdicts)

    findings = [one for one in report.findings if counts(one.rule, one.locations[0].source)]
    crashed = {one.rule for one in findings} & set(report.crashed)
    return report._replace(
        findings=tuple(map(kept, findings)),
        examined=tuple(map(narrowed, report.examined)),
        crashed=tuple(rule for rule in report.crashed if rule in crashed),
    )
