"""The map of each topic: its instances, its key and its subscribers, and the status of each link between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.finding import Severity, Verdict
from checker.core.record import NamedTuple
from checker.lint.history import Change
from checker.lint.rule import Link
from checker.report.brief import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.lint.report import Examined, Report
    from checker.lint.rule import Rule
    from checker.report.page.rows import Row


BROKEN, WARNING, UNKNOWN = "broken", "warning", "unknown"
SUPPRESSED, OK, NOT_CHECKED = "suppressed", "ok", "not_checked"
STATUSES = (BROKEN, WARNING, UNKNOWN, SUPPRESSED, OK, NOT_CHECKED)
"""The statuses of a link, the worst first. ``ok`` means that all rules about the link passed."""
DELIVERY, OTHERS = "delivery", "other_callers"
"""The links besides those of the chain: to the subscribers, and from callers that should not have access."""
MOST = 1_000
"""Maps of a page, the worst first."""
_MOST_SUBSCRIBERS = 5


class TopicMap(NamedTuple):
    """A topic with its surroundings. ``links`` are names with a status and the row of the finding, -1 without one.

    ``key`` is empty for a topic that is not encrypted, ``None`` if that is not known. So is ``subscribers``.
    """

    name: str
    instances: tuple[str, ...]
    key: str | None
    subscribers: tuple[str, ...] | None
    links: tuple[tuple[str, str, int], ...]

    @property
    def rank(self) -> int:
        """0 for a topic with a broken link, more for better ones."""
        return min(STATUSES.index(status) for _, status, _ in self.links)


def maps_of(report: Report, rows: Sequence[Row], rules: Sequence[Rule]) -> list[TopicMap]:
    """Return the maps of all checked topics, the worst first."""
    about: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        if row.is_present or row.change == Change.SUPPRESSED.value:
            for name in dict.fromkeys((row.finding.resource, *row.finding.affects)):
                about.setdefault(name, []).append(number)
    groups = _groups(rules)
    maps = [
        _map(target, [(n, rows[n]) for n in about.get(target.resource, ())], groups)
        for target in report.examined
        if target.kind == "topic"
    ]
    return sorted(maps, key=lambda one: one.rank)


class _Group(NamedTuple):
    """The rules about a link, with the status of the link if they fail, and those of them that every topic needs."""

    failed: dict[str, str]
    needed: set[str]


def _groups(rules: Iterable[Rule]) -> dict[str, _Group]:
    """Return the rules about each link."""
    groups = {name: _Group({}, set()) for name in (*(link.value for link in Link), DELIVERY, OTHERS)}
    for rule in rules:
        name = OTHERS if rule.opens else rule.link.value if rule.link else DELIVERY * rule.reads_endpoints
        if name:
            groups[name].failed[rule.id] = BROKEN if rule.severity is Severity.ERROR else WARNING
            groups[name].needed.update([rule.id] * rule.judges("check_topic"))
    return groups


def _map(target: Examined, rows: Sequence[tuple[int, Row]], groups: Mapping[str, _Group]) -> TopicMap:
    links = tuple(_link(name, target, rows, group) for name, group in groups.items())
    instances = tuple(dict.fromkeys(str(pairing.instance) for pairing in target.pairings))
    known = target.subscribers
    endpoints = None if known is None else tuple(f"{one.protocol} {one.endpoint}".strip() for one in known)
    return TopicMap(target.resource, instances, target.key, endpoints, links)


def _link(
    name: str, target: Examined, rows: Sequence[tuple[int, Row]], group: _Group
) -> tuple[str, str, int]:
    """Return a link with the worst status that a rule or finding about it has.

    Rules about organization policies also pass if none were supplied, so that they prove nothing here.
    """
    ran = {rule: verdict for rule, verdict in target.verdicts.items() if rule in group.failed}
    shown = {row.finding.rule for _, row in rows}
    found = [(_status(row), number) for number, row in rows if row.finding.rule in group.failed]
    found += [
        (group.failed[rule] if verdict is Verdict.FAIL else UNKNOWN, -1)
        for rule, verdict in ran.items()
        if verdict is not Verdict.PASS and rule not in shown
    ]
    if found:
        status, number = min(found, key=lambda pair: STATUSES.index(pair[0]))
        return name, status, number
    is_proven = bool(ran) and group.needed <= ran.keys() and name != Link.ORGANIZATION_POLICY.value
    return name, OK if is_proven else NOT_CHECKED, -1


def _status(row: Row) -> str:
    if not row.is_present:
        return SUPPRESSED
    if row.finding.verdict is Verdict.UNDETERMINED:
        return UNKNOWN
    return BROKEN if row.finding.severity is Severity.ERROR else WARNING


def maps_json(maps: Sequence[TopicMap]) -> list[dict[str, Any]]:
    """Convert maps to JSON values of inert texts."""
    return [
        {
            "name": one_line(one.name),
            "short": one_line(short(one.name)),
            "instances": [one_line(short(name)) for name in one.instances[:1]],
            "more_instances": max(0, len(one.instances) - 1),
            "key": None if one.key is None else [one_line(short(one.key)), one_line(one.key)],
            "subscribers": _subscribers(one.subscribers),
            "links": [list(link) for link in one.links],
        }
        for one in maps[:MOST]
    ]


def _subscribers(names: tuple[str, ...] | None) -> list[str] | None:
    if names is None:
        return None
    shown = [
        one_line(" ".join(short(word) for word in name.split(" "))) for name in names[:_MOST_SUBSCRIBERS]
    ]
    more = len(names) - len(shown)
    return [*shown, f"and {more} more"] if more else shown


def short(name: str) -> str:
    """Return the last part of an ARN; other names are unchanged."""
    return (
        name.rpartition(":")[2].removeprefix("instance/").removeprefix("key/")
        if name.startswith("arn:")
        else name
    )
