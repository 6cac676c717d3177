"""The accounts and Regions of an audit: the requested ones, or those that AWS lists."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from checker.analysis.wording import known_regions, misspelled_region, similar_region
from checker.core.arn import NEWEST, Arn, is_account, partition_of
from checker.core.errors import InputError, Skipped
from checker.core.record import NamedTuple
from checker.core.regions import REGIONS
from checker.live.audit.organization import Members, read_organization
from checker.live.aws.access import UNKNOWN_ACCOUNT, Access, Unit
from checker.live.aws.calls import Calls, Listing
from checker.live.aws.errors import CallError, refused_role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.lint.report import Report
    from checker.live.audit.plan import OrganizationData
    from checker.live.aws.access import Coverage
    from checker.live.aws.session import Sessions


_ACCOUNTS = Listing("organizations", "list_accounts", "Accounts")
_ACTIVE = "ACTIVE"
_NO_ORGANIZATION = "AWSOrganizationsNotInUseException"
_IN_NO_ORGANIZATION = "the account of the credentials is not in an organization"
_NAME_ACCOUNTS = "name the accounts with `--accounts ID,...` instead, or use credentials of the organization's management account"
_NO_REGION = "name one with --region, or set AWS_REGION"


class AuditUnits(NamedTuple):
    """The units of an audit, the lookups that failed, and the account of the caller.

    ``replicas`` are the other Regions of the instances that were looked up by name, by ARN. ``organization`` are the
    organization policies, ``None`` if the audit is not of an organization. ``caller`` is the ARN of the caller, empty if
    AWS did not tell. ``names`` are the names of accounts in AWS Organizations, by ID.
    """

    units: tuple[Unit, ...]
    skipped: tuple[Skipped, ...]
    account: str = UNKNOWN_ACCOUNT
    replicas: tuple[tuple[str, tuple[str, ...]], ...] = ()
    organization: OrganizationData | None = None
    caller: str = ""
    names: Mapping[str, str] = {}


class _Caller(NamedTuple):
    partition: str
    account: str
    arn: str = ""


class _Member(NamedTuple):
    is_active: bool
    name: str


def survey(sessions: Sessions, coverage: Coverage) -> AuditUnits:
    """Find the units.

    Raises InputError for a wrong account ID, without a Region or for a misspelled one, without a role to assume, and
    without an organization to list.
    """
    _check_accounts(coverage.accounts)
    home = (*coverage.regions, sessions.base.region_name)[0]
    if not home:
        raise InputError("--region", "no Region is set", help_text=_NO_REGION)
    for option, region in [("--region", one) for one in coverage.regions] or [("the default Region", home)]:
        _check_region(option, region)
    calls = Calls(sessions, Unit("", home), threading.Event())
    _note_unknown_regions(calls, coverage)
    caller = _caller(calls)
    members = _members(calls) if coverage.organization else {}
    listed = _accounts(members, coverage, caller)
    accounts = (_entered(sessions.access, caller, account) for account in listed)
    units = tuple(
        unit._replace(region=region)
        for unit in accounts
        for region in _regions(calls, coverage, unit._replace(region=home))
    )
    organization = None
    if coverage.organization:
        known = Members(tuple(members), complete=not calls.skipped)
        organization = read_organization(calls, known)
    names = {account: member.name for account, member in members.items() if member.name}
    return AuditUnits(units, tuple(calls.skipped), caller.account, (), organization, caller.arn, names)


def _check_accounts(accounts: Sequence[str]) -> None:
    """Refuse an account ID that is not valid. Raises InputError, with the ID without dashes if that is valid."""
    for account in accounts:
        if not is_account(account):
            bare = account.replace("-", "").strip()
            help_text = f"use `{bare}`" if is_account(bare) else "an account ID has twelve digits"
            raise InputError("--accounts", f"`{account}` is not a valid account ID", help_text=help_text)


def _check_region(option: str, region: str) -> None:
    """Refuse a misspelled Region before any call. Raises InputError."""
    meant = misspelled_region(region)
    if meant:
        raise InputError(option, f"`{region}` is not a known Region", help_text=f"did you mean {meant}?")


def _note_unknown_regions(calls: Calls, coverage: Coverage) -> None:
    """Note the Regions that are not known, with the one that may be meant. AWS opens new ones, so they are tried."""
    known = known_regions()
    for region in coverage.regions:
        if region not in known:
            close = similar_region(region)
            help_text = f"did you mean {close}?" if close else "check its name"
            calls.skip(Skipped(region, "this Region is not known", help=help_text, complete=True))


def _caller(calls: Calls) -> _Caller:
    """Return the caller. AWS allows every caller to ask. Without an answer the account is unknown.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    answer = calls.read("sts", "get_caller_identity", "the caller's account")
    arn = Arn.parse(str((answer or {}).get("Arn", "")))
    if answer is None or arn is None:
        return _Caller(partition_of(calls.unit.region) or NEWEST, UNKNOWN_ACCOUNT)
    return _Caller(arn.partition, str(answer["Account"]), str(arn))


def _members(calls: Calls) -> dict[str, _Member]:
    """Return the accounts of the organization by ID. Raises InputError if the caller's account is in none.

    https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
    """
    members: dict[str, _Member] = {}
    try:
        for page in calls.pages(_ACCOUNTS, "the accounts of the organization"):
            members |= {one["Id"]: _Member(_is_active(one), str(one.get("Name", ""))) for one in page}
    except CallError as error:
        if error.refusal.code == _NO_ORGANIZATION:
            raise InputError("--organization", _IN_NO_ORGANIZATION, help_text=_NAME_ACCOUNTS) from None
        calls.note(error)
    return members


def active_members(calls: Calls) -> frozenset[str]:
    """Return the active accounts of the organization. Raises CallError, as a partial list would leave accounts out."""
    listed = calls.every(_ACCOUNTS, "the accounts of the organization")
    return frozenset(account["Id"] for account in listed if _is_active(account))


def _is_active(account: Mapping[str, Any]) -> bool:
    return bool(account.get("Status", _ACTIVE) == _ACTIVE)


def _accounts(members: dict[str, _Member], coverage: Coverage, caller: _Caller) -> Sequence[str]:
    """Return the named accounts and the active members, or the caller's account if there are none."""
    accounts = [*coverage.accounts, *(account for account, member in members.items() if member.is_active)]
    return tuple(dict.fromkeys(accounts or [caller.account]))


def _entered(access: Access, caller: _Caller, account: str) -> Unit:
    """Return the unit of an account with the role to assume. The caller's own account needs no role."""
    if account == caller.account:
        return Unit(account, "")
    if not access.role:
        reason = f"account {account} is not the caller's"
        raise InputError("--role-name", reason, help_text="name the role to assume there")
    return Unit(account, "", access.role_in(caller.partition, account))


def _regions(calls: Calls, coverage: Coverage, unit: Unit) -> Sequence[str]:
    """Return the named Regions, or all Regions that are enabled for the account.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
    """
    if not coverage.all_regions:
        return coverage.regions or (unit.region,)
    account_calls = calls.elsewhere(unit)
    answer = account_calls.read("ec2", "describe_regions", f"the Regions of account {unit.account}")
    for skipped in account_calls.skipped:
        calls.skip(skipped)
    if answer is None:
        return REGIONS.get(partition_of(unit.region) or NEWEST, (unit.region,))
    return sorted(region["RegionName"] for region in answer["Regions"])


def without_repeats(report: Report) -> Report:
    """Return a report for people, with one entry for an account that could not be entered in any Region.

    Entries about resources stay, as some were read in their account before its role was refused.
    """
    complete = {unit.account for unit in report.audit.units if unit.complete} if report.audit else set()
    skipped: dict[Skipped, None] = {}
    for one in report.skipped:
        role = Arn.parse(refused_role(one.reason))
        is_whole = role is not None and role.account not in complete and Arn.parse(one.what) is None
        skipped[one._replace(what=f"account {role.account}") if role is not None and is_whole else one] = None
    return report._replace(skipped=tuple(skipped))
