"""Subscriptions of topics, and the resources that receive what Amazon SNS delivers. No I/O.

A reader fills in one `Subscription` for each subscription of a topic (``Topic.subscriptions``), and one record in
``Inventory.endpoints`` for each function, queue, delivery stream and role that it knows. It does not link them:
`Endpoints` finds the record that a subscription names, by ARN, or by address or another reference in the topic's
namespace. In the policy of an endpoint, a reference to a topic that the same code declares is that topic's ``symbol``,
as in the topic's own policy; see `checker.inputs.resolve.substituted`. The default of each field is what a reader that does not know better leaves there. A value that only
depends on the deployment is an Unknown with pieces, as in policies.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from checker.core.arn import Arn
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.analysis.documents import Place, PolicyText
    from checker.core.unknown import Truth


SQS, LAMBDA, FIREHOSE = "sqs", "lambda", "firehose"
ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"
"""The values of FilterPolicyScope."""
_URL = pattern(
    r"(?P<scheme>[a-z]+)://(?:[^/?#]*@)?(?P<host>(?:\[[\da-f:.]*\]|[^/?#@:]*)(?::\d+)?)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_QUEUE = pattern(
    r"https://(sqs\.[a-z0-9-]+|[a-z0-9-]+\.queue)\.amazonaws\.com(\.cn)?/\d{12}/[\w-]{1,80}(\.fifo)?\Z"
)
_NAME = pattern(r"([A-Za-z_][\w.-]*(\[[^][@/]*\][\w.-]*)*)?")
"""A name or address of code, such as `module.chat["eu"].aws_sqs_queue.inbox.arn`, or nothing."""
_EMAIL = pattern(r"\s*(?P<first>[^@\s]).*@(?P<domain>[\w.-]+)\W*", re.DOTALL)
_PHONE = pattern(r"\+?[\d ().-]{5,}")
_NOT_SUPPLIED = Unknown("the attributes of the subscription were not supplied")
_NO_POLICY = Unknown("the policy was not supplied")


class Subscription(NamedTuple):
    """A subscription of a topic.

    - ``endpoint``: an ARN, with the version or alias of a function; a URL, address or number; or a reference to an
      endpoint that the same root or template declares: its address, or an Unknown whose ``where`` is in its
      ``names``, as references in code are. ``dead_letter`` and ``role`` are written in the same way.
    - ``confirmed``: true for an entry of a list with an ARN, false for one that is pending or deleted. SNS itself
      confirms a declared subscription of protocol sqs, lambda or firehose in the topic's account. No file shows
      whether another declared subscription was confirmed, so that is Unknown.
    - ``arn``: the subscription's ARN, empty if it is pending or declared.
    - ``place`` and ``address``: where it is declared; a finding about the subscription is shown there.
    - ``filter_policy``: the text of FilterPolicy, ``None`` if there is none. Code writes it as JSON.
    - ``filter_scope``: FilterPolicyScope; AWS documents MessageAttributes as its default.
    - ``raw``: RawMessageDelivery, false if it is not set.
    - ``dead_letter``: the queue in RedrivePolicy (``deadLetterTargetArn``), ``None`` without one.
    - ``role``: SubscriptionRoleArn, ``None`` without one. Only firehose needs it.

    `aws sns list-subscriptions-by-topic` shows only the protocol, the endpoint and the ARN; the other values stay
    Unknown until `get-subscription-attributes` supplies them.
    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """

    protocol: str
    endpoint: str | Unknown
    confirmed: Truth
    arn: str = ""
    place: Place | None = None
    address: str = ""
    filter_policy: str | Unknown | None = _NOT_SUPPLIED
    filter_scope: str | Unknown = ATTRIBUTES
    raw: Truth = _NOT_SUPPLIED
    dead_letter: str | Unknown | None = _NOT_SUPPLIED
    role: str | Unknown | None = _NOT_SUPPLIED


class Function(NamedTuple):
    """A Lambda function as a subscription names it: the function itself, or one of its versions or aliases.

    Each version and alias has a resource policy of its own, and a record of its own with its ``qualifier``.

    - ``arn``: the function's ARN without the qualifier.
    - ``policy``: the resource policy of the qualifier, ``None`` if it has none. A reader of code writes each
      permission (`aws_lambda_permission`, AWS::Lambda::Permission) as a statement, as Lambda does: Principal
      ``{"Service": ...}``; the action; Resource ``*``; ArnLike ``AWS:SourceArn``; StringEquals ``AWS:SourceAccount``
      and ``aws:PrincipalOrgID``.
    - ``more``: the reason why there may be more statements than those in ``policy``, such as permissions that are
      declared elsewhere. A missing permission is then not known instead of broken.
    - ``exists``: false if Lambda does not find it, Unknown if it could not be read or may not be deployed.
    - ``names``: the references that mean it, such as its address and, in one root, its name.
    - ``home``: the namespace of ``names``, as that of a topic.

    https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
    https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html
    """

    arn: Arn | Unknown
    place: Place | None = None
    policy: PolicyText | Unknown | None = _NO_POLICY
    qualifier: str = ""
    exists: Truth = True
    names: tuple[str, ...] = ()
    address: str = ""
    home: str = ""
    root: str = ""
    more: Unknown | None = None

    @property
    def symbol(self) -> str:
        """The reference to the function in its own policy, if the ARN is not known."""
        return next(iter(self.names), self.address)

    @property
    def name(self) -> str:
        """The ARN with the qualifier, or the address."""
        return f"{self.arn}:{self.qualifier}" if self.qualifier and isinstance(self.arn, Arn) else _name(self)


class Queue(NamedTuple):
    """An SQS queue: an endpoint, or the dead-letter queue of a subscription.

    - ``url``: its URL, which only a live read knows.
    - ``policy``: ``None`` for a queue without a policy.
    - ``key``: KmsMasterKeyId as it is stored, or the address of a declared key; ``None`` if no KMS key encrypts it.
      `Inventory.key_of` finds the key.
    - ``managed_sse``: SqsManagedSseEnabled.
    - ``period``: MessageRetentionPeriod in seconds.
    - ``redrive``: the ARN of the queue's own dead-letter queue, empty without one.
    - ``unread``: the reasons why the key could not be read completely.
    - ``exists``, ``names``, ``home``, ``more``: as in `Function`.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
    """

    arn: Arn | Unknown
    url: str = ""
    policy: PolicyText | Unknown | None = _NO_POLICY
    key: str | Unknown | None = Unknown("the encryption of the queue was not supplied")
    managed_sse: Truth = Unknown("the encryption of the queue was not supplied")
    period: int | Unknown = Unknown("the retention period was not supplied")
    redrive: str | Unknown = ""
    unread: tuple[str, ...] = ()
    place: Place | None = None
    fifo: Truth = False
    exists: Truth = True
    names: tuple[str, ...] = ()
    address: str = ""
    home: str = ""
    root: str = ""
    more: Unknown | None = None

    @property
    def symbol(self) -> str:
        """The reference to the queue in its own policy, if the ARN is not known."""
        return next(iter(self.names), self.address)

    @property
    def name(self) -> str:
        """The ARN or the address."""
        return _name(self)


class Role(NamedTuple):
    """The role of a subscription: its trust policy, and all of its permissions policies as one.

    ``bounded`` is true if a permissions boundary may reduce the permissions. A permissions policy has no Principal;
    a reader adds Principal ``*`` to its statements, and Resource ``*`` to those of the trust policy.
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
    """

    arn: Arn | Unknown
    trust: PolicyText | Unknown = _NO_POLICY
    policy: PolicyText | Unknown = _NO_POLICY
    bounded: bool = False
    place: Place | None = None
    exists: Truth = True
    names: tuple[str, ...] = ()
    address: str = ""
    home: str = ""
    root: str = ""

    @property
    def symbol(self) -> str:
        """The reference to the role in its own policy, if the ARN is not known."""
        return next(iter(self.names), self.address)

    @property
    def name(self) -> str:
        """The ARN or the address."""
        return _name(self)


class Stream(NamedTuple):
    """A delivery stream, its status and its destinations. A declared stream is ACTIVE once it is deployed.

    https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html
    """

    arn: Arn | Unknown
    status: str | Unknown = "ACTIVE"
    destinations: tuple[str, ...] = ()
    place: Place | None = None
    exists: Truth = True
    names: tuple[str, ...] = ()
    address: str = ""
    home: str = ""
    root: str = ""

    @property
    def name(self) -> str:
        """The ARN or the address."""
        return _name(self)


Endpoint = Function | Queue | Stream
_Resource = TypeVar("_Resource", Function, Queue, Role, Stream)


def _name(resource: Function | Queue | Role | Stream) -> str:
    return str(resource.arn) if isinstance(resource.arn, Arn) else resource.address


class Endpoints(NamedTuple):
    """The endpoints, dead-letter queues and roles of subscriptions that a run knows."""

    functions: tuple[Function, ...] = ()
    queues: tuple[Queue, ...] = ()
    streams: tuple[Stream, ...] = ()
    roles: tuple[Role, ...] = ()

    def function(self, reference: str | Unknown, home: str) -> Function | Unknown:
        """Return the function, version or alias that a reference from a namespace means."""
        function, qualifier = split_qualifier(reference) if isinstance(reference, str) else ("", "")
        found = [one for one in self.functions if _is_named(reference, one, home)]
        found += [one for one in self.functions if (str(one.arn), one.qualifier) == (function, qualifier)]
        return _only(found, reference, "function")

    def queue(self, reference: str | Unknown, home: str) -> Queue | Unknown:
        """Return the queue that a reference from a namespace means."""
        return _found(self.queues, reference, home, "queue")

    def stream(self, reference: str | Unknown, home: str) -> Stream | Unknown:
        """Return the delivery stream that a reference from a namespace means."""
        return _found(self.streams, reference, home, "delivery stream")

    def role(self, reference: str | Unknown, home: str) -> Role | Unknown:
        """Return the role that a reference from a namespace means."""
        return _found(self.roles, reference, home, "role")

    def behind(self, subscriptions: Iterable[Subscription], home: str) -> Endpoints:
        """Return only the records that subscriptions name."""
        functions: list[Function] = []
        queues: list[Queue] = []
        streams: list[Stream] = []
        roles: list[Role] = []
        for one in subscriptions:
            functions += _known(self.function(one.endpoint, home)) if one.protocol == LAMBDA else ()
            queues += _known(self.queue(one.endpoint, home)) if one.protocol == SQS else ()
            streams += _known(self.stream(one.endpoint, home)) if one.protocol == FIREHOSE else ()
            queues += () if one.dead_letter is None else _known(self.queue(one.dead_letter, home))
            roles += () if one.role is None else _known(self.role(one.role, home))
        return Endpoints(_once(functions), _once(queues), _once(streams), _once(roles))


def _once(resources: Iterable[_Resource]) -> tuple[_Resource, ...]:
    return tuple({id(one): one for one in resources}.values())


def _known(resource: _Resource | Unknown) -> tuple[_Resource, ...]:
    return () if isinstance(resource, Unknown) else (resource,)


def shown(reference: str | Unknown) -> str:
    """Return a reference as reports name it: an ARN, a name, or the reference that the code has.

    Of URLs, email addresses and phone numbers only the host, the domain or the last digits are shown: the rest may be a
    password or token, or belongs to a person. Nothing else is derived from them, as a digest would confirm a guess. Of a
    text of any other form nothing is shown.
    """
    if isinstance(reference, Unknown):
        return reference.where or reference.reason
    if Arn.parse(reference) is not None or _QUEUE.match(reference) or _NAME.fullmatch(reference):
        return reference
    if match := _URL.fullmatch(reference):
        is_plain = match["rest"] in ("", "/") and "@" not in reference
        return reference if is_plain else f"{match['scheme']}://{match['host']}/..."
    if match := _EMAIL.fullmatch(reference):
        return f"{match['first']}***@{match['domain']}"
    return f"***{reference[-2:]}" if _PHONE.fullmatch(reference) else "***"


def endpoint_names(subscriptions: Iterable[Subscription]) -> dict[str | Unknown, str]:
    """Return the name of each endpoint in reports. Several of one host, domain or last digits are numbered."""
    names: dict[str | Unknown, str] = {}
    alike = Counter[str]()
    for endpoint in sorted({one.endpoint for one in subscriptions}, key=str):
        name = names[endpoint] = shown(endpoint)
        if isinstance(endpoint, str):
            alike[name] += 1
            names[endpoint] = f"{name} ({alike[name]})" if alike[name] > 1 else name
    return names


def split_qualifier(reference: str) -> tuple[str, str]:
    """Split the ARN of a version or alias into the function's ARN and the qualifier, which may be empty.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
    """
    arn = Arn.parse(reference)
    if arn is None or arn.service != "lambda":
        return reference, ""
    name, _, qualifier = arn.resource.removeprefix("function:").partition(":")
    return str(arn._replace(resource=f"function:{name}")), qualifier


def _found(
    resources: tuple[_Resource, ...], reference: str | Unknown, home: str, noun: str
) -> _Resource | Unknown:
    return _only(
        [one for one in resources if reference == str(one.arn) or _is_named(reference, one, home)],
        reference,
        noun,
    )


def _is_named(reference: str | Unknown, resource: Function | Queue | Role | Stream, home: str) -> bool:
    """True if a reference, which code writes as an Unknown with the name in ``where``, means the resource."""
    name = reference.where if isinstance(reference, Unknown) else reference
    return resource.home == home and name != "" and name in (resource.address, *resource.names)


def _only(found: Iterable[_Resource], reference: str | Unknown, noun: str) -> _Resource | Unknown:
    """Return the only resource, or why it is not known."""
    records = _once(found)
    if len(records) == 1:
        return records[0]
    name = reference.where if isinstance(reference, Unknown) else reference
    if records:
        return Unknown(f"{len(records)} {noun}s match, and it is not known which one is meant", name)
    return reference if isinstance(reference, Unknown) else Unknown(f"the {noun} was not supplied", name)
