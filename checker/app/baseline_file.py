"""Writes a baseline: the findings of a run, and earlier entries that the run did not check."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.exit_codes import Ending
from checker.app.next_step import after_baseline
from checker.app.run import baseline_path, examine, relative_to
from checker.app.terminal import check_output, paint_for, tell, write
from checker.configuration.baseline import Baseline, baseline_lines, read_baseline, renewed
from checker.core.errors import InputError
from checker.inputs.opening import mark_irrelevant
from checker.inputs.output_file import check_output_file, is_same_file, real_path
from checker.report.brief import skipped_text
from checker.report.context import is_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.app.run import Options
    from checker.configuration.baseline import Identity
    from checker.configuration.model import Configuration
    from checker.lint.report import Report

DEFAULT = "checker-baseline.json"


def record_findings(options: Options, output: Path | None) -> Ending:
    """Check files and folders, and write the findings to a baseline. Raises CheckerError."""
    run = examine(options)
    path = output or _configured(run.configuration) or Path(DEFAULT)
    _check_readable(run.report)
    for skipped in run.report.skipped:
        tell(*skipped_text(skipped, paint_for(sys.stderr)))
    _check_examined(run.report, options.paths)
    write_baseline(run.report, path, regular=output is None)
    tell(after_baseline(options, path))
    return Ending()


def _configured(configuration: Configuration) -> Path | None:
    """Return the configured file. Raises RefusedError for a link out of the folder of the configuration."""
    path = baseline_path(configuration)
    if path is not None:
        real_path(Path(configuration.baseline), Path(configuration.folder))
    return path


def _check_readable(report: Report) -> None:
    """Refuse a baseline without the findings of an unreadable file. Raises InputError."""
    for skipped in report.skipped:
        if skipped.error:
            help_text = f"no baseline was written; {skipped.help or 'fix the file or exclude it'}"
            raise InputError(skipped.what, skipped.reason, skipped.position, help_text)


def _check_examined(report: Report, paths: Sequence[Path]) -> None:
    """Refuse the baseline of a run that checked nothing. Raises InputError."""
    if not report.examined:
        raise InputError(
            ", ".join(map(str, paths)) or ".",
            "nothing was checked, no baseline was written",
            help_text="name files with topics or keys; `checker check` lists what it checks",
        )


def write_baseline(report: Report, path: Path, *, regular: bool = True) -> Baseline:
    """Write the baseline of a report, print a summary, and return the baseline. Raises CheckerError."""
    old = Baseline(dict(_existing(path)))
    baseline = renewed(old, report, relative_to(path))
    write(baseline_lines(baseline), path, regular=regular)
    kept = sum(baseline.values()) - len(report.findings)
    count = len(report.findings)
    more = f", kept {kept} that were suppressed or not checked" if kept else ""
    tell(f"wrote {count} finding{'s' * (count != 1)} to {path}{more}")
    return baseline


def check_baseline(path: Path, others: Iterable[Path | None]) -> None:
    """Check that a baseline can be written at the end of a long run, to none of the ``others``. Raises CheckerError."""
    check_output(path)
    for other in others:
        if other is not None and is_same_file(path, other):
            raise InputError(
                str(path), "is both the baseline and another output of this run", help_text="name two files"
            )
    if path.is_file() and path.stat().st_size:
        read_baseline(path)
        mark_irrelevant(path)  # it is replaced, unlike an input of the run


def _existing(path: Path) -> Iterator[tuple[Identity, int]]:
    """Return the entries of the file to replace, without entries for files that no longer exist."""
    check_output_file(path)
    if not path.is_file() or not path.stat().st_size:
        return
    entries = read_baseline(path)
    mark_irrelevant(path)  # it is replaced, unlike an input of the run
    for entry, count in entries.items():
        if not is_file(entry.source) or os.path.exists(path.parent / entry.source):  # noqa: PTH110 - it never raises
            yield entry, count
