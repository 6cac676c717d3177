"""Everybody who may ask, one for each whom policies can tell apart.

Whom a policy names in Principal, or in a condition on who asks, is told apart outright; one more stands for
the other principals of a named account, one for the services that are not named, and one for all accounts
that are not.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from checker.arn import Arn, is_account
from checker.iam.budget import Budget
from checker.iam.callers import PRINCIPAL_ACCOUNT, PRINCIPAL_ARN
from checker.iam.identity import fresh_account
from checker.iam.mention import known_conditions, mentions_of
from checker.iam.request import AwsPrincipal, Request, Service
from checker.iam.shape import Segment
from checker.iam.texts import LOWER, Form, Texts, some
from checker.policy.model import EVERYONE
from checker.policy.vocabulary import CONNECT
from checker.policy.wildcard import is_wild

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.iam.request import Caller
    from checker.policy.model import Policy

SERVICE, OTHER_SERVICE = "service", "other service"
PRINCIPAL, SESSION, MEMBER, STRANGER = "principal", "session", "member", "stranger"

_OTHER = Service("another-service.amazonaws.com")
_SERVICE_KEYS = ("aws:principalservicename", "aws:principalservicenameslist")
_NAMED_BY = {PRINCIPAL_ACCOUNT: "AWS", PRINCIPAL_ARN: "AWS", **dict.fromkeys(_SERVICE_KEYS, "Service")}
"""The keys by which a condition names a caller, and the type of principal that it names."""


class Asker(NamedTuple):
    """One caller, and whom it stands for.

    ``arn`` is its aws:PrincipalArn, for a session that of its role. ``taken`` are the accounts that a
    STRANGER is not of, or the ARNs that a MEMBER of its account does not have: both stand for all others.
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
        """The name of a role session that is named outright."""
        is_session = isinstance(self.caller, AwsPrincipal) and self.caller.role
        return str(self.caller).rpartition("/")[2] if is_session else ""


def askers(policies: Sequence[Policy], partition: str, owner: object = "") -> list[Asker]:
    """Everybody whom the policies can tell apart, the owner's own among them."""
    named = sorted(set(_named(policies)))  # whichever policy is the old one
    outright = (value for kind, value in named if kind == "Service" and not is_wild(value))
    services = dict.fromkeys((CONNECT, *outright, *_services_told_apart(policies)))
    principals = dict.fromkeys(_principals((value for kind, value in named if kind == "AWS"), partition))
    mentioned = (_account(value) for kind, value in named if kind == "AWS")
    accounts = dict.fromkeys((*_known(owner), *_known(*mentioned), *(one.account for one in principals)))
    return [
        *(Asker(SERVICE, Service(name)) for name in services),
        Asker(OTHER_SERVICE, _OTHER),
        *principals,
        *(_member(account, partition, principals) for account in accounts),
        _stranger(partition, tuple(accounts)),
    ]


def _services_told_apart(policies: Iterable[Policy]) -> Iterator[str]:
    """A service for every class that conditions on the name of the caller tell apart by wildcards."""
    patterns = [
        pattern
        for policy in policies
        for statement in policy.known_statements()
        for key, found in mentions_of(statement, _NO_REQUEST, policy.has_variables).items()
        if key in _SERVICE_KEYS
        for pattern in found
    ]
    if any(one.is_wild for one in patterns):
        found = Texts((_SERVICE_NAME,)).choices({_SERVICE_KEYS[0]: patterns}, Budget())
        yield from (str(one.values[_SERVICE_KEYS[0]]) for one in found.choices)


_SERVICE_NAME = Form.of(_SERVICE_KEYS[0], (*some(LOWER + "-."), Segment(".amazonaws.com")))
_NO_REQUEST = Request(_OTHER, "", "", {})


def _named(policies: Iterable[Policy]) -> Iterator[tuple[str, str]]:
    """The names of callers in Principal and in conditions, with the type of each."""
    for policy in policies:
        for statement in policy.known_statements():
            entries = [(one.type, one.value) for one in statement.principal_entries]
            for condition in known_conditions(statement):
                kind = _NAMED_BY.get(condition.folded_key)
                entries += [(kind, value) for value in condition.values if kind]
            yield from (
                (kind, value) for kind, value in entries if isinstance(value, str) and value != EVERYONE
            )


def _known(*accounts: object) -> Iterator[str]:
    return (one for one in accounts if isinstance(one, str) and is_account(one))


def _account(value: str) -> str:
    """The account that a name, or a pattern of names, is of."""
    arn = Arn.parse(value)
    return arn.account if arn is not None else value


def _principals(values: Iterable[str], partition: str) -> Iterator[Asker]:
    """The principals that are named outright, and for a role a session of it."""
    for value in values:
        caller = AwsPrincipal.parse(value)
        if caller is None or not is_account(caller.arn.account) or not caller.can_exist:
            continue
        if is_account(value):
            caller = AwsPrincipal(caller.arn._replace(partition=partition))
        yield Asker(PRINCIPAL, caller, _principal_arn(caller))
        if caller.arn.service == "iam" and caller.arn.resource.startswith("role/"):
            session = f"assumed-role/{caller.arn.resource.rpartition('/')[2]}/session"
            yield Asker(SESSION, AwsPrincipal(caller.arn._replace(service="sts", resource=session)), value)


def _principal_arn(caller: AwsPrincipal) -> str:
    """The aws:PrincipalArn of a principal; a session has that of its role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    if not caller.role:
        return str(caller)
    return str(caller.arn._replace(service="iam", resource=f"role/{caller.role}"))


def _member(account: str, partition: str, principals: Iterable[Asker]) -> Asker:
    """Stands for all of an account that are not named themselves."""
    taken = tuple(str(one.caller) for one in principals if one.account == account)
    arns = (Arn(partition, "iam", "", account, f"role/{'x' * number}") for number in count(1))
    caller = AwsPrincipal(next(arn for arn in arns if str(arn) not in taken))
    return Asker(MEMBER, caller, str(caller), taken)


def _stranger(partition: str, taken: tuple[str, ...]) -> Asker:
    caller = AwsPrincipal(Arn(partition, "iam", "", fresh_account(taken), "role/x"))
    return Asker(STRANGER, caller, str(caller), taken)
