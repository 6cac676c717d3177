"""Look up a Connect instance before its ARN is used, since the ARN may be mistyped.

https://docs.aws.amazon.com/connect/latest/APIReference/API_DescribeInstance.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.inventory import CREATION_FAILED
from checker.analysis.replicas import is_replica, regions_in
from checker.core.arn import Arn, is_uuid
from checker.core.errors import AwsError, RefusedError
from checker.core.record import NamedTuple
from checker.lint.explanation import InstanceStatus
from checker.lint.status import BROKEN, OK, UNKNOWN
from checker.live.aws.calls import Listing
from checker.live.aws.errors import CallError, Fault
from checker.policy.wildcard import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.live.aws.calls import Calls


INSTANCES = Listing("connect", "list_instances", "InstanceSummaryList")
PAGE = 10
"""Instances in a page at most. https://docs.aws.amazon.com/connect/latest/APIReference/API_ListInstances.html"""

_ACTIVE = "ACTIVE"
_CHECK = "check the ARN with `aws connect list-instances --region {region}`"
_CREATE = "create the instance again, or name another one"
_AWAIT = "wait until it is active"
_ALLOW = "grant `connect:DescribeInstance` to the caller"


def look_up(calls: Calls, instance: Arn, *others: str) -> InstanceStatus:
    """Look up an instance. If it is not found, look in the ``others``: Regions that may have been meant."""
    try:
        calls = calls if instance.account == calls.unit.account else calls.at(instance)
        described = _describe(calls, instance, instance.region)
    except CallError as error:
        if error.fault is Fault.NOT_FOUND:
            return _missing(calls, instance, others)
        return InstanceStatus(UNKNOWN, f"not looked up: {error.reason}", error.help or _ALLOW)
    return _described(instance, described)


def look_up_existing(calls: Calls, instance: Arn, *others: str) -> InstanceStatus:
    """Look up an instance. Raises AwsError for an instance that does not exist."""
    status = look_up(calls, instance, *others)
    if status.status == BROKEN:
        raise AwsError(str(instance), status.reason, help_text=status.help, not_found=True)
    return status


def find_instance(calls: Calls, name: str) -> Arn:
    """Find an instance by its ID or alias in the account of the credentials and the Region of the calls.

    Raises AwsError, which says if that is not the account of the calls.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_ListInstances.html
    """
    what = f"the Connect instances in {calls.unit.region}"
    listed = calls.every(INSTANCES, what, MaxResults=PAGE)
    key = "Id" if is_uuid(name) else "InstanceAlias"
    matches = [arn for one in listed if one.get(key) == name and (arn := Arn.parse(str(one.get("Arn"))))]
    if len(matches) == 1:
        return matches[0]
    aliases = sorted({str(one["InstanceAlias"]) for one in listed if one.get("InstanceAlias")})
    count = "several instances" if matches else "no instance"
    owner, asked = calls.unit.account, _account(calls) or calls.unit.account
    reason = f"{calls.unit._replace(account=asked).name} has {count} `{name}`"
    help_text = _known(name, aliases)
    if asked != owner:
        reason = f"{reason}; the credentials are of that account, the topic is of account {owner}"
        help_text = f"{help_text}; or use credentials of account {owner}"
    raise AwsError("--instance", reason, help_text=help_text, not_found=True)


def _known(name: str, aliases: Sequence[str]) -> str:
    """Return a help text for an instance that is not found by its name."""
    if not aliases:
        return "name its ARN with `--instance-arn`"
    close = did_you_mean(name, aliases)
    return f"did you mean `{close}`?" if close else f"known: {', '.join(f'`{alias}`' for alias in aliases)}"


def _describe(calls: Calls, instance: Arn, region: str) -> dict[str, Any]:
    """Describe the instance with this ID in a Region of the caller's account. Raises CallError."""
    calls_there = calls.elsewhere(calls.unit._replace(region=region))
    return calls_there.make("connect", "describe_instance", str(instance), InstanceId=instance.instance_id)


def _described(instance: Arn, answer: Mapping[str, Any]) -> InstanceStatus:
    described = answer.get("Instance") or {}
    arn, status = described.get("Arn"), described.get("InstanceStatus")
    regions = regions_of(answer)
    if arn != str(instance) and not _is_replica_of(Arn.parse(str(arn)), instance, regions):
        return InstanceStatus(BROKEN, f"not found: the instance with this id is `{arn}`", "use that ARN")
    if status == CREATION_FAILED:
        return InstanceStatus(
            BROKEN, f"the instance was not created: its status is {CREATION_FAILED}", _CREATE
        )
    if status is None:
        return InstanceStatus(UNKNOWN, "AWS did not return the status of the instance", _AWAIT)
    if status != _ACTIVE:
        return InstanceStatus(UNKNOWN, f"the status of the instance is {status}, not {_ACTIVE}", _AWAIT)
    alias = described.get("InstanceAlias")
    name = f" (`{alias}`)" if alias else ""
    reason = f"instance {instance.instance_id}{name} of account {instance.account}"
    return InstanceStatus(OK, reason, replicas=tuple(one for one in regions if one != instance.region))


def regions_of(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the Regions in which a described instance exists; AWS lists them only for a replicated instance.

    https://docs.aws.amazon.com/connect/latest/APIReference/API_DescribeInstance.html
    """
    configuration = answer.get("ReplicationConfiguration") or {}
    listed = configuration.get("ReplicationStatusSummaryList") or ()
    statuses = ((str(one.get("Region", "")), str(one.get("ReplicationStatus", ""))) for one in listed)
    return regions_in(str(configuration.get("SourceRegion", "")), statuses)


def _is_replica_of(described: Arn | None, instance: Arn, regions: tuple[str, ...]) -> bool:
    """Return True if AWS lists the Region of the instance among those of the described one."""
    return described is not None and is_replica(described, instance) and instance.region in regions


def _missing(calls: Calls, instance: Arn, others: tuple[str, ...]) -> InstanceStatus:
    """Return the status of an instance that is not found, or that belongs to an account other than the caller's."""
    caller = _account(calls)
    if caller != instance.account:
        reason = f"not looked up: it belongs to account {instance.account}, the caller to {caller or 'an unknown one'}"
        return InstanceStatus(UNKNOWN, reason, f"use credentials of account {instance.account} to look it up")
    elsewhere = next(_elsewhere(calls, instance, others), "")
    if elsewhere:
        reason = f"not found in {instance.region}: the instance with this id is in {elsewhere}"
        return InstanceStatus(BROKEN, reason, f"use `{instance._replace(region=elsewhere)}`", gone=True)
    reason = f"not found: account {instance.account} has no such instance in {instance.region}"
    return InstanceStatus(BROKEN, reason, _CHECK.format(region=instance.region), gone=True)


def _elsewhere(calls: Calls, instance: Arn, others: tuple[str, ...]) -> Iterator[str]:
    """Yield the other Regions that have an instance with this ID."""
    for region in dict.fromkeys(others):
        if region == instance.region:
            continue
        try:
            described = _describe(calls, instance, region)
        except CallError:
            continue  # this lookup only helps to find the mistake
        if (described.get("Instance") or {}).get("Arn") == str(instance._replace(region=region)):
            yield region


def _account(calls: Calls) -> str:
    try:
        return str(calls.make("sts", "get_caller_identity", "the caller")["Account"])
    except CallError:
        return ""


class Caller(NamedTuple):
    """The ARN and the account of the caller."""

    arn: str
    account: str


def caller_of(calls: Calls) -> Caller:
    """Return the caller. Every caller may ask. Raises CallError."""
    answer = calls.make("sts", "get_caller_identity", "the caller")
    return Caller(answer["Arn"], answer["Account"])


def check_account(calls: Calls, topic: Arn) -> None:
    """Check that the caller's account is the topic's, so that new resources are in it. Raises RefusedError.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    caller = caller_of(calls).account
    if caller != topic.account:
        reason = f"the topic belongs to account {topic.account}, the caller to {caller}"
        help_text = "nothing was created; use credentials of the topic's account"
        raise RefusedError(str(topic), reason, help_text=help_text)
