"""Matches the elements Principal, Action and Resource, and their negated forms, with a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn, is_account
from checker.core.unknown import Truth, Unknown, any_of, negate
from checker.iam.decide.patterns import (
    NO_VALUE,
    PARTS,
    ArnGlob,
    Piece,
    arn_glob,
    arn_glob_of,
    expand,
    tokens_in,
)
from checker.iam.decide.request import Anonymous, AwsPrincipal, Service
from checker.policy.model import DENY, EVERYONE, Patterns, Principal, Principals
from checker.policy.placeholder import is_masked
from checker.policy.wildcard import Glob, glob, glob_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from checker.iam.decide.request import Caller, Request


PROVIDER = "aws:federatedprovider"
"""The context key of a session that was created through an identity provider."""

_NOT_BY_ITSELF = Unknown("a Deny with NotPrincipal lists only the caller's account or role")
_WILD_SERVICE = Unknown("the service principal has a wildcard")
_FEDERATED = Unknown("a federated principal may cover the caller's session")
_CANONICAL = Unknown("a canonical user ID names an account, and does not tell which")
_WILD_ARN = Unknown("the ARN of the principal has a wildcard")


def principal_covers(principals: Principals | Unknown, request: Request, effect: object) -> Truth:
    """Match Principal or NotPrincipal with the caller; ``effect`` is the effect of the statement."""
    caller = request.caller
    if isinstance(principals, Unknown):
        return principals
    if not principals.entries and principals.unknown is None:
        return False  # an empty list matches no caller, in either form
    truths: list[Truth] = [entry_covers(entry, caller) for entry in principals.entries]
    if principals.unknown is not None:
        truths.append(principals.unknown)
    covered = any_of(truths)
    if covered is False and _may_be_named(principals, request, grants=effect != DENY):
        return _FEDERATED
    if not principals.negated:
        return covered
    if effect == DENY and covered is True and _is_named_indirectly(principals, caller):
        return _NOT_BY_ITSELF
    return negate(covered)


def entry_covers(entry: Principal, caller: Caller) -> Truth:
    """Match one entry with one caller. ``*`` also covers services, as the examples of AWS require."""
    if isinstance(entry.value, Unknown):
        # AWS documents that an account, role or user never covers a service, so the placeholder does not matter.
        is_other = entry.type == "AWS" and isinstance(caller, Service) and is_masked(entry.value)
        return False if is_other else entry.value
    if entry.is_everyone:
        return True
    if isinstance(caller, Service):
        return _service_covers(entry.value, caller.name) if entry.type == "Service" else False
    if isinstance(caller, AwsPrincipal) and entry.type == "CanonicalUser":
        return _CANONICAL
    if isinstance(caller, Anonymous) or entry.type != "AWS":
        return False
    return _aws_covers(entry.value, caller)


def _service_covers(named: str, caller: str) -> Truth:
    if named == caller:
        return True
    if "*" in named or "?" in named:
        return _WILD_SERVICE if glob(named).matches(caller) else False
    label, _, rest = named.lower().partition(".")
    is_regional = f"{label}.{rest.partition('.')[2]}" == caller
    return _undocumented(named, caller) if is_regional or named.lower() == caller else False


def _undocumented(named: str, caller: str) -> Unknown:
    return Unknown(f"the principal `{named}` may not stand for `{caller}`, which AWS documents")


def _aws_covers(named: str, caller: AwsPrincipal) -> Truth:
    """Match an AWS principal: an account covers its principals, a role its sessions, any other principal only itself."""
    if named == str(caller.arn):
        return True
    if is_account(named):
        return named == caller.arn.account
    arn = Arn.parse(named)
    if arn is None:
        return False
    if "*" in named or "?" in named:
        return _WILD_ARN
    if arn.account != caller.arn.account or arn.partition != caller.arn.partition:
        return False
    if arn.service == "iam" and arn.resource == "root":
        return True
    kind, _, path = arn.resource.partition("/")
    return bool(caller.role) and (arn.service, kind) == ("iam", "role") and path.split("/")[-1] == caller.role


def _may_be_named(principals: Principals, request: Request, *, grants: bool) -> bool:
    """True if an identity provider is listed, and the session of the caller may have been created through it.

    A statement that ``grants`` access to listed providers does not cover sessions of other providers.
    """
    providers = [entry.value for entry in principals.entries if entry.type == "Federated"]
    provider = request.context.get(PROVIDER)
    if not providers or provider is None or not isinstance(request.caller, AwsPrincipal):
        return False
    known = isinstance(provider, str) and grants and not principals.negated
    return not known or any(
        isinstance(name, Unknown) or _host(name) == _host(str(provider)) for name in providers
    )


def _host(provider: str) -> str:
    """Return the name of an identity provider, given its name or its ARN."""
    return provider.lower().rpartition("-provider/")[2]


def _is_named_indirectly(principals: Principals, caller: Caller) -> bool:
    """True for a principal listed only by its account, or a session listed only by its role."""
    if not isinstance(caller, AwsPrincipal):
        return False
    names = {EVERYONE, str(caller), *((caller.arn.account,) if caller.arn.resource == "root" else ())}
    return names.isdisjoint(
        entry.value for entry in principals.entries if entry_covers(entry, caller) is True
    )


_NO_SERVICE = Unknown("the action pattern has no service prefix")


def action_covers(actions: Patterns | Unknown, action: str) -> Truth:
    """Match Action or NotAction with one action."""
    folded = action.lower()
    return _covers(actions, lambda pattern: _action_matches(pattern, folded))


def _covers(patterns: Patterns | Unknown, matches: Callable[[str | Unknown], Truth]) -> Truth:
    if isinstance(patterns, Unknown):
        return patterns
    if patterns.values == ("*",):
        return not patterns.negated
    if not patterns.values:
        return False  # an empty list applies to nothing, in either form
    covered = any_of(map(matches, patterns.values))
    return negate(covered) if patterns.negated else covered


def covered(actions: Patterns | Unknown, known: Iterable[str]) -> tuple[str, ...]:
    """Return the known actions that the element certainly covers."""
    if isinstance(actions, Patterns) and actions.are_plain:
        names = {value.lower() for value in actions.values if isinstance(value, str)}
        return tuple(action for action in known if action.lower() in names)
    return tuple(action for action in known if action_covers(actions, action) is True)


def _action_matches(pattern: str | Unknown, folded: str) -> Truth:
    if isinstance(pattern, Unknown):
        return pattern
    if pattern == "*":
        return True
    matched = glob(pattern.lower()).matches(folded)
    return _NO_SERVICE if matched and ":" not in pattern else matched


_CROSSING = Unknown("the Resource matches only if a wildcard matches a colon")
_CASE = Unknown("the Resource matches only if letter case is ignored")
_SHORT = Unknown("the Resource is not a valid ARN with six parts")
_EARLY_VARIABLE = Unknown("the Resource has a policy variable before the sixth part of its ARN")


def resource_covers(resources: Patterns | Unknown, request: Request, has_variables: Truth) -> Truth:
    """Match Resource or NotResource with one request; ``has_variables`` is true if the policy has variables."""
    return _covers(resources, lambda pattern: _resource_matches(pattern, request, has_variables))


def _resource_matches(pattern: str | Unknown, request: Request, has_variables: Truth) -> Truth:
    if isinstance(pattern, Unknown):
        return pattern
    if pattern in ("*", request.resource):
        return True
    if "${" not in pattern or has_variables is False:
        return _compare(arn_glob(pattern), glob(pattern.lower()), request.resource)
    if pattern[: pattern.index("${")].count(":") < PARTS - 1:
        return _EARLY_VARIABLE
    expansion = expand(pattern, request, has_variables)
    if isinstance(expansion, Unknown):
        return expansion
    if expansion is NO_VALUE:
        return False
    folded = tuple(Piece(piece.text.lower(), piece.filled_in) for piece in expansion)
    return _compare(arn_glob_of(tokens_in(expansion)), glob_of(tokens_in(folded)), request.resource)


def _compare(pattern: ArnGlob, folded: Glob, resource: str) -> Truth:
    """Compare part by part, including letter case; a match only under looser rules is unknown."""
    if not folded.matches(resource.lower()):
        return False
    if not pattern.whole.matches(resource):
        return _CASE
    if not pattern.is_arn:
        return _SHORT
    return pattern.matches_parts(resource) or _CROSSING
