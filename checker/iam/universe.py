"""All requests about a topic or key, as spaces: what two policies are compared over.

Callers that neither policy names apart from others, and actions that no statement tells apart, are stood
for by one of them. Keys whose value AWS does not document are free here: whatever the value is, both
policies see the same one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn
from checker.iam.action import action_covers
from checker.iam.domain import Domain, Moments, Text
from checker.iam.identity import (
    PRINCIPAL_ACCOUNT,
    PRINCIPAL_ARN,
    SOURCE_ACCOUNT,
    SOURCE_ARN,
    SOURCE_OWNER,
    Instances,
    fresh_account,
)
from checker.iam.request import AwsPrincipal, Service
from checker.iam.shape import Segment
from checker.iam.space import (
    ANY_TEXT,
    SUBSCRIBE,
    UNDOCUMENTED,
    Space,
    Target,
    caller_domains,
    service_context,
    subscription_domains,
)
from checker.policy.model import EVERYONE, Policy
from checker.policy.names import KEY_ACTIONS, TOPIC_ACTIONS
from checker.policy.placeholder import texts
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.iam.request import Caller, ContextValue

_FRESH_SERVICE = "another-service.amazonaws.com"
_DIGITS = (Segment("digits", chars="0123456789", length=12),)
_UNDOCUMENTED = (*UNDOCUMENTED, "aws:resourceorgid", "aws:resourceorgpaths")
_TAGS = ("aws:principaltag/", "aws:resourcetag/", "aws:requesttag/")
_MOMENTS = (Moments(("aws:currenttime",)), Moments(("aws:epochtime",)), Moments(("aws:tokenissuetime",)))


def every_space(old: Policy, new: Policy, target: Target) -> Iterator[Space]:
    """The spaces whose requests two policies can differ on."""
    for action in _actions(old, new, target):
        for caller in _callers(old, new, target):
            if isinstance(caller, Service):
                yield _service_space(caller, action, target, old, new)
            else:
                yield _principal_space(caller, action, target)


def principal_spaces(policy: Policy, action: str, target: Target) -> Iterator[tuple[AwsPrincipal, Space]]:
    """The requests for one action of everybody whom a policy can tell apart, services left out."""
    for caller in _callers(policy, policy, target):
        if isinstance(caller, AwsPrincipal):
            yield caller, _principal_space(caller, action, target)


def _actions(old: Policy, new: Policy, target: Target) -> list[str]:
    """One action for every way in which the statements of both policies cover actions."""
    known = KEY_ACTIONS if ":kms:" in target.resource else TOPIC_ACTIONS
    statements = (*old.known_statements(), *new.known_statements())
    by_cover = {
        tuple(action_covers(s.actions, action) for s in statements): action for action in reversed(known)
    }
    subscribes = tuple(action_covers(s.actions, SUBSCRIBE) for s in statements)
    if known is TOPIC_ACTIONS:
        by_cover[subscribes] = SUBSCRIBE  # it alone has keys of its own
    return list(by_cover.values())


def _callers(old: Policy, new: Policy, target: Target) -> list[Caller]:
    """Everybody whom a policy names, a session of every role, Connect, and one of each kind that none names."""
    callers: dict[Caller, None] = {Service(CONNECT): None, Service(_FRESH_SERVICE): None}
    accounts: set[str] = set()
    for policy in (old, new):
        for statement in policy.known_statements():
            for entry in statement.principal_entries:
                if isinstance(entry.value, str) and entry.value != EVERYONE:
                    callers.update(dict.fromkeys(_named(entry.type, entry.value, target)))
                    accounts.add(entry.value)
    fresh = fresh_account(
        {*accounts, *(str(caller).split(":")[4] for caller in callers if "::" in str(caller))}
    )
    stranger = AwsPrincipal(Arn(target.partition, "iam", "", fresh, "role/x"))
    return [*callers, stranger]


def _named(kind: str, value: str, target: Target) -> Iterator[Caller]:
    if kind == "Service":
        yield Service(value)
        return
    caller = AwsPrincipal.parse(value) if kind == "AWS" else None
    if caller is None or "*" in value:
        return
    yield caller
    role = caller.arn.resource.rpartition("/")[2] if caller.arn.resource.startswith("role/") else "x"
    if caller.arn.resource == "root":
        yield AwsPrincipal(Arn(target.partition, "iam", "", caller.arn.account, "role/x"))
    elif caller.arn.service == "iam":
        session = f"assumed-role/{role}/session"
        yield AwsPrincipal(Arn(target.partition, "sts", "", caller.arn.account, session))


def _service_space(caller: Service, action: str, target: Target, old: Policy, new: Policy) -> Space:
    """A service as itself; Connect's source keys agree, those of other services are free."""
    fixed = {k: v for k, v in service_context(target, caller.name).items() if not isinstance(v, Unknown)}
    undocumented = tuple(Text((key,), ANY_TEXT) for key in _UNDOCUMENTED)
    source: tuple[Domain, ...]
    if caller.name == CONNECT:
        source = (Instances(target.partition, _regions(target, old, new), or_absent=True),)
    else:
        accounts = (Text((SOURCE_ACCOUNT,), _DIGITS), Text((SOURCE_OWNER,), _DIGITS))
        source = (Text((SOURCE_ARN,), ANY_TEXT), *accounts)
    free = (*source, *undocumented, *_MOMENTS, *(subscription_domains() if action == SUBSCRIBE else ()))
    return Space(caller, action, target.resource, fixed, free, (*_TAGS, "kms:"), ())


def _principal_space(caller: AwsPrincipal, action: str, target: Target) -> Space:
    """An IAM principal, who may be a stranger or the owner's own."""
    fixed: dict[str, ContextValue] = {
        PRINCIPAL_ARN: str(caller),
        PRINCIPAL_ACCOUNT: caller.arn.account,
        "aws:principalisawsservice": "false",
        "aws:resourceaccount": target.account,
        "aws:requestedregion": target.region,
    }
    more = tuple(Text((key,), ANY_TEXT) for key in _UNDOCUMENTED if key != "aws:userid")
    free = (*caller_domains(()), *more, *_MOMENTS, *(subscription_domains() if action == SUBSCRIBE else ()))
    return Space(caller, action, target.resource, fixed, free, (*_TAGS, "kms:"), ())


def _regions(target: Target, old: Policy, new: Policy) -> tuple[str, ...]:
    """The topic's Region, and those that an instance ARN of a policy names."""
    named = (Arn.parse(text) for policy in (old, new) for _, text in texts(policy))
    regions = [
        arn.region for arn in named if arn is not None and arn.service == "connect" and "*" not in arn.region
    ]
    own = [target.region] if isinstance(target.region, str) else []
    return tuple(dict.fromkeys((*own, *regions))) or ("us-east-1",)
