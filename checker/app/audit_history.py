"""What an audit says about itself, and how it differs from earlier ones: `audit --since`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker import __version__
from checker.app.audit_options import is_recorded
from checker.app.run import decide, without_baselined
from checker.app.terminal import tell
from checker.core.errors import InputError
from checker.core.finding import Verdict
from checker.lint.audited import Circumstances
from checker.lint.history import Change
from checker.report.comparison import compared, earlier_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.app.audit_options import AuditOptions
    from checker.app.run import CheckContext, Run
    from checker.configuration.model import Choice
    from checker.core.errors import Skipped
    from checker.core.finding import Severity
    from checker.lint.history import Entry
    from checker.lint.report import Report
    from checker.live.audit.accounts import AuditUnits
    from checker.live.audit.follow_up import Followed
    from checker.live.audit.journal import Entry as UnitEntry
    from checker.live.audit.journal import Journal
    from checker.report.comparison import Past

_OF_ACCESS = ("--external-id",)
"""Options that a report does not show: an external ID is a shared secret of two accounts."""


def past_for(request: AuditOptions, context: CheckContext) -> tuple[Past, tuple[Skipped, ...]] | None:
    """Read the earlier audits of --since, and the files that are none; ``None`` without the option. Raises InputError."""
    if request.since is None:
        if request.fail_on_new:
            help_text = "add `--since REPORT`, a JSON report or a folder with those of earlier audits"
            raise InputError("--fail-on-new", "requires --since", help_text=help_text)
        return None
    from checker.live.audit.past import read_past  # it imports boto3's errors

    def settle(report: Report) -> Report:
        options = request.options._replace(choice=_choice_of(report, request.options.choice))
        return without_baselined(decide(report, context, options), options).report

    return read_past(request.since, settle)


def followed_from(earlier: tuple[Past, tuple[Skipped, ...]] | None) -> Followed:
    """Return what to judge again because of earlier findings that may still hold."""
    if earlier is None:
        return ()
    from checker.live.audit.follow_up import followed_of

    return followed_of(map(earlier_of, earlier[0].entries))


def _choice_of(report: Report, choice: Choice) -> Choice:
    """Return the rules that an earlier audit selected, with the severities of this one.

    What this one does not select was not audited, and is not forgotten.
    """
    options = report.audit.options if report.audit is not None else {}
    if not is_recorded(options):
        return choice
    select = None if options["--select"] is None else tuple(options["--select"])
    return choice._replace(select=select, ignore=tuple(options["--ignore"]))


def circumstances(surveyed: AuditUnits, journal: Journal, entries: Iterable[UnitEntry]) -> Circumstances:
    """Return the circumstances of an audit, from its journal and the records of its units."""
    options = {name: value for name, value in journal.options.items() if name not in _OF_ACCESS}
    units = tuple(
        entry.audited._replace(account_name=surveyed.names.get(entry.unit.account, "")) for entry in entries
    )
    began = journal.began.isoformat(timespec="milliseconds")
    return Circumstances(began, __version__, surveyed.caller, options, units)


def with_history(run: Run, earlier: tuple[Past, tuple[Skipped, ...]] | None) -> Run:
    """Compare a run with the earlier audits, if there are any to compare with."""
    if earlier is None:
        return run
    past, ignored = earlier
    if past.last is None:
        tell("--since: no earlier audit: every finding is new")
    report = run.report._replace(skipped=(*run.report.skipped, *ignored))
    return run._replace(report=report._replace(history=compared(report, past)))


def left_open(report: Report, fail_on: Severity) -> list[Entry]:
    """Return the earlier findings that were certain and would fail the run, and that it judged without a result."""
    absent = report.history.of(Change.NOT_AUDITED) if report.history else ()
    return [
        entry
        for entry in absent
        if entry.undetermined
        and entry.finding.verdict is Verdict.FAIL
        and entry.finding.severity.rank >= fail_on.rank
    ]


def misses_all(report: Report) -> bool:
    """True if an audit examined nothing, and did not look at what earlier ones found, as with other credentials."""
    return not report.examined and bool(report.history and [*report.history.of(Change.NOT_AUDITED)])


def is_failed_by_new(report: Report, fail_on: Severity) -> bool:
    """True if a new or escalated finding has at least the severity that fails a run."""
    worse = report.history.of(Change.NEW, Change.ESCALATED) if report.history else ()
    return any(entry.finding.severity.rank >= fail_on.rank for entry in worse)
