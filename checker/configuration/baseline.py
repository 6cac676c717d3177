"""The findings that a team starts with: known and not fixed yet, counted, never by line."""

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
"""How often each finding is known; the source of an identity is relative to the baseline's folder."""


def baseline_of(findings: Iterable[Finding], relative: Callable[[str], str]) -> Baseline:
    """Count findings."""
    return Counter(_identity(one, relative) for one in findings)


def renewed(old: Baseline, report: Report, relative: Callable[[str], str]) -> Baseline:
    """The findings of a report, and the entries of an older baseline that the run did not judge."""
    new = baseline_of(report.findings, relative)
    suppressed = baseline_of((one.finding for one in report.suppressed), relative)
    judged = _judged(report, relative)
    for entry, count in old.items():
        if entry in suppressed or not judged.settles(entry):
            new[entry] = max(new[entry], count)
    return new


class _Judged(NamedTuple):
    """What the rules judged to the end: modules of files by their names in the baseline, and topics by theirs."""

    modules: frozenset[tuple[str, str, str]]
    topics: frozenset[tuple[str, str]]
    passed_over: frozenset[str]

    def settles(self, entry: Identity) -> bool:
        """Whether a rule judged the module of an entry, and every topic that it names as silent.

        Of a file with topics that were not judged nothing is known, as an entry does not say which topic it is about.
        """
        unit = _unit(entry.source)
        is_judged = (unit, _module(entry.route), entry.rule) in self.modules
        topics = silent_topics(entry.message)
        return (
            is_judged
            and unit not in self.passed_over
            and all((one, entry.rule) in self.topics for one in topics)
        )


def _judged(report: Report, relative: Callable[[str], str]) -> _Judged:
    """What the run judged to the end: no rule says that it could not tell."""
    modules, topics = defaultdict(set), defaultdict(set)
    for one in report.examined:
        address = _ROOT.sub("", one.address)
        places = {
            (_unit(relative(file)), _module(located(address, one.home, file, relative)))
            for file in one.files or (one.source,)
        }
        name = named(f"`{one.resource}`", relative)[1:-1]
        for rule, verdict in one.verdicts.items():
            topics[name, rule].add(verdict)
            for place in places:
                modules[(*place, rule)].add(verdict)
    return _Judged(
        frozenset(_to_the_end(modules)),
        frozenset(_to_the_end(topics)),
        frozenset(_unit(relative(file)) for file in report.passed_over),
    )


def _to_the_end(verdicts: Mapping[_T, AbstractSet[Verdict]]) -> Iterator[_T]:
    return (one for one, found in verdicts.items() if Verdict.UNDETERMINED not in found)


def _unit(file: str) -> str:
    """What is read as one: the folder of a Terraform module, for a value may stand in any of its files, or a file."""
    return posixpath.dirname(file) + "/" if file.endswith(_TERRAFORM) else file


_TERRAFORM = (".tf", ".tf.json", ".tfvars", ".tfvars.json")


def hold_back(report: Report, baseline: Baseline, name: str, relative: Callable[[str], str]) -> Report:
    """Hold back as many findings as the baseline knows, and report entries that no finding matches.

    An entry is stale only if its rule judged what it is about, and in the same module: a file of a Terraform module
    that is examined alone says nothing of the findings in the modules that call it.
    """
    left = baseline.copy()
    kept, held = [], []
    for finding in report.findings:
        one = _identity(finding, relative)
        if left[one] > 0:
            left[one] -= 1
            held.append(Suppressed(finding, HeldBackBy.BASELINE, f"known in {name}"))
        else:
            kept.append(finding)
    judged = _judged(report, relative)
    stale = tuple(
        Stale(name, f"`{one.rule}` is fixed in {one.source}, at `{one.route}`: write the baseline again")
        for one, count in left.items()
        if count > 0 and judged.settles(one)
    )
    return report._replace(
        findings=tuple(kept), suppressed=(*report.suppressed, *held), stale=(*report.stale, *stale)
    )


_ROOT = re.compile(r'^[^"\[]*/: ')
"""The root that a report puts before an address; a baseline names it relative to itself."""
_MODULE = re.compile(r"(?:[^;`]*: )?(?:module\.[^.;\[]+(?:\[[^\]]*\])?\.)*")


def _module(address: str) -> str:
    """The root and the modules that an address begins with, as a route of the baseline does."""
    found = _MODULE.match(address)
    return found[0] if found else ""


def _identity(finding: Finding, relative: Callable[[str], str]) -> Identity:
    return identity(finding, relative)


def to_json(baseline: Baseline) -> dict[str, Any]:
    """Give the form of `schemas/baseline.v1.json`, in an order that makes small differences."""
    return {
        "version": 1,
        "findings": [{**one._asdict(), "count": count} for one, count in sorted(baseline.items())],
    }


def from_json(value: Any) -> Baseline:
    """Read a value that its schema has found well formed."""
    return Counter(
        {
            Identity(one["rule"], one["source"], one["route"], one["message"]): one["count"]
            for one in value["findings"]
        }
    )


SCHEMA = "baseline.v1.json"


def read_baseline(path: Path, *, pipes: bool = False) -> Baseline:
    """Read a baseline; with ``pipes`` the user names it, so that it may be a pipe. Raises InputError."""
    document = parse_text(path.as_posix(), read_text(path, pipes=pipes))
    try:
        validate(document, SCHEMA)
    except InputError as error:
        reason = f"not a valid baseline: {error.reason}"
        help_text = "write one with `checker baseline write`"
        raise InputError(error.what, reason, error.position, help_text) from None
    return from_json(plain(document.root))


def baseline_lines(baseline: Baseline) -> Iterator[str]:
    """Write a baseline, line by line."""
    return json_lines(to_json(baseline), ascii_only=False)
