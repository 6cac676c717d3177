"""The order and the groups of an audit's findings: by risk, by account and Region, and by rule."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.finding import Severity, Verdict
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert
from checker.report.brief import count_noun, moment, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from checker.core.finding import Finding
    from checker.lint.audited import Circumstances
    from checker.lint.report import Report
    from checker.lint.rule import Rule

BROKEN, OPEN, OTHER, NOT_KNOWN = "broken", "open", "other", "not_known"
"""What a finding means: a stream that does not work, access of others, something else, or that this is not known."""


def consequence(finding: Finding, rules: Mapping[str, Rule]) -> str:
    """Return what a finding means for the stream."""
    rule = rules.get(finding.rule)
    if finding.verdict is Verdict.UNDETERMINED:
        return NOT_KNOWN
    if rule is not None and rule.opens:
        return OPEN
    return BROKEN if rule is not None and finding.severity is Severity.ERROR else OTHER


_RISK = (BROKEN, OPEN, OTHER, NOT_KNOWN)


def risk(finding: Finding, rules: Mapping[str, Rule]) -> tuple[int, int]:
    """Return the sort key of a finding: errors first, and among them broken streams, then open access."""
    return -finding.severity.rank, _RISK.index(consequence(finding, rules))


class Home(NamedTuple):
    """The account and Region of a resource; both are empty if its ARN is not known."""

    account: str
    region: str

    @classmethod
    def of(cls, resource: str) -> Home:
        """Return the home of a resource."""
        arn = Arn.parse(resource)
        return cls("", "") if arn is None else cls(arn.account, arn.region)

    @classmethod
    def of_finding(cls, finding: Finding) -> Home:
        """Return the home of the resource of a finding. A contact has that of its instance, which is its place."""
        resource = finding.resource if Arn.parse(finding.resource) else finding.locations[0].source
        return cls.of(resource)

    def shown(self, audit: Circumstances | None) -> str:
        """Return the account, its name and the Region."""
        name = audit.name_of(self.account) if audit else ""
        return " ".join(filter(None, (self.account, inert(name), self.region))) or "no account"


def short(resource: str) -> str:
    """Return the name of a resource without its account and Region, which its heading has."""
    arn = Arn.parse(resource)
    return arn.resource if arn else resource


class Group(NamedTuple):
    """Findings of one rule with one severity and verdict in one account and Region."""

    home: Home
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that stands for all."""
        return self.findings[0]


def grouped(findings: Iterable[Finding], rules: Mapping[str, Rule]) -> list[Group]:
    """Group findings by home and rule. The home with the worst findings comes first, and in it the worst rule."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        key = (Home.of_finding(finding), finding.rule, finding.severity, finding.verdict)
        groups.setdefault(key, []).append(finding)
    made = [Group(Home.of_finding(listed[0]), tuple(listed)) for listed in groups.values()]
    worst: dict[Home, tuple[tuple[int, int], int]] = {}
    for group in made:
        of_group = (risk(group.first, rules), -len(group.findings))
        worst[group.home] = min(worst.get(group.home, of_group), of_group)
    return sorted(
        made,
        key=lambda one: (
            worst[one.home],
            one.home,
            risk(one.first, rules),
            -len(one.findings),
            one.first.rule,
        ),
    )


_MOST_HOMES = 12
_MOST_UNLISTED = 3


def summary_lines(report: Report, rules: Mapping[str, Rule]) -> Iterator[str]:
    """Yield a summary of an audit that fits one screen."""
    audit = report.audit
    if audit is None:
        return
    yield f"A{headline(audit)[1:]}"
    if audit.caller:
        yield f"  {'caller':<15} {inert(audit.caller)}"
    yield from (f"  {label:<15} {text}" for label, text in _meanings(report, rules))
    if report.history is not None:
        yield f"  {'changes':<15} {changes_text(report)}"
    unlisted = [f"{unit.account} {unit.region}" for unit in audit.units if not unit.complete]
    if unlisted:
        yield f"  {'not audited':<15} topics of {some(unlisted, _MOST_UNLISTED)}"
    yield ""
    yield from _table(report, audit)


def headline(audit: Circumstances) -> str:
    """Return when and where an audit was made."""
    accounts = len({unit.account for unit in audit.units})
    regions = len({unit.region for unit in audit.units})
    where = f"{count_noun(accounts, 'account')}, {count_noun(regions, 'Region')}"
    return f"audit of {moment(audit.time)}: {where}"


def _meanings(report: Report, rules: Mapping[str, Rule]) -> Iterator[tuple[str, str]]:
    labels = {
        BROKEN: "broken streams",
        OPEN: "open to others",
        OTHER: "other findings",
        NOT_KNOWN: "not known",
    }
    for meaning, label in labels.items():
        found = [one for one in report.findings if consequence(one, rules) == meaning]
        if found:
            resources = len({one.resource for one in found})
            yield label, f"{count_noun(len(found), 'finding')} about {count_noun(resources, 'resource')}"


def changes_text(report: Report) -> str:
    """Return the counts of changes since the last audit."""
    if report.history is None:
        return ""
    counts = Counter(entry.change.value.replace("_", " ") for entry in report.history.entries)
    text = ", ".join(f"{number} {name}" for name, number in counts.items()) or "none"
    since = f"since {moment(report.history.since)}" if report.history.since else "no earlier audit"
    return f"{text} ({since})"


def _table(report: Report, audit: Circumstances) -> Iterator[str]:
    """Yield the counts of each account and Region, the worst first."""
    counts: dict[Home, Counter[str]] = {Home(unit.account, unit.region): Counter() for unit in audit.units}
    for target in report.examined:
        if target.kind == "topic":
            counts.setdefault(Home.of(target.resource), Counter())["topics"] += 1
    for finding in report.findings:
        counts.setdefault(Home.of_finding(finding), Counter())[finding.severity.value] += 1
    rows = sorted(
        counts.items(), key=lambda row: (*(-row[1][severity.value] for severity in Severity), row[0])
    )
    names = [home.shown(audit) for home, _ in rows]
    wide = min(max(map(len, names), default=0), 44)
    yield f"  {'':<{wide}}  errors  warnings  notes  topics"
    for (_, of), name in list(zip(rows, names, strict=True))[:_MOST_HOMES]:
        numbers = f"{of['error']:>6}  {of['warning']:>8}  {of['note']:>5}  {of['topics']:>6}"
        yield f"  {name[:wide]:<{wide}}  {numbers}"
    if len(rows) > _MOST_HOMES:
        yield f"  and {len(rows) - _MOST_HOMES} more"
