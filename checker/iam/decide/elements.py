"""Does Principal or NotPrincipal cover the caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn, is_account
from checker.core.unknown import Truth, Unknown, any_of, negate
from checker.iam.decide.operators import PARTS, ArnGlob, arn_glob, arn_glob_of
from checker.iam.decide.request import Anonymous, AwsPrincipal, Service
from checker.iam.decide.variables import NO_VALUE, Piece, expand, tokens_in
from checker.policy.model import DENY, EVERYONE, Patterns, Principal, Principals
from checker.policy.placeholder import is_masked
from checker.policy.wildcard import Glob, glob, glob_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.iam.decide.request import Caller, Request


PROVIDER = "aws:federatedprovider"
"""The key of a session that came through an identity provider."""

_NOT_BY_ITSELF = Unknown("a Deny with NotPrincipal that names only the caller's account or role")
_REGIONAL = Unknown("a regional service principal")
_WILD_SERVICE = Unknown("a wildcard in a service principal")
_ODD_CASE = Unknown("a service principal that is not in lower case")
_FEDERATED = Unknown("whose sessions a federated principal covers")
_WILD_ARN = Unknown("a wildcard in an AWS principal")


def principal_covers(principals: Principals | Unknown, request: Request, effect: object) -> Truth:
    """Decide the element for who asks; ``effect`` is that of the statement."""
    caller = request.caller
    if isinstance(principals, Unknown):
        return principals
    if not principals.entries and principals.unknown is None:
        return False  # an empty list applies to nobody, in either form
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
    """Decide one entry for one caller; ``*`` covers services too, AWS's own samples depend on it."""
    if isinstance(entry.value, Unknown):
        # AWS documents that an account, role or user never covers a service, whichever is filled in.
        is_other = entry.type == "AWS" and isinstance(caller, Service) and is_masked(entry.value)
        return False if is_other else entry.value
    if entry.is_everyone:
        return True
    if isinstance(caller, Service):
        return _service_covers(entry.value, caller.name) if entry.type == "Service" else False
    if isinstance(caller, Anonymous) or entry.type != "AWS":
        return False
    return _aws_covers(entry.value, caller)


def _service_covers(named: str, caller: str) -> Truth:
    if named == caller:
        return True
    if "*" in named or "?" in named:
        return _WILD_SERVICE if glob(named).matches(caller) else False
    if named.lower() == caller:
        return _ODD_CASE
    label, _, rest = named.partition(".")
    return _REGIONAL if f"{label}.{rest.partition('.')[2]}" == caller else False


def _aws_covers(named: str, caller: AwsPrincipal) -> Truth:
    """An account covers every principal of it, a role its sessions, everything else only itself."""
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
    """True if an identity provider is named, and a session of the caller may have come through it.

    A statement that ``grants`` access to providers by name covers no session that came through another.
    """
    named = [entry.value for entry in principals.entries if entry.type == "Federated"]
    provider = request.context.get(PROVIDER)
    if not named or provider is None or not isinstance(request.caller, AwsPrincipal):
        return False
    known = isinstance(provider, str) and grants and not principals.negated
    return not known or any(isinstance(one, Unknown) or _host(one) == _host(str(provider)) for one in named)


def _host(provider: str) -> str:
    """The name of an identity provider, whether it is given as such or by its ARN."""
    return provider.lower().rpartition("-provider/")[2]


def _is_named_indirectly(principals: Principals, caller: Caller) -> bool:
    """True for a principal of which only the account is named, or for a session of which only the role is."""
    if not isinstance(caller, AwsPrincipal):
        return False
    names = {EVERYONE, str(caller), *((caller.arn.account,) if caller.arn.resource == "root" else ())}
    covering = [entry.value for entry in principals.entries if entry_covers(entry, caller) is True]
    return names.isdisjoint(value for value in covering if isinstance(value, str))


_NO_SERVICE = Unknown("an action pattern without a service prefix")


def action_covers(actions: Patterns | Unknown, action: str) -> Truth:
    """Decide the element for one action."""
    if isinstance(actions, Unknown):
        return actions
    if actions.values == ("*",):
        return not actions.negated
    if not actions.values:
        return False  # an empty list applies to nothing, in either form
    folded = action.lower()
    covered = any_of(_action_matches(value, folded) for value in actions.values)
    return negate(covered) if actions.negated else covered


def covered(actions: Patterns | Unknown, known: Iterable[str]) -> tuple[str, ...]:
    """The actions among those known that the element covers for sure."""
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


_CROSSING = Unknown("a Resource wildcard that would have to cross a colon")
_CASE = Unknown("a Resource that matches only when letter case is ignored")
_SHORT = Unknown("a Resource that is no six-part ARN")
_EARLY_VARIABLE = Unknown("a policy variable before the sixth part of a Resource")


def resource_covers(resources: Patterns | Unknown, request: Request, has_variables: bool | Unknown) -> Truth:  # noqa: FBT001
    """Decide the element for one request; ``has_variables`` is that of its policy."""
    if isinstance(resources, Unknown):
        return resources
    if resources.values == ("*",):
        return not resources.negated
    if not resources.values:
        return False  # an empty list applies to nothing, in either form
    covered = any_of(_resource_matches(value, request, has_variables) for value in resources.values)
    return negate(covered) if resources.negated else covered


def _resource_matches(pattern: str | Unknown, request: Request, has_variables: bool | Unknown) -> Truth:  # noqa: FBT001
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
    """Part by part, with case; what matches only on a looser reading is unknown."""
    if not folded.matches(resource.lower()):
        return False
    if not pattern.whole.matches(resource):
        return _CASE
    if not pattern.is_arn or resource.count(":") < PARTS - 1:
        return _SHORT
    return pattern.matches_parts(resource) or _CROSSING
