"""One reading of the files, and what it knows of every policy: whose it is and where it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from checker.case import TopicCase
from checker.inputs.assemble import UNKNOWN_OWNER
from checker.inputs.text import Implied
from checker.inventory import Key, PolicyText
from checker.key_case import KeyCase
from checker.pairing import pairings_of_key
from checker.policy.change import Called
from checker.policy.node import Array, Object, meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.inventory import Inventory
    from checker.outcome import Report
    from checker.policy.node import Node


class Reading(NamedTuple):
    """What the files say, and what the rules say of them."""

    inventory: Inventory
    report: Report

    def policies(self) -> tuple[Known, ...]:
        """Every policy with its case, also those that AWS gives where none is declared."""
        inventory = self.inventory
        topics = [TopicCase(one, inventory) for one in inventory.topics]
        users = {id(case.key): case for case in reversed(topics) if isinstance(case.key, Key)}
        keys = [_key_case(one, users.get(id(one)), inventory) for one in inventory.keys]
        found: list[Known] = []
        seen: dict[tuple[str, str], int] = {}
        cases: tuple[TopicCase | KeyCase, ...] = (*topics, *keys)
        for case in cases:
            text = case.text
            if isinstance(text, PolicyText):
                who = ("key" if isinstance(case, KeyCase) else "topic", case.name)
                seen[who] = seen.get(who, 0) + 1
                found.append(Known((*who, seen[who]), case, text))
        return tuple(found)


def _key_case(key: Key, user: TopicCase | None, inventory: Inventory) -> KeyCase:
    """A key with the first topic that uses it, if there is one."""
    if user is None:
        return KeyCase(key, None, pairings_of_key(key, inventory))
    return KeyCase(key, user.topic, user.pairings)


_OWN_ACCOUNT = "data.aws_caller_identity.current.account_id"
_ROOT = "arn:aws:iam::{}:root"
"""The principal of the default key policy; copied with the account that is made up, it would lock the key."""

_KEYS = re.compile(r"\[[^\]]*\]")


class Known(NamedTuple):
    """A policy: what tells it from the others of a reading, and of the next one; its case; its text."""

    name: tuple[str, str, int]
    case: TopicCase | KeyCase
    text: PolicyText

    @property
    def root(self) -> Node:
        """The tree of the policy."""
        return self.text.document.root

    @property
    def is_written(self) -> bool:
        """True for a policy that somebody wrote, and not one that AWS gives where none is declared."""
        return not isinstance(self.text.document, Implied)

    @property
    def _module(self) -> str:
        """The module of Terraform's that declares the resource, without the keys of its instances."""
        case = self.case
        address = case.topic.address if isinstance(case, TopicCase) else case.key.address
        return _KEYS.sub("", address).rpartition(".")[0].rpartition(".")[0]

    def is_written_with(self, other: Known) -> bool:
        """True for a policy that is the same text as another, in one and the same module."""
        mine, others = self.root, other.root
        here = (mine.source.name, mine.start, mine.end) == (others.source.name, others.start, others.end)
        return here and self._module == other._module

    def named(self, statements: tuple[Node, ...]) -> tuple[Node, ...]:
        """Statements in which the topic goes by the name that its document has for it."""
        symbol = self.case.topic.symbol if isinstance(self.case, TopicCase) else ""
        names: dict[str, str] = {symbol: Called(symbol)} if symbol else {}
        if not self.is_written:
            names[UNKNOWN_OWNER] = Called("#AWS::AccountId" if "#" in symbol else _OWN_ACCOUNT)
            names[_ROOT.format(UNKNOWN_OWNER)] = _ROOT.format("ACCOUNT_ID")
        return tuple(_called(one, names) for one in statements)

    @property
    def says(self) -> str:
        """What the policy says, apart from its layout."""
        return meaning(self.root)


def _called(node: Node, names: Mapping[str, str]) -> Node:
    if isinstance(node, Array):
        return node._replace(items=tuple(_called(one, names) for one in node.items))
    if isinstance(node, Object):
        return node._replace(members=tuple(m._replace(value=_called(m.value, names)) for m in node.members))
    name = names.get(node.value) if isinstance(node.value, str) else None
    return node if name is None else node._replace(value=name)
