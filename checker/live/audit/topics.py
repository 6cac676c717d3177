"""The topics of one unit: all are listed and read once, and those in scope are kept."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.inventory import Skipped, Topic
from checker.live.audit.reads import Attributes, Reads, is_passed_over
from checker.live.calls import Calls, Listing
from checker.live.facts import topic_of
from checker.live.faults import StoppedError
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import mentions_connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from checker.engine import Scope
    from checker.live.audit.plan import Plan

_TOPICS = Listing("sns", "list_topics", "Topics")
_TAGGED = Listing(
    "resourcegroupstaggingapi",
    "get_resources",
    "ResourceTagMappingList",
    "PaginationToken",
    "PaginationToken",
)
_AHEAD = 8
"""So many reads a thread are asked for ahead of the one that is waited for."""

Tags = dict[str, tuple[tuple[str, str], ...]]


class Read(NamedTuple):
    """A topic and its attributes, ``None`` if they could not be read."""

    arn: str
    attributes: Attributes | None


def read_topics(
    calls: Calls, arns: Iterable[str], pool: Executor, reads: Reads, scope: Scope
) -> Iterator[Read]:
    """Read the attributes of topics, in their order and each once, some at a time."""

    def read(arn: str) -> Read:
        if reads.knows(arn):
            return Read(arn, reads.known[arn])
        answer = calls.read("sns", "get_topic_attributes", arn, TopicArn=arn)
        if answer is None:
            return Read(arn, None)
        attributes = answer.get("Attributes") or {}
        reads.add(arn, attributes, scope)
        return Read(arn, attributes)

    yield from ahead(pool, read, arns, _AHEAD * calls.threads)


def list_topics(calls: Calls) -> Iterator[str]:
    """Give the ARN of every topic of the unit."""
    listed = calls.listed(_TOPICS, f"the topics of {calls.unit.name}")
    return (one["TopicArn"] for one in listed)


def list_tagged(calls: Calls, wanted: Iterable[str]) -> Tags:
    """Give the topics that have one of the tags, `KEY` or `KEY=VALUE`, each with those that it was found by."""
    found: Tags = {}
    for tag in wanted:
        key, equals, value = tag.partition("=")
        filters = [{"Key": key, "Values": [value]} if equals else {"Key": key}]
        asked: dict[str, Any] = {"TagFilters": filters, "ResourceTypeFilters": ["sns"]}
        for one in calls.listed(_TAGGED, f"the tagged topics of {calls.unit.name}", **asked):
            arn = one["ResourceARN"]
            found[arn] = (*found.get(arn, ()), (key, value))
    return found


def candidate(read: Read, plan: Plan, tags: Tags, streamed: frozenset[str], calls: Calls) -> Topic | None:
    """Make a topic of what was read if it is in scope; what cannot be told of it is noted."""
    arn, attributes = read
    if attributes is None:
        return None
    policy = attributes.get("Policy")
    if arn not in tags and arn not in streamed and is_passed_over(policy, plan.scope):
        return None
    topic = topic_of(arn, attributes, tags.get(arn, ()))
    if isinstance(topic.policy, Unknown):
        calls.skip(Skipped(arn, topic.policy.reason, error=True))
        topic = topic._replace(named=mentions_connect(policy or ""))
    return topic if plan.scope.takes(topic, streamed) else None


def ahead(pool: Executor, work: Callable[[Any], Any], items: Iterable[Any], most: int) -> Iterator[Any]:
    """Work on items in a pool and give what comes of them in their order, with no more under way than ``most``."""
    under_way: deque[Future[Any]] = deque()
    try:
        for item in items:
            under_way.append(pool.submit(work, item))
            if len(under_way) >= most:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    except RuntimeError as error:
        raise StoppedError from error  # the pool is closed, as the run was interrupted
    finally:
        for left in under_way:
            left.cancel()
