"""Whether organization policies permit AWS services what they do with a resource, such as the key of a topic.

Resource control policies (RCPs) cover KMS keys, SQS queues and Firehose streams, and bind service principals. They do
not cover SNS topics, AWS managed keys and the resources of the management account.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html

A service may make a request in several forms, as AWS does not document all keys that it passes on. A request is denied
only if every form is, and permitted only if no form is denied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import Truth, Unknown, all_of
from checker.iam.decide.operators import is_negated
from checker.iam.prove import prove
from checker.iam.prove.callers import ORG_ID, organizations
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.service_space import RESOURCE_ORGANIZATION, SOURCE_ORGANIZATION
from checker.policy.model import (
    ALLOW,
    DENY,
    EVERYONE,
    RESOURCE,
    Condition,
    Patterns,
    Policy,
    Principal,
    Principals,
    Statement,
)
from checker.policy.placeholder import masked, texts
from checker.policy.wildcard import glob, is_wild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from checker.analysis.deployments import Deployment
    from checker.analysis.inventory import Organization, OrganizationPolicy
    from checker.iam.decide.decide import Decision
    from checker.iam.decide.request import Request
    from checker.iam.prove.space import Space, Target
    from checker.policy.model import Value

    Forms = Callable[[str], Iterable[tuple[Space, ...]]]
    """Yields the forms of what a service does in an organization, each with all requests that it consists of."""


NOT_SUPPLIED = Unknown("no organization policy was supplied", "--rcp")
"""Why it is not known whether an organization policy denies a request, if none was given or asked for."""
NONE_DENIES = "no organization policy denies Connect the use of the key"

NO_ARN = Unknown("the ARN of the key is not known")
_NO_RESOURCE = Unknown("the ARN of the resource is not known")
OPEN = "\0"
"""Stands for a part of an ARN that is not known. Only a wildcard matches it."""

_ID = pattern(r"o-[a-z0-9]{10,32}")
_IDS = (SOURCE_ORGANIZATION, RESOURCE_ORGANIZATION, ORG_ID)
_PASSED_ON = (
    "a request that Connect makes for an instance of an organization has aws:SourceOrgID if it has aws:SourceAccount or "
    "aws:SourceArn"
)
_NOT_DOCUMENTED = (
    "it depends on aws:SourceArn, aws:SourceAccount or aws:SourceOrgID, and AWS does not document which of them the "
    "request has"
)


class Denial(NamedTuple):
    """A request that an organization policy denies, with the decision."""

    policy: OrganizationPolicy
    request: Request
    decision: Decision

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statements that deny the request."""
        known = (match.statement for match in self.decision.decisive())
        return tuple(one for one in known if isinstance(one, Statement))


class Permission(NamedTuple):
    """Whether organization policies permit what a service does: false if they deny every form of its requests.

    ``denials`` are the denied requests of one form. ``assumptions`` are what the answer assumes.
    """

    truth: Truth
    denials: tuple[Denial, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """The first policy that denies, with its statements; empty without a denial."""
        if not self.denials:
            return ""
        first = self.denials[0]
        titles = " and ".join(statement.title for statement in first.statements)
        return f"organization policy `{first.policy.name}` ({titles})"


def member_organizations(
    organization: Organization, account: str, owner: str | Unknown, own: str
) -> tuple[str | Unknown | None, ...]:
    """Return the possible organizations of an account, ``None`` for none; the owner of the resource is in ``own``."""
    is_member: Truth = True if account == owner else organization.has_member(account)
    if isinstance(is_member, Unknown):
        return (is_member,)
    if is_member:
        return (own,)
    others = (one for one in _named_organizations(organization.policies) if one != own)
    return (_another(own), *others, None)


def _another(own: str) -> str:
    return next(one for one in ("o-another0organization", "o-another1organization") if one != own)


def permission(
    organization: Organization,
    owner: str | Unknown,
    target: Target,
    forms: Forms,
    *,
    is_any: bool = False,
) -> Permission:
    """Return whether the organization policies of a resource's owner permit what a service does.

    With ``is_any``, the resource is only an example.
    """
    applied = organization.policies_of(owner)
    if isinstance(applied, Unknown) or not applied:
        return Permission(applied if isinstance(applied, Unknown) else True)
    opened = _Opened(organization.open_values, applied)
    example = opened.text(target.resource)
    is_example = is_any or example != target.resource
    policies = [(one, _prepared(one, example if is_example else None)) for one in applied]
    own = _own_organizations(organization, applied)
    results = {
        one: [_result(policies, tuple(map(opened.space, form))) for form in forms(one)] for one in own.ids
    }
    return _combined(results, own)._replace(assumptions=tuple(_assumed(organization, applied, own)))


def _result(policies: Sequence[tuple[OrganizationPolicy, Policy]], form: tuple[Space, ...]) -> Permission:
    """Decide one form of the requests: every request must be permitted by every policy."""
    answers = [(named, prove.one_request(policy, space)) for named, policy in policies for space in form]
    denials = tuple(
        Denial(named, answer.witness, answer.decision)
        for named, answer in answers
        if answer.truth is False and answer.witness is not None and answer.decision is not None
    )
    truths = (
        answer.truth._replace(reason=f"{named.name}: {answer.truth.reason}")
        if isinstance(answer.truth, Unknown)
        else answer.truth
        for named, answer in answers
    )
    return Permission(all_of(truths), denials)


def _combined(by_organization: dict[str, list[Permission]], own: _OwnOrganizations) -> Permission:
    """Combine the results of all forms in each organization: what holds in each of them is certain."""
    every = [result for listed in by_organization.values() for result in listed]
    truths = [result.truth for result in every]
    unknown = next((truth for truth in truths if isinstance(truth, Unknown)), None)
    if all(truth is True for truth in truths):
        return Permission(truth=True)
    if all(truth is False for truth in truths):
        return Permission(truth=False, denials=every[0].denials)
    denials = next((result.denials for result in every if result.truth is False), ())
    if unknown is not None:
        return Permission(unknown, denials)
    names = " and ".join(dict.fromkeys(denial.policy.name for denial in denials))
    decided = [{result.truth for result in listed} for listed in by_organization.values()]
    if all(len(one) == 1 for one in decided):
        return Permission(Unknown(f"{names}: the ID of the organization is not known", own.where), denials)
    return Permission(Unknown(f"{names}: {_NOT_DOCUMENTED}"), denials)


_FULL_ACCESS = Statement(
    0,
    "",
    ALLOW,
    Principals(False, (Principal(EVERYONE, EVERYONE, ()),)),  # noqa: FBT003
    Patterns("Action", (EVERYONE,)),
    Patterns("Resource", (EVERYONE,)),
    (),
)
"""The statement of RCPFullAWSAccess, which AWS attaches everywhere, so that a policy can only deny."""


def is_full_access(policy: Policy) -> bool:
    """True for a policy whose only statement is that of RCPFullAWSAccess."""
    statements = policy.statements
    if len(statements) != 1 or not isinstance(statements[0], Statement):
        return False
    statement = statements[0]
    everyone = [one.is_everyone for one in statement.principal_entries] == [True]
    parts = (statement.actions, statement.resources)
    every = all(
        isinstance(part, Patterns) and not part.negated and part.values == (EVERYONE,) for part in parts
    )
    negated = isinstance(statement.principals, Principals) and statement.principals.negated
    return statement.effect == ALLOW and everyone and every and not negated and not statement.conditions


class _Opened:
    """Makes values unknown that stand for any value of a deployment, where a policy compares them with a literal."""

    def __init__(self, values: frozenset[str], policies: Sequence[OrganizationPolicy]) -> None:
        self._values = values
        statements = (one for policy in policies for one in policy.text.policy.known_statements())
        conditions = (one for statement in statements for one in known_conditions(statement))
        self._compared = {
            condition.folded_key
            for condition in conditions
            if any(isinstance(value, str) and value not in ("true", "false") for value in condition.values)
        }

    def text(self, text: str) -> str:
        """Replace the values in a text by a character that only a wildcard matches."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, OPEN)
        return text

    def space(self, space: Space) -> Space:
        """Return the space with such values unknown."""
        unknown = {
            key: Unknown("the policy names a value, and the deployment decides whether it is the same", key)
            for key, value in space.fixed.items()
            if key in self._compared and isinstance(value, str) and self.text(value) != value
        }
        return space._replace(fixed={**space.fixed, **unknown}) if unknown else space


def deployed_organization(organization: Organization | None, deployment: Deployment) -> Organization | None:
    """Return the organization for one deployment, whose values for symbols stand for any value."""
    if organization is None:
        return None
    return organization._replace(open_values=frozenset(value for value, _ in deployment.shown))


def _prepared(named: OrganizationPolicy, example: str | None) -> Policy:
    """Return a policy that allows what it does not deny. Placeholders are unknown.

    With an example of the resource, a Resource that not every such resource matches is unknown.
    """

    def replace(role: str, value: Value) -> Value:
        if role == RESOURCE and example is not None and isinstance(value, str):
            return value if glob(value).matches(example) else _NO_RESOURCE._replace(where=value)
        return value if role.lower() not in _IDS or _is_id(value) else Unknown(_NO_ID, str(value))

    policy = masked(named.text.policy).with_values(replace)
    return policy._replace(statements=(*policy.statements, _FULL_ACCESS))


_NO_ID = "this is not the ID of an organization, which has the form `o-` with 10 to 32 letters and digits"


def _is_id(value: Value) -> bool:
    if not isinstance(value, str) or value in ("true", "false"):  # of Null
        return True
    return is_wild(value) or "${" in value or _ID.fullmatch(value) is not None


class _OwnOrganizations(NamedTuple):
    """The IDs that the organization of the resource may have. ``where`` names the policy that they are taken from."""

    ids: tuple[str, ...]
    where: str = ""
    assumed: bool = False


def _own_organizations(
    organization: Organization, policies: Sequence[OrganizationPolicy]
) -> _OwnOrganizations:
    """Return the ID of the organization if it is known, else those that the policies exempt, else any."""
    known = organization.id or next((one.organization for one in policies if one.organization), "")
    if known:
        return _OwnOrganizations((known,))
    exempt = {one: policy.name for policy in policies for one in _exempted(masked(policy.text.policy))}
    if exempt:
        return _OwnOrganizations(tuple(exempt), next(iter(exempt.values())), assumed=True)
    return _OwnOrganizations((_another(""), *_named_organizations(policies)), policies[0].name)


def _named_organizations(policies: Iterable[OrganizationPolicy]) -> list[str]:
    words = (text for policy in policies for _, text in texts(policy.text.policy))
    return sorted(set(_ids_in(words)))


def _exempted(policy: Policy) -> Iterator[str]:
    """Yield the organizations that the conditions of a Deny exclude."""
    for statement in policy.known_statements():
        for condition in known_conditions(statement) if statement.effect == DENY else ():
            operation = condition.operation
            if not isinstance(operation, Unknown) and is_negated(operation.base) and _is_about(condition):
                yield from _ids_in(value for value in condition.values if isinstance(value, str))


def _is_about(condition: Condition) -> bool:
    return condition.folded_key.startswith(_IDS) or "orgpaths" in condition.folded_key


def _ids_in(words: Iterable[str]) -> Iterator[str]:
    return (one for one in organizations(words) if _ID.fullmatch(one))


def _assumed(
    organization: Organization, policies: Sequence[OrganizationPolicy], own: _OwnOrganizations
) -> Iterator[str]:
    """Yield what an answer assumes, in words."""
    if own.assumed:
        ids = " or ".join(f"`{one}`" for one in own.ids)
        yield f"the account of the key belongs to organization {ids}, which {own.where} exempts"
    if any(SOURCE_ORGANIZATION in one.text.text.lower() for one in policies):
        yield _PASSED_ON
    if organization.attached is None:
        yield f"no organization policy besides {', '.join(dict.fromkeys(one.name for one in policies))} denies it"
