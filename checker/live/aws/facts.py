"""Convert AWS responses to typed facts. They equal those from AWS CLI output, but have no place in a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from checker.analysis.endpoints import ATTRIBUTES
from checker.analysis.inventory import Grant, Instance, Place, PolicyText, Subscription, Topic
from checker.core.arn import Arn, topic_arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.topic_settings import API, Texts, names_in, settings_of
from checker.policy.node import Node, Object, Scalar, anchor
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import TextError, parse_json
from checker.policy.vocabulary import TOPIC, Dialect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.core.finding import Part, Route


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
    members = (Member(key, nodes_of(source, str(item)), 0, 0) for key, item in value.items())
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
    return {tag[f"{prefix}Key"]: tag[f"{prefix}Value"] for tag in answer.get("Tags") or ()}


def subscription_of(entry: Mapping[str, Any]) -> Subscription:
    """Convert an entry of a subscription list. https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html"""
    arn = str(entry.get("SubscriptionArn", ""))
    protocol, endpoint = str(entry.get("Protocol", "")), str(entry.get("Endpoint", ""))
    confirmed = arn.startswith(_CONFIRMED)
    return Subscription(protocol, endpoint, confirmed, arn if confirmed else "")


def with_attributes(subscription: Subscription, attributes: Mapping[str, str] | Unknown) -> Subscription:
    """Add the attributes of a subscription. AWS omits those that are not set.

    https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html
    """
    if isinstance(attributes, Unknown):
        return subscription._replace(
            filter_policy=attributes, raw=attributes, dead_letter=attributes, role=attributes
        )
    redrive = attributes.get("RedrivePolicy")
    return subscription._replace(
        filter_policy=attributes.get("FilterPolicy") or None,
        filter_scope=attributes.get("FilterPolicyScope") or ATTRIBUTES,
        raw=attributes.get("RawMessageDelivery", "").lower() == "true",
        dead_letter=dead_letter_of(redrive) if redrive else None,
        role=attributes.get("SubscriptionRoleArn") or None,
    )


def dead_letter_of(redrive: str) -> str | Unknown:
    """Return the queue that a redrive policy names, that of a subscription or of a queue."""
    try:
        return str(json.loads(redrive)["deadLetterTargetArn"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return Unknown("the redrive policy does not name a queue", redrive)


def grant_of(entry: Mapping[str, Any]) -> Grant:
    """Convert a grant. https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html"""
    constraints = entry.get("Constraints") or {}
    context = constraints.get("EncryptionContextEquals") or constraints.get("EncryptionContextSubset") or {}
    grantee = entry.get("GranteeServicePrincipal") or entry.get("GranteePrincipal") or ""
    operations = tuple(entry.get("Operations") or ())
    return Grant(grantee, operations, constraints.get("SourceArn"), tuple(context.items()))


def instance_of(entry: Mapping[str, Any]) -> Instance | None:
    """Convert an entry of an instance list. Return None if its ARN is not that of an instance."""
    arn = Arn.parse(str(entry.get("Arn", "")))
    if arn is None or not arn.is_instance:
        return None
    return Instance(arn, Place(document_of(str(arn), {"Arn": str(arn)}), ("Arn",)))
