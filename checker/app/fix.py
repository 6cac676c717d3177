"""Fixes files: tries changes on drafts, and writes the proven ones. A topic in AWS is fixed by `fix_live`."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending, ending_of_fix
from checker.app.fix_live import fix_live
from checker.app.fix_request import FixRequest, diff_remarks, write_report
from checker.app.next_step import after_fix, this_command, to_read_outside
from checker.app.run import Options, examine, examine_on, prepare, searched
from checker.app.signals import handling_signals
from checker.app.terminal import check_output, tell
from checker.core.errors import CheckerError, InputError, RefusedError
from checker.core.record import NamedTuple
from checker.core.shell import path_word
from checker.fix.attempts import key_of
from checker.fix.editable import editable_check
from checker.fix.reading import Reading
from checker.fix.result import Outcome, policy_changes
from checker.fix.rounds import repair
from checker.fix.write_files import ReadOnlyError, write_files
from checker.inputs.discover import STDIN, is_stream
from checker.inputs.snapshot import Snapshot, drafts
from checker.report.brief import skipped_text
from checker.report.context import Paint
from checker.report.repair import summary_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.analysis.documented import KeyCondition
    from checker.core.finding import Severity
    from checker.inputs.snapshot import Original


class FixPlan(NamedTuple):
    """The planned changes, the severity from which remaining findings count, and the files as they were read."""

    options: Options
    outcome: Outcome
    fail_on: Severity
    originals: Mapping[str, Original]


def run_fix(request: FixRequest) -> Ending:
    """Plan and show the fixes, and apply them if that is requested. Raises CheckerError."""
    request.check()
    return fix_live(request) if request.is_live else _fix_files(request)


def _fix_files(request: FixRequest) -> Ending:
    plan = plan_fixes(request.options, unsafe=request.unsafe, kms_condition=request.kms_condition)
    check_output(request.output)  # again, now that the inputs are known
    if request.apply:
        plan = apply_fixes(plan)
    write_report(request, plan.outcome)
    next_step = after_fix(plan.outcome, request.options.instances)
    tell(*diff_remarks(request, plan.outcome), summary_line(plan.outcome), *next_step)
    return ending_of_fix(plan.outcome, plan.fail_on)


def plan_fixes(options: Options, *, unsafe: bool, kms_condition: KeyCondition | None = None) -> FixPlan:
    """Plan the changes. Raises InputError for invalid options."""
    _check_paths(options)
    context, snapshot = prepare(options), Snapshot()

    def read(texts: Mapping[str, str]) -> Reading:
        with drafts(texts, snapshot):
            run = examine_on(context, options)
        return Reading(run.inventory, run.report)

    check = editable_check(options.paths or (Path(),), snapshot)
    with searched(options):
        result = repair(read, unsafe=unsafe, kms_condition=kms_condition, check=check)
    for skipped in result.before.report.skipped:
        tell(*skipped_text(skipped, Paint()))
    originals = {path: snapshot[path] for path in result.texts}
    names = {path: os.path.relpath(path) for path in result.texts}
    tell(*to_read_outside(result.before.report.skipped), *_hard_link_notes(originals, names))
    texts = {path: original.text for path, original in originals.items()}
    command = ("checker", *sys.argv[1:])
    outcome = Outcome(result, texts, names, policy_changes(result), command=command)
    return FixPlan(options, outcome, context.fail_on(options), originals)


def _check_paths(options: Options) -> None:
    """Refuse paths that cannot be written; with --changed they are skipped. Raises InputError."""
    for path in options.paths:
        if path == STDIN or (is_stream(path) and not options.changed):
            reason = f"{'standard input' if path == STDIN else 'a pipe or device'} cannot be fixed in place"
            raise InputError(str(path), reason, help_text="save it to a file and name the file")


def _hard_link_notes(originals: Mapping[str, Original], names: Mapping[str, str]) -> Iterator[str]:
    """Report files with hard links: like `sed -i`, a fix replaces one name, and the others keep the old text."""
    for path, original in originals.items():
        if original.links > 1:
            name = names[path]
            yield f"note: {name} is one of {original.links} hard links to a file; the fix replaces this one alone"
            yield f"  = help: to link another name to it again: ln -f {path_word(name)} OTHER"


def apply_fixes(plan: FixPlan) -> FixPlan:
    """Write the files, and check them again. Raises RefusedError if the result is not as planned."""
    outcome = plan.outcome
    _write(plan)
    if outcome.repair.texts:
        run = examine(plan.options)
        after = outcome.repair.after.report
        if Counter(map(key_of, run.report.findings)) != Counter(map(key_of, after.findings)):
            raise RefusedError(
                ", ".join(map(outcome.name, outcome.repair.texts)),
                "the files no longer match the plan",
                help_text="another process may be writing them; run `checker check`",
            )
    return plan._replace(outcome=outcome._replace(applied=True))


def _write(plan: FixPlan) -> None:
    """Write the files; on an error, report the written and the remaining ones. Raises CheckerError."""
    outcome, written, signals = plan.outcome, list[str](), list[int]()
    try:
        # A signal ends the work between two files, so that the report is exact.
        with handling_signals(signals.append):
            for path in write_files(outcome.repair.texts, plan.originals):
                written.append(path)
                _check_signals(signals)
    except CheckerError as fault:
        reason = f"{fault.reason}; {_progress(outcome, written)}"
        name, again = outcome.name(fault.what), f"run again: {this_command()}"
        if isinstance(fault, ReadOnlyError):
            again = f"make it writable: chmod u+w {path_word(name)}; then {again}"
        raise fault.reworded(reason, fault.help or again, name) from None
    except KeyboardInterrupt:
        tell(_progress(outcome, written))
        raise


def _check_signals(signals: Sequence[int]) -> None:
    if signals:
        raise KeyboardInterrupt


def _progress(outcome: Outcome, written: Sequence[str]) -> str:
    """Describe the written and the remaining files."""
    rest = [path for path in outcome.repair.texts if path not in written]
    if not written:
        return "nothing was written"
    return f"written: {_names(outcome, written)}; not written: {_names(outcome, rest)}"


def _names(outcome: Outcome, paths: Sequence[str]) -> str:
    return ", ".join(f"`{outcome.name(path)}`" for path in paths) or "none"
