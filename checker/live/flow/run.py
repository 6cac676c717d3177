"""Run one chat from end to end, and remove everything temporary."""

from __future__ import annotations

import json
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from checker.core.record import NamedTuple
from checker.fix.live.flow_result import (
    DONE,
    FAILED,
    MESSAGE,
    RETENTION,
    Arrival,
    End,
    FlowResult,
    TopicResult,
)
from checker.lint.causes import Cause, Counters, broken_link
from checker.lint.status import OK
from checker.live.aws.access import WATCHING
from checker.live.aws.errors import CallError, Fault, StoppedError
from checker.live.flow.chat import Chat
from checker.live.flow.request import ApplicationMistake
from checker.live.flow.root_cause import (
    SilentTopicFacts,
    cause_of_refusal,
    cause_of_silence,
    examine,
    is_limit,
    key_refusals,
    topics_seen,
)
from checker.live.flow.steps import Cleanup, FlowCalls, Interrupts, Steps, StepTimer
from checker.live.flow.watch import WatchedQueue, wait_for_counters
from checker.live.retention.setup import ensure_retention, plan_setup, retention_summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.core.arn import Arn
    from checker.core.errors import Skipped
    from checker.fix.live.flow_result import Step
    from checker.lint.delivery.model import RequestedStorage
    from checker.lint.rule import Rule
    from checker.live.aws.session import Sessions
    from checker.live.flow.request import FlowRequest
    from checker.live.retention.setup import PlannedCall

    Consent = Callable[[Arn, Sequence[PlannedCall]], None]


class ExpectedMessage(NamedTuple):
    """The message to wait for, identified by the chat's contact and by its unique content."""

    contact: str
    content: str


def await_message(
    steps: Steps, watches: dict[Arn, WatchedQueue], expected: ExpectedMessage, seconds: float
) -> Iterator[tuple[Arn, Arrival]]:
    """Yield every topic at which the message arrives, until it has arrived at all or the time is up.

    Raises CallError, StoppedError.
    """
    timer, end = StepTimer(), time.monotonic() + seconds
    waiting = dict(watches)
    while waiting and time.monotonic() < end:
        for topic, watch in tuple(waiting.items()):
            arrival = _received(steps, watch, expected, timer)
            if arrival is not None:
                del waiting[topic]
                steps.add(timer.step(MESSAGE, str(topic), DONE, detail="arrived"))
                yield topic, arrival
    for topic in waiting:
        steps.add(timer.step(MESSAGE, str(topic), FAILED, detail="nothing arrived"))


def _received(
    steps: Steps, watch: WatchedQueue, expected: ExpectedMessage, timer: StepTimer
) -> Arrival | None:
    try:
        arrivals = (arrival_of(message, expected, timer.seconds) for message in watch.receive())
        return next(filter(None, arrivals), None)
    except CallError as error:
        reason, request_id = error.reason, error.refusal.request_id
        steps.add(timer.step(MESSAGE, str(watch.topic), FAILED, request_id, reason, error.help))
        raise


def arrival_of(message: dict[str, Any], expected: ExpectedMessage, seconds: float) -> Arrival | None:
    """Parse a message of the queue. Return None if it is not the expected message.

    Some events carry no ContactId, but all carry InitialContactId.
    https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
    """
    try:
        payload = json.loads(message.get("Body") or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(payload, dict) or (payload.get("InitialContactId"), payload.get("Content")) != expected:
        return None
    attributes = message.get("MessageAttributes") or {}
    texts = ((name, str(attribute.get("StringValue", ""))) for name, attribute in sorted(attributes.items()))
    return Arrival(seconds, str(payload.get("Id", "")), tuple(texts))


def _always_consent(_topic: Arn, _planned: Sequence[PlannedCall]) -> None:
    """Give consent to every change."""


def run_flow(
    request: FlowRequest,
    sessions: Sessions,
    rules: Sequence[Rule],
    show: Callable[[Step], None],
    stops: Interrupts,
    consent: Consent | None = None,
) -> FlowResult:
    """Send a message through Connect and check that it arrives at the topics.

    Steps are shown as they happen. ``consent`` is asked before anything permanent is created. Temporary resources are
    always removed; those that cannot be removed are listed in the result.
    """
    run = _Run(request, sessions, stops, show, consent or _always_consent)
    try:
        end, cause = run.run_steps(rules)
    except CallError as error:
        end, cause = End.REFUSED, run.refused(error)
    except StoppedError:
        end, cause = End.INTERRUPTED, None
    finally:
        left = run.cleanup.run()
    steps, unread = tuple(run.steps.done), tuple(run.unread)
    return FlowResult(str(request.instance), end, run.chat.contact, run.topics(), steps, cause, left, unread)


class _Run:
    def __init__(
        self,
        request: FlowRequest,
        sessions: Sessions,
        stops: Interrupts,
        show: Callable[[Step], None],
        consent: Consent,
    ) -> None:
        self.request = request
        self._consent = consent
        self.steps = Steps(show)
        self.cleanup = Cleanup()
        self.unread: list[Skipped] = []
        self._began = datetime.now(UTC)
        self._sessions = sessions
        self._stops = stops
        self._calls = self._calls_for(request.instance)
        self.chat = Chat(self._calls, request.instance, request.contact_flow)
        self._results = {topic: TopicResult(str(topic)) for topic in request.topics}

    def _calls_for(self, place: Arn) -> FlowCalls:
        """Return the calls for the account and Region of a resource. Raises CallError."""
        return FlowCalls.at(self.steps, self._sessions, place, self._stops)

    def topics(self) -> tuple[TopicResult, ...]:
        return tuple(self._results.values())

    def _note(self, topic: Arn, **changes: object) -> None:
        self._results[topic] = self._results[topic]._replace(**changes)  # type: ignore[arg-type]

    def run_steps(self, rules: Sequence[Rule]) -> tuple[End, Cause | None]:
        """Run all steps in order. Raises CallError, StoppedError."""
        if not self._is_clear(rules) and not self.request.force:
            return End.BLOCKED, None
        if self.request.retain is not None:
            self._keep(self.request.retain)
        watches = self._watch()
        content = f"checker flow {uuid.uuid4()}"
        self._run_chat(content)
        expected = ExpectedMessage(self.chat.contact, content)
        for topic, arrival in await_message(self.steps, watches, expected, self.request.wait):
            self._note(topic, arrival=arrival, cause=None)
        silent = [topic for topic, result in self._results.items() if result.arrival is None]
        for topic in self._results:
            self._count(topic, patient=topic in silent)
        for topic in silent:
            self._note(topic, cause=cause_of_silence(self._clues(topic)))
        return (End.SILENT if silent else End.ARRIVED), None

    def _is_clear(self, rules: Sequence[Rule]) -> bool:
        """Check every topic before the chat. Return False if a link is broken."""
        causes = [self._checked(topic, rules) for topic in self.request.topics]
        return not any(causes)

    def _checked(self, topic: Arn, rules: Sequence[Rule]) -> Cause | None:
        calls = self._calls_for(topic).during
        explanation = examine(self.steps, calls, topic, self.request.instance, rules)
        self.unread += (skipped for skipped in calls.skipped if skipped not in self.unread)
        if isinstance(explanation, CallError):
            gone = explanation.fault is Fault.NOT_FOUND
            cause = Cause("the topic was not found", "name another topic, or create it") if gone else None
        else:
            self._note(topic, explanation=explanation)
            cause = broken_link(explanation)
        self._note(topic, cause=cause)
        return cause

    def _keep(self, retention: RequestedStorage) -> None:
        """Check whether the messages are retained. Create a subscription for that if requested."""
        for topic in self.request.topics:
            timer, calls = StepTimer(), self._calls_for(topic).during
            if self.request.create and (planned := plan_setup(calls, topic, retention).planned):
                self._consent(topic, planned)
            setup = ensure_retention(calls, topic, retention, create=self.request.create)
            self._note(topic, setup=setup)
            status = DONE if setup.retention.status == OK else FAILED
            self.steps.add(timer.step(RETENTION, str(topic), status, detail=retention_summary(setup)))

    def _watch(self) -> dict[Arn, WatchedQueue]:
        """Subscribe a queue to each topic."""
        watches, owners = {}, dict[str, str]()
        for topic in self.request.topics:
            calls, name = self._calls_for(topic), f"{WATCHING}{uuid.uuid4().hex}"
            if topic.account not in owners:
                caller = calls.make("sts", "get_caller_identity", "the caller")
                owners[topic.account] = caller["Account"]
            watches[topic] = WatchedQueue(calls, topic, owners[topic.account], name)
            watches[topic].set_up(self.cleanup)
        return watches

    def _run_chat(self, content: str) -> None:
        mistake = self.request.mistake
        first, *others = self.request.topics
        self.chat.start(self.cleanup, first if self.request.at_start else None)
        late = mistake is ApplicationMistake.LATE_STREAMING
        topics = others if self.request.at_start else self.request.topics
        if not late:
            self._stream(topics)
        self.chat.connect(mark=mistake is None, websocket=late)
        self.chat.send(content)
        if late:
            self._stream(topics)

    def _stream(self, topics: Sequence[Arn]) -> None:
        for topic in topics:
            self.chat.stream(self.cleanup, topic)

    def _count(self, topic: Arn, *, patient: bool) -> None:
        """Read the counters of a topic. If ``patient``, wait for them as long as requested."""
        wait = self.request.wait_for_metrics if patient else 0
        with suppress(CallError):  # the step records the failure, and the message is stronger evidence
            calls = self._calls_for(topic).during
            self._note(topic, counters=wait_for_counters(self.steps, calls, topic, self._began, wait))

    def _clues(self, topic: Arn) -> SilentTopicFacts:
        result = self._results[topic]
        refusals: tuple[str, ...] = ()
        if result.explanation is None or result.explanation.topic.key is not None:
            refusals = key_refusals(self.steps, self._calls_for(topic).during, topic, self._began)
        return SilentTopicFacts(
            result.topic, result.explanation, self.steps.done, result.counters or Counters(), refusals
        )

    def refused(self, error: CallError) -> Cause:
        """Return why a step was rejected."""
        step = self.steps.done[-1]
        explanation = next(
            (result.explanation for result in self.topics() if result.topic == step.what), None
        )
        streamed: tuple[str, ...] = ()
        if is_limit(error, step):
            with suppress(StoppedError):
                streamed = topics_seen(self.steps, self._calls.after, self.chat.contact, self._began)
        return cause_of_refusal(error, step, explanation, streamed)
