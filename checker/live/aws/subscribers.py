"""Read what SNS knows of subscriptions, and the endpoints behind them, each only once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from checker.analysis.endpoints import FIREHOSE, LAMBDA, SQS, Endpoints
from checker.analysis.inventory import Inventory
from checker.core.arn import Arn
from checker.core.errors import Skipped
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.live.aws.calls import BY_TOPIC
from checker.live.aws.endpoints import ReadQueue, read_function, read_queue, read_role, read_stream
from checker.live.aws.errors import CallError
from checker.live.aws.facts import subscription_of, with_attributes
from checker.live.aws.once import Once

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.analysis.endpoints import Function, Role, Stream, Subscription
    from checker.analysis.inventory import Key, Topic
    from checker.live.aws.calls import Calls


_HELP = "grant it to the caller; `checker permissions COMMAND` prints the minimal policy"


def read_subscription(calls: Calls, subscription: Subscription) -> Subscription:
    """Read the attributes of a subscription. A pending subscription has none that matter.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """
    if not subscription.arn:
        return subscription
    try:
        answer = calls.make(
            "sns", "get_subscription_attributes", subscription.arn, SubscriptionArn=subscription.arn
        )
    except CallError as error:
        return with_attributes(subscription, Unknown(error.entry.reason))
    return with_attributes(subscription, answer.get("Attributes") or {})


class Named(NamedTuple):
    """The resources that delivery to subscriptions depends on, by their ARNs."""

    functions: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


def named_by(subscriptions: Iterable[Subscription]) -> Named:
    """Return the resources that confirmed subscriptions name, each once."""
    active = [one for one in subscriptions if one.confirmed is True]
    dead = (one.dead_letter for one in active)
    roles = (one.role for one in active if one.protocol == FIREHOSE)
    return Named(
        _texts(one.endpoint for one in active if one.protocol == LAMBDA),
        _texts((*(one.endpoint for one in active if one.protocol == SQS), *dead)),
        _texts(one.endpoint for one in active if one.protocol == FIREHOSE),
        _texts(roles),
    )


def _texts(values: Iterable[str | Unknown | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if isinstance(one, str)))


class Subscribers(NamedTuple):
    """The endpoints behind subscriptions, and the keys of their queues."""

    endpoints: Endpoints = Endpoints()
    keys: tuple[Key, ...] = ()


class SubscriberReader:
    """Reads subscriptions and what is behind them. Thread-safe."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._functions: Once[Function] = Once()
        self._queues: Once[ReadQueue] = Once()
        self._streams: Once[Stream] = Once()
        self._roles: Once[Role] = Once()

    def complete(self, subscription: Subscription) -> Subscription:
        """Read the attributes of a subscription, then the resources that it names. Record what cannot be read."""
        read = read_subscription(self._calls, subscription)
        if read.arn and isinstance(read.filter_policy, Unknown):
            self._skip(Arn.parse(read.arn), read.arn, read.filter_policy)
        self.behind((read,))
        return read

    def behind(self, subscriptions: Iterable[Subscription]) -> Subscribers:
        """Return the resources that subscriptions name, which are read unless `complete` has done so."""
        named = named_by(subscriptions)
        queues = tuple(self._queues.get(name, partial(self._queue, name)) for name in named.queues)
        endpoints = Endpoints(
            tuple(self._functions.get(name, partial(self._function, name)) for name in named.functions),
            tuple(one.queue for one in queues),
            tuple(self._streams.get(name, partial(self._stream, name)) for name in named.streams),
            tuple(self._roles.get(name, partial(self._role, name)) for name in named.roles),
        )
        return Subscribers(endpoints, tuple(one.key for one in queues if one.key is not None))

    def _function(self, name: str) -> Function:
        function = read_function(self._calls, name)
        self._skip(function.arn, name, function.policy)
        return function

    def _queue(self, name: str) -> ReadQueue:
        read = read_queue(self._calls, name)
        self._skip(read.queue.arn, name, read.queue.exists)
        for reason in read.queue.unread:
            self._skip(read.queue.arn, name, Unknown(f"its key: {reason}"))
        return read

    def _stream(self, name: str) -> Stream:
        stream = read_stream(self._calls, name)
        self._skip(stream.arn, name, stream.exists)
        return stream

    def _role(self, name: str) -> Role:
        role = read_role(self._calls, name)
        self._skip(role.arn, name, role.exists)
        self._skip(role.arn, name, role.policy)
        return role

    def _skip(self, arn: Arn | Unknown | None, name: str, fact: object) -> None:
        """Record what could not be read, unless only another account can read it."""
        if isinstance(fact, Unknown) and isinstance(arn, Arn) and arn.account == self._calls.unit.account:
            self._calls.skip(Skipped(name, fact.reason, error=True, help=_HELP))


def read_subscribers(calls: Calls, topic: Topic) -> tuple[Topic, Inventory]:
    """Read the subscriptions of a topic, and what is behind them, concurrently. Record what cannot be read.

    https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html
    """
    listed = calls.all(BY_TOPIC, topic.name, TopicArn=topic.name)
    if listed is None:
        return topic, Inventory()
    reader = SubscriberReader(calls)
    with ThreadPoolExecutor(calls.threads) as pool:
        subscriptions = tuple(pool.map(reader.complete, map(subscription_of, listed)))
    behind = reader.behind(subscriptions)
    topic = topic._replace(subscriptions=subscriptions)
    return topic, Inventory(endpoints=behind.endpoints, queue_keys=behind.keys)
