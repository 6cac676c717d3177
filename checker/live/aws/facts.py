"""Convert AWS responses to typed facts. They equal those from AWS CLI output, but have no place in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from checker.analysis.inventory import (
    GONE,
    Grant,
    Instance,
    Key,
    Place,
    PolicyText,
    Subscription,
    Topic,
    is_managed_key,
)
from checker.core.arn import Arn, topic_arn
from checker.core.errors import Skipped
from checker.core.unknown import Unknown
from checker.inputs.topic_settings import API, Texts, names_in, settings_of
from checker.live.aws.calls import Listing
from checker.live.aws.errors import CallError, Fault
from checker.policy.node import Node, Object, Scalar, anchor
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import TextError, parse_json
from checker.policy.vocabulary import KEY, TOPIC, Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.core.finding import Part, Route
    from checker.live.aws.calls import Calls


class LiveDocument(NamedTuple):
    """The AWS data of one resource, named by its ARN."""

    name: str
    root: Node

    def locate(self, route: Route, part: Part) -> None:
        """Return None, since there is no file."""

    def text_of(self, route: Route, part: Part) -> None:
        """Return None, since there is no file."""

    def pointer_to(self, route: Route, part: Part) -> None:
        """Return None, since there is no file."""

    def anchor(self, route: Route) -> str:
        """Return the name of the place that a route leads to."""
        return anchor(self.root, route)


def document_of(name: str, values: Mapping[str, str]) -> LiveDocument:
    """Return a document for a resource that is described by names and texts."""
    return LiveDocument(name, nodes_of(Source(name, ""), values))


def nodes_of(source: Source, value: Mapping[str, object] | str) -> Node:
    """Convert names and texts to nodes without a place in a file."""
    from checker.policy.node import Member

    if isinstance(value, str):
        return Scalar(value, source, 0, 0)
    members = (Member(key, nodes_of(source, str(one)), 0, 0) for key, one in value.items())
    return Object(tuple(members), source, 0, 0)


_ATTRIBUTES: Route = ("Attributes",)
_CONFIRMED = "arn:"
NO_POLICY = "AWS returned no policy; it omits policies that the caller cannot read"


def policy_of(name: str, text: str | None, dialect: Dialect) -> PolicyText | Unknown:
    """Parse a policy. Return Unknown with the reason if it is not valid JSON."""
    if text is None:
        return Unknown(NO_POLICY)
    try:
        root = parse_json(Source(name, text))
    except TextError as error:
        position = error.position()
        place = f"line {position.line}, column {position.column}"
        return Unknown(f"the {dialect.name} is not JSON: {error.message} ({place})")
    policy, problems = read_policy(root, dialect)
    return PolicyText(policy, problems, dialect, LiveDocument(name, root), text)


def topic_of(name: str, attributes: Mapping[str, str], tags: Sequence[tuple[str, str]] = ()) -> Topic:
    """Convert attributes to a topic. https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html"""
    plain = {key: value for key, value in attributes.items() if key in _SHOWN}
    document = document_of(name, plain)
    arn = topic_arn(name) or Unknown("not a valid ARN of a topic")
    texts = Texts(
        {"TopicArn": name, **attributes}.get, lambda attribute: Place(document, (*_ATTRIBUTES, attribute))
    )
    return Topic(
        arn=arn,
        policy=policy_of(name, attributes.get("Policy"), TOPIC),
        settings=settings_of(texts, API),
        place=Place(document, _ATTRIBUTES),
        arn_place=Place(document, (*_ATTRIBUTES, "TopicArn")),
        subscriptions=Unknown("the subscriptions could not be listed"),
        tags=tuple(tags),
    )


_SHOWN = names_in(API)


def counted(attributes: Mapping[str, str]) -> int:
    """Return the number of subscriptions that a topic's attributes report. The number may be outdated."""
    counts = (attributes.get(f"Subscriptions{kind}", "") for kind in ("Confirmed", "Pending"))
    return sum(int(count) for count in counts if count.isdecimal())


def tags_of(answer: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return the tags in a response. KMS prefixes the names of their members with ``Tag``."""
    return {one[f"{prefix}Key"]: one[f"{prefix}Value"] for one in answer.get("Tags") or ()}


def subscription_of(entry: Mapping[str, Any]) -> Subscription:
    """Convert an entry of a subscription list. https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html"""
    arn = str(entry.get("SubscriptionArn", ""))
    protocol, endpoint = str(entry.get("Protocol", "")), str(entry.get("Endpoint", ""))
    return Subscription(protocol, endpoint, confirmed=arn.startswith(_CONFIRMED))


def grant_of(entry: Mapping[str, Any]) -> Grant:
    """Convert a grant. https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html"""
    within = entry.get("Constraints") or {}
    context = within.get("EncryptionContextEquals") or within.get("EncryptionContextSubset") or {}
    grantee = entry.get("GranteeServicePrincipal") or entry.get("GranteePrincipal") or ""
    operations = tuple(entry.get("Operations") or ())
    return Grant(grantee, operations, within.get("SourceArn"), tuple(context.items()))


def instance_of(entry: Mapping[str, Any]) -> Instance | None:
    """Convert an entry of an instance list. Return None if its ARN is not that of an instance."""
    arn = Arn.parse(str(entry.get("Arn", "")))
    if arn is None or not arn.is_instance:
        return None
    return Instance(arn, Place(document_of(str(arn), {"Arn": str(arn)}), ("Arn",)))


_GRANTS = Listing("kms", "list_grants", "Grants", "Marker", "NextMarker")
_AWS = "AWS"


def read_key(calls: Calls, arn: Arn | None, reference: str, topic: Arn) -> Key | None:
    """Read the key of a topic by its ARN, or by the topic's reference. Return None if it cannot be identified.

    Reads that fail are recorded. Their results are Unknown in the key.
    """
    if arn is None and is_managed_key(reference):
        return None
    if arn is not None and arn.region != topic.region:
        return _bare(arn, Unknown("the key is in another Region than the topic"))
    try:
        answer = calls.make("kms", "describe_key", str(arn or reference), KeyId=str(arn or reference))
    except CallError as error:
        if arn is None or error.fault is not Fault.GONE:  # a key that KMS does not find is a finding
            calls.note(error)
        return _undescribed(calls, arn, error.fault)
    return _described(calls, answer["KeyMetadata"], topic)


def _undescribed(calls: Calls, arn: Arn | None, fault: Fault) -> Key | None:
    """Return a key for a failed DescribeKey. A key that is not found is broken, others may still have a policy."""
    if arn is None:
        return None
    if fault is Fault.GONE:
        return _bare(arn, Unknown("the key was not found"))._replace(state=GONE)
    return _with_policy(calls, _bare(arn, Unknown("")), arn)


def _described(calls: Calls, metadata: dict[str, Any], topic: Arn) -> Key | None:
    arn = Arn.parse(str(metadata.get("Arn", "")))
    if arn is None:
        return None

    def said(name: str) -> str | Unknown:
        return str(metadata[name]) if metadata.get(name) else Unknown(f"KMS returned no {name}")

    spec = metadata.get("KeySpec") or said("CustomerMasterKeySpec")
    key = _bare(arn, Unknown("the policy of an AWS managed key cannot be changed and was not read"))
    key = key._replace(state=said("KeyState"), manager=said("KeyManager"), spec=spec, usage=said("KeyUsage"))
    if key.manager == _AWS:
        return key
    if arn.account != topic.account:
        return key._replace(policy=_elsewhere(calls, arn))
    return _with_policy(calls, key, arn)


def _elsewhere(calls: Calls, arn: Arn) -> Unknown:
    """Record that a key's policy can only be read in the key's own account.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
    """
    reason = f"the key belongs to account {arn.account}, and `kms:GetKeyPolicy` works only there"
    help_text = "audit that account too, or pass the output of `aws kms get-key-policy` to `checker explain`"
    calls.skip(Skipped(str(arn), reason, error=True, help=help_text))
    return Unknown(reason)


def _with_policy(calls: Calls, key: Key, arn: Arn) -> Key:
    return key._replace(policy=_policy(calls, arn), grants=_grants(calls, arn))


def _policy(calls: Calls, arn: Arn) -> PolicyText | Unknown:
    """Read the policy of a key. GetKeyPolicy accepts a key ID or key ARN, but no alias."""
    answer = calls.read("kms", "get_key_policy", str(arn), KeyId=str(arn), PolicyName="default")
    if answer is None:
        return Unknown("the key policy could not be read")
    policy = policy_of(str(arn), answer.get("Policy"), KEY)
    if isinstance(policy, Unknown):
        calls.skip(Skipped(str(arn), policy.reason, error=True))
    return policy


def _grants(calls: Calls, arn: Arn) -> tuple[Grant, ...]:
    """Read all grants. Only AWS services can filter them by service principal.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ListGrants.html
    """
    listed = calls.all(_GRANTS, str(arn), KeyId=str(arn), Limit=100)
    if listed is None:
        return (Grant.unknown(Unknown("the grants could not be listed")),)
    return tuple(map(grant_of, listed))


def _bare(arn: Arn, policy: Unknown) -> Key:
    place = Place(document_of(str(arn), {"Arn": str(arn)}), ("KeyMetadata",))
    return Key(arn, place, policy)
