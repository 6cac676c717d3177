"""Spaces: the sets of requests that the questions of a proof cover.

The context keys of requests from Amazon Connect, and from other AWS customers:
https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn, is_account
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.request import (
    AwsPrincipal,
    Caller,
    ContextValue,
)
from checker.iam.prove.callers import (
    ANONYMOUS,
    SIGNED,
    CallerScope,
    callers_of_kinds,
    organization,
)
from checker.iam.prove.domain import Domain, OneOf, is_among
from checker.iam.prove.key_domains import EncryptionContext, TextLists
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_OWNER
from checker.iam.prove.texts import any_text

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
