"""Run the units of an audit: read each one, check it, and record the result."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from checker.analysis.form_memory import FormMemory
from checker.configuration.baseline import finding_fingerprint, numbered
from checker.core.errors import Skipped
from checker.core.finding import format_route
from checker.core.record import NamedTuple
from checker.expectations.run import expecting
from checker.fix.appraisal import with_previews
from checker.fix.proof_memory import ProofMemory
from checker.fix.reading import Reading
from checker.lint.audited import AuditedUnit
from checker.lint.engine import KINDS, Scope, judge
from checker.lint.registry import all_rules
from checker.lint.report import Report
from checker.live.audit.collect import Collector
from checker.live.audit.follow_up import FollowUp, limited, with_answers
from checker.live.audit.journal import time_text
from checker.live.audit.plan import organization_of
from checker.live.audit.topics import TopicReads
from checker.live.aws.calls import Calls
from checker.live.aws.errors import StoppedError
from checker.report.formats.json import report_v1, unit_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from checker.analysis.inventory import Inventory
    from checker.core.finding import Finding
    from checker.live.audit.journal import Journal
    from checker.live.audit.plan import Plan
    from checker.live.aws.access import Unit
    from checker.live.aws.session import Sessions


_EVERYTHING = Scope(all_topics=True)
"""Everything that was collected is in scope."""


class Worker:
    """Works on units, which share clients and threads. Several units may run at once."""

    def __init__(
        self,
        plan: Plan,
        sessions: Sessions,
        on_answer: Callable[[], None] = lambda: None,
        reads: Callable[[Unit], TopicReads] = lambda _: TopicReads(),
    ) -> None:
        self.plan = plan
        self.sessions = sessions
        self.stop = threading.Event()
        self._on_answer = on_answer
        self._reads = reads
        self._forms = FormMemory()
        self._proofs = ProofMemory(self._forms)
        self._organization = plan.organization and organization_of(plan.organization)
        threads = plan.access.threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")
        self._slow_pool = ThreadPoolExecutor(threads, thread_name_prefix="slow")

    def work(self, unit: Unit) -> dict[str, Any]:
        """Audit a unit and return its record as JSON values. Raises StoppedError if the run is interrupted."""
        began, reads = time_text(datetime.now(UTC)), self._reads(unit.bare)
        calls = Calls(self.sessions, unit, self.stop, self._on_answer)
        followed = self._followed(unit)
        collector = Collector(calls, self.plan, self._pool, self._slow_pool, reads, followed)
        rules = expecting(all_rules(), self.plan.expectations)
        inventories = (one._replace(organization=self._organization) for one in collector.inventories())
        report = joined(
            with_answers(
                _proven(inventory, judge(inventory, rules, _EVERYTHING, self._forms), self._proofs),
                inventory,
                followed,
            )
            for inventory in inventories
        )
        replicas = collector.replicas()
        report = _ordered(report, sorted(calls.skipped, key=lambda skipped: skipped[:2]), collector)
        report = limited(report, followed)
        return {
            "kind": "unit",
            "account": unit.account,
            "region": unit.region,
            "began": "" if reads.known else began,  # an earlier run read the known ones
            "again": calls.again or (self.plan.organization is not None and self.plan.organization.again),
            "calls": calls.made,
            "replicas": {arn: list(regions) for arn, regions in sorted(replicas.items())},
            "audited": unit_json(collector.audited()),
            "report": report_v1(report),
        }

    def _followed(self, unit: Unit) -> dict[str, FollowUp]:
        """Return what to judge again because of earlier findings."""
        followed = dict(self.plan.followed)
        if self.plan.from_hub:
            from checker.live.audit.securityhub import reported  # few audits know Security Hub

            for resource, again in reported(self.sessions, unit):
                followed[resource] = followed.get(resource, FollowUp()).joined(again)
        return followed

    def close(self) -> None:
        """Start no more calls. Calls in progress end by themselves."""
        self.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._slow_pool.shutdown(wait=False, cancel_futures=True)


def _proven(inventory: Inventory, report: Report, proofs: ProofMemory) -> Report:
    """Return the report with the policies of proven fixes. Their edits are of no use: the text is not in a file."""
    if not any(fix.operations for finding in report.findings for fix in finding.fixes):
        return report
    try:
        report = with_previews(Reading(inventory, report), lambda _: None, proofs)
    except Exception:  # noqa: BLE001 - a bug in a fix must not lose the findings
        return report._replace(crashed=(*report.crashed, "fixes"))
    findings = (
        finding._replace(fixes=tuple(fix._replace(edits=()) for fix in finding.fixes))
        for finding in report.findings
    )
    return report._replace(findings=tuple(findings))


def _ordered(report: Report, skipped: list[Skipped], collector: Collector) -> Report:
    """Sort a report, so that its order does not depend on the order of reads, and add why each topic is in scope."""
    examined = (one._replace(in_scope=collector.reasons.get(one.resource, "")) for one in report.examined)
    return report._replace(
        findings=tuple(sorted(report.findings, key=by_place)),
        examined=tuple(sorted(examined, key=lambda item: (KINDS.index(item.kind), item.resource))),
        skipped=tuple(skipped),
        not_judged=len(collector.passed_over),
    )


def by_place(finding: Finding) -> tuple[str, int, str, str, str]:
    """Return the sort key of a finding: its place, then the most severe one first."""
    first = finding.locations[0]
    return first.source, -finding.severity.rank, finding.rule, format_route(first.route), finding.message


def joined(reports: Iterable[Report]) -> Report:
    """Merge several reports into one."""
    merged = list(reports)
    return Report(
        tuple(finding for report in merged for finding in report.findings),
        tuple(examined for report in merged for examined in report.examined),
        tuple(skipped for report in merged for skipped in report.skipped),
        sum(report.not_judged for report in merged),
        tuple(crashed for report in merged for crashed in report.crashed),
    )


def merged(units: Iterable[Report]) -> Report:
    """Merge the reports of units. What several of them report of one resource, as its place shows, is one finding."""
    reports = list(units)
    found: dict[tuple[str, int], Finding] = {}
    for report in reports:
        marks = numbered(map(finding_fingerprint, report.findings))
        for mark, finding in zip(marks, report.findings, strict=True):
            found.setdefault(mark, finding)
    return joined(reports)._replace(findings=tuple(found.values()))


_THREADS_A_UNIT = 2
"""A unit keeps many threads busy while it reads topics, and holds its results in memory until it is done."""


class UnitExecutor(NamedTuple):
    """An executor, the function to run per unit, and the number of units to run at once.

    ``check`` raises ClusterLostError if the executor is permanently lost.
    """

    executor: Executor
    work: Callable[[Unit], dict[str, Any]]
    at_once: int
    dismiss: Callable[[], None]
    check: Callable[[], None] = lambda: None


def threads(
    plan: Plan,
    sessions: Sessions,
    units: int,
    on_answer: Callable[[], None],
    reads: Callable[[Unit], TopicReads],
) -> UnitExecutor:
    """Run units in local threads. All units share one pool of threads for calls."""
    at_once = max(1, min(units, plan.access.threads // _THREADS_A_UNIT))
    executor = ThreadPoolExecutor(at_once, thread_name_prefix="unit")
    worker = Worker(plan, sessions, on_answer, reads)

    def dismiss() -> None:
        worker.close()
        executor.shutdown(wait=False, cancel_futures=True)

    return UnitExecutor(executor, worker.work, at_once, dismiss)


_AHEAD = 2
"""Number of units to submit per unit that can run at once. The others wait in this process."""

_CHECK_EVERY = 5.0
"""Maximum time in seconds until a lost executor is detected."""


class Done(NamedTuple):
    """A finished unit with its record."""

    unit: Unit
    value: dict[str, Any]


def work_off(units: Iterable[Unit], executor: UnitExecutor) -> Iterator[Done]:
    """Run units, and yield each when it is done. A unit that fails is recorded as not read.

    Raises ClusterLostError if the executor is lost.
    """
    waiting = iter(units)
    under_way: dict[Future[dict[str, Any]], Unit] = {}
    while True:
        for unit in islice(waiting, _AHEAD * executor.at_once - len(under_way)):
            under_way[executor.executor.submit(executor.work, unit)] = unit
        if not under_way:
            return
        yield from _finished(under_way)
        executor.check()


def _finished(under_way: dict[Future[dict[str, Any]], Unit]) -> list[Done]:
    """Wait for units and take them out of those under way.

    No future is kept: a cluster repeats a finished unit if its worker dies while its future exists.
    """
    finished = wait(under_way, timeout=_CHECK_EVERY, return_when=FIRST_COMPLETED).done
    return [Done(unit, _outcome(future, unit)) for future in finished for unit in (under_way.pop(future),)]


def _outcome(future: Future[dict[str, Any]], unit: Unit) -> dict[str, Any]:
    try:
        return future.result()
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 - a failing unit must not stop the others
        return broken(unit, f"internal error: {type(error).__name__}: {error}")


def broken(unit: Unit, reason: str) -> dict[str, Any]:
    """Return the record of a unit that could not be audited."""
    report = Report((), (), (Skipped(unit.name, reason, error=True),), 0)
    head = {"kind": "unit", "account": unit.account, "region": unit.region, "again": True}
    audited = unit_json(AuditedUnit(unit.account, unit.region))
    return {**head, "audited": audited, "report": report_v1(report)}


def run(units: Iterable[Unit], executor: UnitExecutor, journal: Journal) -> Iterator[Done]:
    """Run units, and write each record to the journal before yielding it."""
    for done in work_off(units, executor):
        journal.write(done.value)
        yield done
