"""AWS Organizations: the resource control policies that apply to a request, and the keys of an account's membership.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
AWS documents that RCPs do not affect the management account and AWS managed keys, and lists the services that they
cover. SNS and Lambda are not among them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.organizations.models import organizations_backends

from checker.sandbox.http.call import RefusedError
from checker.sandbox.policy.decide import EXPLICITLY_DENIED, PolicyRequest, as_list, decide

if TYPE_CHECKING:
    from checker.sandbox.aws.upstream import Upstream
    from checker.sandbox.http.call import Answer, Call, Next


_TYPE = "RESOURCE_CONTROL_POLICY"
_COVERED = ("firehose", "kms", "sqs", "sts")
"""The prefixes of the actions, among those that deliver a message, of the services that RCPs cover."""
_MOTO: Any = organizations_backends


class Membership(NamedTuple):
    """An account's place in its organization. ``targets`` are the root, the OUs below it and the account."""

    organization: str
    management: str
    targets: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path of the account, as in aws:ResourceOrgPaths.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed-view-data-orgs.html
        """
        return "/".join((self.organization, *self.targets[:-1], ""))


def membership_of(account: str) -> Membership | None:
    """Return the place of an account in an organization; ``None`` if it belongs to none."""
    organization = _organization_of(account)
    if organization is None:
        return None
    targets = [account]
    while targets[0] == account or targets[0].startswith("ou-"):
        targets.insert(0, organization.list_parents(ChildId=targets[0])["Parents"][0]["Id"])
    identity = organization.describe_organization()["Organization"]["Id"]
    return Membership(identity, organization.account_id, tuple(targets))


def _organization_of(account: str) -> Any:
    """Return moto's table of an account's organization, ``None`` if it belongs to none. A call for each request of a
    service would take too long.
    """
    management = _MOTO.master_accounts.get(account, (account, ""))[0]
    known = _MOTO.get(management) or {}
    return next((backend for backend in known.values() if backend.org), None)


def membership_keys(account: str, whose: str) -> dict[str, str | list[str]]:
    """Return the keys of an account's organization: ``whose`` is ``resource``, ``source`` or ``principal``."""
    membership = membership_of(account)
    if membership is None:
        return {}
    return {f"aws:{whose}orgid": membership.organization, f"aws:{whose}orgpaths": [membership.path]}


def is_denied_by_organization(request: PolicyRequest, account: str) -> bool:
    """Return whether an RCP on the account of a resource, or above it, denies a request."""
    if request.action.partition(":")[0] not in _COVERED:
        return False
    membership, organization = membership_of(account), _organization_of(account)
    if membership is None or membership.management == account or not _is_enabled(organization):
        return False
    policies = (policy for target in membership.targets for policy in _attached(organization, target))
    return any(decide(policy, request) == EXPLICITLY_DENIED for policy in policies)


def _is_enabled(organization: Any) -> bool:
    types = organization.list_roots()["Roots"][0]["PolicyTypes"]
    return any(policy_type == {"Type": _TYPE, "Status": "ENABLED"} for policy_type in types)


def _attached(organization: Any, target: str) -> list[Any]:
    """Return the documents of the RCPs that are attached to a root, an OU or an account."""
    every = {"max_results": None, "next_token": None}
    policies, _ = organization.list_policies_for_target(target_id=target, policy_type=_TYPE, **every)
    described = (organization.describe_policy(PolicyId=policy["Id"]) for policy in policies)
    return [json.loads(one["Policy"]["Content"]) for one in described]


_ELEMENTS = frozenset(("Sid", "Effect", "Principal", "Action", "Resource", "NotResource", "Condition"))
_FULL_ACCESS = "p-RCPFullAWSAccess"


class OrganizationService:
    """Stage in front of moto's Organizations, which accepts any resource control policy. Assumed: the wording."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def __call__(self, call: Call, proceed: Next) -> Answer:
        """Answer a call. Raises RefusedError."""
        if call.service != "organizations":
            return proceed(call)
        if call.action == "CreatePolicy" and call.text("Type") == _TYPE:
            _check_document(call.text("Content"))
        elif call.action in ("AttachPolicy", "UpdatePolicy", "DetachPolicy"):
            self._check_change(call)
        return proceed(call)

    def _check_change(self, call: Call) -> None:
        client = self._upstream.client("organizations", call.account, "us-east-1")
        organization = _organization_of(call.account)
        if organization is None or not self._is_control_policy(client, call.text("PolicyId")):
            return
        if call.action == "AttachPolicy" and not _is_enabled(organization):
            raise RefusedError("PolicyTypeNotEnabledException", f"{_TYPE} is not enabled for the root")
        if call.action == "UpdatePolicy" and "Content" in call.parameters:
            _check_document(call.text("Content"))
        if call.action == "DetachPolicy" and call.text("PolicyId") == _FULL_ACCESS:
            raise RefusedError("ConstraintViolationException", "RCPFullAWSAccess cannot be detached")

    @staticmethod
    def _is_control_policy(client: Any, policy: str) -> bool:
        listed = client.list_policies(Filter=_TYPE)["Policies"]
        return any(summary["Id"] == policy for summary in listed)


def _check_document(text: str) -> None:
    """Refuse a policy that is not a resource control policy: it only denies, and its principal is everyone."""
    try:
        document = json.loads(text)
        statements = [dict(statement) for statement in as_list(document["Statement"])]
    except (ValueError, TypeError, KeyError):
        statements = []
    if not statements or document.get("Version") != "2012-10-17" or not all(map(_is_valid, statements)):
        raise RefusedError(
            "MalformedPolicyDocumentException", "The provided policy document is not a valid RCP."
        )


def _is_valid(statement: dict[str, Any]) -> bool:
    resource = "Resource" in statement or "NotResource" in statement
    if not _ELEMENTS.issuperset(statement) or "Action" not in statement or not resource:
        return False
    return statement.get("Effect") == "Deny" and statement.get("Principal") == "*"
