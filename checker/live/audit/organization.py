"""Read the resource control policies of an organization, and which of them apply to each account.

Policies are read once each, and only parts of the organization with a policy of their own are listed: ListRoots,
ListPolicies, DescribePolicy and ListTargetsForPolicy for each policy, and ListChildren for each organizational unit at
or below a target. If no root has the policy type enabled, one call is enough.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_auth.html
https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListTargetsForPolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.errors import Skipped
from checker.core.record import NamedTuple
from checker.inputs.policy_summary import RCP, owners_in
from checker.live.audit.plan import OrganizationData, PolicyData
from checker.live.aws.calls import Listing
from checker.live.aws.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from checker.live.aws.calls import Calls


_ROOTS = Listing("organizations", "list_roots", "Roots")
_POLICIES = Listing("organizations", "list_policies", "Policies")
_TARGETS = Listing("organizations", "list_targets_for_policy", "Targets")
_CHILDREN = Listing("organizations", "list_children", "Children")
_ROOT, _UNIT, _ACCOUNT = "ROOT", "ORGANIZATIONAL_UNIT", "ACCOUNT"
_WHAT = "the resource control policies of the organization"
_HELP = (
    "use credentials of the management account or a delegated administrator with the policy that "
    "`checker permissions audit --organization` prints"
)


class Members(NamedTuple):
    """The accounts of an organization; ``complete`` is false if some may be missing."""

    accounts: tuple[str, ...] = ()
    complete: bool = True


def read_organization(calls: Calls, members: Members) -> OrganizationData:
    """Read the policies of the caller's organization. If a call fails, record one entry, and return the reason."""
    try:
        return _read(calls, members)
    except CallError as error:
        calls.skip(Skipped(_WHAT, f"not read: {error.entry.reason}", error=True, help=_HELP))
        reason = f"the organization policies could not be read: {error.entry.reason}"
        return OrganizationData(unread=reason, again=error.fault.temporary)


def _read(calls: Calls, members: Members) -> OrganizationData:
    """Read the policies, and assign them to the accounts. Raises CallError."""
    roots = calls.every(_ROOTS, _WHAT)
    owners = [owners_in(str(root.get("Arn", ""))) for root in roots]
    organization, management = next((one for one in owners if one[0]), ("", ""))
    listed = calls.every(_POLICIES, _WHAT, Filter=RCP) if _is_enabled(roots) else []
    own = [one for one in listed if not one.get("AwsManaged")]
    policies = tuple(_policy(calls, str(one["Id"])) for one in own)
    tree = _Tree(calls, {*members.accounts} - {management})
    covered = [tree.accounts(calls.every(_TARGETS, _WHAT, PolicyId=one["Id"])) for one in own]
    accounts = dict.fromkeys((*members.accounts, *sorted(set[str]().union(*covered))))
    attached = tuple(
        (
            account,
            tuple(index for index, one in enumerate(covered) if account in one and account != management),
        )
        for account in accounts
    )
    return OrganizationData(policies, attached, members.complete, organization)


def _is_enabled(roots: Iterable[dict[str, Any]]) -> bool:
    """Return True if a root lists the policy type, whatever its status. AWS lists only types that are in use.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Root.html
    """
    return any(kind.get("Type") == RCP for root in roots for kind in root.get("PolicyTypes") or ())


def _policy(calls: Calls, policy_id: str) -> PolicyData:
    answer = calls.make("organizations", "describe_policy", _WHAT, PolicyId=policy_id)["Policy"]
    name = str(answer["PolicySummary"].get("Name") or policy_id)
    return PolicyData(f"{name} ({policy_id})", str(answer["Content"]))


class _Tree:
    """The accounts below the targets of policies. The children of each organizational unit are listed once."""

    def __init__(self, calls: Calls, members: set[str]) -> None:
        self._calls = calls
        self._members = members
        self._below: dict[str, frozenset[str]] = {}

    def accounts(self, targets: Iterable[dict[str, Any]]) -> frozenset[str]:
        """Return the accounts that a policy with these targets applies to. Raises CallError."""
        return frozenset[str]().union(*(self._of(str(one["Type"]), str(one["TargetId"])) for one in targets))

    def _of(self, kind: str, target: str) -> frozenset[str]:
        if kind == _ROOT:
            return frozenset(self._members)
        return frozenset((target,)) if kind == _ACCOUNT else self._below_unit(target)

    def _below_unit(self, unit: str) -> frozenset[str]:
        if unit not in self._below:
            accounts = (str(one["Id"]) for one in self._children(unit, _ACCOUNT))
            units = (self._below_unit(str(one["Id"])) for one in self._children(unit, _UNIT))
            self._below[unit] = frozenset(accounts).union(*units)
        return self._below[unit]

    def _children(self, unit: str, kind: str) -> list[dict[str, Any]]:
        return self._calls.every(_CHILDREN, _WHAT, ParentId=unit, ChildType=kind)
