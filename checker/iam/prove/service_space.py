"""Spaces of the requests that AWS services make: Connect to publish, SNS to use keys and to deliver notifications.

https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
AWS documents that the policy of a queue can test aws:SourceArn, which is the topic's ARN. AWS does not document
that SNS sends aws:SourceAccount, or what it passes on to KMS, so these keys are Unknown.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.request import FOREIGN_ADDRESS, AwsPrincipal, OpenList, Service, foreign
from checker.iam.decide.time_of_request import OPEN_TIMES
from checker.iam.prove.callers import PRINCIPAL_ACCOUNT, PRINCIPAL_ARN
from checker.iam.prove.key_domains import CONTEXT, CONTEXT_KEYS, Clock
from checker.iam.prove.shape import Segment
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_OWNER
from checker.iam.prove.space import (
    PUBLISH,
    SNS,
    SUBSCRIPTION_KEYS,
    TOPIC_CONTEXT,
    TOPIC_CONTEXT_NAME,
    Space,
    Target,
)
from checker.iam.prove.texts import ALPHANUMERIC, Excluded, Form, Texts, account_segment, arn_head, at_least
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import tokens_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from checker.core.arn import Arn
    from checker.iam.decide.request import ContextValue
    from checker.iam.prove.source_keys import Instances


RESOURCE_ORGANIZATION, SOURCE_ORGANIZATION = "aws:resourceorgid", "aws:sourceorgid"
_SOURCE_PATHS = "aws:sourceorgpaths"
_VARYING = (RESOURCE_ORGANIZATION, "aws:resourceorgpaths")
UNDOCUMENTED = (
    SOURCE_ORGANIZATION,
    _SOURCE_PATHS,
    "aws:useragent",
    "aws:userid",
    "aws:principaltype",
)

_VARYING_CONTEXT: dict[str, ContextValue] = {
    **OPEN_TIMES,
    **{key: Unknown("the value varies by request", key) for key in _VARYING},
}
_SERVICE_CONTEXT: dict[str, ContextValue] = {
    "aws:principalisawsservice": "true",
    "aws:securetransport": "true",
    "aws:viaawsservice": "false",
    "aws:sourceip": FOREIGN_ADDRESS,
    **_VARYING_CONTEXT,
    PRINCIPAL_ARN: foreign("aws:PrincipalArn"),
    PRINCIPAL_ACCOUNT: foreign("aws:PrincipalAccount"),
}


def service_context(target: Target, service: str = CONNECT) -> dict[str, ContextValue]:
    """Return the context of a request of a service, without the source keys."""
    reason = f"AWS does not document this key for {'Amazon Connect' if service == CONNECT else service}"
    return {
        **_SERVICE_CONTEXT,
        **{key: Unknown(reason, key) for key in UNDOCUMENTED},
        "aws:principalservicename": service,
        "aws:principalservicenameslist": OpenList((service, _regional(service, target.region))),
        "aws:resourceaccount": target.account,
        "aws:requestedregion": target.region,
    }


def _regional(service: str, region: str | Unknown) -> str:
    """Return the possible name of a service in a Region."""
    label, _, rest = service.partition(".")
    return f"{label}.{region if isinstance(region, str) else 'us-east-1'}.{rest}"


ABSENT_FOR_SERVICES = frozenset(
    (
        "aws:calledvia",
        "aws:calledviafirst",
        "aws:calledvialast",
        "aws:federatedprovider",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:principaltag/",
        "aws:referer",
        "aws:requesttag/",
        "aws:sourceidentity",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:tagkeys",
        "aws:tokenissuetime",
        "aws:username",
        "aws:vpcsourceip",
    )
)
"""The keys that only the requests of IAM principals have."""

_ABSENT_FOR_CONNECT = ABSENT_FOR_SERVICES | {SOURCE_OWNER} | SUBSCRIPTION_KEYS


def connect_space(target: Target, instance: Arn) -> Space:
    """Return the one request that Connect makes for an instance."""
    context = service_context(target)
    context.update({SOURCE_ARN: str(instance), SOURCE_ACCOUNT: instance.account})
    return Space(Service(CONNECT), PUBLISH, target.resource, context, absent=_ABSENT_FOR_CONNECT)


def instances_space(target: Target, instances: Instances) -> Space:
    """Return Connect's requests for any of the instances, at any time."""
    clock = Clock()
    context = {key: value for key, value in service_context(target).items() if key not in clock.keys}
    free = (instances, clock)
    return Space(Service(CONNECT), PUBLISH, target.resource, context, free, _ABSENT_FOR_CONNECT)


def key_space(key: Target, action: str, topic: str | Unknown) -> Space:
    """Return the request of SNS to use the key when Connect publishes to the topic.

    AWS does not document whether Connect passes the source keys on to KMS, so they are Unknown.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    context = service_context(key)
    source = Unknown("AWS does not document that Connect passes this key on to KMS")
    via = Unknown("AWS does not document this key for a service that publishes to an encrypted topic")
    context.update({SOURCE_ARN: source, SOURCE_ACCOUNT: source, TOPIC_CONTEXT: topic})
    context.update({"kms:viaservice": via, "kms:calleraccount": via})
    context[CONTEXT_KEYS] = (TOPIC_CONTEXT_NAME,)
    absent = ABSENT_FOR_SERVICES | {SOURCE_OWNER, CONTEXT}
    return Space(Service(CONNECT), action, key.resource, context, absent=absent)


class RequestSource(NamedTuple):
    """The resource for which a service makes a request, as its source keys name it; ``None`` for an absent key.

    ``arns`` and ``accounts`` are the possible values of the two keys. ``organizations`` are those of aws:SourceOrgID
    in a request that has one of the two.
    """

    arns: tuple[str | Unknown | None, ...]
    accounts: tuple[str | Unknown | None, ...]
    organizations: tuple[str | Unknown | None, ...]


def sourced_spaces(space: Space, source: RequestSource, organization: str) -> Iterator[Space]:
    """Yield a request in each form that a service may give it, for a resource in an organization.

    AWS documents that a request has aws:SourceOrgID only if it is made for a resource of an organization. The sample
    policy of AWS denies a request that has aws:SourceAccount and lacks aws:SourceOrgID, so that a request for a
    resource of an organization is taken to have both or none of them.
    https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
    """
    paths = Unknown("the place of the account in the organization is not known", "aws:SourceOrgPaths")
    for arn, account in product(source.arns, source.accounts):
        is_named = arn is not None or account is not None
        for owner in dict.fromkeys((*([] if is_named else [None]), *source.organizations)):
            yield _with_keys(
                space,
                {
                    SOURCE_ARN: arn,
                    SOURCE_ACCOUNT: account,
                    SOURCE_ORGANIZATION: owner,
                    _SOURCE_PATHS: None if owner is None else paths,
                    RESOURCE_ORGANIZATION: organization,
                },
            )


def _with_keys(space: Space, values: Mapping[str, ContextValue | None]) -> Space:
    """Return a space in which keys have other values, or are absent."""
    missing = frozenset(key for key, value in values.items() if value is None)
    present = {key: value for key, value in values.items() if value is not None}
    fixed = {key: value for key, value in space.fixed.items() if key not in missing}
    return space._replace(fixed={**fixed, **present}, absent=(space.absent - present.keys()) | missing)


SEND, INVOKE, ASSUME = "sqs:SendMessage", "lambda:InvokeFunction", "sts:AssumeRole"
_NAME = at_least("x" + ALPHANUMERIC.replace("x", "") + "-_")


def _not_sent(key: str) -> Unknown:
    return Unknown("AWS does not document that SNS sends this key when it delivers", key)


def delivery_space(endpoint: Target, topic: Arn, principal: str = SNS, action: str = SEND) -> Space:
    """Return the one request that SNS makes to deliver a message of a topic to a queue or a function.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    """
    context = service_context(endpoint, principal)
    context.update({SOURCE_ARN: str(topic), SOURCE_ACCOUNT: _not_sent("aws:SourceAccount")})
    return Space(Service(principal), action, endpoint.resource, context, absent=ABSENT_FOR_SERVICES)


def other_topics_space(
    endpoint: Target, topic: Arn, action: str = SEND, trusted: Collection[str] = ()
) -> Space:
    """Return the requests to deliver for any topic of another account than the trusted ones, in the topic's Region."""
    context = service_context(endpoint, SNS)
    context[SOURCE_ACCOUNT] = _not_sent("aws:SourceAccount")
    free = (_other_topics(topic, trusted),)
    return Space(Service(SNS), action, endpoint.resource, context, free, ABSENT_FOR_SERVICES)


def _other_topics(topic: Arn, trusted: Collection[str]) -> Texts:
    """Return the topics of all other accounts in the topic's Region."""
    parts = map(Segment, ("arn", topic.partition, "sns", topic.region))
    shape = (*arn_head(*parts, account_segment()), *_NAME)
    accounts = dict.fromkeys((topic.account, *trusted))
    known = tuple(Excluded(SOURCE_ARN, tokens_of(f"*:{account}:*")) for account in accounts)
    return Texts((Form.of(SOURCE_ARN, shape),), excluded=known)


def queue_key_space(key: Target, action: str, principal: str = SNS) -> Space:
    """Return the request to use the key that results when SNS sends to an encrypted queue.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    context = service_context(key, principal)
    unsaid = Unknown("AWS does not document this key for SNS when it sends to an encrypted queue")
    context.update(dict.fromkeys((SOURCE_ARN, SOURCE_ACCOUNT, "kms:viaservice", "kms:calleraccount"), unsaid))
    context["kms:encryptioncontextkeys"] = unsaid
    return Space(Service(principal), action, key.resource, context, absent=ABSENT_FOR_SERVICES)


def trust_space(role: Target, topic: Arn) -> Space:
    """Return the request of SNS to assume the role of a subscription; AWS documents no source keys for it."""
    context = service_context(role._replace(region=topic.region), SNS)
    context[SOURCE_ARN] = _not_sent("aws:SourceArn")
    context[SOURCE_ACCOUNT] = _not_sent("aws:SourceAccount")
    return Space(Service(SNS), ASSUME, role.resource, context, absent=ABSENT_FOR_SERVICES)


def role_space(role: Arn, action: str, resource: str) -> Space:
    """Return a request of SNS with the role; every key that a condition of the role's policies tests is unknown."""
    return Space(AwsPrincipal(role), action, resource, {})
