"""The Regions that SNS delivers to, and the service principals with which it does.

https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.endpoints import FIREHOSE, LAMBDA
from checker.core.unknown import Truth, Unknown, all_of, any_of
from checker.iam.prove.space import SNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.core.arn import Arn


DEFAULT_REGIONS = frozenset(
    (
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "cn-north-1",
        "cn-northwest-1",
        "us-gov-east-1",
        "us-gov-west-1",
    )
)
"""https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""
_EITHER = ("ap-northeast-3",)
"""The SNS guide lists this Region as an opt-in Region, which it is not for accounts."""
_PRINCIPAL = Unknown("AWS does not document the name of the SNS principal between these two Regions")
_PARTITION = Unknown("AWS does not document that SNS delivers to another partition")
_STREAM = Unknown("AWS documents delivery to another Region only for queues and functions")
_TO_OPT_IN = Unknown("AWS documents that SNS does not deliver to functions of another Region that is opt-in")


def delivers(
    ask: Callable[[str], Truth], protocol: str, topic: Arn, endpoint: Arn | Unknown, more: Unknown | None
) -> Truth:
    """Return whether SNS delivers to a queue or function, by its policy and the Regions.

    ``ask`` decides for one principal. ``more`` is the reason why the policy may have further statements.
    """
    truth = allowed(ask, topic, endpoint)
    if truth is False and more is not None:
        return more
    return truth if isinstance(endpoint, Unknown) else all_of((truth, reaches(protocol, topic, endpoint)))


def allowed(ask: Callable[[str], Truth], topic: Arn, endpoint: Arn | Unknown) -> Truth:
    """Return whether a policy allows the principal of SNS, which has a different one for opt-in Regions.

    ``ask`` decides for one principal. An endpoint whose ARN is not known is taken to be in the topic's Region.
    """
    if isinstance(endpoint, Unknown):
        return ask(SNS)
    answers = [ask(principal) for principal in principals(topic, endpoint)]
    truth = all_of(answers)
    return _PRINCIPAL if truth is False and any_of(answers) is not False else truth


def principals(topic: Arn, endpoint: Arn) -> tuple[str, ...]:
    """Return the possible service principals of SNS between the Regions of a topic and an endpoint."""
    ours, theirs = (arn.region in DEFAULT_REGIONS for arn in (topic, endpoint))
    of_topic, of_endpoint = (f"sns.{arn.region}.amazonaws.com" for arn in (topic, endpoint))
    if topic.region == endpoint.region:
        return (SNS,)
    if topic.region in _EITHER or endpoint.region in _EITHER:
        return (SNS, of_topic, of_endpoint)
    if ours and theirs:
        return (SNS,)
    return (of_topic,) if theirs else (SNS, of_topic, of_endpoint)


def reaches(protocol: str, topic: Arn, endpoint: Arn) -> Truth:
    """Return whether SNS delivers from the Region of a topic to that of an endpoint.

    https://docs.aws.amazon.com/sns/latest/dg/lambda-prereq.html
    """
    if topic.partition != endpoint.partition:
        return _PARTITION
    if topic.region == endpoint.region:
        return True
    if protocol == FIREHOSE:
        return _STREAM
    is_default = endpoint.region in DEFAULT_REGIONS and endpoint.region not in _EITHER
    return True if protocol != LAMBDA or is_default else _TO_OPT_IN
