"""The sets of requests that the questions of a proof range over.

What Amazon Connect sends and lacks, and what a stranger can bring along:
https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn, is_account
from checker.iam.domain import PRINTABLE, Addresses, Domain, Joint, Numbers, OneOf, Text
from checker.iam.identity import HEX, NAME_CHARS, SOURCE_ACCOUNT, SOURCE_ARN, Instances, Strangers
from checker.iam.request import AwsPrincipal, Caller, ContextValue, Service
from checker.iam.shape import Segment
from checker.policy.unknown import Unknown
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
KEY_USES = ("kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:DescribeKey")
DATA_KEY, DECRYPT = "kms:GenerateDataKey", "kms:Decrypt"
TOPIC_CONTEXT = "kms:encryptioncontext:aws:sns:topicarn"


class Target(NamedTuple):
    """The resource that requests are about, with its Region and the account that owns it."""

    resource: str
    region: str | Unknown
    account: str | Unknown
    partition: str = "aws"

    @classmethod
    def of(cls, arn: Arn) -> Target:
        """Take them from an ARN."""
        return cls(str(arn), arn.region, arn.account, arn.partition)


class Space(NamedTuple):
    """Requests that agree in caller, action, resource and the ``fixed`` part of the context.

    ``free`` are the domains of the rest. Keys with one of ``text_prefixes`` may hold any text, or be
    absent; those with one of ``unknown_prefixes`` are Unknown; any other key is absent.
    """

    caller: Caller
    action: str
    resource: str
    fixed: Mapping[str, ContextValue]
    free: tuple[Domain, ...] = ()
    text_prefixes: tuple[str, ...] = ()
    unknown_prefixes: tuple[str, ...] = ("aws:resourcetag/",)

    def constants(self, keys: Iterable[str]) -> dict[str, ContextValue]:
        """The part of the context that is the same for all requests of the space."""
        constants = dict(self.fixed)
        for key in keys:
            if key not in constants and key.startswith(self.unknown_prefixes):
                constants[key] = Unknown("the value is not known", key)
        return constants

    def domains(self, keys: Iterable[str]) -> list[Domain]:
        """The domains that matter to a policy that mentions these keys."""
        mentioned = list(keys)
        found = [domain for domain in self.free if not set(domain.keys).isdisjoint(mentioned)]
        return found + [Text((key,), ANY_TEXT) for key in self.text_keys(mentioned)]

    def text_keys(self, keys: Iterable[str]) -> list[str]:
        """The keys that may hold any text."""
        return [key for key in keys if key.startswith(self.text_prefixes)] if self.text_prefixes else []


ANY_TEXT = (Segment("text", chars=PRINTABLE),)
_VARYING = ("aws:currenttime", "aws:epochtime", "aws:resourceorgid", "aws:resourceorgpaths")
UNDOCUMENTED = (
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:useragent",
    "aws:userid",
    "aws:principaltype",
)
_AWS_ADDRESS = "240.0.0.1"
"""Stands for the AWS-internal address that a service calls from, which is in nobody's CIDR block."""


_VARYING_CONTEXT: dict[str, ContextValue] = {
    key: Unknown("the value differs from request to request", key) for key in _VARYING
}
_SERVICE_CONTEXT: dict[str, ContextValue] = {
    "aws:principalisawsservice": "true",
    "aws:securetransport": "true",
    "aws:viaawsservice": "false",
    "aws:sourceip": _AWS_ADDRESS,
    **{key: Unknown("AWS does not document this key for Amazon Connect", key) for key in UNDOCUMENTED},
    **_VARYING_CONTEXT,
}


def service_context(target: Target, service: str = CONNECT) -> dict[str, ContextValue]:
    """What the request of a service has beside the source keys, which say for whom it is sent."""
    return {
        **_SERVICE_CONTEXT,
        "aws:principalservicename": service,
        "aws:principalservicenameslist": (service,),
        "aws:resourceaccount": target.account,
        "aws:requestedregion": target.region,
    }


def connect_space(target: Target, instance: Arn) -> Space:
    """The one request that Connect makes for an instance."""
    context = service_context(target)
    context.update({SOURCE_ARN: str(instance), SOURCE_ACCOUNT: instance.account})
    return Space(Service(CONNECT), PUBLISH, target.resource, context)


def instances_space(target: Target, instances: Instances) -> Space:
    """Connect's requests for any of the instances."""
    return Space(Service(CONNECT), PUBLISH, target.resource, service_context(target), (instances,))


def key_space(key: Target, action: str, topic: str | Unknown) -> Space:
    """How the key policy sees SNS use the key when Connect publishes to the topic.

    Whether Connect passes the source keys on to KMS is documented nowhere, so they are Unknown.
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    context = service_context(key)
    source = Unknown("AWS does not document that Connect passes this key on to KMS")
    via = Unknown("AWS does not document this key for a service that publishes to an encrypted topic")
    context.update({SOURCE_ARN: source, SOURCE_ACCOUNT: source, TOPIC_CONTEXT: topic})
    context.update({"kms:viaservice": via, "kms:calleraccount": via})
    context["kms:encryptioncontextkeys"] = ("aws:sns:topicArn",)
    return Space(Service(CONNECT), action, key.resource, context)


_LOWER = string.ascii_lowercase + string.digits
_UPPER = string.ascii_uppercase + string.digits
_PROTOCOLS = ("https", "http", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")


def stranger_caller(target: Target) -> AwsPrincipal:
    """Stands for every stranger where only wildcards can tell: a policy that names an account tells it apart."""
    return AwsPrincipal(Arn(target.partition, "iam", "", "stranger", "role/x"))


def stranger_space(action: str, target: Target, words: Collection[str]) -> Space:
    """Requests of a role of an account that is named nowhere: signed, from anywhere, over TLS or not.

    ``words`` are the texts of the policy. Accounts, organisations, VPCs and endpoints among them are the
    victim's, and so out of reach, as are the keys that only AWS services set.
    """
    fixed: dict[str, ContextValue] = {
        "aws:principaltype": "AssumedRole",
        "aws:principalisawsservice": "false",
        "aws:resourceaccount": target.account,
        "aws:requestedregion": target.region,
        "aws:tokenissuetime": Unknown("the value differs from request to request"),
        "aws:viaawsservice": Unknown("a stranger may ask through an AWS service or not"),
        "aws:calledvia": Unknown("a stranger may ask through an AWS service or not"),
        "aws:calledviafirst": Unknown("a stranger may ask through an AWS service or not"),
        "aws:calledvialast": Unknown("a stranger may ask through an AWS service or not"),
        **_VARYING_CONTEXT,
    }
    accounts = tuple(word for word in words if is_account(word))
    owner = (target.account,) if isinstance(target.account, str) else ()
    strangers = Strangers(target.partition, (*accounts, *owner))
    free = (strangers, *caller_domains(tuple(words)))
    if action == SUBSCRIBE:
        free += subscription_domains()
    return Space(stranger_caller(target), action, target.resource, fixed, free, ("aws:principaltag/",))


def subscription_domains() -> tuple[Domain, ...]:
    """The keys that only Subscribe has."""
    return (Text(("sns:endpoint",), ANY_TEXT, optional=False), OneOf(("sns:protocol",), _PROTOCOLS))


def caller_domains(own: tuple[str, ...]) -> tuple[Domain, ...]:
    """What an IAM principal brings along beside its identity; ``own`` are texts out of its reach."""
    return (
        Joint(
            ("aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"),
            (
                (Addresses(("aws:sourceip",)),),
                (
                    Text(("aws:sourcevpc",), _VPC, optional=False, out_of_reach=own),
                    Text(("aws:sourcevpce",), _ENDPOINT, optional=False, out_of_reach=own),
                    Addresses(("aws:vpcsourceip",)),
                ),
            ),
        ),
        Text(("aws:principalorgid",), _ORGANISATION, out_of_reach=own),
        Text(("aws:principalorgpaths",), _ORG_PATH, listed=True, out_of_reach=organisations(own)),
        *_ANYBODYS,
    )


def _identifier(prefix: str) -> tuple[Segment, ...]:
    # 8 digits until 2018, 17 since. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
    return (Segment("prefix", text=prefix), Segment("id", chars=HEX, length=8), Segment("more", chars=HEX))


_VPC, _ENDPOINT = _identifier("vpc-"), _identifier("vpce-")
_ORGANISATION = (Segment("o", text="o-"), Segment("organisation", chars=_LOWER))
_ORG_PATH = (*_ORGANISATION, Segment("r", text="/r-"), Segment("path", chars=_LOWER + "/-"))
_USER_ID = (
    Segment("role", text="AROA"),
    Segment("id", chars=_UPPER),
    Segment("colon", text=":"),
    Segment("session", chars=NAME_CHARS),
)
_ANYBODYS: tuple[Domain, ...] = (
    OneOf(("aws:securetransport",), ("true", "false")),
    Text(("aws:userid",), _USER_ID, optional=False),
    Text(("aws:useragent",), ANY_TEXT),
    Text(("aws:referer",), ANY_TEXT),
    OneOf(("aws:multifactorauthpresent",), ("true", "false", None)),
    Numbers(("aws:multifactorauthage",)),
)


def organisations(words: Iterable[str]) -> tuple[str, ...]:
    """The organisation ids among words, and those that paths start with."""
    return tuple(
        word.partition("/")[0]
        for word in words
        if word.startswith("o-") and "*" not in word.partition("/")[0]
    )
