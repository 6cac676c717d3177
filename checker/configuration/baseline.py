"""Baselines: the known findings of a team, counted, and identified without line numbers."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from checker.core.errors import InputError
from checker.core.finding import Identity, Verdict, identity, located, named, silent_topics
from checker.core.terminal_text import json_lines
from checker.inputs.schema import plain, validate
from checker.inputs.text import parse_text, read_text
from checker.lint.report import HeldBackBy, Stale, Suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from checker.core.finding import Finding
    from checker.lint.report import Report


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
    """Return the modules and topics for which no rule is undetermined."""
    modules, topics = defaultdict(set), defaultdict(set)
    for target in report.examined:
        address = _ROOT.sub("", target.address)
        places = {
            (_unit(relative(file)), _module(located(address, target.home, file, relative)))
            for file in target.files or (target.source,)
        }
        name = named(f"`{target.resource}`", relative)[1:-1]
        for rule, verdict in target.verdicts.items():
            topics[name, rule].add(verdict)
            for place in places:
                modules[(*place, rule)].add(verdict)
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


_TERRAFORM = (".tf", ".tf.json", ".tfvars", ".tfvars.json")


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
            suppressed.append(Suppressed(finding, HeldBackBy.BASELINE, f"in baseline {name}"))
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


_ROOT = re.compile(r'^[^"\[]*/: ')
"""The root before an address in a report; in a baseline it is relative to the baseline's folder."""
_MODULE = re.compile(r"(?:[^;`]*: )?(?:module\.[^.;\[]+(?:\[[^\]]*\])?\.)*")


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
    document = parse_text(path.as_posix(), read_text(path, pipes=pipes))
    try:
        validate(document, SCHEMA)
    except InputError as error:
        reason = f"not a valid baseline: {error.reason}"
        raise error.reworded(reason, "write one with `checker baseline write`") from None
    return from_json(plain(document.root))


def baseline_lines(baseline: Baseline) -> Iterator[str]:
    """Yield the lines of a baseline file."""
    return json_lines(to_json(baseline), ascii_only=False)
