"""One reading of the files, and what it knows of every policy: whose it is and where it is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import Key, PolicyText
from checker.analysis.key import KeyAnalysis
from checker.analysis.pairing import pairings_of_key
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.finding import Symbol
from checker.fix.renaming import each_name, local_name, renamed, texts_of, with_variables
from checker.fix.text.edits import CannotEditError, file_of
from checker.inputs.discover import HCL
from checker.inputs.resolve import UNKNOWN_OWNER
from checker.inputs.text import Implied
from checker.lint.report import without_conditions
from checker.policy.change import Called, fresh
from checker.policy.node import meaning

if TYPE_CHECKING:
    from checker.analysis.inventory import Inventory
    from checker.lint.report import Report
    from checker.policy.node import Node
    from checker.policy.plain import Plain
    from checker.policy.source import Source


class Reading(NamedTuple):
    """What the files say, and what the rules say of them."""

    inventory: Inventory
    report: Report

    def policies(self) -> tuple[KnownPolicy, ...]:
        """Every policy with its case, also those that AWS gives where none is declared."""
        inventory = self.inventory
        topics = [TopicAnalysis(one, inventory) for one in inventory.topics]
        users: dict[int, list[TopicAnalysis]] = {}
        for case in topics:
            if isinstance(case.key, Key):
                users.setdefault(id(case.key), []).append(case)
        keys = [_key_case(one, users.get(id(one), []), inventory) for one in inventory.keys]
        found: list[KnownPolicy] = []
        seen: dict[tuple[str, str], int] = {}
        cases: tuple[TopicAnalysis | KeyAnalysis, ...] = (*topics, *keys)
        for one in cases:
            text = one.text
            if isinstance(text, PolicyText):
                who = ("key" if isinstance(one, KeyAnalysis) else "topic", one.name)
                seen[who] = seen.get(who, 0) + 1
                found.append(KnownPolicy((*who, seen[who]), one, text))
        return _with_siblings(found)


def _key_case(key: Key, users: list[TopicAnalysis], inventory: Inventory) -> KeyAnalysis:
    """A key with the topics that use it; the first of them says for whom."""
    if not users:
        return KeyAnalysis(key, None, pairings_of_key(key, inventory))
    return KeyAnalysis(key, users[0].topic, users[0].pairings, tuple(one.topic for one in users))


def _with_siblings(policies: list[KnownPolicy]) -> tuple[KnownPolicy, ...]:
    """The policies, each with the names of all the topics whose policy is written by the same text."""
    names: dict[object, set[str]] = {}
    for one in policies:
        names.setdefault(one.text_id, set()).add(one.topic_name)
    return tuple(one._replace(siblings=frozenset(names[one.text_id])) for one in policies)


_OWN_ACCOUNT = "data.aws_caller_identity.current.account_id"
_ROOT = "arn:aws:iam::{}:root"
"""The principal of the default key policy; copied with the account that is made up, it would lock the key."""

_OWNER_KEYS = frozenset({"aws:sourceowner"})

_OUT_OF_REACH = "the topic is declared in another module; pass its ARN to this one"
_OF_SEVERAL = "the text is the policy of several topics, and SNS accepts a statement about its own topic only"
_OF_ITSELF = (
    "the ARN of the topic is not known yet, and Terraform lets no resource refer to itself; give the topic its policy "
    "in an `aws_sns_topic_policy` resource, in which this statement stands"
)
_ROUND_IN_CIRCLES = (
    "the ARN of the topic is not known yet, and a key that names its own topic would make the two wait for each "
    "other; write the ARN out, or give the key its policy in a resource of its own"
)
_KEYS = re.compile(r"\[[^\]]*\]")


class KnownPolicy(NamedTuple):
    """A policy: what tells it from the others of a reading, and of the next one; its case; its text.

    ``siblings`` are the topics of its module that the same text writes a policy for, itself among them.
    """

    name: tuple[str, str, int]
    case: TopicAnalysis | KeyAnalysis
    text: PolicyText
    siblings: frozenset[str] = frozenset()

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
    def _address(self) -> str:
        """What the resource is declared as."""
        return self.case.topic.address if isinstance(self.case, TopicAnalysis) else self.case.key.address

    @property
    def _module(self) -> str:
        """The Terraform module that declares the resource, without the keys of its instances; a template has none."""
        if "#" in self._address:
            return ""
        return _KEYS.sub("", self._address).rpartition(".")[0].rpartition(".")[0]

    @property
    def text_id(self) -> object:
        """What two policies share that are written by the same text, in one and the same module."""
        return (self.root.source.name, self.root.start, self.root.end, self._module)

    def is_written_with(self, other: KnownPolicy) -> bool:
        """True for a policy that is the same text as another, in one and the same module."""
        return self.text_id == other.text_id

    @property
    def topic_name(self) -> str:
        """What the module that declares the topic calls it; nothing for a key, and for a topic that is not declared."""
        return local_name(without_conditions(self._address)) if isinstance(self.case, TopicAnalysis) else ""

    def named(self, statements: tuple[Node, ...]) -> tuple[Node, ...]:
        """Statements in which the topic goes by the name that its document has for it."""
        symbol = self.case.topic.symbol if isinstance(self.case, TopicAnalysis) else ""
        local = self._own_name(symbol) if self._is_beside_its_topic else symbol
        names: dict[str, str] = {symbol: Called(local), local: Called(local)} if symbol else {}
        names |= self._reference
        if not self.is_written:
            names[UNKNOWN_OWNER] = Called("#AWS::AccountId" if "#" in symbol else _OWN_ACCOUNT)
            names[_ROOT.format(UNKNOWN_OWNER)] = _ROOT.format("ACCOUNT_ID")
        return tuple(renamed(one, names) for one in statements)

    def localized(self, root: Node) -> Node:
        """The changed policy with its topic named as its own module does. Raises CannotEditError if it cannot be."""
        has_no_name = self._serves_several_topics or (self.needs_reference and self._is_in_its_topic)
        if has_no_name and renamed(root, self._arn, fresh_only=True) is not root:
            raise CannotEditError(_OF_SEVERAL)
        if not any(isinstance(one, Called) for one in texts_of(root)):
            return root
        if isinstance(self.case, KeyAnalysis):
            raise CannotEditError(_ROUND_IN_CIRCLES)
        if not self._is_beside_its_topic:
            raise CannotEditError(_OUT_OF_REACH)
        if self._is_in_its_topic:
            raise CannotEditError(_OF_ITSELF)
        return self._relocated(root)

    def _relocated(self, root: Node) -> Node:
        """Name new references as the module of the resource does."""
        symbols: dict[str, str] = {
            one: Called(self._own_name(one)) for one in texts_of(root) if isinstance(one, Called)
        }
        return renamed(root, symbols, fresh_only=True)

    def referring(self, root: Node) -> Node:
        """The changed policy with a reference to its topic in the place of the ARN, wherever the ARN is new."""
        return renamed(root, self._reference, fresh_only=True)

    @property
    def needs_reference(self) -> bool:
        """True for a text that is the policy of several topics: the ARN of one would be wrong for the others."""
        return len(self.siblings) > 1

    @property
    def _serves_several_topics(self) -> bool:
        """True if the text has no one name for the topics that it writes a policy for."""
        return len(set(map(each_name, self.siblings))) > 1

    def _own_name(self, symbol: str) -> str:
        """What the module of a resource calls it; each of several by its key."""
        return each_name(local_name(symbol)) if self.needs_reference else local_name(symbol)

    @property
    def _arn(self) -> dict[str, str]:
        """What a new text or reference says that means the topic."""
        case = self.case
        if not isinstance(case, TopicAnalysis):
            return {}
        return dict.fromkeys((str(case.topic.arn), case.topic.symbol or str(case.topic.arn)), "")

    @property
    def _reference(self) -> dict[str, str]:
        """The ARN of the topic with what the policy's file calls it; nothing if the file has no name for it."""
        case = self.case
        if (
            not isinstance(case, TopicAnalysis)
            or not isinstance(case.topic.arn, Arn)
            or not self._is_beside_its_topic
        ):
            return {}
        if "#" in self.topic_name:
            return {str(case.topic.arn): Called(self.topic_name)}
        is_resource = self.file.name.endswith(HCL) and self.topic_name and not self._is_in_its_topic
        return {str(case.topic.arn): Called(self._own_name(f"{self.topic_name}.arn"))} if is_resource else {}

    @property
    def _is_in_its_topic(self) -> bool:
        """True for the `policy` argument of a topic in Terraform, where no resource may refer to itself.

        https://developer.hashicorp.com/terraform/language/expressions/references
        """
        case = self.case
        return (
            isinstance(case, TopicAnalysis)
            and "#" not in self._address
            and case.topic.place in case.topic.writers
        )

    @property
    def _is_beside_its_topic(self) -> bool:
        """True if the policy and its topic are written in one module, so that the one can name the other."""
        if not isinstance(self.case, TopicAnalysis):
            return False
        return _folder(self.file.name) == _folder(self.case.topic.place.document.name)

    def parametrized(self, statements: tuple[Node, ...], name: str) -> tuple[Node, ...]:
        """Statements for code that serves several environments: the instance is what a variable says."""
        arns = {str(one): one.account for one in self.case.instances}
        names: dict[str, Node] = {}
        for arn, account in arns.items():
            names[arn], names[account] = self._variable(name)
        statements = tuple(with_variables(one, names) for one in statements)
        return statements if self.is_written else self._with_owner(statements)

    def _with_owner(self, statements: tuple[Node, ...]) -> tuple[Node, ...]:
        """Statements of a default policy, for the account that it is deployed to."""
        account = self.case.target.account
        if not isinstance(account, str):
            return statements
        own = {account: fresh(Symbol("#AWS::AccountId" if "#" in self._address else _OWN_ACCOUNT))}
        root = {_ROOT.format(account): _ROOT.format("ACCOUNT_ID")}
        return tuple(renamed(with_variables(one, own, _OWNER_KEYS), root) for one in statements)

    def _variable(self, name: str) -> tuple[Node, Node]:
        """A reference to the instance ARN, and one to the account in it."""
        if self.file.name.endswith(HCL):
            return fresh(Symbol(f"var.{name}")), fresh(Symbol(f'split(":", var.{name})[4]'))
        reference: dict[str, Plain] = {"Ref": name}
        return fresh(reference), fresh({"Fn::Select": ["4", {"Fn::Split": [":", reference]}]})

    @property
    def says(self) -> str:
        """What the policy says, apart from its layout."""
        return meaning(self.root)


def _folder(name: str) -> str:
    return name.rpartition("/")[0]
