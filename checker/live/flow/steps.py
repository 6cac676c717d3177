"""The steps of a flow: each is timed, kept, and shown as it happens."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.fix.live.flow_result import DONE, FAILED, Step
from checker.live.aws.errors import UnreadError, api_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.live.aws.calls import Calls


class Steps:
    """Makes the calls of a flow, and keeps what came of each."""

    def __init__(self, show: Callable[[Step], None]) -> None:
        self.done: list[Step] = []
        self._show = show

    def call(
        self, calls: Calls, service: str, operation: str, what: str, said: str = "", **sent: object
    ) -> dict[str, Any]:
        """Make a call as a step, of which something is said. Raises UnreadError, StoppedError."""
        name = api_name(operation)
        began = Beginning()
        try:
            answer = calls.make(service, operation, what, **sent)
        except UnreadError as error:
            refusal = error.refusal
            self.add(began.step(name, what, FAILED, refusal.request_id, error.told, error.skipped.help))
            raise
        request_id = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
        self.add(began.step(name, what, DONE, request_id, said))
        return answer

    def add(self, step: Step) -> None:
        """Keep a step, and show it."""
        self.done.append(step)
        self._show(step)


class Beginning:
    """When a step began."""

    def __init__(self) -> None:
        self._at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._from = time.monotonic()

    def step(
        self, name: str, what: str, status: str, request_id: str = "", said: str = "", help_text: str = ""
    ) -> Step:
        """Make the step that has ended now."""
        return Step(name, what, status, self._at, self.seconds, request_id, said, help_text)

    @property
    def seconds(self) -> float:
        """How long ago that was."""
        return round(time.monotonic() - self._from, 3)
