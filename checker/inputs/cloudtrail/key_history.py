"""Collects what events show about keys: for each key and topic the newest uses, and the newest changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.observation import Evidence
from checker.inputs.cloudtrail.key_event import read_change, read_use
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from checker.analysis.observation import Observation, PolicyChange


MOST = 10_000
"""The maximum number of keys, topics and outcomes that are distinguished; events beyond it are counted as lost."""

_Use = tuple[str, str, str, str]


class KeyHistory:
    """The uses of keys by Connect, and the changes. Memory is bounded, whatever the number of events.

    The newest use of each kind is enough: if a change makes it obsolete, it makes all older ones obsolete.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._uses: dict[_Use, Observation] = {}
        self._changes: dict[tuple[str, str], PolicyChange] = {}

    def add(self, record: object, key: str = "") -> bool:
        """Add an event; false if it is about no key of a topic. ``key`` is as in `read_use`. Raises NoTimeError."""
        use = read_use(record, key)
        if use is not None:
            if use.principal == CONNECT:
                self._add_use(use)
            return use.principal == CONNECT
        change = read_change(record, key)
        if change is not None:
            self._add_change(change)
        return change is not None

    def has_change(self, resource: str) -> bool:
        """True if a change of a resource was added."""
        return any(name == resource for name, _ in self._changes)

    def outcomes(self, topic: str) -> frozenset[tuple[str, str]]:
        """Return the actions that were seen for a topic, each with its outcome."""
        return frozenset((use.action, use.outcome) for use in self._uses.values() if use.topic == topic)

    def _add_use(self, use: Observation) -> None:
        """Keep the newest use of each kind."""
        kind = (use.key, use.topic, use.action, use.outcome)
        known = self._uses.get(kind)
        if known is None and len(self._uses) >= MOST:
            self.lost += 1
        elif known is None or known.time < use.time:
            self._uses[kind] = use

    def _add_change(self, change: PolicyChange) -> None:
        kind = (change.resource, change.name)
        known = self._changes.get(kind)
        if known is None and len(self._changes) >= MOST:
            self.lost += 1
        elif known is None or known.time < change.time:
            self._changes[kind] = change

    def evidence(self) -> Evidence | None:
        """Return what was seen; ``None`` if there is no use, because changes alone show nothing."""
        if not self._uses or self.lost:
            return None
        return Evidence(tuple(self._uses.values()), tuple(self._changes.values()))
