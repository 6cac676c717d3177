"""Spaces: the sets of requests that the questions of a proof cover.

The context keys of requests from Amazon Connect, and from other AWS customers:
https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.arn import Arn, is_account
from checker.core.unknown import Unknown
from checker.iam.decide.request import (
    FOREIGN_ADDRESS,
    AwsPrincipal,
    Caller,
    ContextValue,
    OpenList,
    Service,
    foreign,
)
from checker.iam.prove.callers import (
    ANONYMOUS,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN,
    SIGNED,
    CallerScope,
    callers_of_kinds,
    organization,
)
from checker.iam.prove.domain import Domain, OneOf, is_among
from checker.iam.prove.key_domains import CONTEXT, CONTEXT_KEYS, Clock, EncryptionContext, TextLists
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_OWNER, Instances
from checker.iam.prove.texts import any_text
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


SNS = "sns.amazonaws.com"
PUBLISH, SUBSCRIBE = "sns:Publish", "sns:Subscribe"
ADMINISTER = (
    "sns:AddPermission",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:DeleteTopic",
    "sns:PutDataProtectionPolicy",
)
PUT_KEY_POLICY = "kms:PutKeyPolicy"
KEY_TAKEOVER = (PUT_KEY_POLICY, "kms:ScheduleKeyDeletion", "kms:CreateGrant")
KEY_USES = ("kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo")
DATA_KEY, DECRYPT, DESCRIBE = "kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"
TOPIC_CONTEXT_NAME = "aws:sns:topicArn"
TOPIC_CONTEXT = f"kms:encryptioncontext:{TOPIC_CONTEXT_NAME.lower()}"
_PROTOCOLS = ("https", "http", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")
SUBSCRIPTION_KEYS = frozenset(("sns:endpoint", "sns:protocol"))
TAGGING_KEYS = frozenset(("aws:requesttag/", "aws:tagkeys"))


class Target(NamedTuple):
    """The resource of the requests, with its Region and owner account."""

    resource: str
    region: str | Unknown
    account: str | Unknown
    partition: str = "aws"

    @classmethod
    def of(cls, arn: Arn) -> Target:
        """Create a target from an ARN."""
        return cls(str(arn), arn.region, arn.account, arn.partition)


_SEVERAL = frozenset(("aws:tagkeys", "kms:grantoperations", "kms:resourcealiases"))
"""Multivalued keys without a specific domain.

https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""


class Space(NamedTuple):
    """Requests with the same caller, action, resource and ``fixed`` part of the context.

    ``free`` are the domains of the other keys. The keys in ``absent`` are absent; prefixes end with ``/`` or ``:``.
    AWS documents no value for any other key: it is Unknown, or any text if ``free_unlisted``.
    """

    caller: Caller
    action: str
    resource: str
    fixed: Mapping[str, ContextValue]
    free: tuple[Domain, ...] = ()
    absent: frozenset[str] = frozenset()
    free_unlisted: bool = False

    def constants(self, keys: Iterable[str]) -> dict[str, ContextValue]:
        """Return the part of the context that all requests of the space share."""
        constants = dict(self.fixed)
        if not self.free_unlisted:
            for key in self._unlisted(keys):
                constants[key] = Unknown("AWS does not document this key for such a request", key)
        return constants

    def domains(self, keys: Iterable[str]) -> tuple[Domain, ...]:
        """Return the free domains, and domains for those of ``keys`` that the space does not list."""
        more = self._unlisted(keys) if self.free_unlisted else ()
        return (*self.free, *(TextLists(key) if key in _SEVERAL else any_text(key) for key in more))

    def _unlisted(self, keys: Iterable[str]) -> list[str]:
        listed = frozenset().union(self.fixed, self.absent, *(domain.keys for domain in self.free))
        return [key for key in keys if not is_among(key, listed)]


_VARYING = ("aws:currenttime", "aws:epochtime", "aws:resourceorgid", "aws:resourceorgpaths")
UNDOCUMENTED = (
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:useragent",
    "aws:userid",
    "aws:principaltype",
)

_VARYING_CONTEXT: dict[str, ContextValue] = {
    key: Unknown("the value varies by request", key) for key in _VARYING
}
_SERVICE_CONTEXT: dict[str, ContextValue] = {
    "aws:principalisawsservice": "true",
    "aws:securetransport": "true",
    "aws:viaawsservice": "false",
    "aws:sourceip": FOREIGN_ADDRESS,
    **{key: Unknown("AWS does not document this key for Amazon Connect", key) for key in UNDOCUMENTED},
    **_VARYING_CONTEXT,
    PRINCIPAL_ARN: foreign("aws:PrincipalArn"),
    PRINCIPAL_ACCOUNT: foreign("aws:PrincipalAccount"),
}


def service_context(target: Target, service: str = CONNECT) -> dict[str, ContextValue]:
    """Return the context of a request of a service, without the source keys."""
    return {
        **_SERVICE_CONTEXT,
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


def other_account_caller(target: Target) -> AwsPrincipal:
    """Return a caller that represents all accounts that the policy does not name."""
    return AwsPrincipal(Arn(target.partition, "iam", "", "unnamed", "role/x"))


def other_accounts_space(action: str, target: Target, words: Collection[str]) -> Space:
    """Return the requests of accounts that the policy does not name, and of anonymous callers.

    ``words`` are the texts of the policy. The callers have none of the accounts, organizations, VPCs and endpoints
    among them, and none of the keys that only AWS services set.
    """
    own = tuple(sorted(words))
    accounts = filter(is_account, (*own, target.account if isinstance(target.account, str) else ""))
    scope = CallerScope(target.partition, but_not=tuple(dict.fromkeys(accounts)), words=own)
    kinds = SIGNED if action.startswith("kms:") else (*SIGNED, ANONYMOUS)  # KMS requires a signature
    other_accounts = callers_of_kinds(scope, kinds, organization(own))
    return principal_space(other_account_caller(target), action, target, other_accounts)


def principal_space(caller: Caller, action: str, target: Target, callers: Domain) -> Space:
    """Return the requests of IAM principals or anonymous callers; ``callers`` is the domain of the callers and their keys."""
    free: tuple[Domain, ...] = (callers,)
    fixed: dict[str, ContextValue] = {
        "aws:resourceaccount": target.account,
        "aws:requestedregion": target.region,
    }
    absent = _ABSENT_FOR_PRINCIPALS
    if action == SUBSCRIBE:
        free += subscription_domains()
    else:
        absent |= SUBSCRIPTION_KEYS
    if action.startswith("kms:"):
        free += (EncryptionContext(), any_text("kms:viaservice"))
    else:
        absent |= TAGGING_KEYS
    return Space(caller, action, target.resource, fixed, free, absent)


_ABSENT_FOR_PRINCIPALS = frozenset(
    (
        SOURCE_ARN,
        SOURCE_ACCOUNT,
        SOURCE_OWNER,
        "aws:principalservicename",
        "aws:principalservicenameslist",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
    )
)
"""The keys that only requests with a service principal have."""


def subscription_domains() -> tuple[Domain, ...]:
    """Return the domains of the keys that only Subscribe has."""
    return (any_text("sns:endpoint", optional=False), OneOf("sns:protocol", _PROTOCOLS))
