"""Resources as Terraform and CloudFormation declare them, not yet linked.

A reference to another resource is ``Unknown``, with that resource's name for the value in ``where``:
``aws_sns_topic.chat.arn``, ``template.yaml#ChatTopic``. Each resource lists its own such names in ``names``.
References are resolved by comparing the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from checker.analysis.endpoints import ATTRIBUTES
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.lint.scope import is_relevant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.inventory import Instance, OpenInstance, Place, Topic, TopicSettings, Written
    from checker.core.arn import Arn
    from checker.core.unknown import Truth
    from checker.policy.model import Value
    from checker.policy.node import Node


NOT_KNOWN = Unknown("known only after deployment")


class Where(NamedTuple):
    """The Region and account of a resource; an unknown one has the name of its source."""

    region: Value = NOT_KNOWN
    account: Value = NOT_KNOWN

    def is_same(self, other: Where) -> Truth:
        """Compare Region and account: true if both are equal, false if one differs, Unknown otherwise."""
        pairs = zip(self, other, strict=True)
        told = [one == two or (None if Unknown in (type(one), type(two)) else False) for one, two in pairs]
        if False in told:
            return False
        return Unknown("the Region or account is not known") if None in told else True


class DeclaredTopic(NamedTuple):
    """A topic; ``policy`` is an inline policy.

    ``variant`` describes the template conditions for this variant of the topic. ``construct`` is its path in a CDK app,
    and ``written`` the code that creates it. A policy is the node that
    holds it, an object or JSON in a string, or ``None``.
    """

    address: str
    names: tuple[str, ...]
    place: Place
    arn: Arn | Unknown
    settings: TopicSettings
    policy: Node | Unknown | None = None
    tags: tuple[tuple[str, str], ...] = ()
    named: bool = False
    conditions: tuple[str, ...] = ()
    variant: str = ""
    where: Where = Where()
    construct: str = ""
    written: Written | None = None

    @property
    def family(self) -> str:
        """Return the address, which all variants of a topic share."""
        return self.address.removesuffix(f" ({self.variant})")


class DeclaredPolicy(NamedTuple):
    """A resource that writes the policy of topics or a key declared elsewhere.

    ``conditions``, here and below, are the unknown expressions that decide whether the resource exists.
    Resources with equal conditions exist together.
    """

    address: str
    place: Place
    owners: tuple[Value, ...]
    policy: Node | Unknown
    conditions: tuple[str, ...] = ()


class DeclaredSender(NamedTuple):
    """A resource that starts chat streaming, with the names and ARNs of its topics."""

    address: str
    topics: frozenset[str]


class DeclaredEnvironment(NamedTuple):
    """The environment variables of a function or container, each with the names and ARNs in its value.

    ``code`` is the folder of its code, relative to the root or template, and ``handler`` the function that it calls,
    as they are written; they are empty if they are not known.
    """

    variables: tuple[tuple[str, frozenset[str]], ...]
    code: str = ""
    handler: str = ""


class DeclaredDelivery(NamedTuple):
    """How SNS delivers to a subscription, as `checker.analysis.endpoints.Subscription` has it.

    A reference to a queue or a role is Unknown with its name.
    """

    filter_policy: Value | None = None
    filter_scope: Value = ATTRIBUTES
    raw: Truth = False
    dead_letter: Value | None = None
    role: Value | None = None


class DeclaredSubscription(NamedTuple):
    """A subscription.

    ``holding`` are the conditions that hold wherever it exists, besides the unknown ones in ``conditions``. ``pending``
    is whether it waits for confirmation, which only a state knows; so is its ``arn``.
    """

    address: str
    topic: Value
    protocol: Value
    endpoint: Value
    conditions: tuple[str, ...] = ()
    place: Place | None = None
    delivery: DeclaredDelivery = DeclaredDelivery()
    holding: tuple[str, ...] = ()
    pending: Truth | None = None
    arn: str = ""


class DeclaredFunction(NamedTuple):
    """A Lambda function; or one of its versions and aliases, with its ``qualifier`` and its ``function``.

    ``names`` are references to its ARN, ``ids`` those to its name, and the name itself if it is known. ``elsewhere`` is
    true if the code only refers to it, so that other code may add permissions.
    """

    address: str
    names: tuple[str, ...]
    place: Place
    arn: Arn | Unknown = NOT_KNOWN
    qualifier: Value = ""
    function: Value | None = None
    conditions: tuple[str, ...] = ()
    where: Where = Where()
    elsewhere: bool = False
    ids: tuple[str, ...] = ()


class DeclaredPermission(NamedTuple):
    """A statement in the resource policy of a function. ``tests`` are operators, condition keys and values."""

    address: str
    place: Place
    function: Value
    action: Value
    principal: Value
    qualifier: Value | None = None
    tests: tuple[tuple[str, str, Value], ...] = ()
    conditions: tuple[str, ...] = ()
    where: Where = Where()


class DeclaredQueue(NamedTuple):
    """A queue with its settings, as `checker.analysis.endpoints.Queue` has them; ``policy`` is an inline policy.

    ``names``, ``ids`` and ``elsewhere`` are as in `DeclaredFunction`; ``ids`` are references to its URL.
    """

    address: str
    names: tuple[str, ...]
    place: Place
    arn: Arn | Unknown = NOT_KNOWN
    policy: Node | Unknown | None = None
    key: Value | None = None
    managed_sse: Truth = NOT_KNOWN
    period: int | Unknown = NOT_KNOWN
    redrive: Value = ""
    fifo: Truth = False
    conditions: tuple[str, ...] = ()
    where: Where = Where()
    elsewhere: bool = False
    ids: tuple[str, ...] = ()


class DeclaredStream(NamedTuple):
    """A delivery stream."""

    address: str
    names: tuple[str, ...]
    place: Place
    arn: Arn | Unknown = NOT_KNOWN
    destinations: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class DeclaredKey(NamedTuple):
    """A key, with values as in `aws kms describe-key`. ``primary`` is the primary key of a replica."""

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
    construct: str = ""
    written: Written | None = None


class DeclaredAlias(NamedTuple):
    """An alias of a key. ``names`` are the references to the alias, including its own name if known."""

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
    """All declarations of one deployment, in reading order.

    ``root`` is the name of a Terraform root in reports, such as ``prod/``; empty for the working directory.
    ``selected`` are placeholders for the topics that labels select. ``gaps`` are the reasons why permissions and policies of functions and queues may be missing.
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
        self.open_instances: list[OpenInstance] = []
        self.functions: list[DeclaredFunction] = []
        self.permissions: list[DeclaredPermission] = []
        self.queues: list[DeclaredQueue] = []
        self.queue_policies: list[DeclaredPolicy] = []
        self.streams: list[DeclaredStream] = []
        self.gaps: list[Unknown] = []
        self.senders: list[DeclaredSender] = []
        self.environments: list[DeclaredEnvironment] = []
        self.caller_policies: list[DeclaredPolicy] = []
        self.selected: list[DeclaredTopic] = []
        self._addresses: set[str] = set()
        self._counted = 0

    def forget_topics(self, addresses: Iterable[str]) -> None:
        """Remove the topics of these addresses, such as placeholders of one that is declared now."""
        self._addresses.update(one.address for one in self.topics[self._counted :])
        found = self._addresses.intersection(addresses)
        if found:
            self.topics[:] = [one for one in self.topics if one.address not in found]
        self._counted = len(self.topics)


class Conditional(Protocol):
    """A declaration that may depend on unknown expressions."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """Return the unknown expressions that decide whether the resource exists."""


class Declaration(Conditional, Protocol):
    """A conditional declaration with an address."""

    @property
    def address(self) -> str:
        """Return the address."""


_One = TypeVar("_One", bound=Conditional)


def certain(found: Iterable[_One], owner: Conditional) -> list[_One]:
    """Return the declarations that exist whenever their owner exists."""
    return [one for one in found if set(owner.conditions).issuperset(one.conditions)]


def doubt_about(writers: Sequence[Declaration], owner: Conditional) -> Unknown | None:
    """Explain why the only policy or grant of a resource may not exist."""
    if len(writers) != 1 or certain(writers, owner):
        return None
    return whether_exists(writers[0], owner)


def which_counts(writers: Sequence[DeclaredPolicy], owner: Conditional) -> Unknown:
    """Explain why it is not known which of several resources writes the policy."""
    uncertain = [one for one in writers if one not in certain(writers, owner)]
    if uncertain:
        return whether_exists(uncertain[0], owner)
    return Unknown("several resources write the policy, and the last write wins")


def whether_exists(resource: Declaration, owner: Conditional) -> Unknown:
    """Explain why a resource may not exist although another one does."""
    condition = next(one for one in resource.conditions if one not in owner.conditions)
    return Unknown(f"whether `{resource.address}` exists is not known", condition)


_Pair = tuple["DeclaredTopic", "Topic"]


_MOST = 3


def settled(topics: Sequence[_Pair]) -> Iterator[Topic]:
    """Mark a policy that names Connect as doubtful if another variant of the topic lacks it.

    The other variant may be a deployment without streaming. If it has no policy at all, naming the file does
    not select it for checks.
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
