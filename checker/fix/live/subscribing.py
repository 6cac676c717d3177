"""Which subscriptions of a topic another one can have, with which attributes, and what is to be known of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from checker.core.arn import Arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_CARRIED = (
    "DeliveryPolicy",
    "FilterPolicyScope",
    "FilterPolicy",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
)
_ACROSS_REGIONS = ("sqs", "lambda")
_CONFIRMING = ("http", "https", "email", "email-json")


class Remark(NamedTuple):
    """Something that is not copied, and why."""

    what: str
    reason: str


class Subscribed(NamedTuple):
    """A subscription with its attributes; ``confirmed`` is false for one that AWS shows as pending.

    ``unread`` says why the attributes of one that belongs to another account are not known.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """

    protocol: str
    endpoint: str
    attributes: Mapping[str, str]
    confirmed: bool = True
    unread: str = ""

    @property
    def name(self) -> str:
        """How reports call it."""
        return f"subscription {self.protocol} `{self.endpoint}`"

    def needs_confirmation(self, topic: Arn) -> bool:
        """True if the owner of the endpoint has to confirm it, says AWS: web sites, mail, other accounts."""
        arn = Arn.parse(self.endpoint)
        return self.protocol in _CONFIRMING or (arn is not None and arn.account not in ("", topic.account))


def copied(one: Subscribed, topic: Arn) -> Subscribed:
    """The subscription as another topic is to have it."""
    kept = {name: one.attributes[name] for name in _CARRIED if one.attributes.get(name)}
    if kept.get("RawMessageDelivery") == "false":
        del kept["RawMessageDelivery"]
    if _far_dead_letters(kept, topic):
        del kept["RedrivePolicy"]
    return one._replace(attributes=kept)


def why_not(one: Subscribed, topic: Arn) -> str:
    """Say why a standard topic cannot have a subscription; nothing if it can.

    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    """
    arn = Arn.parse(one.endpoint)
    if not one.confirmed:
        return "nobody has confirmed it: subscribe it anew if it is still wanted"
    if one.unread:
        return f"its attributes are another account's to read, which has to subscribe it anew: {one.unread}"
    if one.protocol == "sqs" and one.endpoint.endswith(".fifo"):
        # "FIFO SQS Queues can not be subscribed to standard SNS topics", says SNS.
        return "SNS takes no FIFO queue as subscriber of a standard topic: subscribe a standard queue"
    if arn is not None and arn.region not in ("", topic.region) and one.protocol not in _ACROSS_REGIONS:
        return "AWS documents delivery to another Region for queues and functions alone"
    return ""


def lost_parts(one: Subscribed, topic: Arn) -> Iterator[Remark]:
    """Name the attributes that are not copied with a subscription."""
    if queue := _far_dead_letters(one.attributes, topic):
        reason = f"AWS documents standard queues in the topic's Region as dead-letter queues, not `{queue}`"
        yield Remark(f"RedrivePolicy of {one.name}", reason)
    if one.attributes.get("ReplayPolicy"):
        yield Remark(f"ReplayPolicy of {one.name}", "FIFO topics alone have it")


def _far_dead_letters(attributes: Mapping[str, str], topic: Arn) -> str:
    """Name the dead-letter queue that the topic's subscription cannot have.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    try:
        named = str(json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", ""))
    except (ValueError, AttributeError):
        return ""
    arn = Arn.parse(named)
    fits = arn is None or (arn.region == topic.region and not named.endswith(".fifo"))
    return "" if fits else named
