"""Reads AWS CLI output and bare policy documents into topics, keys and instances.

The kinds are those of `aws sns get-topic-attributes` and `list-subscriptions-by-topic`, `aws kms
get-key-policy`, `describe-key`, `list-grants` and `list-aliases`, `aws connect describe-instance` and `list-instances`, and
`aws resourcegroupstaggingapi get-resources`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import (
    CREATION_FAILED,
    Grant,
    Instance,
    Key,
    Place,
    PolicyText,
    Setting,
    Subscription,
    Topic,
    TopicSettings,
)
from checker.analysis.replicas import regions_in
from checker.core.arn import Arn, topic_arn
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.text import TextDocument, parse_embedded
from checker.inputs.topic_settings import API, Texts, settings_of
from checker.policy.model import Patterns
from checker.policy.node import Array, Node, Object, Scalar, items, rendered, text_of
from checker.policy.read import read_policy
from checker.policy.vocabulary import KEY, TOPIC, Dialect
from checker.policy.wildcard import glob, is_wild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.core.finding import Route


_CONFIRMED_PREFIX = "arn:"
_NO_KEY = Unknown(
    "the encryption of the topic was not supplied; provide the output of `aws sns get-topic-attributes`"
)


def read_topic(document: TextDocument, attributes: Object, route: Route, *, named: bool) -> Topic:
    """Read the attributes of a topic. All values are strings; the policy is JSON inside a string.

    https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
    """
    claimed_arn = text_of(attributes.get("TopicArn")) or ""
    arn = topic_arn(claimed_arn) or Unknown("the output has no topic ARN in `TopicArn`")
    policy = _embedded_policy(attributes.get("Policy"), TOPIC)
    if isinstance(arn, Unknown) and isinstance(policy, PolicyText):
        arn = topic_of(policy)
    texts = Texts(lambda name: text_of(attributes.get(name)), lambda name: Place(document, (*route, name)))
    settings = settings_of(texts, API)
    if isinstance(settings.fifo.value, Unknown):
        settings = settings._replace(fifo=settings.fifo._replace(value=is_fifo(arn)))
    return Topic(
        arn=arn,
        policy=policy,
        settings=settings,
        place=Place(document, route),
        arn_place=Place(document, (*route, "TopicArn")),
        subscriptions=_counted(attributes.get("SubscriptionsConfirmed")),
        named=named,
        claimed="" if isinstance(topic_arn(claimed_arn), Arn) else claimed_arn,
    )


def with_open_key(topic: Topic, attributes: Object) -> Topic:
    """Leave it open whether a topic is encrypted, unless the attribute was given, even as null."""
    if attributes.get("KmsMasterKeyId") is not None:
        return topic
    key = topic.settings.key._replace(value=_NO_KEY)
    return topic._replace(settings=topic.settings._replace(key=key))


def _counted(confirmed: Node | None) -> tuple[Subscription, ...] | Unknown:
    """Return no subscriptions if the topic counts no confirmed subscription, else Unknown."""
    if text_of(confirmed) == "0":
        return ()
    return Unknown("no list of subscriptions was given")


def bare_topic(policy: PolicyText, *, named: bool) -> Topic:
    """Make a topic from a policy document alone. The policy is the only source of its properties."""
    arn = topic_of(policy)
    place, named_at = Place(policy.document, ()), Place(policy.document, _route_of(arn, policy))
    not_said = Unknown(
        "a policy does not state the encryption of its topic; provide the output of `aws sns get-topic-attributes`"
    )
    settings = TopicSettings(Setting(is_fifo(arn), named_at), Setting(not_said))
    return Topic(arn, policy, settings, place, named_at, named=named)


def bare_key(document: TextDocument, *, named: bool) -> Key:
    """Make a key from a policy document alone."""
    unknown = Unknown("a key policy does not name its key")
    return Key(unknown, Place(document, ()), policy_text(document, KEY), named=named)


def _route_of(arn: Arn | Unknown, policy: PolicyText) -> Route:
    """Return the route to the topic's ARN in its policy, or the root."""
    for statement in policy.policy.known_statements():
        resources = statement.resources
        if isinstance(resources, Patterns) and str(arn) in resources.values:
            return (*statement.route, resources.element, resources.values.index(str(arn)))
    return ()


def topic_of(policy: PolicyText) -> Arn | Unknown:
    """Return the topic that all statements of a policy name or cover, else Unknown."""
    topics = {value for value in policy.policy.resources() if topic_arn(value) is not None}
    plain = {value for value in topics if not is_wild(value)}
    only = topic_arn(min(plain)) if len(plain) == 1 else None
    if only is None or not all(glob(value).matches(str(only)) for value in topics):
        return Unknown("the policy does not name exactly one topic")
    return only


def is_fifo(arn: Arn | Unknown) -> bool | Unknown:
    """Determine from the name whether a topic is FIFO: the name of a standard topic has no dot.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    return arn if isinstance(arn, Unknown) else arn.resource.endswith(".fifo")


def policy_text(document: TextDocument, dialect: Dialect, text: str = "") -> PolicyText:
    """Read a policy document. ``text`` is the text that AWS receives, where it differs from the source."""
    policy, problems = read_policy(document.root, dialect)
    root = document.root
    text = text or document.source.text[root.start : root.end]
    return PolicyText(policy, problems, dialect, document, text)


def _embedded_policy(node: Node | None, dialect: Dialect) -> PolicyText | Unknown:
    """Read the policy in AWS CLI output, where it may be missing."""
    if node is None:
        return Unknown("the output has no `Policy`; AWS omits attributes that the caller may not read")
    if isinstance(node, Scalar) and node.value is None:
        return Unknown("no policy was supplied: `Policy` is null")
    return policy_in(node, dialect)


def policy_in(
    node: Node, dialect: Dialect, prepare: Callable[[Node], Node] = lambda root: root
) -> PolicyText | Unknown:
    """Read a policy from an object, or from JSON in a string that was encoded once or twice.

    ``prepare`` transforms the root of the policy before it is read. Raises InputError with the position.
    """
    held = node
    for _ in range(3):
        text = text_of(held)
        if text is None:
            unknown = held.value if isinstance(held, Scalar) else None
            if isinstance(unknown, Unknown):
                return unknown
            root = prepare(held)
            document = TextDocument(root.source, root)
            return policy_text(document, dialect, rendered(root) if held is node else "")
        assert isinstance(held, Scalar)  # noqa: S101 - only scalars have text
        held = parse_embedded(held, text).root
    where = node.source.position(node.start, node.end)
    raise InputError(node.source.name, "the policy is JSON that was encoded more than twice", where)


def read_key(document: TextDocument, metadata: Object, route: Route, *, named: bool) -> Key:
    """Read `aws kms describe-key`."""

    def said(name: str) -> str | Unknown:
        return text_of(metadata.get(name)) or Unknown(f"the output has no {name}")

    arn = _arn(metadata.get("Arn"), "the output has no Arn")
    spec = text_of(metadata.get("KeySpec")) or said("CustomerMasterKeySpec")
    return Key(
        arn=arn,
        place=Place(document, route),
        state=said("KeyState"),
        manager=said("KeyManager"),
        spec=spec,
        usage=said("KeyUsage"),
        named=named,
    )


def read_key_policy(document: TextDocument, node: Node, route: Route, *, named: bool) -> Key:
    """Read `aws kms get-key-policy`, whose output does not name the key."""
    policy = _embedded_policy(node, KEY)
    unknown = Unknown("the output of `aws kms get-key-policy` does not name the key")
    place = Place(policy.document, ()) if isinstance(policy, PolicyText) else Place(document, route)
    return Key(unknown, place, policy, named=named)


def read_subscriptions(
    document: TextDocument, node: Node, route: Route
) -> Iterator[tuple[str, Subscription]]:
    """Read `aws sns list-subscriptions-by-topic`; yield pairs of topic ARN and subscription."""
    for index, item in enumerate(items(node)):
        if isinstance(item, Object):
            arn = text_of(item.get("SubscriptionArn")) or ""
            protocol, endpoint = text_of(item.get("Protocol")) or "", text_of(item.get("Endpoint")) or ""
            confirmed = arn.startswith(_CONFIRMED_PREFIX)
            place = Place(document, (*route, index))
            found = Subscription(protocol, endpoint, confirmed, arn if confirmed else "", place)
            yield text_of(item.get("TopicArn")) or "", found


def read_grants(node: Node) -> Iterator[tuple[str, Grant]]:
    """Read `aws kms list-grants`; yield pairs of key ID or ARN and grant."""
    for one in items(node):
        if not isinstance(one, Object):
            continue
        constraints = one.get("Constraints")
        within = (
            constraints if isinstance(constraints, Object) else Object((), one.source, one.start, one.start)
        )
        exact, subset = within.get("EncryptionContextEquals"), within.get("EncryptionContextSubset")
        grantee = text_of(one.get("GranteeServicePrincipal")) or text_of(one.get("GranteePrincipal")) or ""
        operations = one.get("Operations")
        grant = Grant(
            grantee,
            tuple(text_of(operation) or "" for operation in items(operations)) if operations else (),
            text_of(within.get("SourceArn")),
            _pairs(exact or subset),
        )
        yield text_of(one.get("KeyId")) or "", grant


def read_aliases(node: Node) -> Iterator[tuple[Arn, str]]:
    """Read `aws kms list-aliases`; yield pairs of alias ARN and key ID.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_AliasListEntry.html
    """
    for one in items(node):
        arn = Arn.parse(text_of(one.get("AliasArn")) or "") if isinstance(one, Object) else None
        target = text_of(one.get("TargetKeyId")) if isinstance(one, Object) else None
        if arn is not None and target:
            yield arn, target


def read_tags(node: Node) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    """Read `aws resourcegroupstaggingapi get-resources`; yield pairs of ARN and tags."""
    for one in items(node):
        if isinstance(one, Object):
            tags = (tag for tag in items(one.get("Tags") or one) if isinstance(tag, Object))
            pairs = ((text_of(tag.get("Key")) or "", text_of(tag.get("Value")) or "") for tag in tags)
            yield text_of(one.get("ResourceARN")) or "", tuple(pair for pair in pairs if pair[0])


def _pairs(node: Node | None) -> tuple[tuple[str, str], ...]:
    members = node.members if isinstance(node, Object) else ()
    return tuple((member.key, text_of(member.value) or "") for member in members)


def read_instances(document: TextDocument, node: Node, route: Route) -> Iterator[Instance]:
    """Read `aws connect describe-instance` (an object) or `list-instances` (a list).

    A replica is an instance in its own Region with the same ID. An instance that AWS failed to create is
    skipped.
    https://docs.aws.amazon.com/connect/latest/adminguide/setup-connect-global-resiliency.html
    """
    listed = isinstance(node, Array)
    for index, one in enumerate(items(node)):
        arn = Arn.parse(text_of(one.get("Arn")) or "") if isinstance(one, Object) else None
        if arn is not None and arn.is_instance and not _is_failed(one):
            at: Route = (*route, index) if listed else route
            instance = Instance(arn, Place(document, (*at, "Arn")))
            yield from [instance] if listed else instance.with_replicas(_replicas(document.root))


def _is_failed(node: Node) -> bool:
    """True for an instance that AWS failed to create, as its status documents."""
    return isinstance(node, Object) and text_of(node.get("InstanceStatus")) == CREATION_FAILED


def _replicas(root: Node) -> tuple[str, ...]:
    """Return the Regions that `describe-instance` lists for a replicated instance, including its own."""
    configuration = root.get("ReplicationConfiguration") if isinstance(root, Object) else None
    if not isinstance(configuration, Object):
        return ()
    summary = configuration.get("ReplicationStatusSummaryList")
    listed = (one for one in (items(summary) if summary is not None else ()) if isinstance(one, Object))
    statuses = (
        (text_of(one.get("Region")) or "", text_of(one.get("ReplicationStatus")) or "") for one in listed
    )
    return regions_in(text_of(configuration.get("SourceRegion")) or "", statuses)


def _arn(node: Node | None, missing: str) -> Arn | Unknown:
    text = text_of(node) if node else None
    return (Arn.parse(text) if text else None) or Unknown(missing)
