"""Errors that end a command or one of its steps, and the entries of a report for input that was skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from checker.core.record import NamedTuple

if TYPE_CHECKING:
    from checker.core.finding import Position


class Skipped(NamedTuple):
    """A file or resource that was not checked, and why.

    ``error`` is true if it should have been readable, ``complete`` if nothing in it was left out, and
    ``unproven`` for an expectation about no checked resource. ``block`` is the block of Terraform code that was not
    read, such as `module.chat`, if it is known, and ``unused`` is true for one that nothing uses.
    """

    what: str
    reason: str
    error: bool = False
    position: Position | None = None
    help: str = ""
    complete: bool = False
    unproven: bool = False
    block: str = ""
    unused: bool = False

    @property
    def calls_module(self) -> bool:
        """True for the call of a module in Terraform code."""
        return self.block.startswith("module.")


class CheckerError(Exception):
    """An expected error: the file, option or resource, the reason, and the next step.

    Its subclasses say who can correct it, which decides the exit code: `checker.app.exit_codes`. ``further`` are more
    errors of the same kind, which are reported together.
    """

    further: tuple[CheckerError, ...] = ()

    def __init__(self, what: str, reason: str, position: Position | None = None, help_text: str = "") -> None:
        # Exception keeps the arguments of the subclass, which a pickle needs.
        self.what = what
        self.reason = reason
        self.position = position
        self.help = help_text

    def __str__(self) -> str:
        return f"{self.what}: {self.reason}"

    def reworded(self, reason: str, help_text: str, what: str = "") -> Self:
        """Return the error with another reason and help text, and about something else if ``what`` is given."""
        error = type(self).__new__(
            type(self), *self.args
        )  # not a copy: Dask changes how exceptions are copied
        vars(error).update(vars(self), what=what or self.what, reason=reason, help=help_text)
        return error

    def skipped(self) -> Skipped:
        """Convert the error to the entry of a report."""
        return Skipped(self.what, self.reason, error=True, position=self.position, help=self.help)


class InputError(CheckerError):
    """A file or an option cannot be read in the expected format."""


class AwsError(CheckerError):
    """AWS denied, throttled or did not answer a call, or does not return what was written.

    ``not_found`` is true if AWS answered that a named resource does not exist.
    """

    def __init__(self, what: str, reason: str, help_text: str = "", *, not_found: bool = False) -> None:
        super().__init__(what, reason, help_text=help_text)
        self.not_found = not_found


class RefusedError(CheckerError):
    """A safety stop: nothing more is changed until the user confirms it or removes the cause."""
