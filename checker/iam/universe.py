"""All requests about a topic or key, as spaces: what two policies are compared over.

Callers that neither policy names apart from others, and actions that no statement tells apart, are stood
for by one of them. Keys whose value AWS does not document are free here: whatever the value is, both
policies see the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn, is_plain
from checker.iam.action import action_covers
from checker.iam.askers import MEMBER, PRINCIPAL, STRANGER, askers
from checker.iam.callers import (
    ANONYMOUS,
    SIGNED,
    Who,
    callers,
    named_caller,
    named_session,
    organization,
)
from checker.iam.clock import Clock
from checker.iam.domain import Choice, Domain, Ways
from checker.iam.identity import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_OWNER, Instances
from checker.iam.lists import CONTEXT_KEYS, EncryptionContext
from checker.iam.mention import mentioned_keys
from checker.iam.request import AwsPrincipal, Service, is_foreign
from checker.iam.shape import Segment, Shape
from checker.iam.space import (
    ABSENT_FOR_SERVICES,
    DATA_KEY,
    PUBLISH,
    SUBSCRIBE,
    SUBSCRIPTION_KEYS,
    TOPIC_CONTEXT,
    TOPIC_CONTEXT_NAME,
    Space,
    Target,
    principal_space,
    service_context,
    subscription_domains,
)
from checker.iam.texts import (
    ANY_TEXT,
    COLON,
    DIGITS,
    LOWER,
    PRINTABLE,
    Form,
    Texts,
    account_segment,
    any_text,
    some,
)
from checker.policy.model import Patterns
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.placeholder import texts
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.iam.askers import Asker
    from checker.iam.request import Caller
    from checker.policy.model import Policy, Statement

_FOREMOST = (PUBLISH, DATA_KEY)


def every_space(old: Policy, new: Policy, target: Target) -> Iterator[Space]:
    """The spaces whose requests two policies can differ on."""
    policies = (old, new)
    everybody = askers(policies, target.partition, target.account)
    for actions in action_classes(policies, target):
        for asker in everybody:
            yield asker_space(asker, actions[0], target, policies)


def principal_spaces(policy: Policy, action: str, target: Target) -> Iterator[tuple[AwsPrincipal, Space]]:
    """The requests for one action of everybody whom a policy can tell apart, services left out."""
    for asker in askers((policy,), target.partition):
        if isinstance(asker.caller, AwsPrincipal):
            yield asker.caller, asker_space(asker, action, target, (policy,))


def action_classes(policies: Sequence[Policy], target: Target) -> list[tuple[str, ...]]:
    """The actions of the resource, those that the statements cover alike in one class, Publish foremost."""
    statements = [s for policy in policies for s in policy.known_statements()]
    known = KEY_ACTIONS if _is_key(target, statements) else TOPIC_ACTIONS
    subscribes = not SUBSCRIPTION_KEYS.isdisjoint(mentioned_keys(statements))
    by_cover: dict[tuple[object, ...], list[str]] = {}
    for action in sorted(known, key=lambda action: action not in _FOREMOST):
        # Subscribe alone has keys of its own, which matter only where a policy asks for them.
        alone = subscribes and action == SUBSCRIBE
        by_cover.setdefault((alone, *(action_covers(s.actions, action) for s in statements)), []).append(
            action
        )
    return [tuple(actions) for actions in by_cover.values()]


def _is_key(target: Target, statements: Sequence[Statement]) -> bool:
    """Tell a key by its ARN; a key policy need not name it, and then its actions tell."""
    if target.resource.startswith("arn:"):
        return ":kms:" in target.resource
    named = [
        value
        for s in statements
        if isinstance(s.actions, Patterns)
        for value in s.actions.values
        if isinstance(value, str)
    ]
    return any(value.lower().startswith("kms:") for value in named)


def asker_space(
    asker: Asker, action: str, target: Target, policies: Sequence[Policy], own: tuple[str, ...] = ()
) -> Space:
    """The requests of one asker for an action; ``own`` are texts out of its reach."""
    if isinstance(asker.caller, Service):
        return _service_space(asker.caller, action, target, policies)
    return _principal_space(asker, asker.caller, action, target, own)


def _service_space(caller: Service, action: str, target: Target, policies: Sequence[Policy]) -> Space:
    """A service as itself; Connect's source keys agree, those of other services are free."""
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
    *(*some(LOWER + "-"), COLON, Segment(chars=LOWER + "-"), COLON, Segment(chars=DIGITS), COLON),
    *some(PRINTABLE),
)
_ANY_SOURCE = Texts((Form.of(SOURCE_ARN, _ARN), Form.wider(SOURCE_ARN, ANY_TEXT)), optional=True)
_FROM_SNS = Ways(
    (
        Choice({CONTEXT_KEYS: (TOPIC_CONTEXT_NAME,)}, (any_text(TOPIC_CONTEXT, optional=False),)),
        Choice({}, (EncryptionContext(),)),
    )
)
"""A service that publishes to an encrypted topic has the encryption context of SNS; others have their own."""


def _principal_space(
    asker: Asker, caller: Caller, action: str, target: Target, own: tuple[str, ...]
) -> Space:
    """IAM principals, who may be strangers or the owner's own."""
    who = caller_domain(asker, target, own, organization(own))
    return principal_space(caller, action, target, who)._replace(free_unlisted=True)


def caller_domain(asker: Asker, target: Target, own: tuple[str, ...], organization: Domain) -> Domain:
    """Who the callers are that an asker stands for."""
    if asker.kind == STRANGER:
        return callers(_strangers(asker, target, own), (*SIGNED, ANONYMOUS), organization)
    if asker.kind == MEMBER:
        who = Who(target.partition, asker.account, taken=asker.taken, words=own)
        return callers(who, SIGNED, organization)
    named = named_session if asker.kind == PRINCIPAL and asker.session else named_caller
    return named(asker.principal_arn, asker.session, organization, own)


def members_of(organization_id: str, asker: Asker, target: Target) -> Domain:
    """The principals of one organization among strangers."""
    return callers(_strangers(asker, target, ()), SIGNED, organization((), organization_id))


def _strangers(asker: Asker, target: Target, own: tuple[str, ...]) -> Who:
    return Who(target.partition, but_not=asker.taken, words=own)


def regions(target: Target, policies: Sequence[Policy]) -> tuple[str, ...]:
    """The topic's Region, and those that an instance ARN of a policy names."""
    named = (Arn.parse(text) for policy in policies for _, text in texts(policy))
    found = [
        arn.region for arn in named if arn is not None and arn.service == "connect" and is_plain(arn.region)
    ]
    own = [target.region] if isinstance(target.region, str) else []
    return tuple(dict.fromkeys((*own, *sorted(found)))) or ("us-east-1",)
