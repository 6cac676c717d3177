"""A policy with its resource and its place in the files, and the names that its file has for resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.key import KeyAnalysis
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn, is_account, is_instance_arn
from checker.core.finding import AccountOf, Reference
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, ACCOUNT_IN_ARN, PARTITION, REGION, Unknown
from checker.fix.environments import NEW_NAME
from checker.fix.renaming import (
    each_name,
    local_name,
    module_of,
    new_texts_of,
    renamed,
    texts_of,
    with_variables,
)
from checker.fix.text.edits import CannotEditError, file_of
from checker.fix.text.expressions import expressions_in, may_vary, scalars_in, varying_in
from checker.inputs.discover import HCL
from checker.inputs.resolve import UNKNOWN_OWNER
from checker.inputs.text import Implied
from checker.lint.report import without_conditions
from checker.policy.change import ReferenceText, fresh
from checker.policy.node import meaning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.analysis.inventory import PolicyText, Topic
    from checker.policy.node import Node
    from checker.policy.source import Source


_OWN_ACCOUNT = "data.aws_caller_identity.current.account_id"
_ROOT = "arn:aws:iam::{}:root"
"""Principal of the default key policy. With the placeholder account, a copy would lock the key."""

_OWNER_KEYS = frozenset({"aws:sourceowner"})

_OUT_OF_REACH = "the topic is declared in another module; pass its ARN to this module"
_INSTANCE_OUT_OF_REACH = "the instance is declared in another module; pass its ARN to this module"
_BY_DEFAULT = "the condition has an expression, which may have another value in another deployment"
_OF_SEVERAL = "several topics share this policy, and SNS accepts only statements about the topic itself"
_OF_ITSELF = (
    "the ARN of the topic is not known yet, and in Terraform a resource cannot refer to itself; move the policy to an "
    "`aws_sns_topic_policy` resource that contains this statement"
)
_ROUND_IN_CIRCLES = (
    "the topic refers to the key, so that a reference to the topic in the policy of the key would be circular; write "
    "the topic's ARN literally"
)
_OR_MOVE = ", or move the key policy to an `aws_kms_key_policy` resource"
_STANDS_FOR = {ACCOUNT: "ACCOUNT_ID", REGION: "REGION", PARTITION: "aws"}


class KnownPolicy(NamedTuple):
    """A policy with its analysis and its text. ``name`` identifies it within a reading and in later readings.

    ``siblings`` are the topics of the module that share the policy text, including this one.
    """

    name: tuple[str, str, int]
    case: TopicAnalysis | KeyAnalysis
    text: PolicyText
    siblings: frozenset[str] = frozenset()

    @property
    def root(self) -> Node:
        """Return the root node of the policy."""
        return self.text.document.root

    @property
    def file(self) -> Source:
        """Return the file that contains the policy."""
        return file_of(self.root.source)

    @property
    def is_written(self) -> bool:
        """Return True for a declared policy, False for an AWS default."""
        return not isinstance(self.text.document, Implied)

    @property
    def _address(self) -> str:
        """Return the address under which the resource is declared."""
        return self.case.topic.address if isinstance(self.case, TopicAnalysis) else self.case.key.address

    @property
    def _module(self) -> str:
        """Return the Terraform module of the resource, without instance keys. Empty for a template."""
        return "" if "#" in self._address else module_of(self._address)

    @property
    def text_id(self) -> object:
        """Return a key that policies share if one text in one module declares them."""
        return (self.root.source.name, self.root.start, self.root.end, self._module)

    def is_written_with(self, other: KnownPolicy) -> bool:
        """Return True if one text in one module declares both policies."""
        return self.text_id == other.text_id

    @property
    def topic_name(self) -> str:
        """Return the topic's name in its module. Empty for a key and for a topic that is not declared."""
        return local_name(without_conditions(self._address)) if isinstance(self.case, TopicAnalysis) else ""

    def named(self, statements: tuple[Node, ...]) -> tuple[Node, ...]:
        """Replace the topic's ARN in statements by the name that the document has for it."""
        symbol = self.case.topic.symbol if isinstance(self.case, TopicAnalysis) else ""
        local = self._own_name(symbol) if self._is_beside_its_topic else symbol
        names: dict[str, str] = {symbol: ReferenceText(local), local: ReferenceText(local)} if symbol else {}
        if isinstance(self.case, KeyAnalysis) and self._is_in_its_key:
            names |= {topic.symbol: _example_arn(topic) for topic in self.case.topics if topic.symbol}
        names |= self._reference | self._variables(NEW_NAME) | self._expressions
        if not self.is_written:
            names[UNKNOWN_OWNER] = ReferenceText("#AWS::AccountId" if "#" in symbol else _OWN_ACCOUNT)
            names[_ROOT.format(UNKNOWN_OWNER)] = _ROOT.format("ACCOUNT_ID")
        return tuple(renamed(statement, names) for statement in statements)

    def localized(self, root: Node) -> Node:
        """Name the topic as its own module names it. Raises CannotEditError if that is not possible."""
        has_no_name = self._serves_several_topics or (self.needs_reference and self._is_in_its_topic)
        if has_no_name and renamed(root, self._arn, fresh_only=True) is not root:
            raise CannotEditError(_OF_SEVERAL)
        references = {text for text in texts_of(root) if isinstance(text, ReferenceText)}
        if not references.isdisjoint({*self._variables(NEW_NAME)} - {*self._expressions}):
            raise CannotEditError(_INSTANCE_OUT_OF_REACH)
        written = self._written
        if any(_may_vary(text, written) for text in new_texts_of(root)) or self._drops_expression(root):
            raise CannotEditError(_BY_DEFAULT)
        if references.isdisjoint(self._topic_names):
            return self._relocated(root) if references else root
        if self._is_in_its_key:
            raise CannotEditError(_ROUND_IN_CIRCLES + ("" if "#" in self._address else _OR_MOVE))
        if not self._is_beside_its_topic:
            raise CannotEditError(_OUT_OF_REACH)
        if self._is_in_its_topic:
            raise CannotEditError(_OF_ITSELF)
        return self._relocated(root)

    @property
    def _topic_names(self) -> set[str]:
        """Return the references that denote the topic, or the topics of the key."""
        case = self.case
        topics = (case.topic,) if isinstance(case, TopicAnalysis) else case.topics
        symbols = {topic.symbol for topic in topics if topic.symbol}
        return {
            name for symbol in symbols for name in (symbol, local_name(symbol), each_name(local_name(symbol)))
        }

    def _relocated(self, root: Node) -> Node:
        """Rename new references to the names of the resource's module, unless the policy has expressions for them."""
        known = self._expressions
        references = (one for one in texts_of(root) if isinstance(one, ReferenceText) and one not in known)
        names: dict[str, str] = {text: ReferenceText(self._own_name(text)) for text in references}
        return renamed(root, names, fresh_only=True)

    def referring(self, root: Node) -> Node:
        """Replace each new ARN of the topic in the changed policy by a reference."""
        return self.expressed(renamed(root, self._reference, fresh_only=True))

    def expressed(self, root: Node) -> Node:
        """Replace each new reference to a value that the policy already has by the policy's own expression for it."""
        return renamed(root, self._expressions, fresh_only=True)

    @property
    def _expressions(self) -> dict[str, str]:
        """Map references, and those to the account in an ARN, to the expressions that the policy has for them."""
        found = {name: text for name, text in self._written.items() if text and not is_account(name)}
        accounts = {
            ACCOUNT_IN_ARN.written(name): ACCOUNT_IN_ARN.written(text) for name, text in found.items()
        }
        return {name: ReferenceText(text) for name, text in (found | accounts).items()}

    def _drops_expression(self, root: Node) -> bool:
        """Return True if a changed policy lacks the value of a condition that another deployment may set."""
        kept = {id(one) for one in scalars_in(root)}
        return any(id(one) not in kept for one in varying_in(self.root))

    @property
    def _written(self) -> dict[str, str]:
        """Map references, and ARNs of instances, to what the policy has for them; empty if it can stand nowhere else."""
        is_nested = "#" in self._address and self.file.name.endswith(HCL)
        return {} if is_nested else dict(expressions_in(self.root))

    def _variables(self, name: str) -> dict[str, str]:
        """Map the references to instances of other modules to a variable of the own module."""
        arns = self.case.deployments.default.references if self._module else {}
        references = [
            where for arn, where in arns.items() if is_instance_arn(arn) and module_of(where) != self._module
        ]
        variable = f"var.{name}"
        accounts = {ACCOUNT_IN_ARN.written(one): ACCOUNT_IN_ARN.written(variable) for one in references}
        names = dict.fromkeys(references, variable) | accounts
        return {reference: ReferenceText(text) for reference, text in names.items()}

    @property
    def needs_reference(self) -> bool:
        """Return True if several topics share the text, so that the ARN of one would be wrong for the others."""
        return len(self.siblings) > 1

    @property
    def _serves_several_topics(self) -> bool:
        """Return True if the topics that share the text have no common name."""
        return len(set(map(each_name, self.siblings))) > 1

    def _own_name(self, symbol: str) -> str:
        """Return a resource's name in its module. Instances of one resource are named by key."""
        return each_name(local_name(symbol)) if self.needs_reference else local_name(symbol)

    @property
    def _arn(self) -> dict[str, str]:
        """Return the texts and references that denote the topic, for use as a renaming."""
        case = self.case
        if not isinstance(case, TopicAnalysis):
            return {}
        return dict.fromkeys((str(case.topic.arn), case.topic.symbol or str(case.topic.arn)), "")

    @property
    def _reference(self) -> dict[str, str]:
        """Map the topic's ARN to its name in the policy's file. Empty if the file has no name for it."""
        case = self.case
        if (
            not isinstance(case, TopicAnalysis)
            or not isinstance(case.topic.arn, Arn)
            or not self._is_beside_its_topic
        ):
            return {}
        if "#" in self.topic_name:
            return {str(case.topic.arn): ReferenceText(self.topic_name)}
        is_resource = self.file.name.endswith(HCL) and self.topic_name and not self._is_in_its_topic
        name = ReferenceText(self._own_name(f"{self.topic_name}.arn"))
        return {str(case.topic.arn): name} if is_resource else {}

    @property
    def _is_in_its_topic(self) -> bool:
        """Return True for the `policy` argument of a Terraform topic, which cannot refer to the topic itself.

        https://developer.hashicorp.com/terraform/language/expressions/references
        """
        case = self.case
        return (
            isinstance(case, TopicAnalysis)
            and "#" not in self._address
            and case.topic.place in case.topic.writers
        )

    @property
    def _is_in_its_key(self) -> bool:
        """Return True for the policy of a key that the key itself declares; its topics refer to the key."""
        return isinstance(self.case, KeyAnalysis) and not self.case.key.separate

    @property
    def _is_beside_its_topic(self) -> bool:
        """Return True if the policy and its topics are in one module, so that the policy can refer to the topics."""
        topics = (self.case.topic,) if isinstance(self.case, TopicAnalysis) else self.case.topics
        folders = {_folder(topic.place.document.name) for topic in topics}
        return folders == {_folder(self.file.name)}

    def parametrized(self, statements: tuple[Node, ...], name: str) -> tuple[Node, ...]:
        """Replace the instance by a variable, for code that several environments use."""
        variable = f"var.{name}" if self.file.name.endswith(HCL) else f"#{name}"
        arns = {str(instance): instance.account for instance in self.case.instances}
        names: dict[str, Node] = {}
        for arn, account in arns.items():
            names[arn], names[account] = (
                fresh(Reference(variable)),
                fresh(Reference(ACCOUNT_IN_ARN.written(variable))),
            )
        renaming = self._variables(name) | self._expressions
        statements = tuple(with_variables(renamed(one, renaming), names) for one in statements)
        return statements if self.is_written else self._with_owner(statements)

    def _with_owner(self, statements: tuple[Node, ...]) -> tuple[Node, ...]:
        """Replace the placeholder account in the statements of a default policy by the deployment's account."""
        account = self.case.target.account
        if not isinstance(account, str):
            return statements
        own = {account: fresh(Reference("#AWS::AccountId" if "#" in self._address else _OWN_ACCOUNT))}
        root = {_ROOT.format(account): _ROOT.format("ACCOUNT_ID")}
        return tuple(renamed(with_variables(statement, own, _OWNER_KEYS), root) for statement in statements)

    @property
    def content(self) -> str:
        """Return the meaning of the policy, independent of its layout."""
        return meaning(self.root)


def _may_vary(new: str, written: Mapping[str, str]) -> bool:
    """Return True for a new ARN, or account of one, in whose place the policy has what a deployment may set."""
    arn = Arn.parse(new.arn if isinstance(new, AccountOf) else new)
    if arn is None or not arn.is_instance:
        return False
    if str(arn) in written:
        return not written[str(arn)]
    return may_vary(written.get(arn.account, ""))


def _example_arn(topic: Topic) -> str:
    """Return the ARN of a topic that code declares, with words to replace for its unknown parts."""
    pieces = topic.arn.pieces if isinstance(topic.arn, Unknown) else (str(topic.arn),)
    texts = (one if isinstance(one, str) else _STANDS_FOR.get(one.kind, "TOPIC_NAME") for one in pieces)
    return "".join(texts) or "TOPIC_ARN"


def _folder(name: str) -> str:
    return name.rpartition("/")[0]
