"""What a report needs to know beside the findings."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, NamedTuple

from checker.core.finding import Severity
from checker.report.style import Paint

if TYPE_CHECKING:
    from checker.lint.rule import Rule


class Setting(NamedTuple):
    """The rules that ran, the severity from which a run fails, and the folders that names are relative to.

    ``root`` is the top of the repository and ``folder`` where the command was called, both absolute, with
    slashes; ``paint`` colours a report that goes to a terminal.
    """

    rules: tuple[Rule, ...] = ()
    fail_on: Severity = Severity.WARNING
    root: str = "/"
    folder: str = "/"
    paint: Paint = Paint()

    def relative(self, name: str) -> str:
        """Write a file's name relative to the top of the repository, with slashes; other names stay."""
        if not is_file(name):
            return name
        return posixpath.relpath(posixpath.join(self.folder, name), self.root)


def is_file(name: str) -> bool:
    """False for the name of a live resource and for standard input."""
    return not name.startswith(("arn:", "<"))
