"""What infrastructure as code declares: resources as Terraform and CloudFormation write them, not yet tied together.

A value that is another resource's is ``Unknown`` with that resource's name for the value in ``where``:
``aws_sns_topic.chat.arn``, ``template.yaml#ChatTopic``. A resource lists in ``names`` all such names of its
own; a reference is followed by comparing the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from checker.core.unknown import Unknown
from checker.lint.scope import is_relevant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.inventory import Instance, Place, Topic
    from checker.core.arn import Arn
    from checker.core.unknown import Truth
    from checker.policy.model import Value
    from checker.policy.node import Node


NOT_KNOWN = Unknown("known only after the deployment")


class Where(NamedTuple):
    """The Region and the account that a resource is made in; an unknown one by the name of what says it."""

    region: Value = NOT_KNOWN
    account: Value = NOT_KNOWN

    def is_same(self, other: Where) -> Truth:
        """True for one Region and account, false for two; unknown where that is not written."""
        pairs = zip(self, other, strict=True)
        told = [one == two or (None if Unknown in (type(one), type(two)) else False) for one, two in pairs]
        if False in told:
            return False
        return Unknown("the Region or account is not known") if None in told else True


class DeclaredTopic(NamedTuple):
    """A topic. ``key`` is KmsMasterKeyId, ``None`` where it is not encrypted; ``policy`` an inline policy.

    ``variant`` says under which conditions of a template the topic is like this. A policy is the node that holds it, an object or JSON in a string; ``None`` where none is set.
    """

    address: str
    names: tuple[str, ...]
    place: Place
    arn: Arn | Unknown = NOT_KNOWN
    fifo: bool | Unknown = False
    key: Value | None = None
    policy: Node | Unknown | None = None
    tags: tuple[tuple[str, str], ...] = ()
    fifo_place: Place | None = None
    key_place: Place | None = None
    named: bool = False
    conditions: tuple[str, ...] = ()
    variant: str = ""
    where: Where = Where()

    @property
    def family(self) -> str:
        """The address, which is the same for all variants of a topic."""
        return self.address.removesuffix(f" ({self.variant})")


class DeclaredPolicy(NamedTuple):
    """A resource that writes the policy of topics or of a key that are declared elsewhere.

    ``conditions``, here and of the others, are the expressions that decide whether the resource exists and that
    are not known. Resources that share them exist together.
    """

    address: str
    place: Place
    owners: tuple[Value, ...]
    policy: Node | Unknown
    conditions: tuple[str, ...] = ()


class DeclaredSender(NamedTuple):
    """A resource that starts the streaming of chats, and the names and ARNs of topics that it is given."""

    address: str
    topics: frozenset[str]


class DeclaredSubscription(NamedTuple):
    """A subscription."""

    address: str
    topic: Value
    protocol: Value
    endpoint: Value
    conditions: tuple[str, ...] = ()


class DeclaredKey(NamedTuple):
    """A key; the texts are those of `aws kms describe-key`. ``primary`` is what a replica is made of."""

    address: str
    names: tuple[str, ...]
    place: Place
    arn: Arn | Unknown = NOT_KNOWN
    policy: Node | Unknown | None = None
    state: str | Unknown = "Enabled"
    spec: str | Unknown = "SYMMETRIC_DEFAULT"
    usage: str | Unknown = "ENCRYPT_DECRYPT"
    named: bool = False
    conditions: tuple[str, ...] = ()
    where: Where = Where()
    primary: Value | None = None


class DeclaredAlias(NamedTuple):
    """An alias of a key; ``names`` are what others call the alias by, its own name among them if known."""

    names: tuple[str, ...]
    key: Value
    where: Where = Where()


class DeclaredGrant(NamedTuple):
    """A grant on a key; the encryption context is its constraint."""

    address: str
    key: Value
    grantee: Value
    operations: tuple[str, ...] | Unknown
    encryption_context: tuple[tuple[str, Value], ...] | Unknown = ()
    conditions: tuple[str, ...] = ()


class Declarations:
    """Everything that the files of one deployment declare, as the readers come across it.

    ``root`` is the folder of a Terraform root as reports name it, ``prod/``; empty for the working directory.
    """

    def __init__(self) -> None:
        self.root = ""
        self.topics: list[DeclaredTopic] = []
        self.topic_policies: list[DeclaredPolicy] = []
        self.subscriptions: list[DeclaredSubscription] = []
        self.keys: list[DeclaredKey] = []
        self.key_policies: list[DeclaredPolicy] = []
        self.aliases: list[DeclaredAlias] = []
        self.grants: list[DeclaredGrant] = []
        self.instances: list[Instance] = []
        self.senders: list[DeclaredSender] = []


class Conditional(Protocol):
    """A declaration with the expressions that decide whether it exists."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """The expressions that are not known."""


class Declaration(Conditional, Protocol):
    """The same with what it is declared as."""

    @property
    def address(self) -> str:
        """What it is called."""


_One = TypeVar("_One", bound=Conditional)


def certain(found: Iterable[_One], owner: Conditional) -> list[_One]:
    """The declarations that exist wherever their owner does."""
    return [one for one in found if set(owner.conditions).issuperset(one.conditions)]


def doubt_about(writers: Sequence[Declaration], owner: Conditional) -> Unknown | None:
    """Say why the only policy or grant of a topic or key may not exist."""
    if len(writers) != 1 or certain(writers, owner):
        return None
    return _open(writers[0], owner)


def which_counts(writers: Sequence[DeclaredPolicy], owner: Conditional) -> Unknown:
    """Say why it is not known which of several resources writes the policy."""
    uncertain = [one for one in writers if one not in certain(writers, owner)]
    if uncertain:
        return _open(uncertain[0], owner)
    return Unknown("several resources write the policy, and the last one wins")


def _open(policy: Declaration, owner: Conditional) -> Unknown:
    condition = next(one for one in policy.conditions if one not in owner.conditions)
    return Unknown(f"whether `{policy.address}` exists is not known", condition)


_Pair = tuple["DeclaredTopic", "Topic"]


_MOST = 3


def settled(topics: Sequence[_Pair]) -> Iterator[Topic]:
    """Doubt a policy that names Connect if the topic is deployed without it, too.

    Such a deployment may be one without streaming: where it has no policy at all, naming the file does not ask
    about it.
    """
    families: dict[str, list[_Pair]] = {}
    for pair in topics:
        families.setdefault(pair[0].family, []).append(pair)
    for declared, topic in topics:
        yield _settled(declared, topic, families[declared.family])


def _settled(declared: DeclaredTopic, topic: Topic, family: list[_Pair]) -> Topic:
    without = [one.variant for one, other in family if not is_relevant(other)]
    if not without or len(without) == len(family):
        return topic
    if declared.variant not in without:
        doubt = Unknown("in some deployments, the policy does not name Connect", "; ".join(without[:_MOST]))
        return topic._replace(doubt=doubt if topic.doubt is None else topic.doubt)
    is_default = declared.policy is None and not topic.writers
    return topic._replace(named=topic.named and not is_default)
