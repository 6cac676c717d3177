"""Run a trial: one chat for each variant, and the messages that arrive."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from checker.analysis.observation import REFUSED, SERVED, SILENT, Observation, policy_digest
from checker.core.record import NamedTuple
from checker.fix.live.flow_result import DONE, FAILED, MESSAGE
from checker.fix.live.trial import CONTROL, TrialResult
from checker.iam.prove.space import PUBLISH
from checker.live.aws.access import WATCHING
from checker.live.aws.errors import CallError, Fault, StoppedError
from checker.live.aws.key_evidence import uses_of_key
from checker.live.flow.chat import Chat
from checker.live.flow.run import ExpectedMessage, arrival_of
from checker.live.flow.steps import Cleanup, FlowCalls, Steps, StepTimer
from checker.live.flow.watch import WatchedQueue
from checker.live.trial.resources import TrialResources
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.core.arn import Arn
    from checker.fix.live.flow_result import Step
    from checker.fix.live.trial import Setup
    from checker.live.aws.session import Sessions
    from checker.live.flow.steps import Interrupts


_AGAIN = 20.0
"""Time in seconds after which a message is sent again, because a new key may not be available everywhere yet."""


class TrialRequest(NamedTuple):
    """A trial: its ID, the instance, the contact flow, the variants, and the seconds to wait for messages."""

    id: str
    instance: Arn
    contact_flow: str
    setups: tuple[Setup, ...]
    wait: float


def run_trial(
    request: TrialRequest, sessions: Sessions, show: Callable[[Step], None], stops: Interrupts
) -> TrialResult:
    """Try all variants at once, and remove everything. Steps are shown as they happen."""
    run = _Run(request, sessions, show, stops)
    fault, help_text, interrupted = "", "", False
    try:
        run.run_steps()
    except CallError as error:
        fault, help_text = error.reason, error.help
    except StoppedError:
        interrupted = True
    finally:
        observations = run.observations(complete=not fault and not interrupted)
        left = run.cleanup.run()
    return TrialResult(observations, tuple(run.steps.done), fault, help_text, interrupted, left)


class _Attempt:
    """One variant in progress: its resources, its queue and its chat. ``arrived`` is the time of the message."""

    def __init__(self, run: _Run, setup: Setup, account: str) -> None:
        self.setup = setup
        self.arrived: datetime | None = None
        self.resources = TrialResources(run.calls, setup, run.request.id)
        self.content = f"checker flow {uuid.uuid4()}"
        self._run = run
        self._queue = WatchedQueue(run.calls, setup.topic, account, f"{WATCHING}{uuid.uuid4().hex}")
        self._chat = self._new_chat()
        self._timer = StepTimer()

    def _new_chat(self) -> Chat:
        request = self._run.request
        return Chat(self._run.calls, request.instance, request.contact_flow)

    def create(self) -> None:
        """Create the key, the topic and the queue. Raises CallError, StoppedError."""
        self.resources.create(self._run.cleanup)
        self._queue.set_up(self._run.cleanup)

    def start(self) -> None:
        """Start the chat with its stream. Raises CallError, StoppedError."""
        self._chat.start(self._run.cleanup)
        self._chat.stream(self._run.cleanup, self.setup.topic)
        self._chat.connect(mark=True)

    def send(self) -> None:
        """Send the message, in a new chat if the contact flow has ended the chat. Raises CallError, StoppedError."""
        try:
            self._chat.send(self.content)
        except CallError as error:
            if error.fault is not Fault.CHAT_ENDED:
                raise
            self._chat = self._new_chat()
            self.start()
            self._chat.send(self.content)

    def receive(self) -> None:
        """Look for the message at the topic. Raises CallError, StoppedError."""
        expected = ExpectedMessage(self._chat.contact, self.content)
        for message in self._queue.receive():
            if self.arrived is None and arrival_of(message, expected, self._timer.seconds) is not None:
                self.arrived = datetime.now(UTC)
                self._note(DONE, "arrived")

    def note_silence(self) -> None:
        """Show that nothing arrived in time."""
        self._note(FAILED, "nothing arrived")

    def _note(self, status: str, detail: str) -> None:
        text = f"{self.setup.variant.name}: {detail}"
        self._run.steps.add(self._timer.step(MESSAGE, str(self.setup.topic), status, detail=text))


class _Run:
    def __init__(
        self, request: TrialRequest, sessions: Sessions, show: Callable[[Step], None], stops: Interrupts
    ) -> None:
        self.request = request
        self.steps = Steps(show)
        self.cleanup = Cleanup()
        first = request.setups[0].topic
        self.calls = FlowCalls.at(self.steps, sessions, first, stops)
        self._attempts = [_Attempt(self, setup, first.account) for setup in request.setups]
        self._refused: dict[str, Observation] = {}
        self._ended = datetime.now(UTC)

    def run_steps(self) -> None:
        """Create everything, start the chats, and wait for the messages. Raises CallError, StoppedError."""
        for attempt in self._attempts:
            attempt.create()
        for attempt in self._attempts:
            attempt.start()
        self._await()
        self._ended = datetime.now(UTC)
        for attempt in self._waiting():
            attempt.note_silence()
            with suppress(CallError):  # without it, the variant is silent
                self._look_up(attempt)

    def _waiting(self) -> list[_Attempt]:
        return [attempt for attempt in self._attempts if attempt.arrived is None]

    def _await(self) -> None:
        """Send each message again and again until it arrives or the time is up."""
        end, again = time.monotonic() + self.request.wait, 0.0
        while self._waiting() and time.monotonic() < end:
            resend = time.monotonic() >= again
            again = time.monotonic() + _AGAIN if resend else again
            for attempt in self._waiting():
                if resend:
                    attempt.send()
                attempt.receive()

    def _look_up(self, attempt: _Attempt) -> None:
        """Look for a refusal in CloudTrail, which may show it only later."""
        topic = str(attempt.setup.topic)
        for use in uses_of_key(self.calls.during, attempt.resources.key, topic):
            if use.outcome == REFUSED and use.principal == CONNECT:
                self._refused[topic] = use

    def observations(self, *, complete: bool) -> tuple[tuple[str, Observation], ...]:
        """Return what was observed; the absence of a message only if the trial is complete and its control works."""
        arrived = {attempt.setup.variant.name for attempt in self._attempts if attempt.arrived is not None}
        silent = complete and CONTROL in arrived
        shown = [one for one in self._attempts if one.arrived or (silent and one.resources.key)]
        return tuple((attempt.setup.variant.name, self._observed(attempt)) for attempt in shown)

    def _observed(self, attempt: _Attempt) -> Observation:
        setup, topic = attempt.setup, str(attempt.setup.topic)
        refused = self._refused.get(topic)
        digest, source = policy_digest(setup.key_policy), f"trial of `{setup.variant.name}`"
        if refused is not None and attempt.arrived is None:
            return refused._replace(digest=digest, trial=setup.trial, source=f"{source}, {refused.source}")
        outcome = SERVED if attempt.arrived else SILENT
        at = int((attempt.arrived or self._ended).timestamp() * 1000)
        return Observation(
            attempt.resources.key,
            topic,
            CONNECT,
            PUBLISH,
            outcome,
            at,
            source,
            digest=digest,
            trial=setup.trial,
        )
