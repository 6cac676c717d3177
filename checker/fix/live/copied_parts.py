"""The parts of a topic that its replacement copies: policy, attributes, tags and subscriptions; and those it loses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.analysis.endpoints import shown
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.fix.live.receipt import RECEIPT, REPLACES

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


class PartNotCopied(NamedTuple):
    """A part that is not copied, and why."""

    what: str
    reason: str


class Subscribed(NamedTuple):
    """A subscription with its attributes. ``confirmed`` is False if AWS shows it as pending.

    ``unread`` says why the attributes are not known: the subscription belongs to another account.

    https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
    """

    protocol: str
    endpoint: str
    attributes: Mapping[str, str]
    confirmed: bool = True
    unread: str = ""

    @property
    def name(self) -> str:
        """Return the subscription as reports name it."""
        return f"subscription {self.protocol} `{shown(self.endpoint)}`"

    def needs_confirmation(self, topic: Arn) -> bool:
        """Return True if AWS requires the endpoint's owner to confirm: web sites, email, other accounts."""
        arn = Arn.parse(self.endpoint)
        return self.protocol in _CONFIRMING or (arn is not None and arn.account not in ("", topic.account))


def copied(subscription: Subscribed, topic: Arn) -> Subscribed:
    """Return the subscription as it is created for another topic."""
    kept = {name: subscription.attributes[name] for name in _CARRIED if subscription.attributes.get(name)}
    if kept.get("RawMessageDelivery") == "false":
        del kept["RawMessageDelivery"]
    if _far_dead_letters(kept, topic):
        del kept["RedrivePolicy"]
    return subscription._replace(attributes=kept)


def why_not(subscription: Subscribed, topic: Arn) -> str:
    """Return why a standard topic cannot have this subscription. Empty if it can.

    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    """
    arn = Arn.parse(subscription.endpoint)
    if not subscription.confirmed:
        return "not confirmed: subscribe it again if it is still needed"
    if subscription.unread:
        return f"only its own account can read its attributes, and must subscribe it again: {subscription.unread}"
    if subscription.protocol == "sqs" and subscription.endpoint.endswith(".fifo"):
        # SNS responds: "FIFO SQS Queues can not be subscribed to standard SNS topics".
        return (
            "SNS does not accept a FIFO queue as subscriber of a standard topic: subscribe a standard queue"
        )
    if (
        arn is not None
        and arn.region not in ("", topic.region)
        and subscription.protocol not in _ACROSS_REGIONS
    ):
        return "AWS documents delivery to other Regions only for queues and functions"
    return ""


def lost_parts(subscription: Subscribed, topic: Arn) -> Iterator[PartNotCopied]:
    """Yield the attributes that are not copied with a subscription."""
    if queue := _far_dead_letters(subscription.attributes, topic):
        reason = (
            f"AWS documents only standard queues in the topic's Region as dead-letter queues, not `{queue}`"
        )
        yield PartNotCopied(f"RedrivePolicy of {subscription.name}", reason)
    if subscription.attributes.get("ReplayPolicy"):
        yield PartNotCopied(f"ReplayPolicy of {subscription.name}", "only FIFO topics support it")


def _far_dead_letters(attributes: Mapping[str, str], topic: Arn) -> str:
    """Return the dead-letter queue that the subscription cannot use with this topic. Empty if there is none.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    try:
        named = str(json.loads(attributes.get("RedrivePolicy") or "{}").get("deadLetterTargetArn", ""))
    except (ValueError, AttributeError):
        return ""
    arn = Arn.parse(named)
    fits = arn is None or (arn.region == topic.region and not named.endswith(".fifo"))
    return "" if fits else named


def replace_arn(policy: str, old: Arn, new: Arn) -> str:
    """Rewrite the policy of one topic for another: replace the ARN where it is the whole value."""
    return json.dumps(_replace_arn(json.loads(policy), str(old), str(new)))


def _replace_arn(value: object, old: str, new: str) -> object:
    if isinstance(value, dict):
        return {name: _replace_arn(item, old, new) for name, item in value.items()}
    if isinstance(value, list):
        return [_replace_arn(item, old, new) for item in value]
    return new if value == old else value


_PROTOCOLS = ("HTTP", "Firehose", "Lambda", "Application", "SQS")
_FEEDBACK = ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
_COPIED = (
    *("DeliveryPolicy", "DisplayName", "MaximumMessageSize", "SignatureVersion", "TracingConfig"),
    *(f"{protocol}{name}" for protocol in _PROTOCOLS for name in _FEEDBACK),
)
_FIFO_ALONE = ("ArchivePolicy", "ContentBasedDeduplication", "FifoThroughputScope")


def copied_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes that are copied to a new standard topic. Policy and key are not among them.

    https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    """
    return {name: attributes[name] for name in _COPIED if attributes.get(name)}


def lost_attributes(attributes: Mapping[str, str]) -> Iterator[PartNotCopied]:
    """Yield the attributes that only FIFO topics have."""
    for name in _FIFO_ALONE:
        if attributes.get(name) not in (None, "", "false"):
            yield PartNotCopied(
                name, "only FIFO topics support it: messages may arrive out of order or twice"
            )


def copied_tags(tags: Mapping[str, str], managing: frozenset[str]) -> dict[str, str]:
    """Return the tags that are copied."""
    return {name: value for name, value in tags.items() if not _lost_tag(name, managing)}


def lost_tags(tags: Mapping[str, str], managing: frozenset[str]) -> Iterator[PartNotCopied]:
    """Yield the tags that are not copied. ``managing`` are tags that name the tool managing the old resource."""
    for name in tags:
        if reason := _lost_tag(name, managing):
            yield PartNotCopied(f"tag `{name}`", reason)


def _lost_tag(name: str, managing: frozenset[str]) -> str:
    """Return why a tag is not copied. Empty if it is.

    https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html
    """
    if name.lower().startswith("aws:"):
        return "AWS reserves tags that begin with `aws:`"
    if name in (REPLACES, RECEIPT):
        return "it refers to another topic"
    return "it would mark the replacement as managed too" if name in managing else ""
