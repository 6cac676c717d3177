"""All requests about a topic or key, as spaces: what two policies are compared over.

Callers that neither policy names apart from others, and actions that no statement tells apart, are stood
for by one of them. Keys whose value AWS does not document are free here: whatever the value is, both
policies see the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.iam.action import action_covers
from checker.iam.askers import MEMBER, STRANGER, askers
from checker.iam.domain import Domain, Moments, Text
from checker.iam.identity import (
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN,
    ROLE,
    ROOT,
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    SOURCE_OWNER,
    USER,
    Instances,
    Strangers,
)
from checker.iam.mention import mentioned_keys
from checker.iam.request import AwsPrincipal, Service
from checker.iam.shape import Segment
from checker.iam.space import (
    ANY_TEXT,
    DATA_KEY,
    PUBLISH,
    SUBSCRIBE,
    UNDOCUMENTED,
    Space,
    Target,
    caller_domains,
    service_context,
    subscription_domains,
)
from checker.policy.model import Patterns
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.placeholder import texts
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from checker.iam.askers import Asker
    from checker.iam.request import ContextValue
    from checker.policy.model import Policy, Statement

_DIGITS = (Segment("digits", chars="0123456789", length=12),)
_UNDOCUMENTED = (*UNDOCUMENTED, "aws:resourceorgid", "aws:resourceorgpaths")
_FREE_FOR_SERVICES = ("aws:resourcetag/", "kms:")
_FREE = ("aws:principaltag/", "aws:requesttag/", *_FREE_FOR_SERVICES)
_ANYBODY = (ROLE, USER, ROOT)
_SUBSCRIPTION_KEYS = frozenset(key for domain in subscription_domains() for key in domain.keys)
_FOREMOST = (PUBLISH, DATA_KEY)
_SIGNED_IN = Moments(("aws:tokenissuetime",))
_MOMENTS = (Moments(("aws:currenttime",)), Moments(("aws:epochtime",)))


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
    subscribes = not _SUBSCRIPTION_KEYS.isdisjoint(mentioned_keys(statements))
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
    fixed = {k: v for k, v in service_context(target, caller.name).items() if not isinstance(v, Unknown)}
    undocumented = tuple(Text((key,), ANY_TEXT) for key in _UNDOCUMENTED)
    source: tuple[Domain, ...]
    if caller.name == CONNECT:
        source = (Instances(target.partition, regions(target, policies), or_absent=True),)
    else:
        accounts = (Text((SOURCE_ACCOUNT,), _DIGITS), Text((SOURCE_OWNER,), _DIGITS))
        source = (Text((SOURCE_ARN,), ANY_TEXT), *accounts)
    free = (*source, *undocumented, *_MOMENTS, *(subscription_domains() if action == SUBSCRIBE else ()))
    return Space(caller, action, target.resource, fixed, free, _FREE_FOR_SERVICES, ())


def _principal_space(
    asker: Asker, caller: AwsPrincipal, action: str, target: Target, own: tuple[str, ...]
) -> Space:
    """An IAM principal, who may be a stranger or the owner's own."""
    fixed: dict[str, ContextValue] = {
        PRINCIPAL_ARN: asker.arn,
        PRINCIPAL_ACCOUNT: asker.account,
        "aws:principalisawsservice": "false",
        "aws:resourceaccount": target.account,
        "aws:requestedregion": target.region,
    }
    who: tuple[Domain, ...] = ()
    if asker.kind == MEMBER:
        who = (Strangers(target.partition, (), asker.account, asker.taken, _ANYBODY),)
    elif asker.kind == STRANGER:
        who = (Strangers(target.partition, asker.taken, tails=_ANYBODY),)
    more = tuple(Text((key,), ANY_TEXT) for key in _UNDOCUMENTED if key != "aws:userid")
    subscribes = subscription_domains() if action == SUBSCRIBE else ()
    free = (*who, *caller_domains(own), *more, *_MOMENTS, _SIGNED_IN, *subscribes)
    return Space(caller, action, target.resource, fixed, free, _FREE, ())


def regions(target: Target, policies: Sequence[Policy]) -> tuple[str, ...]:
    """The topic's Region, and those that an instance ARN of a policy names."""
    named = (Arn.parse(text) for policy in policies for _, text in texts(policy))
    found = [
        arn.region for arn in named if arn is not None and arn.service == "connect" and "*" not in arn.region
    ]
    own = [target.region] if isinstance(target.region, str) else []
    return tuple(dict.fromkeys((*own, *sorted(found)))) or ("us-east-1",)
