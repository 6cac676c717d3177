"""One workflow command, escaped so that no text can end it or begin another.

https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts is how GitHub itself escapes,
https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs how the runner reads.
"""

from __future__ import annotations

from typing import NamedTuple

from checker.terminal_text import Inert


class Command(NamedTuple):
    """A command with properties and a message, whose lines may be several and each is safe to print."""

    kind: str
    properties: tuple[tuple[str, str], ...]
    message: str

    def line(self) -> Inert:
        """Write the command as one line, which the runner is meant to obey."""
        properties = ",".join(f"{key}={_property(value)}" for key, value in self.properties if value)
        return Inert(f"::{self.kind} {properties}::{_data(self.message)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
