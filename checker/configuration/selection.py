"""Selects the rules and severities for each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.configuration.model import matches, root_of
from checker.core.finding import Verdict
from checker.core.record import NamedTuple
from checker.lint.report import UNMET, Examined, Stale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from checker.configuration.model import Choice, Configuration
    from checker.core.finding import Finding
    from checker.lint.report import Report

ALL = "all"


def selects(choice: Choice, rule: str, family: str) -> bool:
    """True if a rule is selected; the most specific name decides: rule ID, then family, then ``all``."""
    return _specificity(choice.select, rule, family, otherwise=0) > _specificity(choice.ignore, rule, family)


def _specificity(names: tuple[str, ...] | None, rule: str, family: str, otherwise: int = -1) -> int:
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
    """Keep the findings of rules that are selected for their files, with the configured severities.

    ``families`` maps each rule ID to its family. ``absolute`` returns the path for the name of a file.
    """
    choices = _Choices(configuration, option, families, absolute)
    findings = [finding for finding in report.findings if choices.counts(finding)]
    crashed = {finding.rule for finding in findings} & set(report.crashed)
    return report._replace(
        findings=tuple(map(choices.with_severity, findings)),
        examined=tuple(map(choices.narrowed, report.examined)),
        crashed=tuple(rule for rule in report.crashed if rule in crashed),
    )


def idle(
    report: Report, configuration: Configuration, folders: Iterable[str], absolute: Callable[[str], str]
) -> Iterator[Stale]:
    """Yield the overrides that match no checked file, if the run covered the configuration's whole folder.

    ``folders`` are the full paths of the folders that the run checked.
    """
    own = f"{configuration.folder.rstrip('/')}/"
    if not any(own.startswith(f"{folder.rstrip('/')}/") for folder in folders):
        return
    judged = {(absolute(target.source), root_of(target)) for target in report.examined}
    judged |= {(absolute(name), "") for name in report.passed_over}
    for override in configuration.overrides:
        if not any(matches(override.paths, *configuration.paths_of(*place)) for place in judged):
            paths = ", ".join(f"`{path}`" for path in override.paths)
            reason = f"the override for {paths} matches no checked resource; remove it"
            yield Stale(override.where, reason, override.position)


class _Chosen(NamedTuple):
    """A choice with the rules that it leaves out."""

    choice: Choice
    left_out: frozenset[str]


class _Choices:
    """The choices for files and Terraform roots."""

    def __init__(
        self,
        configuration: Configuration,
        option: Choice,
        families: Mapping[str, str],
        absolute: Callable[[str], str],
    ) -> None:
        self.configuration = configuration
        self.option = option
        self.families = families
        self.absolute = absolute
        self.everywhere = self.chosen(configuration.choice)
        self.known: dict[tuple[str, str], _Chosen] = {}

    def chosen(self, choice: Choice) -> _Chosen:
        """Return a choice of the configuration, with the option that takes precedence."""
        whole = choice.then(self.option)
        left_out = (rule for rule, family in self.families.items() if not selects(whole, rule, family))
        return _Chosen(whole, frozenset(left_out))

    def of(self, result: Finding | Examined) -> _Chosen:
        """Return the choice for a finding or a checked target."""
        if not self.configuration.overrides:
            return self.everywhere
        source = result.source if isinstance(result, Examined) else result.locations[0].source
        place = (source, root_of(result))
        if place not in self.known:
            self.known[place] = self.overridden(*place)
        return self.known[place]

    def overridden(self, source: str, home: str) -> _Chosen:
        choice = self.configuration.choice
        paths = self.configuration.paths_of(self.absolute(source), home)
        for override in self.configuration.overrides:
            if matches(override.paths, *paths):
                choice = choice.then(override.choice)
        return self.chosen(choice)

    def counts(self, finding: Finding) -> bool:
        return finding.rule not in self.of(finding).left_out

    def with_severity(self, finding: Finding) -> Finding:
        severity = self.of(finding).choice.severity.get(finding.rule)
        failed = severity is not None and finding.verdict is Verdict.FAIL
        return finding._replace(severity=severity or finding.severity) if failed else finding

    def narrowed(self, target: Examined) -> Examined:
        """Keep the verdicts of selected rules; the target stays the same object if all are, to save memory."""
        left_out = self.of(target).left_out
        if target.verdicts.keys().isdisjoint(left_out):
            return target
        verdicts = {rule: verdict for rule, verdict in target.verdicts.items() if rule not in left_out}
        expectations = target.expectations if UNMET in verdicts else {}
        return target._replace(verdicts=verdicts, expectations=expectations)
