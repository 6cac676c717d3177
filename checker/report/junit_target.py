"""Which examined target an entry of the report belongs to; none is lost."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from checker.outcome import Examined
from checker.report.entry import Entry, entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.outcome import Report


class Target(NamedTuple):
    """A target and what each rule that judged it has to say."""

    examined: Examined
    said: Mapping[str, Sequence[Entry]]


def targets(report: Report) -> Iterator[Target]:
    """Give every target that was examined, and one more for each resource that strangely was not."""
    said: list[dict[str, list[Entry]]] = [defaultdict(list) for _ in report.examined]
    strays: dict[str, list[Entry]] = defaultdict(list)
    named: dict[str, list[int]] = defaultdict(list)
    for number, examined in enumerate(report.examined):
        named[examined.resource].append(number)
    for entry in entries(report):
        target = _target_of(entry, report.examined, named[entry.finding.resource])
        (strays[entry.finding.resource] if target is None else said[target][entry.finding.rule]).append(entry)
    yield from map(Target, report.examined, said)
    yield from (_stray(resource, some) for resource, some in strays.items())


def _target_of(entry: Entry, examined: Sequence[Examined], named: Iterable[int]) -> int | None:
    """Choose between targets that are called the same; the file decides."""
    finding = entry.finding
    judged = [number for number in named if finding.rule in examined[number].verdicts]
    source = finding.locations[0].source
    return min(judged, key=lambda number: examined[number].source != source, default=None)


def _stray(resource: str, some: Sequence[Entry]) -> Target:
    said: dict[str, list[Entry]] = defaultdict(list)
    for one in some:
        said[one.finding.rule].append(one)
    verdicts = {rule: ones[0].finding.verdict for rule, ones in said.items()}
    return Target(Examined("resource", resource, some[0].finding.locations[0].source, verdicts), said)
