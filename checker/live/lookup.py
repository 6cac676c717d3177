"""Looks a Connect instance up before anything relies on its ARN, which may be mistyped.

https://docs.aws.amazon.com/connect/latest/APIReference/API_DescribeInstance.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.chain import BROKEN, OK, UNKNOWN, InstanceStatus
from checker.live.faults import Fault, UnreadError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.arn import Arn
    from checker.live.calls import Calls

_ACTIVE = "ACTIVE"
_CHECK = "check the ARN with `aws connect list-instances --region {region}`"
_ALLOW = "grant `connect:DescribeInstance` to the caller"


def look_up(calls: Calls, instance: Arn, *others: str) -> InstanceStatus:
    """Ask AWS for an instance; if it is not there, also in ``others``, the Regions where it may be meant to be."""
    try:
        described = _describe(calls, instance, instance.region)
    except UnreadError as error:
        if error.fault is Fault.GONE:
            return _missing(calls, instance, others)
        return InstanceStatus(UNKNOWN, f"not looked up: {error.told}", error.skipped.help or _ALLOW)
    return _described(instance, described)


def _describe(calls: Calls, instance: Arn, region: str) -> dict[str, object]:
    """Describe the instance with this id in a Region of the caller's account. Raises UnreadError."""
    there = calls.elsewhere(calls.unit._replace(region=region))
    answer = there.make("connect", "describe_instance", str(instance), InstanceId=instance.instance_id)
    found: dict[str, object] = answer.get("Instance") or {}
    return found


def _described(instance: Arn, described: dict[str, object]) -> InstanceStatus:
    arn, status = described.get("Arn"), described.get("InstanceStatus", _ACTIVE)
    if arn != str(instance):
        return InstanceStatus(BROKEN, f"not found: the instance with this id is `{arn}`", "use that ARN")
    if status != _ACTIVE:
        return InstanceStatus(UNKNOWN, f"the status of the instance is {status}, not {_ACTIVE}")
    alias = described.get("InstanceAlias")
    named = f" (`{alias}`)" if alias else ""
    return InstanceStatus(OK, f"instance {instance.instance_id}{named} of account {instance.account}")


def _missing(calls: Calls, instance: Arn, others: tuple[str, ...]) -> InstanceStatus:
    """Say that an instance is not found, or that the caller of another account cannot see it."""
    caller = _account(calls)
    if caller != instance.account:
        reason = f"not looked up: it belongs to account {instance.account}, the caller to {caller or 'an unknown one'}"
        return InstanceStatus(UNKNOWN, reason, f"use credentials of account {instance.account} to look it up")
    elsewhere = next(_elsewhere(calls, instance, others), "")
    if elsewhere:
        reason = f"not found in {instance.region}: the instance with this id is in {elsewhere}"
        return InstanceStatus(BROKEN, reason, f"use `{instance._replace(region=elsewhere)}`")
    reason = f"not found: account {instance.account} has no such instance in {instance.region}"
    return InstanceStatus(BROKEN, reason, _CHECK.format(region=instance.region))


def _elsewhere(calls: Calls, instance: Arn, others: tuple[str, ...]) -> Iterator[str]:
    """The other Regions that have an instance with this id."""
    for region in dict.fromkeys(others):
        if region == instance.region:
            continue
        try:
            described = _describe(calls, instance, region)
        except UnreadError:
            continue  # it only helps to find the mistake
        if described.get("Arn") == str(instance._replace(region=region)):
            yield region


def _account(calls: Calls) -> str:
    try:
        return str(calls.make("sts", "get_caller_identity", "the caller")["Account"])
    except UnreadError:
        return ""
