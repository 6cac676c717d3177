"""Typed facts about topics, keys, instances and contacts, each known or Unknown. No I/O."""

from __future__ import annotations

from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from checker.analysis.documents import Place, PolicyDocument, PolicyText, Written, files_of
from checker.analysis.endpoints import Endpoints, Subscription
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.analysis.observation import Evidence
    from checker.core.errors import Skipped
    from checker.core.finding import Position
    from checker.core.unknown import Truth


__all__ = ("Place", "PolicyDocument", "PolicyText", "Subscription", "Written", "files_of")
"""The parts of facts that other modules define, for the importers of the facts."""

CREATION_FAILED = "CREATION_FAILED"
"""The status of an instance that, as AWS documents, was not successfully created.

https://docs.aws.amazon.com/connect/latest/APIReference/API_Instance.html
"""
NO_REPLICA = ("FAILED", "DELETING")
"""Status suffixes of a replica that does not exist or is being deleted."""
NOT_DESCRIBED = Unknown("whether the instance has a replica in another Region was not supplied")

USABLE_STATES = ("Enabled", "Updating")
"""https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"""
GONE = "gone"
"""The state of a key that KMS does not find."""


class Source(Enum):
    """The source from which a run knows a Connect instance."""

    OPTION = "option"
    CONFIGURATION = "configuration"
    MANIFEST = "manifest"
    CLOUDTRAIL = "cloudtrail"
    POLICY = "policy"
    ROOT = "root"
    FOLDER = "folder"
    ACCOUNT = "account"


class Pairing(NamedTuple):
    """An instance that streams to a topic, and the source of this fact.

    ``where`` is the file that the fact was read from. ``explicit`` is true if the user stated the pairing for this
    topic, so that a safe fix may grant the instance access. An inferred pairing never does. ``replicas`` are the
    other Regions in which the instance exists.
    """

    instance: Arn
    source: Source
    where: str = ""
    explicit: bool = False
    replicas: tuple[str, ...] | Unknown = NOT_DESCRIBED

    def replica_arns(self) -> tuple[Arn, ...]:
        """Return the known replicas of the instance."""
        regions = () if isinstance(self.replicas, Unknown) else self.replicas
        return tuple(self.instance._replace(region=region) for region in regions)


T = TypeVar("T")


class Setting(NamedTuple, Generic[T]):
    """A setting of a topic, with the place that states it."""

    value: T
    place: Place | None = None


class TopicSettings(NamedTuple):
    """The settings of a topic, named in ``checker.inputs.topic_settings``.

    ``key`` is KmsMasterKeyId as it is stored, ``None`` if the topic is not encrypted.

    https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
    """

    fifo: Setting[bool | Unknown]
    key: Setting[str | Unknown | None] = Setting(None)


class Topic(NamedTuple):
    """An SNS topic.

    - ``named``: true if the user named the topic.
    - ``instances``: the Connect instances that a manifest lists for the topic.
    - ``pairings``: all instances that stream to the topic, ``None`` before ``checker.analysis.pairing`` has run.
    - ``home``: the namespace of its names, which is the folder, Terraform root, plan or manifest it was read from.
    - ``root``: the Terraform root as reports name it.
    - ``claimed``: the value that was given as the ARN, if it is not the ARN of a topic.
    - ``address``: the address of its declaration in infrastructure as code.
    - ``construct``: its path in the CDK app that declares it.
    - ``symbol``: the reference to the topic in its own policy, if the ARN is not known.
    - ``writers``: the places of all resources that write its policy.
    - ``sharing``: the number of topics for which one of these resources writes the same policy.
    - ``sender``: the resource in the same code that makes Connect stream to the topic.
    - ``doubt``: the reason why the policy may not be in force.
    - ``without_connect``: true if no policy that the topic may have names Connect.
    - ``unlisted``: the reason why the topic may have other subscriptions than ``subscriptions``.

    https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
    """

    arn: Arn | Unknown
    policy: PolicyText | Unknown
    settings: TopicSettings
    place: Place
    arn_place: Place | None = None
    subscriptions: tuple[Subscription, ...] | Unknown = Unknown("the list of subscriptions was not supplied")
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
    construct: str = ""
    unlisted: Unknown | None = None

    @property
    def name(self) -> str:
        """The topic's name in reports: its ARN, its address, or the file with its policy."""
        return _name(self.arn, self.root, self.address, self.place)

    @property
    def key(self) -> str | Unknown | None:
        """The key that encrypts the topic, as the topic names it; ``None`` if it is not encrypted."""
        return self.settings.key.value

    def with_key(self, key: str | Unknown | None) -> Topic:
        """Return the topic with another key."""
        setting = self.settings.key._replace(value=key)
        return self._replace(settings=self.settings._replace(key=setting))


class Encrypted(Protocol):
    """A resource that a KMS key encrypts: a topic or a queue. ``key`` is KmsMasterKeyId as it is stored."""

    @property
    def arn(self) -> Arn | Unknown:
        """The resource's ARN."""

    @property
    def key(self) -> str | Unknown | None:
        """The key as the resource names it; ``None`` if it is not encrypted with a KMS key."""

    @property
    def home(self) -> str:
        """The namespace of the resource's names."""


class Grant(NamedTuple):
    """A KMS grant.

    ``grantee`` is a service principal or an ARN. ``doubt`` is the reason why the grant may not exist.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html
    """

    grantee: str | Unknown
    operations: tuple[str, ...] | Unknown
    source_arn: str | None = None
    encryption_context: tuple[tuple[str, str | Unknown], ...] | Unknown = ()
    doubt: Unknown | None = None

    @classmethod
    def unknown(cls, doubt: Unknown) -> Grant:
        """Return a grant that represents a list of grants that could not be read."""
        return cls(doubt, doubt, doubt=doubt)


class PolicyWriter(NamedTuple):
    """A resource that writes a policy, with this policy."""

    place: Place
    policy: PolicyText | Unknown


class Key(NamedTuple):
    """A KMS key. https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html

    ``doubt`` is the reason why the policy may not be in force. The values are those of AWS: ``state`` is Enabled,
    Disabled and so on; ``manager`` is CUSTOMER or AWS; ``spec`` and ``usage`` are SYMMETRIC_DEFAULT and
    ENCRYPT_DECRYPT for a key that SNS can use. ``construct`` is its path in the CDK app that declares it.
    ``separate`` is true if a resource of its own writes the policy, so that the policy can refer to a topic.
    ``writers`` are the resources that write the policy, if there are several. If no list of grants was supplied, the
    key is assumed to have none, so that a key policy without Connect is reported.
    """

    arn: Arn | Unknown
    place: Place
    policy: PolicyText | Unknown = Unknown("the key policy was not supplied")
    state: str | Unknown = Unknown("the description of the key was not supplied")
    manager: str | Unknown = Unknown("the description of the key was not supplied")
    spec: str | Unknown = Unknown("the description of the key was not supplied")
    usage: str | Unknown = Unknown("the description of the key was not supplied")
    grants: tuple[Grant, ...] = ()
    aliases: tuple[str, ...] = ()
    named: bool = False
    address: str = ""
    written: Written | None = None
    doubt: Unknown | None = None
    home: str = ""
    root: str = ""
    construct: str = ""
    separate: bool = False
    writers: tuple[PolicyWriter, ...] = ()

    @property
    def name(self) -> str:
        """The key's name in reports: its ARN, its address, or the file with its policy."""
        return _name(self.arn, self.root, self.address, self.place)

    @property
    def references(self) -> tuple[str, ...]:
        """What a KmsMasterKeyId can mean this key by: key ID, key ARN, alias name or alias ARN.

        The account and Region of a bare ID or alias are those of the topic: see ``Inventory.key_of``.
        """
        if isinstance(self.arn, Unknown):
            return tuple(dict.fromkeys(self.aliases))
        here = f"arn:{self.arn.partition}:kms:{self.arn.region}:{self.arn.account}:"
        key_id = self.arn.resource.removeprefix("key/")
        aliases = (*self.aliases, *(here + alias for alias in self.aliases))
        return tuple(dict.fromkeys((str(self.arn), key_id, *aliases)))

    def answers_to(self, reference: str) -> bool:
        """True if a KmsMasterKeyId can mean this key."""
        return reference in self.references

    def is_of(self, owner: Encrypted) -> bool:
        """True if a bare key ID or alias of a topic or queue can mean this key, as both are in one account and Region.

        If one of the ARNs is not known, both must come from one namespace.
        https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
        """
        if isinstance(self.arn, Unknown) or isinstance(owner.arn, Unknown):
            return self.home == owner.home
        return self.arn[:1] + self.arn[2:4] == owner.arn[:1] + owner.arn[2:4]


def _name(arn: Arn | Unknown, root: str, address: str, place: Place) -> str:
    """Return the name of a resource: its ARN, its address in its Terraform root, or its file."""
    if isinstance(arn, Arn):
        return str(arn)
    return (f"{root}: {address}" if root else address) if address else place.document.name


class Instance(NamedTuple):
    """An Amazon Connect instance and its source; ``home`` is the namespace that it was read from.

    ``replicas`` are the other Regions in which the instance exists. Each of its replicas is an `Instance` too, with
    the same ID in its own Region.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_Instance.html
    """

    arn: Arn
    place: Place | None = None
    source: Source = Source.OPTION
    home: str = ""
    replicas: tuple[str, ...] | Unknown = NOT_DESCRIBED

    def with_replicas(self, regions: Iterable[str]) -> tuple[Instance, ...]:
        """Return the instance and its replica in each other Region, each with the Regions of the others."""
        everywhere = dict.fromkeys((self.arn.region, *regions))
        return tuple(
            self._replace(
                arn=self.arn._replace(region=region),
                replicas=tuple(other for other in everywhere if other != region),
            )
            for region in everywhere
        )


class OpenInstance(NamedTuple):
    """A Connect instance that code declares. Its ARN depends on the deployment.

    ``source`` is `Source.OPTION` if an option names its reference.
    """

    arn: Unknown
    place: Place
    address: str = ""
    home: str = ""
    source: Source = Source.ROOT

    @property
    def reference(self) -> str:
        """The reference to its ARN, as the file writes it."""
        return self.arn.where.rpartition("#")[2]


MOST_TOPICS = 2
"""Topics that a contact can stream to.

https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
"""


class Contact(NamedTuple):
    """A chat contact and the topics that it streams to, each with its place.

    ``region`` and ``instance`` are known for contacts in CloudTrail events. ``alike`` counts the contacts that
    stream in the same way.
    """

    id: str
    topics: tuple[tuple[str, Place], ...]
    place: Place
    region: str = ""
    instance: Arn | None = None
    alike: int = 1


class RefusedStart(NamedTuple):
    """A stream that Connect refused to start. Texts that the event does not show are empty.

    ``name`` is that of the API, ``time`` in milliseconds, ``instance`` the ARN of the Connect instance, ``event`` the
    ID of the event.
    """

    name: str
    contact: str
    topic: str
    instance: str
    time: int
    code: str
    message: str = ""
    event: str = ""


class CallerPolicy(NamedTuple):
    """An IAM identity policy with permissions to start or stop chat streams.

    ``owner`` is the role, user or group that alone has the policy, as the code refers to it; it is empty if others may
    have it. ``address``, ``home`` and ``root`` are those of its declaration.
    """

    policy: PolicyText
    place: Place
    address: str = ""
    owner: str = ""
    home: str = ""
    root: str = ""

    @property
    def name(self) -> str:
        """The name of the policy in reports: its address or its file."""
        return _name(Unknown("an identity policy has no ARN here"), self.root, self.address, self.place)


class IgnoreComment(NamedTuple):
    """A comment that suppresses findings: rules, reason and expiry date.

    ``line`` is the line that it applies to, its own or the next. ``fault`` is the reason why it could not be read.
    """

    source: str
    line: int
    rules: tuple[str, ...]
    reason: str
    until: str
    position: Position
    fault: str = ""


class ReadByRoot(NamedTuple):
    """The names of the files that a Terraform root reads, such as templates; ``home`` is the full path of its folder."""

    home: str
    files: frozenset[str]


class OrganizationPolicy(NamedTuple):
    """A resource control policy (RCP) of AWS Organizations, with its name in reports.

    ``organization`` and ``management`` are the ID of the organization and its management account, if the ARN of the
    policy names them.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """

    text: PolicyText
    name: str
    organization: str = ""
    management: str = ""


class Organization(NamedTuple):
    """The organization policies of a run.

    They apply to every account of the run, unless ``attached`` lists the accounts of the organization, each with the
    indices of its policies. ``complete`` is false if accounts may be missing in this list. ``unread`` is the reason if
    the policies exist, or may exist, and could not be read. ``id`` is the ID of the organization if it is known.
    ``open_values`` are the texts that stand for any value in a deployment of code.
    """

    policies: tuple[OrganizationPolicy, ...] = ()
    attached: tuple[tuple[str, tuple[int, ...]], ...] | None = None
    complete: bool = True
    unread: Unknown | None = None
    id: str = ""
    open_values: frozenset[str] = frozenset()

    def policies_of(self, account: str | Unknown) -> tuple[OrganizationPolicy, ...] | Unknown:
        """Return the policies that apply to the resources of an account; none for the management account."""
        if self.unread is not None:
            return self.unread
        if self.attached is None:
            return tuple(one for one in self.policies if one.management != account)
        if not self.policies:
            return ()
        if isinstance(account, Unknown):
            return account
        indices = dict(self.attached).get(account)
        if indices is None:
            return Unknown(f"the organization policies of account {account} were not read")
        return tuple(self.policies[index] for index in indices)

    def has_member(self, account: str) -> Truth:
        """Return whether an account belongs to the organization."""
        if self.attached is not None and account in dict(self.attached):
            return True
        if self.attached is not None and self.complete:
            return False
        return Unknown(f"it is not known whether account {account} belongs to the organization")


class _Facts(NamedTuple):
    topics: tuple[Topic, ...] = ()
    keys: tuple[Key, ...] = ()
    instances: tuple[Instance, ...] = ()
    contacts: tuple[Contact, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    comments: tuple[IgnoreComment, ...] = ()
    open_instances: tuple[OpenInstance, ...] = ()
    has_other_values: bool = False
    has_defaults: bool = False
    read_by_roots: tuple[ReadByRoot, ...] = ()
    evidence: Evidence | None = None
    refused_starts: tuple[RefusedStart, ...] = ()
    callers: tuple[CallerPolicy, ...] = ()
    organization: Organization | None = None
    endpoints: Endpoints = Endpoints()
    queue_keys: tuple[Key, ...] = ()
    unread_units: tuple[Skipped, ...] = ()


class Inventory(_Facts):
    """All facts of one run. ``has_other_values`` is true if a variable has a default and the files list other values,
    ``has_defaults`` if one has a default that is a text.

    ``read_by_roots`` are the files that Terraform roots and Terragrunt units read besides those of their modules.
    ``evidence`` is what was seen of keys in use, ``refused_starts`` are the streams that Connect refused to start.
    ``organization`` is ``None`` if no organization policies were supplied or asked for. ``endpoints`` are the resources
    that subscriptions name; see `checker.analysis.endpoints`. ``queue_keys`` are keys that were read only because they
    encrypt a queue, so that they are not checked themselves. ``unread_units`` are Terragrunt units whose module is not
    here, and of which nothing names Connect.
    """

    @cached_property
    def _keys_by_reference(self) -> dict[str, list[Key]]:
        """The keys by what a KmsMasterKeyId can mean them by, in order."""
        found: dict[str, list[Key]] = {}
        for key in (*self.keys, *self.queue_keys):
            for reference in key.references:
                found.setdefault(reference, []).append(key)
        return found

    def key_of(self, owner: Encrypted) -> Key | Unknown | None:
        """Return the key that encrypts a topic or a queue; ``None`` if no KMS key does.

        A key ARN means one key. A bare ID or alias means a key in the owner's account and Region. An address
        means a key in the owner's namespace.
        """
        reference = owner.key
        if not isinstance(reference, str):
            return reference
        matching = self._keys_by_reference.get(reference, [])
        candidates = [
            key for key in matching if Arn.parse(reference) is not None or _can_mean(key, reference, owner)
        ]
        candidates = [key for key in candidates if key.home == owner.home] or candidates
        if len({key.name for key in candidates}) == 1:
            return candidates[0]
        noun = "topic" if isinstance(owner, Topic) else "queue"
        return Unknown(_why_not_known(reference, owner, matching, candidates, noun), reference)


def _why_not_known(
    reference: str, owner: Encrypted, matching: list[Key], candidates: list[Key], noun: str
) -> str:
    """Explain why a key is not known, from the keys with its name and those that its owner can mean."""
    if candidates:
        return f"{len(candidates)} keys match `{reference}`, and it is not known which one the {noun} uses"
    others = [key.arn for key in matching if isinstance(key.arn, Arn)]
    if others and isinstance(owner.arn, Arn):
        of_owner = f"account {owner.arn.account} and {owner.arn.region}"
        return f"`{reference}` means a key in {of_owner}, but the supplied key is `{others[0]}`"
    return "the key was not supplied"


def _can_mean(key: Key, reference: str, owner: Encrypted) -> bool:
    """True if a reference that is not an ARN can mean the key."""
    if reference == key.address:
        return key.home == owner.home
    if key.is_of(owner):
        return True
    unique = isinstance(key.arn, Arn) and reference == key.arn.resource.removeprefix("key/")
    return isinstance(owner.arn, Unknown) and unique and not reference.startswith("mrk-")
