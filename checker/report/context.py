"""Context of a report: the rules that ran, the failing severity, folders, colors and text width."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.core.record import NamedTuple
from checker.core.terminal_text import Inert, inert

if TYPE_CHECKING:
    from checker.lint.rule import Rule


_CODES = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1;36",
    "ok": "1;32",
    "dim": "2",
    "bold": "1",
    "mark": "1;31",
}


_NO_TERMINAL, _WIDEST = 80, 120


class Paint(NamedTuple):
    """Adds terminal colors to text if enabled. ``columns`` is the width of the terminal; 0 if there is none."""

    enabled: bool = False
    columns: int = 0

    def __call__(self, style: str, text: str) -> str:
        """Color a text. Styles are the severities, ``ok``, ``dim``, ``bold`` and ``mark``."""
        if not self.enabled:
            return text
        styled = f"\x1b[{_CODES[style]}m{text}\x1b[0m"
        return Inert(styled) if isinstance(text, Inert) else styled

    @property
    def text_width(self) -> int:
        """The columns for prose: those of the terminal, but at most 120, which are easy to read; 80 without a terminal."""
        return min(self.columns or _NO_TERMINAL, _WIDEST)

    def detail(self, label: str, text: str, indent: str = "  ") -> str:
        """Format a line below a finding or an answer, such as ``  = help: add a statement``."""
        return f"{indent}{self('dim', '=')} {label}: {inert(text)}"


def width(text: str) -> int:
    """Return the number of terminal columns of a text."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


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
