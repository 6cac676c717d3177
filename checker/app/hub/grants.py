"""Tells which changes of grants concern no topic of their account: other services create and retire grants all the time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.inputs.cloudtrail.change_event import GRANTS
from checker.lint.engine import Scope
from checker.live.audit.topics import TopicReads, encrypted_with, list_topics, read_topics
from checker.live.aws.access import Unit
from checker.live.aws.errors import CallError
from checker.live.aws.keys import Keys

if TYPE_CHECKING:
    from checker.inputs.cloudtrail.change_event import ChangeEvent
    from checker.live.aws.calls import Calls


class Grants:
    """Knows the keys of the topics of each account and Region, once they are asked for.

    Only grants are looked up this way. Another change of a key may also concern a queue behind a topic.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._keys: dict[Unit, frozenset[Arn | None]] = {}

    def concern_no_topic(self, event: ChangeEvent) -> bool:
        """True if a change of a grant is about a key that encrypts no topic of its account. False if that is not known.

        The nightly audit looks at the topics of other accounts.
        """
        if event.name not in GRANTS:
            return False
        keys = self._keys_at(event.resource)
        return None not in keys and event.resource not in keys

    def _keys_at(self, key: Arn) -> frozenset[Arn | None]:
        """Return the keys of the topics in the account and Region of a key; with ``None`` if some are not known."""
        unit = Unit(key.account, key.region)
        if unit not in self._keys:
            try:
                self._keys[unit] = _keys_of_topics(self._calls.at(key))
            except CallError:
                self._keys[unit] = frozenset((None,))
        return self._keys[unit]


def _keys_of_topics(calls: Calls) -> frozenset[Arn | None]:
    """Read the keys of all topics. Raises CallError."""
    keys, found = Keys(calls), set[Arn | None]()
    with ThreadPoolExecutor(calls.threads, thread_name_prefix="call") as pool:
        for read in read_topics(calls, list_topics(calls), pool, TopicReads(), Scope()):
            topic, reference = Arn.parse(read.arn), encrypted_with(read.attributes)
            if topic is None or read.attributes is None:
                found.add(None)
            elif reference:
                found.add(keys.arn_of(topic, reference))
    return frozenset(found)
