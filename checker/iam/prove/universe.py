"""The callers of all requests: one representative for each group that policies can distinguish.

A caller that a policy names in Principal, or in a condition on the caller, is a group of its own. The other
principals of a named account are a group, and so are the services that are not named, and all accounts that are
not named.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from checker.core.arn import Arn, is_account, is_plain
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.elements import action_covers
from checker.iam.decide.request import AwsPrincipal, Request, Service, is_foreign
from checker.iam.prove.callers import (
    ANONYMOUS,
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN,
    SIGNED,
    CallerScope,
    callers_of_kinds,
    named_caller,
    named_session,
    organization,
)
from checker.iam.prove.domain import (
    Alternatives,
    Budget,
    Choice,
    Domain,
    known_conditions,
    mentioned_keys,
    mentions_of,
)
from checker.iam.prove.key_domains import CONTEXT_KEYS, Clock, EncryptionContext
from checker.iam.prove.service_space import ABSENT_FOR_SERVICES, service_context
from checker.iam.prove.shape import Segment, Shape
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_OWNER, Instances, fresh_account
from checker.iam.prove.space import (
    DATA_KEY,
    PUBLISH,
    SUBSCRIBE,
    SUBSCRIPTION_KEYS,
    TOPIC_CONTEXT,
    TOPIC_CONTEXT_NAME,
    Space,
    Target,
    principal_space,
    subscription_domains,
)
from checker.iam.prove.texts import (
    ANY_TEXT,
    COLON,
    DIGITS,
    LOWER,
    PRINTABLE,
    Form,
    Texts,
    account_segment,
    any_text,
    at_least,
)
from checker.policy.model import EVERYONE, Patterns
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.placeholder import texts
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import is_wild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.iam.decide.request import Caller
    from checker.policy.model import Policy, Statement


SERVICE, OTHER_SERVICE = "service", "other service"
PRINCIPAL, SESSION, MEMBER, OTHER_ACCOUNT = "principal", "session", "member", "other account"

_OTHER = Service("another-service.amazonaws.com")
_SERVICE_KEYS = ("aws:principalservicename", "aws:principalservicenameslist")
_NAMED_BY = {PRINCIPAL_ACCOUNT: "AWS", PRINCIPAL_ARN: "AWS", **dict.fromkeys(_SERVICE_KEYS, "Service")}
"""The keys of conditions on the caller, and the type of principal that each names."""


class Representative(NamedTuple):
    """A caller that represents a group of callers.

    ``arn`` is the aws:PrincipalArn; for a session it is the ARN of the role. An OTHER_ACCOUNT represents all accounts
    that are not in ``taken``, a MEMBER all principals of its account whose ARNs are not in ``taken``.
    """

    kind: str
    caller: Caller
    arn: str = ""
    taken: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """The account of a principal; empty for a service."""
        return self.caller.arn.account if isinstance(self.caller, AwsPrincipal) else ""

    @property
    def principal_arn(self) -> Arn:
        """The aws:PrincipalArn of a principal. Raises ValueError for a service."""
        arn = Arn.parse(self.arn)
        if arn is None:
            raise ValueError(self.arn)
        return arn

    @property
    def session(self) -> str:
        """The name of a role session that a policy names."""
        is_session = isinstance(self.caller, AwsPrincipal) and self.caller.role
        return str(self.caller).rpartition("/")[2] if is_session else ""


def representatives_of(
    policies: Sequence[Policy], partition: str, owner: object = ""
) -> list[Representative]:
    """Return the callers that the policies can distinguish, including those of the owner's account."""
    named = sorted(set(_named(policies)))  # sorted, so that the order of the policies does not matter
    service_names = (value for kind, value in named if kind == "Service" and not is_wild(value))
    services = dict.fromkeys((CONNECT, *service_names, *_distinct_services(policies)))
    principals = dict.fromkeys(_principals((value for kind, value in named if kind == "AWS"), partition))
    mentioned = (_account(value) for kind, value in named if kind == "AWS")
    accounts = dict.fromkeys(
        (*_known(owner), *_known(*mentioned), *(principal.account for principal in principals))
    )
    return [
        *(Representative(SERVICE, Service(name)) for name in services),
        Representative(OTHER_SERVICE, _OTHER),
        *principals,
        *(_member(account, partition, principals) for account in accounts),
        _other_account(partition, tuple(accounts)),
    ]


def _distinct_services(policies: Iterable[Policy]) -> Iterator[str]:
    """Yield a service for each class that wildcards in conditions on the service name distinguish."""
    patterns = [
        pattern
        for policy in policies
        for statement in policy.known_statements()
        for key, of_key in mentions_of(statement, _NO_REQUEST, policy.has_variables).items()
        if key in _SERVICE_KEYS
        for pattern in of_key
    ]
    if any(pattern.is_wild for pattern in patterns):
        services = Texts((_SERVICE_NAME,)).choices({_SERVICE_KEYS[0]: patterns}, Budget())
        yield from (str(choice.values[_SERVICE_KEYS[0]]) for choice in services.choices)


_SERVICE_NAME = Form.of(_SERVICE_KEYS[0], (*at_least(LOWER + "-."), Segment(".amazonaws.com")))
_NO_REQUEST = Request(_OTHER, "", "", {})


def _named(policies: Iterable[Policy]) -> Iterator[tuple[str, str]]:
    """Yield the names of callers in Principal and in conditions, with the type of each."""
    for policy in policies:
        for statement in policy.known_statements():
            entries = [(entry.type, entry.value) for entry in statement.principal_entries]
            for condition in known_conditions(statement):
                kind = _NAMED_BY.get(condition.folded_key)
                entries += [(kind, value) for value in condition.values if kind]
            yield from (
                (kind, value) for kind, value in entries if isinstance(value, str) and value != EVERYONE
            )


def _known(*accounts: object) -> Iterator[str]:
    return (account for account in accounts if isinstance(account, str) and is_account(account))


def _account(value: str) -> str:
    """Return the account of a principal name or a pattern of names."""
    arn = Arn.parse(value)
    return arn.account if arn is not None else value


def _principals(values: Iterable[str], partition: str) -> Iterator[Representative]:
    """Yield the principals that are named, and a session of each role."""
    for value in values:
        caller = AwsPrincipal.parse(value)
        if caller is None or not is_account(caller.arn.account) or not caller.can_exist:
            continue
        if is_account(value):
            caller = AwsPrincipal(caller.arn._replace(partition=partition))
        yield Representative(PRINCIPAL, caller, _principal_arn(caller))
        if caller.arn.service == "iam" and caller.arn.resource.startswith("role/"):
            session = f"assumed-role/{caller.arn.resource.rpartition('/')[2]}/session"
            yield Representative(
                SESSION, AwsPrincipal(caller.arn._replace(service="sts", resource=session)), value
            )


def _principal_arn(caller: AwsPrincipal) -> str:
    """Return the aws:PrincipalArn of a principal; for a session it is the ARN of the role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    if not caller.role:
        return str(caller)
    return str(caller.arn._replace(service="iam", resource=f"role/{caller.role}"))


def _member(account: str, partition: str, principals: Iterable[Representative]) -> Representative:
    """Return the representative of the principals of an account that are not named."""
    taken = tuple(str(principal.caller) for principal in principals if principal.account == account)
    arns = (Arn(partition, "iam", "", account, f"role/{'x' * number}") for number in count(1))
    caller = AwsPrincipal(next(arn for arn in arns if str(arn) not in taken))
    return Representative(MEMBER, caller, str(caller), taken)


def _other_account(partition: str, taken: tuple[str, ...]) -> Representative:
    caller = AwsPrincipal(Arn(partition, "iam", "", fresh_account(taken), "role/x"))
    return Representative(OTHER_ACCOUNT, caller, str(caller), taken)


_FIRST_ACTIONS = (PUBLISH, DATA_KEY)


def every_space(old: Policy, new: Policy, target: Target) -> Iterator[Space]:
    """Yield the spaces of requests that two policies may decide differently."""
    policies = (old, new)
    representatives = representatives_of(policies, target.partition, target.account)
    for actions in action_classes(policies, target):
        for representative in representatives:
            yield caller_space(representative, actions[0], target, policies)


def principal_spaces(policy: Policy, action: str, target: Target) -> Iterator[tuple[AwsPrincipal, Space]]:
    """Yield the requests for one action of each caller that a policy can distinguish, except services."""
    for representative in representatives_of((policy,), target.partition):
        if isinstance(representative.caller, AwsPrincipal):
            yield representative.caller, caller_space(representative, action, target, (policy,))


def action_classes(policies: Sequence[Policy], target: Target) -> list[tuple[str, ...]]:
    """Group the actions of the resource by the statements that cover them, with Publish first."""
    statements = [statement for policy in policies for statement in policy.known_statements()]
    known = KEY_ACTIONS if _is_key(target, statements) else TOPIC_ACTIONS
    subscribes = not SUBSCRIPTION_KEYS.isdisjoint(mentioned_keys(statements))
    by_cover: dict[tuple[object, ...], list[str]] = {}
    for action in sorted(known, key=lambda action: action not in _FIRST_ACTIONS):
        # Only Subscribe has its own keys, which matter only if a policy tests them.
        alone = subscribes and action == SUBSCRIBE
        by_cover.setdefault(
            (alone, *(action_covers(statement.actions, action) for statement in statements)), []
        ).append(action)
    return [tuple(actions) for actions in by_cover.values()]


def _is_key(target: Target, statements: Sequence[Statement]) -> bool:
    """True for a KMS key, by its ARN or else by the actions of the statements."""
    if target.resource.startswith("arn:"):
        return ":kms:" in target.resource
    named = [
        value
        for statement in statements
        if isinstance(statement.actions, Patterns)
        for value in statement.actions.values
        if isinstance(value, str)
    ]
    return any(value.lower().startswith("kms:") for value in named)


def caller_space(
    representative: Representative,
    action: str,
    target: Target,
    policies: Sequence[Policy],
    own: tuple[str, ...] = (),
) -> Space:
    """Return the requests of one caller group for an action; ``own`` are values that its requests cannot have."""
    if isinstance(representative.caller, Service):
        return _service_space(representative.caller, action, target, policies)
    return _principal_space(representative, representative.caller, action, target, own)


def _service_space(caller: Service, action: str, target: Target, policies: Sequence[Policy]) -> Space:
    """Return the requests of a service. The source keys of Connect agree; those of other services are independent."""
    known = service_context(target, caller.name)
    fixed = {
        key: value for key, value in known.items() if not isinstance(value, Unknown) or is_foreign(value)
    }
    source: tuple[Domain, ...] = (_ANY_SOURCE, *_ACCOUNTS)
    absent = ABSENT_FOR_SERVICES
    if caller.name == CONNECT:
        source = (Instances(target.partition, regions(target, policies), or_absent=True),)
        absent |= {SOURCE_OWNER}
    if action == SUBSCRIBE:
        source += subscription_domains()
    else:
        absent |= SUBSCRIPTION_KEYS
    if action.startswith("kms:"):
        source += (_FROM_SNS,)
    free = (*source, Clock(), any_text("aws:useragent", optional=False))
    return Space(caller, action, target.resource, fixed, free, absent, free_unlisted=True)


_ACCOUNTS = tuple(
    Texts((Form.of(key, (account_segment(),)),), optional=True) for key in (SOURCE_ACCOUNT, SOURCE_OWNER)
)
_ARN: Shape = (
    *(Segment("arn"), COLON, Segment("aws"), Segment(chars=LOWER + "-"), COLON),
    *(*at_least(LOWER + "-"), COLON, Segment(chars=LOWER + "-"), COLON, Segment(chars=DIGITS), COLON),
    *at_least(PRINTABLE),
)
_ANY_SOURCE = Texts((Form.of(SOURCE_ARN, _ARN), Form.undocumented(SOURCE_ARN, ANY_TEXT)), optional=True)
_FROM_SNS = Alternatives(
    (
        Choice({CONTEXT_KEYS: (TOPIC_CONTEXT_NAME,)}, (any_text(TOPIC_CONTEXT, optional=False),)),
        Choice({}, (EncryptionContext(),)),
    )
)
"""Encryption contexts: the context of SNS for a service that publishes to an encrypted topic, or any other."""


def _principal_space(
    representative: Representative, caller: Caller, action: str, target: Target, own: tuple[str, ...]
) -> Space:
    """Return the requests of IAM principals, of the owner's account or of other accounts."""
    callers = caller_domain(representative, target, own, organization(own))
    return principal_space(caller, action, target, callers)._replace(free_unlisted=True)


def caller_domain(
    representative: Representative, target: Target, own: tuple[str, ...], organization: Domain
) -> Domain:
    """Return the domain of the callers in a caller group."""
    if representative.kind == OTHER_ACCOUNT:
        return callers_of_kinds(
            _other_accounts(representative, target, own), (*SIGNED, ANONYMOUS), organization
        )
    if representative.kind == MEMBER:
        scope = CallerScope(target.partition, representative.account, taken=representative.taken, words=own)
        return callers_of_kinds(scope, SIGNED, organization)
    named = named_session if representative.kind == PRINCIPAL and representative.session else named_caller
    return named(representative.principal_arn, representative.session, organization, own)


def members_of(organization_id: str, representative: Representative, target: Target) -> Domain:
    """Return the principals of one organization in accounts that the policies do not name."""
    return callers_of_kinds(
        _other_accounts(representative, target, ()), SIGNED, organization((), organization_id)
    )


def _other_accounts(representative: Representative, target: Target, own: tuple[str, ...]) -> CallerScope:
    return CallerScope(target.partition, but_not=representative.taken, words=own)


def regions(target: Target, policies: Sequence[Policy]) -> tuple[str, ...]:
    """Return the topic's Region, and the Regions of the instance ARNs in the policies."""
    named = (Arn.parse(text) for policy in policies for _, text in texts(policy))
    instance_regions = [
        arn.region for arn in named if arn is not None and arn.service == "connect" and is_plain(arn.region)
    ]
    own = [target.region] if isinstance(target.region, str) else []
    return tuple(dict.fromkeys((*own, *sorted(instance_regions)))) or ("us-east-1",)
