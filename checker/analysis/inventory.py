"""What is known of topics, keys, instances and contacts: typed facts, each known or Unknown. No I/O."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from checker.core.arn import Arn, is_uuid
from checker.core.finding import Document
from checker.core.unknown import Unknown
from checker.policy.vocabulary import CONNECT, mentions_connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.errors import Skipped
    from checker.core.finding import Position, Route
    from checker.policy.model import Policy, Problem
    from checker.policy.node import Node
    from checker.policy.vocabulary import Dialect


_PREDEFINED = "alias/aws/"
CREATION_FAILED = "CREATION_FAILED"
"""The status of an instance that, as AWS documents, was not successfully created.

https://docs.aws.amazon.com/connect/latest/APIReference/API_Instance.html
"""
NO_REPLICA = ("FAILED", "DELETING")
"""How the status of a replica ends that does not exist, or not for long."""

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
        return mentions_connect(self.text) or any(
            s.names_service(CONNECT) for s in self.policy.known_statements()
        )


class Place(NamedTuple):
    """Where a fact is written."""

    document: Document
    route: Route


def files_of(resource: object) -> tuple[str, ...]:
    """The names of all documents that a topic, a key, a contact or several of them were read from."""
    return tuple(dict.fromkeys(_documents(resource)))


def _documents(part: object) -> Iterator[str]:
    if isinstance(part, Place | PolicyText):
        yield part.document.name
    elif isinstance(part, tuple):
        for one in part:
            yield from _documents(one)


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


class Source(Enum):
    """Where a run knows a Connect instance from."""

    OPTION = "option"
    CONFIGURATION = "configuration"
    MANIFEST = "manifest"
    CLOUDTRAIL = "cloudtrail"
    POLICY = "policy"
    ROOT = "root"
    FOLDER = "folder"
    ACCOUNT = "account"


class Pairing(NamedTuple):
    """An instance that streams to a topic, and why that is taken to be so.

    ``where`` is the file that says so. ``explicit``: the user said it of this very topic, so that a safe fix
    may give the instance access; an inferred pairing never does.
    """

    instance: Arn
    source: Source
    where: str = ""
    explicit: bool = False


class Topic(NamedTuple):
    """An SNS topic.

    ``key`` is KmsMasterKeyId as it is stored, ``None`` when the topic is not encrypted. ``named`` tells a
    topic that somebody asked about from one that was come across. ``instances`` are the Connect instances
    that a manifest's entry for the topic lists; ``pairings`` all that stream to it, ``None`` before
    ``checker.analysis.pairing`` has worked them out. ``home`` is the namespace of its names: the folder, Terraform root,
    plan or manifest that it was read from; ``root`` the Terraform root as reports name it. ``claimed`` is what was given for the ARN where
    that is no topic's. ``address`` is what a topic is declared as in infrastructure as code, ``symbol`` what
    its own policy calls it by while the ARN is not known; ``writers`` are the places of all resources that
    write its policy, and ``sharing`` counts the topics that one of them writes the same policy for.
    ``sender`` is the resource of the same code that makes Connect stream to the topic. ``doubt`` says why the
    policy may not be in force. ``without_connect`` holds if no policy that the topic may have names Connect.
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
    sender: str = ""
    doubt: Unknown | None = None
    without_connect: bool = False
    pairings: tuple[Pairing, ...] | None = None
    home: str = ""
    root: str = ""

    @property
    def name(self) -> str:
        """How reports call the topic: its ARN, or what it is declared as, or the file that its policy stands in."""
        return _name(self.arn, self.root, self.address, self.place)


class Grant(NamedTuple):
    """A KMS grant; ``grantee`` is a service principal or an ARN, ``doubt`` says why the grant may not exist.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
    """

    grantee: str | Unknown
    operations: tuple[str, ...] | Unknown
    source_arn: str | None = None
    encryption_context: tuple[tuple[str, str | Unknown], ...] | Unknown = ()
    doubt: Unknown | None = None

    @classmethod
    def unknown(cls, doubt: Unknown) -> Grant:
        """Stands for a list of grants that could not be read."""
        return cls(doubt, doubt, doubt=doubt)


class Key(NamedTuple):
    """A KMS key. https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html

    ``doubt`` says why the policy may not be in force. The texts are AWS's own: ``state`` Enabled, Disabled ...; ``manager`` CUSTOMER or AWS; ``spec`` and
    ``usage`` SYMMETRIC_DEFAULT and ENCRYPT_DECRYPT for a key that SNS can use. Where no list of grants was given
    there are taken to be none: a key policy that lacks Connect is reported.
    """

    arn: Arn | Unknown
    place: Place
    policy: PolicyText | Unknown = Unknown("the key policy was not given")
    state: str | Unknown = Unknown("the key was not described")
    manager: str | Unknown = Unknown("the key was not described")
    spec: str | Unknown = Unknown("the key was not described")
    usage: str | Unknown = Unknown("the key was not described")
    grants: tuple[Grant, ...] = ()
    aliases: tuple[str, ...] = ()
    named: bool = False
    address: str = ""
    written: Written | None = None
    doubt: Unknown | None = None
    home: str = ""
    root: str = ""

    @property
    def name(self) -> str:
        """How reports call the key: its ARN, or what it is declared as, or the file that its policy stands in."""
        return _name(self.arn, self.root, self.address, self.place)

    def answers_to(self, reference: str) -> bool:
        """True if a KmsMasterKeyId, in any of its four forms, can mean this key.

        Key id, key ARN, alias name, alias ARN. Whose key a bare id or alias means is the topic's to say:
        ``Inventory.key_of``.
        """
        if isinstance(self.arn, Unknown):
            return reference in self.aliases
        here = f"arn:{self.arn.partition}:kms:{self.arn.region}:{self.arn.account}:"
        key_id = self.arn.resource.removeprefix("key/")
        return reference in (str(self.arn), key_id, *self.aliases, *(here + alias for alias in self.aliases))

    def is_of(self, topic: Topic) -> bool:
        """True if a bare key id or alias of the topic can mean this key: both have one account and Region.

        While the ARN of one of them is not known, both have to come from one namespace.
        https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
        """
        if isinstance(self.arn, Unknown) or isinstance(topic.arn, Unknown):
            return self.home == topic.home
        return self.arn[:1] + self.arn[2:4] == topic.arn[:1] + topic.arn[2:4]


def _name(arn: Arn | Unknown, root: str, address: str, place: Place) -> str:
    """Name a resource by its ARN, else by its address in its Terraform root, else by its file."""
    if isinstance(arn, Arn):
        return str(arn)
    return (f"{root}: {address}" if root else address) if address else place.document.name


class Instance(NamedTuple):
    """An Amazon Connect instance, and how the run knows of it; ``home`` is the namespace that it was read from.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_Instance.html
    """

    arn: Arn
    place: Place | None = None
    source: Source = Source.OPTION
    home: str = ""


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


class Inventory(NamedTuple):
    """Everything that one run knows."""

    topics: tuple[Topic, ...] = ()
    keys: tuple[Key, ...] = ()
    instances: tuple[Instance, ...] = ()
    contacts: tuple[Contact, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    comments: tuple[IgnoreComment, ...] = ()

    def key_of(self, topic: Topic) -> Key | Unknown | None:
        """Find the key that a topic is encrypted with; ``None`` when it is not encrypted.

        A key ARN means one key. A bare id or alias means one of the topic's own account and Region, and an
        address one of its own namespace.
        """
        reference = topic.key
        if not isinstance(reference, str):
            return reference
        found = [key for key in self.keys if key.answers_to(reference)]
        meant = [key for key in found if Arn.parse(reference) is not None or _is_meant(key, reference, topic)]
        meant = [key for key in meant if key.home == topic.home] or meant
        if len({key.name for key in meant}) == 1:
            return meant[0]
        return Unknown(_why_not_known(reference, topic, found, meant), reference)


def _why_not_known(reference: str, topic: Topic, found: list[Key], meant: list[Key]) -> str:
    """Say why a topic's key is not known, from the keys that answer to its name and those that can be meant."""
    if meant:
        return f"{len(meant)} keys answer to `{reference}`, and nothing says which one the topic uses"
    others = [key.arn for key in found if isinstance(key.arn, Arn)]
    if others and isinstance(topic.arn, Arn):
        of_topic = f"account {topic.arn.account} and {topic.arn.region}"
        return f"`{reference}` means a key of {of_topic}, and the one that was given is `{others[0]}`"
    return "the key was not given"


def _is_meant(key: Key, reference: str, topic: Topic) -> bool:
    """True if a reference that is not an ARN means the key when it stands in this topic."""
    if reference == key.address:
        return key.home == topic.home
    if key.is_of(topic):
        return True
    unique = isinstance(key.arn, Arn) and reference == key.arn.resource.removeprefix("key/")
    return isinstance(topic.arn, Unknown) and unique and not reference.startswith("mrk-")


def managed_alias(reference: str | Unknown | None) -> str:
    """The alias of an AWS managed key that a KmsMasterKeyId is, by name or ARN; empty for anything else.

    The end of a partly known ARN tells. KMS reserves `alias/aws/` for AWS managed keys. Told by the name alone:
    asking KMS for a predefined alias can create the key.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    text = reference.where if isinstance(reference, Unknown) and "${" in reference.where else reference
    name = text.rpartition(":")[2] if isinstance(text, str) else ""
    return name if name.startswith(_PREDEFINED) else ""


def is_managed_key(reference: str | Unknown | None) -> bool:
    """True if a KmsMasterKeyId is the alias of an AWS managed key."""
    return bool(managed_alias(reference))


def is_key_reference(text: str) -> bool:
    """True for the four forms of a KmsMasterKeyId: key ID, key ARN, alias name, alias ARN.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    arn = Arn.parse(text)
    name = text if arn is None else arn.resource.removeprefix("key/")
    return (arn is None or arn.service == "kms") and (name.startswith("alias/") or _is_key_id(name))


def _is_key_id(text: str) -> bool:
    """True for a UUID, and for the ID of a multi-Region key."""
    hexadecimal = set(text.removeprefix("mrk-").lower()) <= set("0123456789abcdef")
    return is_uuid(text) or (text.startswith("mrk-") and len(text) == _MULTI_REGION_ID and hexadecimal)


_MULTI_REGION_ID = len("mrk-") + 32


def is_customer_alias(reference: str | Unknown | None) -> bool:
    """True if a KmsMasterKeyId is an alias that customers may create: AWS reserves `alias/aws/` for its own."""
    alias = reference.rpartition(":")[2] if isinstance(reference, str) else ""
    return alias.startswith("alias/") and not alias.startswith(_PREDEFINED)
