"""Collects what events show about keys: for each key and topic the newest uses, and the newest changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from checker.analysis.observation import Evidence
from checker.inputs.cloudtrail.key_event import read_change, read_use
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from checker.analysis.observation import Observation, PolicyChange


MOST = 10_000
"""The maximum number of keys, topics and outcomes that are distinguished; events beyond it are counted as lost."""

_Kind = tuple[str, ...]
_Event = TypeVar("_Event", "Observation", "PolicyChange")


class KeyHistory:
    """The uses of keys by Connect, and the changes. Memory is bounded, whatever the number of events.

    The newest use of each kind is enough: if a change makes it obsolete, it makes all older ones obsolete.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._uses: dict[_Kind, Observation] = {}
        self._changes: dict[_Kind, PolicyChange] = {}

    def add(self, record: object, key: str = "") -> bool:
        """Add an event; false if it is about no key of a topic. ``key`` is as in `read_use`. Raises NoTimeError."""
        use = read_use(record, key)
        if use is not None:
            if use.principal == CONNECT:
                self._keep(self._uses, (use.key, use.topic, use.action, use.outcome), use)
            return use.principal == CONNECT
        change = read_change(record, key)
        if change is not None:
            self._keep(self._changes, (change.resource, change.name), change)
        return change is not None

    def has_change(self, resource: str) -> bool:
        """True if a change of a resource was added."""
        return any(name == resource for name, _ in self._changes)

    def outcomes(self, topic: str) -> frozenset[tuple[str, str]]:
        """Return the actions that were seen for a topic, each with its outcome."""
        return frozenset((use.action, use.outcome) for use in self._uses.values() if use.topic == topic)

    def _keep(self, newest: dict[_Kind, _Event], kind: _Kind, event: _Event) -> None:
        """Keep the newest event of each kind."""
        known = newest.get(kind)
        if known is None and len(newest) >= MOST:
            self.lost += 1
        elif known is None or known.time < event.time:
            newest[kind] = event

    def evidence(self) -> Evidence | None:
        """Return what was seen; ``None`` if there is no use, because changes alone show nothing."""
        if not self._uses or self.lost:
            return None
        return Evidence(tuple(self._uses.values()), tuple(self._changes.values()))
