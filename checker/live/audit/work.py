"""The work on one unit: read it, judge it, and record what came of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from checker.engine import KINDS, Scope, judge
from checker.finding import format_route
from checker.live.audit.collect import Collector
from checker.live.audit.reads import Reads
from checker.live.calls import Calls
from checker.live.session import Sessions
from checker.outcome import Report
from checker.registry import all_rules
from checker.report.recorded import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.finding import Finding
    from checker.inventory import Skipped
    from checker.live.access import Unit
    from checker.live.audit.plan import Plan

_EVERYTHING = Scope(all_topics=True)
"""What was collected is in scope."""


class Worker:
    """Works on units, several at once if it is asked to; they share clients and threads."""

    def __init__(
        self,
        plan: Plan,
        sessions: Sessions,
        seen: Callable[[], None] = lambda: None,
        reads: Callable[[Unit], Reads] = lambda _: Reads(),
    ) -> None:
        self.plan = plan
        self.sessions = sessions
        self.stop = threading.Event()
        self._seen = seen
        self._reads = reads
        threads = plan.access.threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")
        self._aside = ThreadPoolExecutor(threads, thread_name_prefix="aside")

    def work(self, unit: Unit) -> dict[str, Any]:
        """Audit a unit and give its record, JSON values. Raises StoppedError once the run is interrupted."""
        calls = Calls(self.sessions, unit, self.stop, self._seen)
        collector = Collector(calls, self.plan, self._pool, self._aside, self._reads(unit.bare))
        rules = all_rules()
        report = joined(judge(one, rules, _EVERYTHING) for one in collector.inventories())
        report = _ordered(report, sorted(calls.skipped, key=lambda one: one[:2]), collector.not_judged)
        return {
            "kind": "unit",
            "account": unit.account,
            "region": unit.region,
            "again": calls.again,
            "calls": calls.made,
            **record(report),
        }

    def close(self) -> None:
        """Make no more calls; what is under way ends by itself."""
        self.stop.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._aside.shutdown(wait=False, cancel_futures=True)


def _ordered(report: Report, skipped: list[Skipped], not_judged: int) -> Report:
    """Put a report in an order that does not hang on what was read first."""

    def key(one: Finding) -> tuple[str, int, str, str, str]:
        first = one.locations[0]
        return first.source, -one.severity.rank, one.rule, format_route(first.route), one.message

    return report._replace(
        findings=tuple(sorted(report.findings, key=key)),
        examined=tuple(sorted(report.examined, key=lambda one: (KINDS.index(one.kind), one.resource))),
        skipped=tuple(skipped),
        not_judged=not_judged,
    )


def joined(reports: Iterable[Report]) -> Report:
    """Make one report of several."""
    some = list(reports)
    return Report(
        tuple(finding for one in some for finding in one.findings),
        tuple(examined for one in some for examined in one.examined),
        tuple(skipped for one in some for skipped in one.skipped),
        sum(one.not_judged for one in some),
        tuple(crashed for one in some for crashed in one.crashed),
    )


@lru_cache(maxsize=4)
def worker_for(plan: Plan) -> Worker:
    """Give the worker of this process for a plan, so that a machine of a cluster keeps its clients."""
    return Worker(plan, Sessions(plan.access))


def work_on(plan: Plan, unit: Unit) -> dict[str, Any]:
    """Work on a unit somewhere else: what is sent to the machines of a cluster."""
    return worker_for(plan).work(unit)
