"""Context of a report: the rules that ran, the failing severity, folders and colors."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Severity
from checker.report.style import Paint

if TYPE_CHECKING:
    from checker.lint.rule import Rule


class Setting(NamedTuple):
    """The rules that ran, the lowest severity that fails a run, and the base folders of file names.

    ``root`` is the repository root and ``folder`` the working directory. Both are absolute paths with slashes.
    ``paint`` adds color to a report that is printed to a terminal.
    """

    rules: tuple[Rule, ...] = ()
    fail_on: Severity = Severity.WARNING
    root: str = "/"
    folder: str = "/"
    paint: Paint = Paint()

    def relative(self, name: str) -> str:
        """Return a file name relative to the repository root, with slashes. Other names are unchanged."""
        if not is_file(name):
            return name
        return posixpath.relpath(posixpath.join(self.folder, name), self.root)


def is_file(name: str) -> bool:
    """Return whether a name is that of a file, not of a live resource or standard input."""
    return not name.startswith(("arn:", "<"))
