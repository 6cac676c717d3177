"""An audit: units of work over an executor, each journalled as soon as it is done."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, wait
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.inventory import Skipped
from checker.live.faults import StoppedError
from checker.outcome import Report
from checker.report.recorded import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from checker.live.access import Unit
    from checker.live.audit.crew import Crew
    from checker.live.audit.journal import Journal

_AHEAD = 2
"""So many units for each that can be worked on at once are handed out; the others wait here."""

_CHECK_EVERY = 5.0
"""So many seconds pass at most before it is seen that nobody works on the units any more."""


class Done(NamedTuple):
    """A unit that is done, and what came of it."""

    unit: Unit
    value: dict[str, Any]


def work_off(units: Iterable[Unit], crew: Crew) -> Iterator[Done]:
    """Work units off and give each when it is done. One that breaks is given as one that could not be read.

    Raises ClusterLostError if nothing works on them any more.
    """
    waiting = iter(units)
    under_way: dict[Future[dict[str, Any]], Unit] = {}
    while True:
        for unit in islice(waiting, _AHEAD * crew.at_once - len(under_way)):
            under_way[crew.executor.submit(crew.work, unit)] = unit
        if not under_way:
            return
        for future in wait(under_way, timeout=_CHECK_EVERY, return_when=FIRST_COMPLETED).done:
            unit = under_way.pop(future)
            yield Done(unit, _outcome(future, unit))
        crew.check()


def _outcome(future: Future[dict[str, Any]], unit: Unit) -> dict[str, Any]:
    try:
        return future.result()
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever befalls a unit, the others go on
        return broken(unit, f"internal error: {type(error).__name__}: {error}")


def broken(unit: Unit, reason: str) -> dict[str, Any]:
    """The record of a unit that could not be worked on."""
    report = Report((), (), (Skipped(unit.name, reason, error=True),), 0)
    head = {"kind": "unit", "account": unit.account, "region": unit.region, "again": True}
    return {**head, **record(report)}


def run(units: Iterable[Unit], crew: Crew, journal: Journal) -> Iterator[Done]:
    """The same, and journal what is done before it is given."""
    for done in work_off(units, crew):
        journal.write(done.value)
        yield done
