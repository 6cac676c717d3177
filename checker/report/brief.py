"""Short forms, without excerpts: a finding beside its code, a skipped input, and the counts of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Applicability, Role, Severity, Verdict, format_route
from checker.core.record import NamedTuple
from checker.core.terminal_text import inert, redacted
from checker.lint.engine import KINDS
from checker.lint.report import SuppressedBy
from checker.lint.scope import FOLLOWED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.core.errors import Skipped
    from checker.core.finding import Finding, Fix, Location, Position
    from checker.lint.report import Doubt, Examined, Report, Stale, Suppressed
    from checker.report.context import Paint, Setting


class Entry(NamedTuple):
    """A finding, with its suppression if it is suppressed."""

    finding: Finding
    suppression: Suppressed | None = None


def entries(report: Report) -> list[Entry]:
    """Return all findings, most severe first, followed by the suppressed ones."""
    active = [Entry(finding) for finding in worst_first(report.findings)]
    return active + [Entry(suppressed.finding, suppressed) for suppressed in report.suppressed]


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Sort by severity, undetermined findings last within a severity. The sort is stable."""
    return sorted(
        findings, key=lambda finding: (-finding.severity.rank, finding.verdict is Verdict.UNDETERMINED)
    )


def by_role(finding: Finding) -> tuple[tuple[Location, ...], tuple[Location, ...]]:
    """Split the locations into primary and related ones. There is always at least one primary location."""
    primary = tuple(location for location in finding.locations if location.role is Role.PRIMARY)
    if not primary:
        return finding.locations[:1], finding.locations[1:]
    return primary, tuple(location for location in finding.locations if location.role is Role.RELATED)


_MAX_LENGTH = 1000
_MAX_PLACES = 10


class Detail(NamedTuple):
    """A labeled detail of a finding. ``name`` is true if the text is a name or a place, not a sentence."""

    label: str
    text: str
    name: bool = False


def one_line(text: str, limit: int = _MAX_LENGTH) -> str:
    """Make a text safe to print, and truncate it to a readable length."""
    shown = redacted(text)  # redact before truncating: a part of a sensitive value is sensitive too
    return inert(shown) if len(shown) <= limit else f"{inert(shown[:limit])}..."


def place(location: Location, setting: Setting) -> str:
    """Format a location as ``file:line:column``, or as the resource and the route if there is no file.

    A place in a generated file also has its JSON pointer.
    """
    position = location.position()
    name = location.source
    if position is None:
        return one_line(f"{setting.relative(name)} {format_route(location.route)}".rstrip())
    pointer = f" ({location.pointer})" if location.pointer else ""
    return one_line(f"{place_of(name, position, setting)}{pointer}")


def place_of(name: str, position: Position | None, setting: Setting) -> str:
    """Format a file name and an optional position as ``file:line:column``."""
    at = f":{position.line}:{position.column}" if position else ""
    return one_line(setting.relative(name) + at)


def fix_label(fix: Fix) -> str:
    """Return the label of a fix, including how far it can be trusted."""
    if fix.needs:
        return f"fix (requires {fix.needs[0]})"
    if fix.applicability is Applicability.DISPLAY and not fix.operations:
        return "plan"
    return f"fix ({applicability_label(fix.applicability)})"


def applicability_label(applicability: Applicability) -> str:
    """Describe how far a fix can be trusted."""
    return _LABELS[applicability]


_LABELS = {
    Applicability.SAFE: "safe",
    Applicability.DOCUMENTED: "as AWS documents, also affects others",
    Applicability.UNSAFE: "unsafe",
    Applicability.DISPLAY: "by hand",
}


def details(finding: Finding, setting: Setting) -> Iterator[Detail]:
    """Yield the details after the message: other places, the resource, the witness, help and fixes."""
    yield from _places(finding, setting)
    if finding.resource != finding.locations[0].source:
        yield Detail("resource", one_line(finding.resource), name=True)
    if finding.declared_as not in ("", finding.resource):
        yield Detail("declared as", one_line(finding.declared_as), name=True)
    if finding.construct:
        yield Detail("construct", one_line(finding.construct), name=True)
    if finding.witness is not None:
        yield Detail("witness", one_line(finding.witness.sentence))
    if finding.help:
        yield Detail("help", one_line(finding.help))
    yield from (Detail(fix_label(fix), one_line(fix.title)) for fix in finding.fixes)


def described(finding: Finding, setting: Setting) -> Iterator[str]:
    """Yield the message, the place if a line number does not show it, and the details, each as one line."""
    first = by_role(finding)[0][0]
    yield one_line(finding.message)
    if first.position() is None or first.pointer:
        yield f"at: {place(first, setting)}"
    yield from (f"{label}: {text}" for label, text, _ in details(finding, setting))


def _places(finding: Finding, setting: Setting) -> Iterator[Detail]:
    primary, related = by_role(finding)
    places = [
        *((one_line(location.note) or "also at", location) for location in primary[1:]),
        *((one_line(location.note) or "see", location) for location in related),
    ]
    for label, location in places[:_MAX_PLACES]:
        yield Detail(label, place(location, setting), name=True)
    if len(places) > _MAX_PLACES:
        yield Detail("and at", f"{len(places) - _MAX_PLACES} more places")


def place_text(location: Location) -> str:
    """Write the file of a location with line and column, and with the JSON pointer if the file is generated."""
    position = location.position()
    at = f":{position.line}:{position.column}" if position else ""
    pointer = f" ({location.pointer})" if location.pointer else ""
    return inert(f"{location.source}{at}{pointer}")


def skipped_text(skipped: Skipped, paint: Paint) -> Iterator[str]:
    """Yield a skipped input and the reason."""
    at = f":{skipped.position.line}:{skipped.position.column}" if skipped.position else ""
    word = paint("error", "error") if skipped.error else paint("note", "skipped")
    yield f"{word}: {inert(skipped.what)}{at}: {inert(skipped.reason)}"
    if skipped.help:
        yield paint.detail("help", skipped.help)


def stale_text(stale: Stale, paint: Paint) -> Iterator[str]:
    """Yield a stale suppression or baseline entry."""
    at = f":{stale.position.line}:{stale.position.column}" if stale.position else ""
    yield f"{paint('note', 'stale')}: {inert(stale.where)}{at}: {inert(stale.reason)}"


def doubts_text(report: Report, paint: Paint) -> Iterator[str]:
    """List the causes of undetermined results, each once, with the rules and the first resource."""
    names: dict[Doubt, dict[str, set[str]]] = {}
    for examined in report.examined:
        for rule, doubt in examined.undetermined:
            for cause in _causes(doubt):
                named = names.setdefault(cause, {"rules": set(), "resources": set()})
                named["rules"].add(rule)
                named["resources"].add(examined.resource)
    for cause, named in names.items():
        first, *others = sorted(named["resources"])
        yield f"{paint('note', 'not known')}: {inert(cause.reason)} [{', '.join(sorted(named['rules']))}]"
        yield paint.detail("resource", f"{first} and {len(others)} more" if others else first)
        if not cause.counts:
            yield paint.detail("note", "files cannot show this; the exit code does not change")


_QUESTION = "not known whether "


def question_and_cause(reason: str) -> tuple[str, str]:
    """Split the text of a doubt into the question that it leaves open, if it states one, and the cause."""
    question, colon, cause = reason.partition(": ")
    return (question, cause) if colon and question.startswith(_QUESTION) else ("", reason)


def _causes(doubt: Doubt) -> Iterator[Doubt]:
    """Yield the causes of a doubt, without the questions that they leave open."""
    for reason in doubt.reason.split("; "):
        yield doubt._replace(reason=question_and_cause(reason)[1])


EXPECTATION_WORDS = {Verdict.PASS: "met", Verdict.FAIL: "not met", Verdict.UNDETERMINED: "not known"}


def expectations_text(report: Report, paint: Paint) -> Iterator[str]:
    """List the expectations that are met, each with the resources that meet it."""
    resources: dict[str, list[str]] = {}
    for examined in report.examined:
        for name, verdict in examined.expectations.items():
            if verdict is Verdict.PASS:
                resources.setdefault(name, []).append(examined.resource)
    for name, (first, *others) in resources.items():
        yield f"{paint('ok', 'met')}: {inert(name)}"
        yield paint.detail("resource", f"{first} and {len(others)} more" if others else first)


def assumptions_text(report: Report, paint: Paint) -> Iterator[str]:
    """List what the verdicts assume of every deployment, each once, with the first resource."""
    resources: dict[str, dict[str, None]] = {}
    for examined in report.examined:
        for assumption in examined.assumptions:
            resources.setdefault(assumption, {})[examined.resource] = None
    for assumption, names in resources.items():
        first, *others = names
        yield f"{paint('note', 'assumed')}: {inert(assumption)}"
        yield paint.detail("resource", f"{first} and {len(others)} more" if others else first)


def summary_text(report: Report, paint: Paint) -> str:
    """Return one line with the counts of findings, examined targets and other results."""
    counts = summary(report)
    severities = [
        count_noun(counts[f"{kind}s"], kind) for kind in ("error", "warning", "note") if counts[f"{kind}s"]
    ]
    examined = [count_noun(counts[f"{kind}s"], kind) for kind in KINDS if counts[f"{kind}s"]]
    again = counts.get("topics_judged_again", 0)
    unread = sum(skipped.error for skipped in report.skipped)
    parts = [paint(_worst(report), ", ".join(severities))] if severities else []
    if examined and not severities:
        parts = ["no findings" if unread else paint("ok", "no findings")]
    parts.append(f"examined {', '.join(examined) or 'nothing'}")
    if again:
        parts.append(f"{count_noun(again, 'topic')} out of scope judged again because of earlier findings")
    unchecked = f"{count_noun(counts['topics_not_judged'], 'topic')} not checked"
    parts.append(f"{unchecked} (--all-topics checks them)" if counts["topics_not_judged"] else unchecked)
    others = {
        **{name: counts[name] for name in ("suppressed", "baselined", "stale")},
        "not read": unread,
        "skipped": counts["skipped"] - unread,
    }
    parts += [f"{number} {name}" for name, number in others.items() if number]
    if "expectations" in counts:
        parts.append(f"{counts['expectations_met']} of {counts['expectations']} expectations met")
    if counts["undetermined"]:
        parts.append(f"{count_noun(counts['undetermined'], 'result')} not known (--strict lists them)")
    return "; ".join(parts)


def summary(report: Report) -> dict[str, int]:
    """Count findings by severity, targets by kind, and skipped or suppressed items."""
    counts = {severity.value + "s": 0 for severity in Severity}
    for finding in report.findings:
        counts[finding.severity.value + "s"] += 1
    again = sum(target.kind == "topic" and target.in_scope == FOLLOWED for target in report.examined)
    targets = [target for target in report.examined if target.in_scope != FOLLOWED]
    kinds = {f"{kind}s": _count(target for target in targets if target.kind == kind) for kind in KINDS}
    baselined = sum(suppressed.by is SuppressedBy.BASELINE for suppressed in report.suppressed)
    return {
        **counts,
        **kinds,
        "topics_not_judged": report.not_judged,
        **({"topics_judged_again": again} if again else {}),
        "skipped": len(report.skipped),
        "suppressed": len(report.suppressed) - baselined,
        "baselined": baselined,
        "stale": len(report.stale),
        "undetermined": sum(1 for target in report.examined for _ in target.undetermined),
        **_expectations(report),
    }


def _expectations(report: Report) -> dict[str, int]:
    """Count expectations, one for each resource that it is about; nothing without a file of expectations."""
    verdicts = [verdict for target in report.examined for verdict in target.expectations.values()]
    unmatched = sum(one.unproven for one in report.skipped)
    if not verdicts and not unmatched:
        return {}
    return {"expectations": len(verdicts) + unmatched, "expectations_met": verdicts.count(Verdict.PASS)}


def _count(examined: Iterable[Examined]) -> int:
    """Count targets. A template resource counts once, however many variants its conditions produce."""
    return len(
        {target.declared if "#" in target.resource else index for index, target in enumerate(examined)}
    )


def _worst(report: Report) -> str:
    worst = report.worst()
    return worst.value if worst else "ok"


def count_noun(number: int, noun: str) -> str:
    """Format a number with its noun, in the plural unless the number is 1."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def moment(time: str) -> str:
    """Write a time in ISO 8601 (UTC) for people: `2026-01-31 02:00 UTC`; any other text stays."""
    day, separator, clock = time.partition("T")
    is_utc = clock.endswith(("Z", "+00:00"))
    return f"{day} {clock[:5]} UTC" if separator and is_utc else time


def some(names: Sequence[str], most: int) -> str:
    """List the first names, and the number of the others."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(map(inert, names[:most]))}{more}"


def crash_text(rule: str) -> str:
    """Say that a rule crashed."""
    return f"the rule {rule} crashed; this is a bug in checker"
