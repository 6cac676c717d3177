"""Requests of services: Connect to publish, SNS to deliver; their context keys and the causes of their refusal.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.sandbox.aws.organization import is_denied_by_organization, membership_keys

if TYPE_CHECKING:
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.connect.contacts import Instance
    from checker.sandbox.policy.decide import PolicyRequest

    Context = dict[str, str | list[str]]


CONNECT = "connect.amazonaws.com"
SNS = "sns.amazonaws.com"


class Cause(NamedTuple):
    """Why a message was refused, and the documentation of AWS about it."""

    reason: str
    source: str


_CONTROL_POLICY = "AWS documents that RCPs set the maximum permissions on resources in an organization"


def organization_refusal(request: PolicyRequest, account: str) -> Cause | None:
    """Return a cause if a resource control policy denies a request for a resource of an account, else ``None``."""
    if not is_denied_by_organization(request, account):
        return None
    return Cause(f"the resource control policy: ExplicitlyDenied for {request.action}", _CONTROL_POLICY)


class TopicArn(NamedTuple):
    """The parts of a topic's ARN that the checks need."""

    text: str
    region: str
    account: str
    name: str

    @property
    def is_fifo(self) -> bool:
        """Whether the topic is a FIFO topic. The name of a standard topic cannot contain a dot."""
        return self.name.endswith(".fifo")


def read_topic_arn(text: str) -> TopicArn | None:
    """Parse the ARN of a topic; ``None`` for other texts, such as a subscription ARN, which has seven parts."""
    parts = text.split(":")
    if len(parts) != 6 or parts[0] != "arn" or parts[2] != "sns" or not all(parts[3:]):
        return None
    return TopicArn(text, parts[3], parts[4], parts[5])


def place_of(arn: str) -> tuple[str, str]:
    """Return the account and the Region of a resource."""
    parts = arn.split(":")
    return parts[4], parts[3]


class Source(NamedTuple):
    """A calling service, with aws:SourceArn and aws:SourceAccount of its request."""

    service: str
    arn: str
    account: str


def connect_source(instance: Instance) -> Source:
    """Return Connect as the source, with the ARN and the account of the instance, not the topic's account."""
    return Source(CONNECT, instance.arn, instance.account)


OSAKA = "ap-northeast-3"
_DEFAULT_REGIONS = frozenset(
    (
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-central-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "eu-north-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "cn-north-1",
        "cn-northwest-1",
        "us-gov-east-1",
        "us-gov-west-1",
    )
)
"""Regions that are enabled by default, besides Osaka.

https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
"""


def is_opt_in(upstream: Upstream, region: str) -> bool:
    """Return whether SNS treats a Region as an opt-in Region."""
    return upstream.assumptions.osaka_is_opt_in if region == OSAKA else region not in _DEFAULT_REGIONS


def sns_source(upstream: Upstream, topic: TopicArn, region: str) -> Source:
    """Return SNS as the source, for a topic and an endpoint in a Region. An opt-in Region has a regional principal.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
    To an opt-in Region it is the principal of the endpoint's Region, to a default Region that of the topic's.
    Assumed: it also sends aws:SourceAccount. The policies that AWS documents use only aws:SourceArn.
    """
    named = region if is_opt_in(upstream, region) else topic.region
    regional = topic.region != region and is_opt_in(upstream, named)
    return Source(f"sns.{named}.amazonaws.com" if regional else SNS, topic.text, topic.account)


def service_context(upstream: Upstream, source: Source, account: str, region: str) -> Context:
    """Return the context of a service's request for a resource in an account and Region, with lowercase keys.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    The keys of principals in an organization are absent. Assumed: the source address belongs to AWS.
    """
    return {
        "aws:principalisawsservice": "true",
        "aws:principalservicename": source.service,
        "aws:principalservicenameslist": [source.service],
        **_source_keys(upstream, source),
        **_request_keys(account, region),
    }


def role_context(role: str, account: str, region: str) -> Context:
    """Return the context of a role's request for a resource in an account and Region, with lowercase keys."""
    owner = role.split(":")[4]
    return {
        "aws:principalisawsservice": "false",
        "aws:principalarn": role,
        "aws:principalaccount": owner,
        "aws:principaltype": "AssumedRole",
        **membership_keys(owner, "principal"),
        **_request_keys(account, region),
    }


def _request_keys(account: str, region: str) -> Context:
    return {
        "aws:securetransport": "true",
        "aws:viaawsservice": "false",
        "aws:sourceip": "192.0.2.1",
        "aws:resourceaccount": account,
        "aws:requestedregion": region,
        **membership_keys(account, "resource"),
    }


def _source_keys(upstream: Upstream, source: Source) -> Context:
    """Return the keys of the resource for which a service acts.

    AWS documents that a request has the keys of the organization if a service principal makes it directly, for a
    resource in an organization. Assumed: so does every service that sends the account of that resource.
    """
    keys: Context = {"aws:sourcearn": source.arn}
    if source.service == CONNECT or upstream.assumptions.sns_source_account:
        keys["aws:sourceaccount"] = source.account
    if upstream.assumptions.source_organization_keys:
        keys |= membership_keys(source.account, "source")
    return keys
