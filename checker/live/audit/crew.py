"""Who works on the units: the threads of this process, or the machines of a cluster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.live.audit.work import Worker, work_on

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from checker.live.access import Unit
    from checker.live.audit.plan import Plan
    from checker.live.audit.reads import Reads
    from checker.live.session import Sessions


_THREADS_A_UNIT = 2
"""A unit keeps many threads busy while it reads topics, and what it finds in memory until it is done."""


class Crew(NamedTuple):
    """An executor, what it is to run for a unit, and how many units are worked on at once.

    ``check`` raises ClusterLostError if what works on the units is gone for good.
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
    seen: Callable[[], None],
    reads: Callable[[Unit], Reads],
) -> Crew:
    """Work in threads, of which the units share those that make calls."""
    at_once = max(1, min(units, plan.access.threads // _THREADS_A_UNIT))
    executor = ThreadPoolExecutor(at_once, thread_name_prefix="unit")
    worker = Worker(plan, sessions, seen, reads)

    def dismiss() -> None:
        worker.close()
        executor.shutdown(wait=False, cancel_futures=True)

    return Crew(executor, worker.work, at_once, dismiss)


def on_cluster(
    plan: Plan, executor: Executor, at_once: int, leave: Callable[[], None], check: Callable[[], None]
) -> Crew:
    """Work on the machines of a cluster, each of which opens a session of its own."""
    return Crew(executor, partial(work_on, plan), at_once, leave, check)
