"""One reading of the files, and what it knows of every policy: whose it is and where it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.case import TopicCase
from checker.inputs.text import TextDocument
from checker.inventory import Key, PolicyText
from checker.key_case import KeyCase
from checker.policy.node import meaning

if TYPE_CHECKING:
    from checker.inventory import Inventory
    from checker.outcome import Report
    from checker.policy.node import Node


class Reading(NamedTuple):
    """What the files say, and what the rules say of them."""

    inventory: Inventory
    report: Report

    def policies(self) -> tuple[Known, ...]:
        """Every policy that somebody wrote, with its case."""
        return tuple(known for known in self.all_policies() if isinstance(known.text.document, TextDocument))

    def all_policies(self) -> tuple[Known, ...]:
        """Every policy, also those that AWS gives where none is declared."""
        inventory = self.inventory
        topics = [TopicCase(one, inventory) for one in inventory.topics]
        users = {id(case.key): case.topic for case in reversed(topics) if isinstance(case.key, Key)}
        arns = tuple(one.arn for one in inventory.instances)
        keys = [KeyCase(one, users.get(id(one)), arns) for one in inventory.keys]
        found: list[Known] = []
        seen: dict[tuple[str, str], int] = {}
        cases: tuple[TopicCase | KeyCase, ...] = (*topics, *keys)
        for case in cases:
            if isinstance(case.text, PolicyText):
                who = ("key" if isinstance(case, KeyCase) else "topic", case.name)
                seen[who] = seen.get(who, 0) + 1
                found.append(Known((*who, seen[who]), case, case.text))
        return tuple(found)


class Known(NamedTuple):
    """A policy: what tells it from the others of a reading, and of the next one; its case; its text."""

    name: tuple[str, str, int]
    case: TopicCase | KeyCase
    text: PolicyText

    @property
    def root(self) -> Node:
        """The tree of the policy."""
        document = self.text.document
        assert isinstance(document, TextDocument)  # noqa: S101 - no other kind is asked for it
        return document.root

    @property
    def says(self) -> str:
        """What the policy says, apart from its layout."""
        return meaning(self.root)
