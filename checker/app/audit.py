"""Runs an audit: each account and Region, the journal, and the report."""

from __future__ import annotations

import gc
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from checker.analysis.inventory import Source
from checker.app.audit_history import (
    circumstances,
    followed_from,
    is_failed_by_new,
    left_open,
    misses_all,
    past_for,
    with_history,
)
from checker.app.audit_options import journal_of, named_instances, plan_of, resumed_request
from checker.app.audit_permissions import try_permissions
from checker.app.baseline_file import check_baseline, write_baseline
from checker.app.exit_codes import Ending, ending_of
from checker.app.next_step import after_audit
from checker.app.output import Destination, check_destinations, publish
from checker.app.run import (
    baseline_path,
    confined_around,
    decide,
    prepare,
    relative_to,
    topics_not_found,
    unmatched_expectations,
    without_baselined,
)
from checker.app.signals import interruptible
from checker.app.terminal import is_terminal, progress_bar, tell
from checker.configuration.baseline import hold_back, read_baseline
from checker.core.errors import InputError, Skipped
from checker.core.shell import shell_command, without_options
from checker.core.unknown import Unknown
from checker.inputs.discover import STDIN, is_stream
from checker.inputs.output_file import protect
from checker.lint.report import SentFindings
from checker.lint.status import OK
from checker.report.brief import count_noun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.app.audit_options import AuditOptions
    from checker.app.run import CheckContext, Run
    from checker.lint.report import Report
    from checker.live.audit.accounts import AuditUnits
    from checker.live.audit.executor import Done, UnitExecutor
    from checker.live.audit.journal import Entry, Journal
    from checker.live.audit.plan import Plan
    from checker.live.audit.saved import SavedAnswers
    from checker.live.audit.securityhub import Sent
    from checker.live.aws.access import Unit
    from checker.live.aws.session import Sessions


_OTHER_CREDENTIALS = "check the credentials, `--region` and `--accounts`: the earlier audits were of others"


def audit_accounts(request: AuditOptions, formats: Sequence[str], output: str) -> Ending:
    """Audit the accounts, write the reports, and return how it ended. Raises CheckerError."""
    if request.check_permissions:
        return try_permissions(request, formats, output)
    destinations = [Destination.of(text) for text in formats or ("text",)]
    check_destinations(destinations, output, request.resume or request.journal)
    request = resumed_request(request)
    context = prepare(request.options)
    earlier = past_for(request, context)
    saved = _saved(request)
    plan = plan_of(request, context)._replace(followed=followed_from(earlier), from_hub=request.security_hub)
    files = [destination.path or (Path(output) if output else None) for destination in destinations]
    _check_baselines(request, context, files)
    with interruptible():
        check_outputs = partial(check_destinations, destinations, output)
        journal, run = _audit(request, context, plan, check_outputs, saved)
    run = with_history(_with_unmatched(run, request, plan), earlier)
    if saved is not None:
        saved.finish(run.report.skipped)
    run = _without_repeats(run)  # the history and the saved answers need each entry
    whole = publish(run, destinations, output)
    tell(*after_audit(run.report, request.access.words))
    journal.finish()
    if not request.journal and not request.resume:
        journal.path.unlink()
    ending = ending_of(run.report, run.fail_on, strict=run.strict, live=True)
    wrong = not request.may_be_gone and _names_no_topic(request.options.topics, run.report)
    ending = ending._replace(crashed=ending.crashed or not whole, unreadable=wrong)
    if misses_all(run.report):
        tell(
            "error: --since: nothing that earlier audits found was audited", f"  = help: {_OTHER_CREDENTIALS}"
        )
        ending = ending._replace(incomplete=True)
    if request.fail_on_new:
        return ending._replace(findings=is_failed_by_new(run.report, run.fail_on))
    unknown = left_open(run.report, run.fail_on)
    if unknown:
        tell(f"{count_noun(len(unknown), 'finding')} of earlier audits may still exist: see `not audited`")
    return ending._replace(undetermined=ending.undetermined or bool(unknown))


def _audit(
    request: AuditOptions,
    context: CheckContext,
    plan: Plan,
    check_outputs: Callable[[], None],
    saved: SavedAnswers | None,
) -> tuple[Journal, Run]:
    """Sign in, list the units, and check those that the journal does not have yet."""
    from checker.live.aws.session import sign_in  # boto3 takes a fifth of a second to import

    sessions = sign_in(request.access)
    if saved is not None:
        sessions.observe = saved.keep
    surveyed = _survey(sessions, request, context, plan)
    journal, done = journal_of(request, plan, surveyed, sessions.base.region_name or "")
    plan = plan if surveyed.organization is None else plan._replace(organization=surveyed.organization)
    check_outputs()  # again, now that the inputs and the journal are known
    units = [unit for unit in surveyed.units if unit.bare not in done]
    with _resumable(request, journal), _collecting():
        _process(units, request, plan, sessions, journal)
        return journal, _build_run(request, context, sessions, surveyed, journal)


@contextmanager
def _collecting() -> Iterator[None]:
    """Collect garbage in a run, because an audit is long, unlike others.

    What is there before, which is mostly boto3's, is not looked through again and again. It may be garbage when the run
    ends, and a process may have several.
    """
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.unfreeze()


def _survey(sessions: Sessions, request: AuditOptions, context: CheckContext, plan: Plan) -> AuditUnits:
    """List the accounts and Regions, and look up the named instances."""
    from checker.live.audit.accounts import survey
    from checker.live.audit.instances import look_up_named

    surveyed = survey(sessions, request.coverage)
    statuses = list(look_up_named(sessions, surveyed.units, named_instances(request, context, plan)))
    unknown = (
        Skipped(arn, status.reason, error=True, help=status.help)
        for arn, status in statuses
        if status.status != OK
    )
    replicas = (
        (arn, status.replicas) for arn, status in statuses if not isinstance(status.replicas, Unknown)
    )
    return surveyed._replace(skipped=(*surveyed.skipped, *unknown), replicas=tuple(replicas))


def _with_unmatched(run: Run, request: AuditOptions, plan: Plan) -> Run:
    """Report the topics and instances of the options that match nothing."""
    missing = topics_not_found(request.options.topics, [target.resource for target in run.report.examined])
    skipped = (*run.report.skipped, *missing, *_unpaired(run.report, plan))
    return run._replace(report=run.report._replace(skipped=skipped))


def _names_no_topic(patterns: Sequence[str], report: Report) -> bool:
    """Return True if a --topic-arn is a wrong value: AWS has no such topic, or everything was read and nothing matches."""
    from checker.live.aws.errors import is_not_found

    names = [target.resource for target in report.examined]
    unmatched = [text for text in patterns if any(topics_not_found([text], names))]
    missing = {one.what for one in report.skipped if is_not_found(one.reason)}
    unread = any(one.error and one.what not in ("--topic-arn", *missing) for one in report.skipped)
    return any(text in missing or not unread for text in unmatched)


def _without_repeats(run: Run) -> Run:
    from checker.live.audit.accounts import without_repeats

    return run._replace(report=without_repeats(run.report))


def _saved(request: AuditOptions) -> SavedAnswers | None:
    """Return the new folder of --save. Raises InputError if some answers would be missing."""
    if request.save is None:
        return None
    from checker.live.audit.saved import SavedAnswers  # few audits save

    for option, is_given, why in (
        ("--resume", request.resume, "does not read again what its journal has"),
        ("--dask", request.dask, "reads on other machines"),
    ):
        if is_given:
            raise InputError("--save", f"cannot be combined with {option}, which {why}", help_text="omit one")
    saved = SavedAnswers(request.save)
    saved.begin()
    return saved


@contextmanager
def _resumable(request: AuditOptions, journal: Journal) -> Iterator[None]:
    """Print the command that resumes an audit after an interrupt or the loss of its cluster."""
    from checker.live.audit.cluster import ClusterLostError

    try:
        yield
    except (KeyboardInterrupt, ClusterLostError):
        tell(f"to resume: {resume_command(request.arguments, journal.path)}")
        raise


def _build_run(
    request: AuditOptions, context: CheckContext, sessions: Sessions, surveyed: AuditUnits, journal: Journal
) -> Run:
    """Build the report from the journal, and send it to Security Hub if requested. Raises CheckerError."""
    from checker.live.audit.replicas import completed  # it imports boto3's errors

    entries = completed(journal.entries(), dict(surveyed.replicas))
    sent = _send(request, context, sessions, surveyed, entries) if request.security_hub else ()
    merged = _merged_report(context, entries, surveyed)
    run = _without_baselined(request, decide(merged, context, request.options))
    tell(*(str(one) for one in sent))
    unsent = (skipped for one in sent for skipped in one.skipped)
    findings = tuple(one.findings for one in sent)
    skipped = (*run.report.skipped, *unsent)
    audit = circumstances(surveyed, journal, entries)
    return run._replace(report=run.report._replace(skipped=skipped, sent=findings, audit=audit))


def _without_baselined(request: AuditOptions, run: Run) -> Run:
    """Suppress the findings of the baseline, which --write-baseline writes first. Raises InputError."""
    path = request.write_baseline
    if path is None:
        return without_baselined(run, request.options)
    baseline = write_baseline(run.report, path)
    return run._replace(report=hold_back(run.report, baseline, str(path), relative_to(path)))


def resume_command(arguments: Sequence[str], journal: Path) -> str:
    """Return the command that resumes an audit from its journal."""
    kept = without_options(arguments, "--journal", "--resume")
    return shell_command(("checker", *kept, "--resume", str(journal)))


def _unpaired(report: Report, plan: Plan) -> Iterator[Skipped]:
    """Report each --instance-arn that is paired with no checked topic."""
    paired = {str(pairing.instance) for target in report.examined for pairing in target.pairings}
    for source, text in dict.fromkeys(plan.instances):
        if source == Source.OPTION.value and text not in paired:
            reason = f"no topic was checked for `{text}`: none is in its Region, or all are paired with other instances"
            yield Skipped(
                "--instance-arn", reason, help="name the topic with --topic-arn, or pair them in a manifest"
            )


def _check_baselines(request: AuditOptions, context: CheckContext, outputs: Iterable[Path | None]) -> None:
    """Check before a long run that its baselines can be read and written at the end. Raises InputError."""
    if request.write_baseline is not None:
        check_baseline(request.write_baseline, [*outputs, request.journal, request.resume])
        return
    path = request.options.baseline or baseline_path(context.configuration)
    if path is not None and path != STDIN and is_stream(path):  # it can be read only once
        protect(path)
    elif path is not None:
        named = request.options.baseline is not None
        with confined_around(path, context.configuration, request.options, "" if named else "--baseline"):
            read_baseline(path)


def _process(
    units: Sequence[Unit], request: AuditOptions, plan: Plan, sessions: Sessions, journal: Journal
) -> None:
    """Process the units, and record each in the journal."""
    from checker.live.audit.executor import run

    with AuditProgress(len(units), elsewhere=bool(request.dask)) as progress:
        executor = _executor(units, request, plan, sessions, progress, journal)
        try:
            for done in run(units, executor, journal):
                progress.done(done)
        finally:
            executor.dismiss()


def _executor(
    units: Sequence[Unit],
    request: AuditOptions,
    plan: Plan,
    sessions: Sessions,
    progress: AuditProgress,
    journal: Journal,
) -> UnitExecutor:
    if request.dask:
        from checker.live.audit.cluster import cluster

        return cluster(plan, request.dask)
    from checker.live.audit.executor import threads

    return threads(plan, sessions, len(units), progress.called, journal.reads)


def _send(
    request: AuditOptions,
    context: CheckContext,
    sessions: Sessions,
    surveyed: AuditUnits,
    entries: Iterable[Entry],
) -> tuple[Sent, ...]:
    """Send the findings of each unit to Security Hub, without the suppressed ones."""
    from checker.live.audit.securityhub import Sent, send

    entered = {unit.bare: unit for unit in surveyed.units}
    sent: list[Sent] = []
    for entry in entries:
        if entry.unit in entered:
            run = without_baselined(decide(entry.report, context, request.options), request.options)
            sent.append(send(sessions, entered[entry.unit], run.report, entry.began, entry.audited))
        else:
            missing = Skipped(entry.unit.name, _NO_LONGER_LISTED, error=True)
            sent.append(Sent(SentFindings(entry.unit.account, entry.unit.region), (missing,)))
    return tuple(sent)


_NO_LONGER_LISTED = "no longer listed since the audit started: its findings were not sent to Security Hub"


def _merged_report(context: CheckContext, entries: Iterable[Entry], surveyed: AuditUnits) -> Report:
    """Merge the reports of all units in the journal, also of units that are no longer listed."""
    from checker.live.audit.executor import merged

    report = merged(entry.report for entry in entries)
    unmatched = unmatched_expectations(context, report)
    return report._replace(skipped=(*surveyed.skipped, *report.skipped, *unmatched))


_LINE_PAUSE = 5.0
"""So many seconds lie between two lines, unless a unit is done."""


_TOPICS = ("topics", "topics_judged_again", "topics_not_judged")
"""The counts of a summary that are of topics which were listed."""


class AuditProgress:
    """Counts calls from any thread, and units; a call made ``elsewhere`` counts for the unit that needs it."""

    def __init__(self, units: int, *, elsewhere: bool = False) -> None:
        self._units = units
        self._elsewhere = elsewhere
        self._finished = self._calls = self._topics = self._skipped = 0
        self._lock = threading.Lock()
        self._bar = progress_bar(delay=0) if is_terminal(sys.stderr) else None
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._bar:
            self._bar("", 1.0)

    def called(self) -> None:
        """Count a call."""
        with self._lock:
            self._calls += 1
            if self._bar:
                self._draw()
            elif time.monotonic() - self._last >= _LINE_PAUSE:
                self._say("")

    def done(self, done: Done) -> None:
        """Count a unit."""
        summary = done.value["report"]["summary"]
        with self._lock:
            self._finished += 1
            self._topics += sum(summary.get(name, 0) for name in _TOPICS)
            self._skipped += summary["skipped"]
            self._calls += done.value.get("calls", 0) if self._elsewhere else 0
            if self._bar:
                self._draw()
            else:
                self._say(f" account={done.unit.account} region={done.unit.region}")

    def _draw(self) -> None:
        assert self._bar is not None  # noqa: S101 - who calls has looked
        part = min(self._finished / max(self._units, 1), 0.99)
        self._bar(f"{self._finished} of {self._units} units, {self._calls} calls", part)

    def _say(self, more: str) -> None:
        self._last = time.monotonic()
        counts = f"units={self._finished}/{self._units} topics={self._topics} calls={self._calls}"
        tell(f"progress {counts} skipped={self._skipped}{more}")
