"""Writes the report of a fix in its format, to a file or standard output."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.app.output import Format
from checker.app.terminal import write
from checker.core.terminal_text import json_lines
from checker.report.repair import diff_text, escaped_diffs, repair_json, repair_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from checker.fix.result import Outcome
    from checker.report.context import Paint


class Shown(NamedTuple):
    """The format and the destination of the report of a fix."""

    format: Format
    paint: Paint
    diff_alone: bool
    output: Path | None

    @property
    def for_people(self) -> bool:
        """True for text, which is printed while the command runs."""
        return self.format is not Format.JSON

    def write(self, outcome: Outcome) -> None:
        """Write the report. Raises CheckerError for a file that cannot be written."""
        if not self.for_people:
            write(json_lines(repair_json(outcome)), self.output)
            return
        text = diff_text if self.diff_alone else repair_text
        write(text(outcome, self.paint), self.output)

    def remarks(self, outcome: Outcome) -> Iterator[str]:
        """Name the files whose diff does not work with `git apply`."""
        if self.for_people:
            for name in escaped_diffs(outcome):
                yield f"note: {name}: the diff hides sensitive values or invisible characters, so it does not apply"
                yield "  = help: use `--apply`, which writes the exact text"
