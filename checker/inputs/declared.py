"""What infrastructure as code declares: resources as Terraform and CloudFormation write them, not yet tied together.

A value that is another resource's is ``Unknown`` with that resource's name for the value in ``where``:
``aws_sns_topic.chat.arn``, ``template.yaml#ChatTopic``. A resource lists in ``names`` all such names of its
own; a reference is followed by comparing the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from checker.analysis.inventory import Instance, Place
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
