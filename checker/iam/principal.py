"""Does Principal or NotPrincipal cover the caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.arn import Arn, is_account
from checker.iam.request import Anonymous, AwsPrincipal, Service
from checker.iam.truth import Truth, any_of, negate
from checker.policy.model import DENY, EVERYONE, Principal, Principals
from checker.policy.placeholder import is_masked
from checker.policy.unknown import Unknown
from checker.policy.wildcard import glob

if TYPE_CHECKING:
    from checker.iam.request import Caller, Request

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
