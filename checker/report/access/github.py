"""Access changes as annotations of GitHub Actions, and as its job summary.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.report.access.rows import GAINS, MAY_GAIN, NOT_KNOWN, assumptions_of, sorted_rows, summary_of
from checker.report.brief import one_line
from checker.report.formats.github import Command, limited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.policy_pair import ComparedRoots
    from checker.core.errors import Skipped
    from checker.report.access.rows import Row
    from checker.report.context import Setting


_KINDS = {GAINS: "warning", MAY_GAIN: "warning", NOT_KNOWN: "warning"}


def lines_of(found: ComparedRoots, setting: Setting) -> Iterator[str]:
    """Yield annotations, gains first and at most ten of a kind, then the summary line."""
    rows = (_annotation(row, setting) for row in sorted_rows(found))
    yield from limited([*rows, *map(_unread, found.unread), *_assumed(found)])
    yield one_line(f"checker: {summary_of(found)}")


def _annotation(row: Row, setting: Setting) -> Command:
    lines = [one_line(row.message), *(f"{label}: {one_line(text)}" for label, text in row.proof)]
    properties = (
        ("file", one_line(setting.relative(row.file))),
        ("line", str(row.line)),
        ("title", f"access: {row.change}"),
    )
    return Command(_KINDS.get(row.change, "notice"), properties, "\n".join(lines))


def _assumed(found: ComparedRoots) -> Iterator[Command]:
    """Yield one notice with all assumptions."""
    lines = [one_line(one) for one in assumptions_of(found)]
    if lines:
        yield Command("notice", (("title", "access: assumed"),), "\n".join(lines))


def _unread(one: Skipped) -> Command:
    lines = [one_line(f"{one.what}: {one.reason}")]
    if one.help:
        lines.append(f"help: {one_line(one.help)}")
    return Command("warning", (("title", "access: not read"),), "\n".join(lines))
