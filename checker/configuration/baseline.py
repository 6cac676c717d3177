"""Baselines: the known findings of a team, counted, and the identity of a finding, without line numbers."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from checker.core.finding import SILENCED, Role, Verdict, listed
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.terminal_text import json_lines, redacted
from checker.inputs.schema import plain, reading_as, validate
from checker.inputs.text import parse_text, read_text
from checker.lint.report import Stale, Suppressed, SuppressedBy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from checker.core.finding import Finding
    from checker.lint.report import Report


_PLACE = pattern(r"(`)([^`#\"]+(?=#[^`]+`)|[^`#\"]+/(?=: ))(#|: )")
"""The path of a template before the name of its resource, or of a Terraform root before an address."""
_CODE = pattern(r"`([^`]*)`")
_CODE_OR_NUMBER = pattern(r"(`[^`]*`)|\d[\d,]*")


class Identity(NamedTuple):
    """The identity of a finding: its rule, file and places by name, and its message without numbers."""

    rule: str
    source: str
    route: str
    message: str


def identity(finding: Finding, relative: Callable[[str], str]) -> Identity:
    """Compute the identity of a finding; ``relative`` turns file names into, for instance, paths in a repository."""
    source = finding.locations[0].source
    places = {
        location.document.anchor(location.route)
        for location in finding.locations
        if location.role is Role.PRIMARY
    }
    message = named(_CODE_OR_NUMBER.sub(lambda match: match[1] or "#", _full_message(finding)), relative)
    # One policy may belong to several resources of a plan, and several roots may use its module.
    address = [located(finding.address, finding.home, source, relative)] * bool(finding.address)
    route = redacted("; ".join((*address, *sorted(places))))
    return Identity(finding.rule, relative(source), route, redacted(message))


def _full_message(finding: Finding) -> str:
    """Write the message with all topics that it affects; a report names only the first few."""
    message, mark, _ = finding.message.partition(SILENCED)
    return f"{message}{mark}{listed(finding.affects, len(finding.affects))}" if mark else message


def silent_topics(message: str) -> list[str]:
    """Return the topics that Connect cannot publish to, according to the message of an identity."""
    return _CODE.findall(message.partition(SILENCED)[2])


def named(text: str, relative: Callable[[str], str]) -> str:
    """Replace the paths of templates and Terraform roots in a text by the names that the baseline has for them."""
    return _PLACE.sub(lambda match: f"{match[1]}{_renamed(match[2], relative)}{match[3]}", text)


def located(address: str, home: str, source: str, relative: Callable[[str], str]) -> str:
    """Write an address that depends neither on the working directory nor on the other files of the run.

    The address in a template includes the template's path. The address in a Terraform module outside its root
    includes the root, which is ``home``.
    """
    file, mark, logical = address.partition("#")
    if mark and '"' not in file:
        return f"{relative(file)}#{logical}"
    root = relative(home) if home and address else ""
    is_inside = not root or not posixpath.relpath(relative(source), root).startswith("..")
    return address if is_inside else f"{root}/: {address}"


def _renamed(name: str, relative: Callable[[str], str]) -> str:
    """Return the name of a file, or that of a folder with its slash."""
    return f"{relative(name)}/" if name.endswith("/") else relative(name)


def fingerprint(parts: Iterable[str]) -> str:
    """Hash the parts of an identity to 32 hexadecimal digits."""
    from hashlib import sha256  # imported here because a plain check does not need it

    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def finding_fingerprint(finding: Finding, relative: Callable[[str], str] = str) -> str:
    """Hash the identity of a finding; without ``relative``, file names stay as the run has them."""
    return fingerprint(identity(finding, relative))


def numbered(marks: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield each mark with its number among equal ones, from 1: what is equal must have different names."""
    seen: Counter[str] = Counter()
    for mark in marks:
        seen[mark] += 1
        yield mark, seen[mark]


_T = TypeVar("_T")
Baseline = Counter[Identity]
"""The number of each known finding; the source of an identity is relative to the baseline's folder."""


def baseline_of(findings: Iterable[Finding], relative: Callable[[str], str]) -> Baseline:
    """Return the baseline of findings."""
    return Counter(_identity(finding, relative) for finding in findings)


def renewed(old: Baseline, report: Report, relative: Callable[[str], str]) -> Baseline:
    """Return a baseline of a report's findings, with the entries of an older baseline that the run did not check."""
    new = baseline_of(report.findings, relative)
    suppressed = baseline_of((entry.finding for entry in report.suppressed), relative)
    judged = _judged(report, relative)
    for entry, count in old.items():
        if entry in suppressed or not judged.covers(entry):
            new[entry] = max(new[entry], count)
    return new


class _Judged(NamedTuple):
    """The modules and topics, by their names in the baseline, with a definite verdict of each rule."""

    modules: frozenset[tuple[str, str, str]]
    topics: frozenset[tuple[str, str]]
    passed_over: frozenset[str]

    def covers(self, entry: Identity) -> bool:
        """True if the rule checked the module of an entry, and every affected topic that it names.

        A file with topics that were not checked does not count, because an entry does not name its topic.
        """
        unit = _unit(entry.source)
        is_judged = (unit, _module(entry.route), entry.rule) in self.modules
        topics = silent_topics(entry.message)
        return (
            is_judged
            and unit not in self.passed_over
            and all((topic, entry.rule) in self.topics for topic in topics)
        )


def _judged(report: Report, relative: Callable[[str], str]) -> _Judged:
    """Return the modules and topics for which no rule left anything open."""
    modules, topics = defaultdict(set), defaultdict(set)
    for target in report.examined:
        address = _ROOT.sub("", target.address)
        places = {
            (_unit(relative(file)), _module(located(address, target.home, file, relative)))
            for file in target.files or (target.source,)
        }
        name = named(f"`{target.resource}`", relative)[1:-1]
        left_open = {rule for rule, _ in target.open_results}
        for rule, verdict in target.verdicts.items():
            known = Verdict.UNDETERMINED if rule in left_open else verdict
            topics[name, rule].add(known)
            for place in places:
                modules[(*place, rule)].add(known)
    return _Judged(
        frozenset(_determined(modules)),
        frozenset(_determined(topics)),
        frozenset(_unit(relative(file)) for file in report.passed_over),
    )


def _determined(verdicts: Mapping[_T, AbstractSet[Verdict]]) -> Iterator[_T]:
    return (name for name, of_name in verdicts.items() if Verdict.UNDETERMINED not in of_name)


def _unit(file: str) -> str:
    """Return the unit that is read as a whole: the folder of a Terraform module, or a single other file.

    A value of a Terraform module may be in any of its files.
    """
    return posixpath.dirname(file) + "/" if file.endswith(_TERRAFORM) else file


_TERRAFORM = (".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json")


def hold_back(report: Report, baseline: Baseline, name: str, relative: Callable[[str], str]) -> Report:
    """Suppress the findings that are in the baseline, and report entries that no finding matches.

    An entry is stale only if its rule checked the resource in the same module. A run that examines only a file of a
    Terraform module does not cover the findings in the modules that call it.
    """
    unmatched = baseline.copy()
    kept, suppressed = [], []
    for finding in report.findings:
        entry = _identity(finding, relative)
        if unmatched[entry] > 0:
            unmatched[entry] -= 1
            suppressed.append(Suppressed(finding, SuppressedBy.BASELINE, f"in baseline {name}"))
        else:
            kept.append(finding)
    judged = _judged(report, relative)
    stale = tuple(
        Stale(name, f"`{entry.rule}` is fixed in {entry.source} at `{entry.route}`; write the baseline again")
        for entry, count in unmatched.items()
        if count > 0 and judged.covers(entry)
    )
    return report._replace(
        findings=tuple(kept), suppressed=(*report.suppressed, *suppressed), stale=(*report.stale, *stale)
    )


_ROOT = pattern(r'^[^"\[]*/: ')
"""The root before an address in a report; in a baseline it is relative to the baseline's folder."""
_MODULE = pattern(r"(?:[^;`]*: )?(?:module\.[^.;\[]+(?:\[[^\]]*\])?\.)*")


def _module(address: str) -> str:
    """Return the root and the modules at the start of an address or of a route in the baseline."""
    match = _MODULE.match(address)
    return match[0] if match else ""


def _identity(finding: Finding, relative: Callable[[str], str]) -> Identity:
    return identity(finding, relative)


def to_json(baseline: Baseline) -> dict[str, Any]:
    """Return the form of `schemas/baseline.v1.json`, sorted so that changes are small."""
    return {
        "version": 1,
        "findings": [{**entry._asdict(), "count": count} for entry, count in sorted(baseline.items())],
    }


def from_json(value: Any) -> Baseline:
    """Return the baseline of a value that is valid for the schema."""
    return Counter(
        {
            Identity(entry["rule"], entry["source"], entry["route"], entry["message"]): entry["count"]
            for entry in value["findings"]
        }
    )


SCHEMA = "baseline.v1.json"


def read_baseline(path: Path, *, pipes: bool = False) -> Baseline:
    """Read a baseline. Raises InputError.

    ``pipes`` is true if the user named the file, so that it may be a pipe.
    """
    text = read_text(path, pipes=pipes)
    with reading_as("baseline", "write one with `checker baseline write`"):
        document = parse_text(path.as_posix(), text)
        validate(document, SCHEMA)
    return from_json(plain(document.root))


def baseline_lines(baseline: Baseline) -> Iterator[str]:
    """Yield the lines of a baseline file."""
    return json_lines(to_json(baseline), ascii_only=False)
