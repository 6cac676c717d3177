"""What AWS answers, as typed facts: the same as of the outputs of the AWS CLI, without a place in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.arn import Arn
from checker.inputs.awscli import is_fifo, topic_arn
from checker.inventory import Grant, Instance, Place, PolicyText, Subscription, Topic
from checker.live.document import LiveDocument, document_of
from checker.policy.dialect import TOPIC, Dialect
from checker.policy.jsontext import TextError, parse_json
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.finding import Route

_ATTRIBUTES: Route = ("Attributes",)
_CONFIRMED = "arn:"
NO_POLICY = "AWS gave no policy; it leaves out what the caller may not see"


def policy_of(name: str, text: str | None, dialect: Dialect) -> PolicyText | Unknown:
    """Read the text of a policy; Unknown, with the reason, if it is no JSON."""
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
    """Make a topic of its attributes. https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html"""
    plain = {key: value for key, value in attributes.items() if key in _SHOWN}
    document = document_of(name, plain)
    arn = topic_arn(name) or Unknown("this is no ARN of a topic")
    fifo = "FifoTopic" if "FifoTopic" in attributes else "TopicArn"
    return Topic(
        arn=arn,
        policy=policy_of(name, attributes.get("Policy"), TOPIC),
        fifo=attributes.get("FifoTopic") == "true" or is_fifo(arn),
        key=attributes.get("KmsMasterKeyId") or None,
        place=Place(document, _ATTRIBUTES),
        key_place=Place(document, (*_ATTRIBUTES, "KmsMasterKeyId")),
        fifo_place=Place(document, (*_ATTRIBUTES, fifo)),
        arn_place=Place(document, (*_ATTRIBUTES, "TopicArn")),
        subscriptions=Unknown("the subscriptions could not be listed"),
        tags=tuple(tags),
    )


_SHOWN = ("TopicArn", "KmsMasterKeyId", "FifoTopic")


def counted(attributes: Mapping[str, str]) -> int:
    """How many entries a list of a topic's subscriptions has, as far as it says."""
    counts = (attributes.get(f"Subscriptions{kind}", "") for kind in ("Confirmed", "Pending"))
    return sum(int(count) for count in counts if count.isdecimal())


def tags_of(answer: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """The tags that a service lists; KMS puts ``Tag`` before the names of their members."""
    return {one[f"{prefix}Key"]: one[f"{prefix}Value"] for one in answer.get("Tags") or ()}


def subscription_of(entry: Mapping[str, Any]) -> Subscription:
    """Read an entry of a list of subscriptions. https://docs.aws.amazon.com/sns/latest/api/API_Subscription.html"""
    arn = str(entry.get("SubscriptionArn", ""))
    protocol, endpoint = str(entry.get("Protocol", "")), str(entry.get("Endpoint", ""))
    return Subscription(protocol, endpoint, confirmed=arn.startswith(_CONFIRMED))


def grant_of(entry: Mapping[str, Any]) -> Grant:
    """Read a grant. https://docs.aws.amazon.com/kms/latest/APIReference/API_GrantListEntry.html"""
    within = entry.get("Constraints") or {}
    context = within.get("EncryptionContextEquals") or within.get("EncryptionContextSubset") or {}
    grantee = entry.get("GranteeServicePrincipal") or entry.get("GranteePrincipal") or ""
    operations = tuple(entry.get("Operations") or ())
    return Grant(grantee, operations, within.get("SourceArn"), tuple(context.items()))


def instance_of(entry: Mapping[str, Any]) -> Instance | None:
    """Read an entry of a list of instances; ``None`` for what is no instance."""
    arn = Arn.parse(str(entry.get("Arn", "")))
    if arn is None or not arn.is_instance:
        return None
    return Instance(arn, Place(document_of(str(arn), {"Arn": str(arn)}), ("Arn",)))
