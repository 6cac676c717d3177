"""Find the replicas of instances that stream to no topic, once all units of an audit are done.

A unit is one account and Region, so that no unit has both an instance and its replica. The results of all units are
in the journal, and the rule `replica-not-streaming` is decided from them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import NOT_DESCRIBED
from checker.analysis.replicas import NO_INSTANCE, help_for, not_read, not_streaming
from checker.core.arn import Arn
from checker.core.finding import Finding, Location, Severity, Verdict
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.engine import is_open
from checker.lint.report import Doubt
from checker.lint.scope import FOLLOWED
from checker.live.audit.executor import by_place
from checker.live.aws.access import Unit
from checker.report.record import RecordedPlace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.analysis.inventory import Pairing
    from checker.lint.report import Examined, Report
    from checker.live.audit.journal import Entry

_RULE = "replica-not-streaming"


def completed(entries: Iterable[Entry], looked_up: Mapping[str, tuple[str, ...]]) -> tuple[Entry, ...]:
    """Return the records of all units with the results about replicas, which need several Regions."""
    read = tuple(entries)
    streaming = Streaming.of(read, looked_up)
    return tuple(entry._replace(report=streaming.completed(entry.report)) for entry in read)


class Streaming(NamedTuple):
    """What all units of an audit show about replicas.

    ``replicas`` are the other Regions of the described instances. ``topics`` are the checked topics of each Region
    with the instances that stream to each. ``incomplete`` are the units of which something was not read.
    """

    replicas: Mapping[str, tuple[str, ...]]
    topics: Mapping[str, Mapping[str, tuple[str, ...]]]
    units: frozenset[Unit]
    incomplete: frozenset[Unit]

    @classmethod
    def of(cls, entries: Iterable[Entry], looked_up: Mapping[str, tuple[str, ...]]) -> Streaming:
        """Collect it from the records of the units, and from the instances that were looked up by name."""
        replicas, units, incomplete = dict(looked_up), set(), set()
        topics: dict[str, dict[str, tuple[str, ...]]] = {}
        for entry in entries:
            replicas |= entry.replicas
            units.add(entry.unit)
            if entry.again or any(not one.complete for one in entry.report.skipped):
                incomplete.add(entry.unit)
            for examined in entry.report.examined:
                if _may_stream(examined):
                    paired = tuple(str(pairing.instance) for pairing in examined.pairings)
                    topics.setdefault(_region(examined.resource), {})[examined.resource] = paired
        return cls(replicas, topics, frozenset(units), frozenset(incomplete))

    def completed(self, report: Report) -> Report:
        """Return the report of a unit with the result of the rule for each of its topics."""
        findings: list[Finding] = []
        examined: list[Examined] = []
        for target in report.examined:
            results = list(self._results(target)) if _may_stream(target) else None
            findings += (one for one in results or () if isinstance(one, Finding))
            examined.append(target if results is None else _with(target, results))
        if not findings:
            return report._replace(examined=tuple(examined))
        return report._replace(
            findings=tuple(sorted((*report.findings, *findings), key=by_place)), examined=tuple(examined)
        )

    def _results(self, topic: Examined) -> Iterator[Finding | Unknown]:
        """Yield what the rule reports for a topic: nothing if each replica of its instances has a topic."""
        arn = Arn.parse(topic.resource)
        if arn is None or not topic.pairings:
            yield NO_INSTANCE
            return
        for pairing in topic.pairings:
            yield from self._of_pairing(arn, pairing)

    def _of_pairing(self, topic: Arn, pairing: Pairing) -> Iterator[Finding | Unknown]:
        regions = self.replicas.get(str(pairing.instance))
        if regions is None:
            yield NOT_DESCRIBED
        for region in regions or ():
            replica = pairing.instance._replace(region=region)
            in_region = self.topics.get(region, {})
            if region == topic.region or any(str(replica) in paired for paired in in_region.values()):
                continue
            reason, help_text = self._open(topic, replica)
            message = not_read(replica, reason) if reason else not_streaming(replica)
            finding = _finding(topic, message, help_text or help_for(topic, replica))
            yield (
                finding._replace(verdict=Verdict.UNDETERMINED, severity=Severity.NOTE) if reason else finding
            )

    def _open(self, topic: Arn, replica: Arn) -> tuple[str, str]:
        """Return why it is not known which topic a replica streams to, with help; empty if it is known."""
        region = replica.region
        for account in dict.fromkeys((topic.account, replica.account)):
            unit = Unit(account, region)
            if unit not in self.units:
                return f"account {account} was not audited there", self._command(topic, replica)
            if unit in self.incomplete:
                return f"the audit of account {account} is not complete there", _RESUME
        unpaired = [name for name, paired in self.topics.get(region, {}).items() if not paired]
        if unpaired:
            return f"it is not known which instance streams to `{unpaired[0]}`", _NAME.format(replica)
        return "", ""

    def _command(self, topic: Arn, replica: Arn) -> str:
        """Return the command for an audit of both Regions, and of both accounts unless they were audited."""
        accounts = tuple(dict.fromkeys((topic.account, replica.account)))
        audited = {unit.account for unit in self.units}
        named = "" if audited.issuperset(accounts) else f" --accounts {','.join(accounts)}"
        return f"include it: `checker audit{named} --region {topic.region},{replica.region}`"


_RESUME = "resolve what the audit could not read"
_NAME = "name the instance of each topic in a manifest, or add `--instance-arn {}`"


def _region(name: str) -> str:
    arn = Arn.parse(name)
    return arn.region if arn is not None else ""


def _finding(topic: Arn, message: str, help_text: str) -> Finding:
    place = Location(RecordedPlace(str(topic), "TopicArn"), ("TopicArn",))
    return Finding(_RULE, Severity.WARNING, message, str(topic), (place,), help=help_text)


def _with(topic: Examined, results: Sequence[Finding | Unknown]) -> Examined:
    """Return the target with the verdict of the rule, and the reason of an undetermined one.

    An instance that no unit lists cannot be described, so that does not count.
    """
    verdicts, doubts = dict(topic.verdicts), dict(topic.doubts)
    doubts.pop(_RULE, None)
    verdict = Verdict.PASS
    reported = [one for one in results if isinstance(one, Finding)]
    failed = any(one.verdict is Verdict.FAIL for one in reported)
    if results:
        verdict = Verdict.FAIL if failed else Verdict.UNDETERMINED
    if open_results := [one for one in results if is_open(one)]:
        reasons = [one.message for one in open_results if isinstance(one, Finding)]
        first = next(iter(reasons), "") or next(
            one.reason for one in open_results if isinstance(one, Unknown)
        )
        doubts[_RULE] = Doubt(first, counts=bool(reasons))
    return topic._replace(verdicts=verdicts | {_RULE: verdict}, doubts=doubts)


def _may_stream(target: Examined) -> bool:
    """True for a topic, unless nothing connects it to Amazon Connect now."""
    return target.kind == "topic" and target.in_scope != FOLLOWED
