"""What could not be read of one file: counted by kind, with the place of the first of each."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.core.finding import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOPELESS = 10_000
"""A file with so many faults is something else; reading on would only take time."""


class Fault(Enum):
    """What may be wrong: as it is said of one, of several, and whether the file is at fault."""

    LINE = ("line is no JSON", "lines are no JSON", True)
    RECORD = ("record is no JSON", "records are no JSON", True)
    LENGTH = ("line is too long for an event", "lines are too long for an event", True)
    TIME = ("event has no date", "events have no date", True)
    TOPIC = ("event hides the topic that it starts", "events hide the topics that they start", False)
    MANY = (
        "event is of one topic or instance more than are kept",
        "events are of more topics and instances than are kept",
        True,
    )


class Faults:
    """The faults of one file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._counts: dict[Fault, int] = {}
        self._first: dict[Fault, Position] = {}
        self._ends: list[str] = []

    def note(self, fault: Fault, line: int, column: int = 1) -> None:
        """Count one more."""
        self._counts[fault] = self._counts.get(fault, 0) + 1
        self._first.setdefault(fault, Position(line, column, line, column + 1))

    def end(self, reason: str) -> None:
        """Note why the file was not read to its end."""
        self._ends.append(reason)

    @property
    def hopeless(self) -> bool:
        """True once there are so many that the rest is not worth reading; that is noted then."""
        broken = sum(count for fault, count in self._counts.items() if fault.value[2])
        if broken > _HOPELESS and not self._ends:
            self.end(f"more than {_HOPELESS} faults, the rest was not read")
        return broken > _HOPELESS

    def skipped(self) -> Iterator[Skipped]:
        """Say it as a report does."""
        for fault, count in self._counts.items():
            one, several, error = fault.value
            reason = f"1 {one}" if count == 1 else f"{count} {several}, the first here"
            yield Skipped(self.name, reason, error, self._first[fault])
        yield from (Skipped(self.name, reason, error=True) for reason in self._ends)
