"""What is known of topics, keys, instances and contacts: typed facts, each known or Unknown. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from checker.finding import Document
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from typing import TypeGuard

    from checker.arn import Arn
    from checker.finding import Position, Route
    from checker.policy.dialect import Dialect
    from checker.policy.model import Policy, Problem
    from checker.policy.node import Node

_PREDEFINED = "alias/aws/"
MANAGED_KEY_ALIAS = f"{_PREDEFINED}sns"
USABLE_STATES = ("Enabled", "Updating")
"""https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""
GONE = "gone"
"""What a key that KMS does not find is said to be in the place of a state."""


class PolicyDocument(Document, Protocol):
    """A document that is a policy, in a file, a template or live."""

    @property
    def root(self) -> Node:
        """The tree of the policy."""


class PolicyText(NamedTuple):
    """A policy, its text, the document that it stands in, and where it breaks the grammar."""

    policy: Policy
    problems: tuple[Problem, ...]
    dialect: Dialect
    document: PolicyDocument
    text: str

    @property
    def size(self) -> int:
        """How large the policy is, in bytes of UTF-8."""
        return len(self.text.encode("utf-8", "surrogatepass"))

    @property
    def names_connect(self) -> bool:
        """True if Connect is named anywhere, so that a policy that could not be read is not lost from sight."""
        return CONNECT in self.text or any(s.names_service(CONNECT) for s in self.policy.known_statements())


class Place(NamedTuple):
    """Where a fact is written."""

    document: Document
    route: Route


class Written(NamedTuple):
    """Where a resource of a plan is written: its block, and its policy if one was found there."""

    place: Place
    policy: Document | None = None


class Subscription(NamedTuple):
    """One subscription of a topic; ``confirmed`` is false while AWS shows it as pending.

    ``undelivered`` is the reason why SNS cannot deliver to the endpoint, empty unless that was looked at.
    """

    protocol: str
    endpoint: str
    confirmed: bool
    undelivered: str | Unknown = ""


class Topic(NamedTuple):
    """An SNS topic.

    ``key`` is KmsMasterKeyId as it is stored, ``None`` when the topic is not encrypted. ``named`` tells a
    topic that somebody asked about from one that was come across. ``instances`` are the Connect instances
    that are said to stream to it, empty when nothing says. ``claimed`` is what was given for the ARN where
    that is no topic's. ``address`` is what a topic is declared as in infrastructure as code, ``symbol`` what
    its own policy calls it by while the ARN is not known; ``writers`` are the places of all resources that
    write its policy, and ``sharing`` counts the topics that one of them writes the same policy for.
    https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
    """

    arn: Arn | Unknown
    policy: PolicyText | Unknown
    fifo: bool | Unknown
    key: str | Unknown | None
    place: Place
    key_place: Place | None = None
    fifo_place: Place | None = None
    arn_place: Place | None = None
    subscriptions: tuple[Subscription, ...] | Unknown = Unknown("no list of subscriptions was given")
    instances: tuple[Instance, ...] = ()
    named: bool = False
    claimed: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    address: str = ""
    symbol: str = ""
    writers: tuple[Place, ...] = ()
    sharing: int = 1
    written: Written | None = None

    @property
    def name(self) -> str:
        """How reports call the topic: its ARN, or what it is declared as, or the file that its policy stands in."""
        return (
            str(self.arn) if not isinstance(self.arn, Unknown) else self.address or self.place.document.name
        )


class Grant(NamedTuple):
    """A KMS grant; ``grantee`` is a service principal or an ARN.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
    """

    grantee: str
    operations: tuple[str, ...]
    source_arn: str | None = None
    encryption_context: tuple[tuple[str, str], ...] = ()


class Key(NamedTuple):
    """A KMS key. https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html

    The texts are AWS's own: ``state`` Enabled, Disabled ...; ``manager`` CUSTOMER or AWS; ``spec`` and
    ``usage`` SYMMETRIC_DEFAULT and ENCRYPT_DECRYPT for a key that SNS can use.
    """

    arn: Arn | Unknown
    place: Place
    policy: PolicyText | Unknown = Unknown("the key policy was not given")
    state: str | Unknown = Unknown("the key was not described")
    manager: str | Unknown = Unknown("the key was not described")
    spec: str | Unknown = Unknown("the key was not described")
    usage: str | Unknown = Unknown("the key was not described")
    grants: tuple[Grant, ...] | Unknown = Unknown("no list of grants was given")
    aliases: tuple[str, ...] = ()
    named: bool = False
    address: str = ""
    written: Written | None = None

    @property
    def name(self) -> str:
        """How reports call the key: its ARN, or what it is declared as, or the file that its policy stands in."""
        return (
            str(self.arn) if not isinstance(self.arn, Unknown) else self.address or self.place.document.name
        )

    def answers_to(self, reference: str) -> bool:
        """True if a KmsMasterKeyId, in any of its four forms, means this key.

        Key id, key ARN, alias name, alias ARN; SNS resolves them in the topic's own account and Region.
        """
        if isinstance(self.arn, Unknown):
            return reference in self.aliases
        here = f"arn:{self.arn.partition}:kms:{self.arn.region}:{self.arn.account}:"
        key_id = self.arn.resource.removeprefix("key/")
        return reference in (str(self.arn), key_id, *self.aliases, *(here + alias for alias in self.aliases))


class Instance(NamedTuple):
    """An Amazon Connect instance. https://docs.aws.amazon.com/connect/latest/APIReference/API_Instance.html"""

    arn: Arn
    place: Place | None = None


class Contact(NamedTuple):
    """A chat contact and the topics that it streams to, each with the place where it says so.

    ``region`` and ``instance`` are where it was seen to stream, where that is known; ``alike`` counts the
    contacts that were seen to stream in the same way.
    """

    id: str
    topics: tuple[tuple[str, Place], ...]
    place: Place
    region: str = ""
    instance: Arn | None = None
    alike: int = 1


class IgnoreComment(NamedTuple):
    """A comment that puts up with findings: of which rules, why and until when.

    ``line`` is the line that it speaks of, its own or the next; ``fault`` says why it could not be read.
    """

    source: str
    line: int
    rules: tuple[str, ...]
    reason: str
    until: str
    position: Position
    fault: str = ""


class Skipped(NamedTuple):
    """Something that was not judged, and why; ``error`` when it should have been readable."""

    what: str
    reason: str
    error: bool = False
    position: Position | None = None
    help: str = ""


class Inventory(NamedTuple):
    """Everything that one run knows."""

    topics: tuple[Topic, ...] = ()
    keys: tuple[Key, ...] = ()
    instances: tuple[Instance, ...] = ()
    contacts: tuple[Contact, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    comments: tuple[IgnoreComment, ...] = ()

    def key_of(self, topic: Topic) -> Key | Unknown | None:
        """Find the key that a topic is encrypted with; ``None`` when it is not encrypted."""
        if not isinstance(topic.key, str):
            return topic.key
        for key in self.keys:
            if key.answers_to(topic.key):
                return key
        return Unknown("the key was not given", topic.key)

    def instances_of(self, topic: Topic) -> tuple[Instance, ...]:
        """The instances that stream to a topic: those tied to it, else all that are known."""
        return topic.instances or self.instances


def is_managed_key(reference: str | Unknown | None) -> TypeGuard[str]:
    """True if a KmsMasterKeyId is the alias of the AWS managed key, by name or ARN.

    Told by the name alone: asking KMS for a predefined alias can create the key.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    return isinstance(reference, str) and (
        reference == MANAGED_KEY_ALIAS or reference.endswith(f":{MANAGED_KEY_ALIAS}")
    )


def is_predefined_alias(reference: str) -> bool:
    """True for the alias of any key that AWS manages, by name or ARN, which must not be described either."""
    return reference.rpartition(":")[2].startswith(_PREDEFINED)
