"""Errors in the input, and the entries of a report for input that was skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.core.finding import Position


class Skipped(NamedTuple):
    """A file or resource that was not checked, and why.

    ``error`` is true if it should have been readable, ``complete`` if nothing in it was left out.
    """

    what: str
    reason: str
    error: bool = False
    position: Position | None = None
    help: str = ""
    complete: bool = False


class InputError(Exception):
    """A file or an option cannot be read in the expected format.

    ``incomplete`` is true if the input is valid but AWS did not answer.
    """

    def __init__(
        self,
        what: str,
        reason: str,
        position: Position | None = None,
        help_text: str = "",
        *,
        incomplete: bool = False,
    ) -> None:
        super().__init__(f"{what}: {reason}")
        self.what = what
        self.reason = reason
        self.position = position
        self.help = help_text
        self.incomplete = incomplete

    def skipped(self) -> Skipped:
        """Convert the error to the entry of a report."""
        return Skipped(self.what, self.reason, error=True, position=self.position, help=self.help)
