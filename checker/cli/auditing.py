"""What `checker audit` does: units of accounts and Regions over threads, a journal, and a report."""

from __future__ import annotations

import gc
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from checker.cli.audit_progress import AuditProgress
from checker.cli.output import Destination, publish
from checker.cli.run import Ground, Options, decide, prepare, without_known
from checker.cli.terminal import Exit, tell
from checker.inputs.load import load
from checker.live.access import Access, Coverage
from checker.live.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from checker.cli.run import Run
    from checker.inventory import Inventory
    from checker.live.access import Unit
    from checker.live.accounts import Surveyed
    from checker.live.journal import Journal
    from checker.outcome import Report


class AuditOptions(NamedTuple):
    """What the command line says of an audit."""

    options: Options
    access: Access
    coverage: Coverage = Coverage()
    manifests: tuple[Path, ...] = ()
    hours: int = 24
    journal: Path | None = None
    resume: Path | None = None


def audit_accounts(asked: AuditOptions, formats: Sequence[str], output: str) -> Exit:
    """Audit, report, and give the exit code. Raises InputError."""
    from checker.live.accounts import survey  # boto3 takes a fifth of a second to import

    gc.enable()  # an audit is long, unlike other runs
    destinations = [Destination.of(one) for one in formats or ("text",)]
    ground = prepare(asked.options)
    plan = _plan(asked, ground)
    surveyed = survey(asked.access, asked.coverage)
    journal, done = _journal(asked, plan)
    _work([unit for unit in surveyed.units if unit._replace(role="") not in done], plan, journal)
    run = decide(_whole(journal, surveyed), ground, asked.options)
    run = without_known(run, asked.options)
    publish(run.report, run.fail_on, destinations, output)
    if not asked.journal and not asked.resume:
        journal.path.unlink()
    return exit_code(run)


def _plan(asked: AuditOptions, ground: Ground) -> Plan:
    """Put together what is asked of AWS; the topics of a manifest are named, as if by an option."""
    said = load(asked.manifests) if asked.manifests else None
    streaming = _streaming(said) if said else ()
    scope = ground.scope._replace(topics=(*ground.scope.topics, *(topic for topic, _ in streaming)))
    instances = (*ground.instances, *(said.instances if said else ()))
    return Plan(asked.access, scope, tuple(str(one.arn) for one in instances), streaming, asked.hours)


def _streaming(said: Inventory) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((topic.name, tuple(str(one.arn) for one in topic.instances)) for topic in said.topics)


def _journal(asked: AuditOptions, plan: Plan) -> tuple[Journal, set[Unit]]:
    """Begin a journal, or go on with one; what was read in it for another question counts for nothing."""
    from checker.live.journal import Journal

    question = plan._replace(access=Access())._asdict()
    if asked.resume:
        journal = Journal(asked.resume, question)
        return journal, journal.resume()
    path = asked.journal or Path(tempfile.mkstemp(prefix="checker-audit-", suffix=".jsonl")[1])
    journal = Journal(path, question)
    journal.begin()
    return journal, set()


def _work(units: Sequence[Unit], plan: Plan, journal: Journal) -> None:
    """Work the units off; when that is interrupted, say how to go on."""
    from checker.live.audit import run
    from checker.live.work import Worker

    with AuditProgress(len(units)) as progress:
        worker = Worker(plan, progress.called)
        at_once = min(len(units), plan.access.threads) or 1
        executor = ThreadPoolExecutor(at_once, thread_name_prefix="unit")
        try:
            for done in run(units, executor, worker.work, at_once, journal):
                progress.done(done)
        except KeyboardInterrupt:
            tell(f"to go on: checker audit --resume {journal.path} and the same options")
            raise
        finally:
            worker.close()
            executor.shutdown(wait=False, cancel_futures=True)


def _whole(journal: Journal, surveyed: Surveyed) -> Report:
    from checker.live.work import joined

    wanted = {unit._replace(role="") for unit in surveyed.units}
    report = joined(entry.report for entry in journal.entries() if entry.unit in wanted)
    return report._replace(skipped=(*surveyed.skipped, *report.skipped))


def exit_code(run: Run) -> Exit:
    """Say by a number how an audit ended; what could not be read weighs more than what was found."""
    report = run.report
    if report.crashed:
        return Exit.INTERNAL_ERROR
    if report.unreadable:
        return Exit.INCOMPLETE
    worst = report.worst()
    if worst is not None and worst.rank >= run.fail_on.rank:
        return Exit.FINDINGS
    return Exit.INCOMPLETE if run.strict and report.incomplete else Exit.CLEAN
