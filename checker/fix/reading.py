"""One reading of the files, and what it knows of every policy: whose it is and where it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from checker.case import TopicCase
from checker.finding import Symbol
from checker.fix.edits import CannotEditError
from checker.fix.layers import file_of
from checker.iam.identity import SOURCE_KEYS
from checker.inputs.assemble import UNKNOWN_OWNER
from checker.inputs.text import Implied
from checker.inventory import Key, PolicyText
from checker.key_case import KeyCase
from checker.pairing import pairings_of_key
from checker.policy.change import Called, fresh
from checker.policy.node import Array, Object, Scalar, children, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inventory import Inventory
    from checker.outcome import Report
    from checker.policy.node import Node
    from checker.policy.plain import Plain
    from checker.policy.source import Source


class Reading(NamedTuple):
    """What the files say, and what the rules say of them."""

    inventory: Inventory
    report: Report

    def policies(self) -> tuple[Known, ...]:
        """Every policy with its case, also those that AWS gives where none is declared."""
        inventory = self.inventory
        topics = [TopicCase(one, inventory) for one in inventory.topics]
        users: dict[int, list[TopicCase]] = {}
        for case in topics:
            if isinstance(case.key, Key):
                users.setdefault(id(case.key), []).append(case)
        keys = [_key_case(one, users.get(id(one), []), inventory) for one in inventory.keys]
        found: list[Known] = []
        seen: dict[tuple[str, str], int] = {}
        cases: tuple[TopicCase | KeyCase, ...] = (*topics, *keys)
        for one in cases:
            text = one.text
            if isinstance(text, PolicyText):
                who = ("key" if isinstance(one, KeyCase) else "topic", one.name)
                seen[who] = seen.get(who, 0) + 1
                found.append(Known((*who, seen[who]), one, text))
        return tuple(found)


def _key_case(key: Key, users: list[TopicCase], inventory: Inventory) -> KeyCase:
    """A key with the topics that use it; the first of them says for whom."""
    if not users:
        return KeyCase(key, None, pairings_of_key(key, inventory))
    return KeyCase(key, users[0].topic, users[0].pairings, tuple(one.topic for one in users))


_OWN_ACCOUNT = "data.aws_caller_identity.current.account_id"
_ROOT = "arn:aws:iam::{}:root"
"""The principal of the default key policy; copied with the account that is made up, it would lock the key."""

_OUT_OF_REACH = "the topic is declared in another module; pass its ARN to this one"
_ROUND_IN_CIRCLES = (
    "the ARN of the topic is not known yet, and a key that names its own topic would make the two wait for each "
    "other; write the ARN out, or give the key its policy in a resource of its own"
)
_MODULES = re.compile(r"^(module\.[^.\[]+(\[[^\]]*\])?\.)+")
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
    def file(self) -> Source:
        """The file that the policy stands in."""
        return file_of(self.root.source)

    @property
    def is_written(self) -> bool:
        """True for a policy that somebody wrote, and not one that AWS gives where none is declared."""
        return not isinstance(self.text.document, Implied)

    @property
    def _module(self) -> str:
        """The Terraform module that declares the resource, without the keys of its instances; a template has none."""
        case = self.case
        address = case.topic.address if isinstance(case, TopicCase) else case.key.address
        if "#" in address:
            return ""
        return _KEYS.sub("", address).rpartition(".")[0].rpartition(".")[0]

    def is_written_with(self, other: Known) -> bool:
        """True for a policy that is the same text as another, in one and the same module."""
        mine, others = self.root, other.root
        here = (mine.source.name, mine.start, mine.end) == (others.source.name, others.start, others.end)
        return here and self._module == other._module

    def named(self, statements: tuple[Node, ...]) -> tuple[Node, ...]:
        """Statements in which the topic goes by the name that its document has for it."""
        symbol = self.case.topic.symbol if isinstance(self.case, TopicCase) else ""
        local = _local(symbol) if self._is_beside_its_topic else symbol
        names: dict[str, str] = {symbol: Called(local), local: Called(local)} if symbol else {}
        if not self.is_written:
            names[UNKNOWN_OWNER] = Called("#AWS::AccountId" if "#" in symbol else _OWN_ACCOUNT)
            names[_ROOT.format(UNKNOWN_OWNER)] = _ROOT.format("ACCOUNT_ID")
        return tuple(_called(one, names) for one in statements)

    def localized(self, root: Node) -> Node:
        """The changed policy with its topic named as its own module does. Raises CannotEditError if it cannot be."""
        if not any(isinstance(one, Called) for one in _texts(root)):
            return root
        if isinstance(self.case, KeyCase):
            raise CannotEditError(_ROUND_IN_CIRCLES)
        if not self._is_beside_its_topic:
            raise CannotEditError(_OUT_OF_REACH)
        return _relocated(root)

    @property
    def _is_beside_its_topic(self) -> bool:
        """True if the policy and its topic are written in one module, so that the one can name the other."""
        if not isinstance(self.case, TopicCase):
            return False
        return _folder(self.file.name) == _folder(self.case.topic.place.document.name)

    def parametrized(self, statements: tuple[Node, ...], name: str) -> tuple[Node, ...]:
        """Statements for code that serves several environments: the instance is what a variable says."""
        arns = {str(one): one.account for one in self.case.instances}
        names: dict[str, Node] = {}
        for arn, account in arns.items():
            names[arn], names[account] = self._variable(name)
        return tuple(_with_variables(one, names) for one in statements)

    def _variable(self, name: str) -> tuple[Node, Node]:
        """A reference to the instance ARN, and one to the account in it."""
        if self.file.name.endswith((".tf", ".tf.json")):
            return fresh(Symbol(f"var.{name}")), fresh(Symbol(f'split(":", var.{name})[4]'))
        reference: dict[str, Plain] = {"Ref": name}
        return fresh(reference), fresh({"Fn::Select": ["4", {"Fn::Split": [":", reference]}]})

    @property
    def says(self) -> str:
        """What the policy says, apart from its layout."""
        return meaning(self.root)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]


def _local(symbol: str) -> str:
    """What a resource is called in the module that declares it."""
    return _MODULES.sub("", symbol)


def _texts(node: Node) -> Iterator[str]:
    for child in children(node):
        yield from _texts(child)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        yield node.value


def _relocated(node: Node) -> Node:
    """Name new references as the module of the resource does."""
    if isinstance(node, Array):
        return node._replace(items=tuple(map(_relocated, node.items)))
    if isinstance(node, Object):
        return node._replace(members=tuple(m._replace(value=_relocated(m.value)) for m in node.members))
    return node._replace(value=Called(_local(node.value))) if isinstance(node.value, Called) else node


def _called(node: Node, names: Mapping[str, str]) -> Node:
    if isinstance(node, Array):
        return node._replace(items=tuple(_called(one, names) for one in node.items))
    if isinstance(node, Object):
        return node._replace(members=tuple(m._replace(value=_called(m.value, names)) for m in node.members))
    name = names.get(node.value) if isinstance(node.value, str) else None
    return node if name is None else node._replace(value=name)


def _with_variables(node: Node, names: Mapping[str, Node], *, inside: bool = False) -> Node:
    """Put variables in the place of values of conditions on the source; the topic's own account stays."""
    if isinstance(node, Array):
        return node._replace(items=tuple(_with_variables(one, names, inside=inside) for one in node.items))
    if isinstance(node, Object):
        members = (
            m._replace(value=_with_variables(m.value, names, inside=inside or m.key.lower() in SOURCE_KEYS))
            for m in node.members
        )
        return node._replace(members=tuple(members))
    return names.get(node.value, node) if inside and isinstance(node.value, str) else node
