"""The steps of a flow. Each step is timed, recorded, and shown when it ends."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.core.record import NamedTuple
from checker.fix.live.flow_result import DONE, FAILED, Step
from checker.live.aws.access import Unit
from checker.live.aws.calls import Calls
from checker.live.aws.errors import CallError, Fault, StoppedError, api_name

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from checker.core.arn import Arn
    from checker.live.aws.session import Sessions


class Steps:
    """Makes the calls of a flow, and records the result of each."""

    def __init__(self, show: Callable[[Step], None]) -> None:
        self.done: list[Step] = []
        self._show = show

    def call(
        self, calls: Calls, service: str, operation: str, what: str, detail: str = "", **parameters: object
    ) -> dict[str, Any]:
        """Make a call as a step with the comment ``detail``. Raises CallError, StoppedError."""
        name = api_name(operation)
        timer = StepTimer()
        try:
            answer = calls.make(service, operation, what, **parameters)
        except CallError as error:
            refusal = error.refusal
            self.add(timer.step(name, what, FAILED, refusal.request_id, error.reason, error.help))
            raise
        request_id = str(answer.get("ResponseMetadata", {}).get("RequestId", ""))
        self.add(timer.step(name, what, DONE, request_id, detail))
        return answer

    def add(self, step: Step) -> None:
        """Record a step, and show it."""
        self.done.append(step)
        self._show(step)


class Interrupts(NamedTuple):
    """Two interrupts: the first ends the flow and starts the cleanup, the second ends the cleanup."""

    flow: threading.Event
    cleanup: threading.Event


class FlowCalls(NamedTuple):
    """The calls of a flow for one Region, each a step: ``during`` the flow, and ``after`` it for the cleanup."""

    steps: Steps
    during: Calls
    after: Calls

    def make(
        self, service: str, operation: str, what: str, detail: str = "", **parameters: object
    ) -> dict[str, Any]:
        """Make a call during the flow. Raises CallError, StoppedError."""
        return self.steps.call(self.during, service, operation, what, detail, **parameters)

    @classmethod
    def at(cls, steps: Steps, sessions: Sessions, place: Arn, stops: Interrupts) -> FlowCalls:
        """Return the calls for the account and Region of a resource. Raises CallError."""
        unit = Unit(place.account, place.region)
        return cls(steps, *(Calls(sessions, unit, stop).at(place) for stop in stops))

    def create(
        self,
        cleanup: Cleanup,
        service: str,
        operation: str,
        what: str,
        detail: str = "",
        **parameters: object,
    ) -> dict[str, Any]:
        """Create the resource that was added to the cleanup last. Forget it there if the call was denied.

        Raises CallError, StoppedError.
        """
        try:
            return self.make(service, operation, what, detail, **parameters)
        except CallError as error:
            if error.fault in (Fault.DENIED, Fault.NOT_FOUND):
                cleanup.forget()
            raise

    def clean_up(
        self, service: str, operation: str, what: str, detail: str = "", **parameters: object
    ) -> dict[str, Any]:
        """Make a call during the cleanup. Raises CallError, StoppedError."""
        return self.steps.call(self.after, service, operation, what, detail, **parameters)


class StepTimer:
    """The start time of a step."""

    def __init__(self) -> None:
        self._at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._from = time.monotonic()

    def step(
        self, name: str, what: str, status: str, request_id: str = "", detail: str = "", help_text: str = ""
    ) -> Step:
        """Return the step, ending now."""
        return Step(name, what, status, self._at, self.seconds, request_id, detail, help_text)

    @property
    def seconds(self) -> float:
        """Return the seconds since the start."""
        return round(time.monotonic() - self._from, 3)


class TemporaryResource(NamedTuple):
    """A temporary resource: its name in reports, and its removal. ``remove`` raises CallError, StoppedError."""

    what: str
    remove: Callable[[], None]


class Cleanup:
    """Removes temporary resources, newest first. A failed removal does not prevent the others."""

    def __init__(self) -> None:
        self._pending: list[TemporaryResource] = []

    def add(self, what: str, remove: Callable[[], None]) -> None:
        """Add a resource. Call this before it is created, because the response may be lost."""
        self._pending.append(TemporaryResource(what, remove))

    def forget(self) -> None:
        """Forget the newest resource, which was not created."""
        self._pending.pop()

    def run(self) -> tuple[str, ...]:
        """Remove all resources. Return those that could not be removed, with the reason."""
        left: list[str] = []
        while self._pending:
            resource = self._pending.pop()
            try:
                resource.remove()
            except CallError as error:
                left.append(f"{resource.what}: {error.reason}")
            except StoppedError:
                left.append(f"{resource.what}: interrupted")
            except Exception as error:  # noqa: BLE001 - the other resources must still be removed
                left.append(f"{resource.what}: {type(error).__name__}")
        return tuple(left)
