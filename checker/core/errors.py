"""What could not be read or done: raised as an error, reported as skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from checker.core.finding import Position


class Skipped(NamedTuple):
    """Something that was not judged, and why.

    ``error`` when it should have been readable, ``complete`` when nothing in it was left out.
    """

    what: str
    reason: str
    error: bool = False
    position: Position | None = None
    help: str = ""
    complete: bool = False


class InputError(Exception):
    """A file cannot be read as what it should be.

    ``incomplete``: neither an option nor a file is wrong, but AWS did not answer.
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
        """The same as a report says it."""
        return Skipped(self.what, self.reason, error=True, position=self.position, help=self.help)
