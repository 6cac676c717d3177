"""Read the files once, and record every policy with its analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Key, PolicyText
from checker.analysis.key import KeyAnalysis
from checker.analysis.pairing import pairings_of_key
from checker.analysis.topic import TopicAnalysis
from checker.core.record import NamedTuple
from checker.fix.known_policy import KnownPolicy

if TYPE_CHECKING:
    from checker.analysis.inventory import Inventory
    from checker.lint.report import Report


class Reading(NamedTuple):
    """The content of the files, and the findings of the rules."""

    inventory: Inventory
    report: Report

    def policies(self) -> tuple[KnownPolicy, ...]:
        """Return every policy with its analysis, including AWS defaults where no policy is declared."""
        inventory = self.inventory
        topics = [TopicAnalysis(topic, inventory) for topic in inventory.topics]
        users: dict[int, list[TopicAnalysis]] = {}
        for case in topics:
            if isinstance(case.key, Key):
                users.setdefault(id(case.key), []).append(case)
        keys = [_key_case(key, users.get(id(key), []), inventory) for key in inventory.keys]
        policies: list[KnownPolicy] = []
        seen: dict[tuple[str, str], int] = {}
        cases: tuple[TopicAnalysis | KeyAnalysis, ...] = (*topics, *keys)
        for analysis in cases:
            text = analysis.text
            if isinstance(text, PolicyText):
                owner = ("key" if isinstance(analysis, KeyAnalysis) else "topic", analysis.name)
                seen[owner] = seen.get(owner, 0) + 1
                policies.append(KnownPolicy((*owner, seen[owner]), analysis, text))
        return _with_siblings(policies)


def _key_case(key: Key, users: list[TopicAnalysis], inventory: Inventory) -> KeyAnalysis:
    """Return the analysis of a key. The first topic that uses the key determines the instances."""
    if not users:
        return KeyAnalysis(key, None, pairings_of_key(key, inventory))
    topics = tuple(user.topic for user in users)
    return KeyAnalysis(key, users[0].topic, users[0].pairings, topics, inventory)


def _with_siblings(policies: list[KnownPolicy]) -> tuple[KnownPolicy, ...]:
    """Add to each policy the names of all topics that share its text."""
    names: dict[object, set[str]] = {}
    for policy in policies:
        names.setdefault(policy.text_id, set()).add(policy.topic_name)
    return tuple(policy._replace(siblings=frozenset(names[policy.text_id])) for policy in policies)
