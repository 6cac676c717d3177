"""Watch a topic with a temporary queue that is subscribed to it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from checker.analysis.documented import policy_of, sender_statement
from checker.live.aws.calls import BY_TOPIC
from checker.live.aws.errors import CallError, Fault
from checker.live.aws.metrics import MINUTE, counter_parameters, counters_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from checker.core.arn import Arn
    from checker.lint.causes import Counters
    from checker.live.aws.calls import Calls
    from checker.live.flow.steps import Cleanup, FlowCalls, Steps


_POLL = 1
"""Time in seconds that a read waits for messages. An interrupt takes effect after at most this time."""

_ONCE = "3600"
"""Time in seconds for which a received message stays invisible."""

_SHORT = "300"
"""Retention of messages in seconds. It is short because other chats use the same topic."""


class WatchedQueue:
    """The queue for one topic, encrypted and writable only by that topic."""

    def __init__(self, calls: FlowCalls, topic: Arn, account: str, name: str) -> None:
        self.topic = topic
        self._calls = calls
        self._name = name
        self._queue = topic._replace(service="sqs", account=account, resource=name)
        self._url = ""
        self._subscription = ""

    def set_up(self, cleanup: Cleanup) -> None:
        """Create the queue and subscribe it. Raises CallError, StoppedError."""
        cleanup.add(f"the queue `{self._queue}`", self._remove_queue)
        queue = self._calls.create(
            cleanup,
            "sqs",
            "create_queue",
            str(self.topic),
            self._name,
            QueueName=self._name,
            Attributes=queue_attributes(self._queue, self.topic),
        )
        self._url = queue["QueueUrl"]
        cleanup.add(f"the subscription of `{self._queue}` to `{self.topic}`", self._remove_subscription)
        subscribed = self._calls.create(
            cleanup,
            "sns",
            "subscribe",
            str(self.topic),
            TopicArn=str(self.topic),
            Protocol="sqs",
            Endpoint=str(self._queue),
            Attributes={"RawMessageDelivery": "true"},
            ReturnSubscriptionArn=True,
        )
        self._subscription = subscribed["SubscriptionArn"]

    def receive(self) -> Iterator[dict[str, Any]]:
        """Receive messages, waiting a second for them. Raises CallError, StoppedError.

        A new queue may be missing for one second after its creation.
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
        """
        try:
            answer = self._calls.during.make(
                "sqs",
                "receive_message",
                self._name,
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=_POLL,
                MessageAttributeNames=["All"],
            )
        except CallError as error:
            if error.fault is not Fault.NOT_FOUND:
                raise
            self._calls.during.wait(_POLL)
            return
        yield from answer.get("Messages") or ()

    def _remove_subscription(self) -> None:
        arn = self._subscription or self._find_subscription()
        if not arn:
            return
        try:
            self._calls.clean_up("sns", "unsubscribe", str(self.topic), SubscriptionArn=arn)
        except CallError as error:
            if error.fault is not Fault.NOT_FOUND:
                raise

    def _find_subscription(self) -> str:
        """Find the subscription's ARN after the response to Subscribe was lost. Empty if there is none."""
        listed = self._calls.after.pages(BY_TOPIC, str(self.topic), TopicArn=str(self.topic))
        entries = (entry for page in listed for entry in page if entry["Endpoint"] == str(self._queue))
        return next((str(entry["SubscriptionArn"]) for entry in entries), "")

    def _remove_queue(self) -> None:
        try:
            url = self._url or self._find_queue()
            self._calls.clean_up("sqs", "delete_queue", str(self.topic), self._name, QueueUrl=url)
        except CallError as error:
            if error.fault is not Fault.NOT_FOUND:
                raise

    def _find_queue(self) -> str:
        """Find the queue's URL after the response to CreateQueue was lost."""
        answer = self._calls.after.make("sqs", "get_queue_url", self._name, QueueName=self._name)
        return str(answer["QueueUrl"])


def queue_attributes(queue: Arn, topic: Arn) -> dict[str, str]:
    """Return the attributes of a queue that only one topic can send to."""
    return {
        "Policy": json.dumps(policy_of([sender_statement(str(queue), str(topic))])),
        "SqsManagedSseEnabled": "true",
        "MessageRetentionPeriod": _SHORT,
        "VisibilityTimeout": _ONCE,
    }


_BETWEEN = 15.0
"""Time in seconds between reads of counters that CloudWatch does not show yet."""


def wait_for_counters(steps: Steps, calls: Calls, topic: Arn, since: datetime, seconds: float) -> Counters:
    """Read a topic's counters. Repeat for up to ``seconds`` while there are none.

    Raises CallError, StoppedError.
    """
    end = time.monotonic() + seconds
    counters = _read(steps, calls, topic, since)
    while counters.published is None and time.monotonic() < end:
        calls.wait(_BETWEEN)
        counters = _read(steps, calls, topic, since)
    return counters


def _read(steps: Steps, calls: Calls, topic: Arn, since: datetime) -> Counters:
    """Read the counters, starting with the minute in which the flow began."""
    parameters = counter_parameters(topic, since, MINUTE)
    return counters_in(steps.call(calls, "cloudwatch", "get_metric_data", str(topic), **parameters))
