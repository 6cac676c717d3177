"""Replicas of instances (Global Resiliency): an instance with the same ID in a second Region of the account.

https://docs.aws.amazon.com/connect/latest/adminguide/create-replica-connect-instance.html
https://docs.aws.amazon.com/connect/latest/APIReference/API_ReplicateInstance.html
AWS documents no replication of SNS topics, policies or keys, so a replica has none of its own.
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from moto.connect.models import connect_backends

from checker.sandbox.http.call import RefusedError

if TYPE_CHECKING:
    from checker.sandbox.http.call import Call


REPLICA_ONLY = "ap-northeast-3"
"""Asia Pacific (Osaka). AWS documents it as a Region of replicas; the endpoint list of botocore lacks it."""
_PAIRS = {
    "us-east-1": "us-west-2",
    "us-west-2": "us-east-1",
    "eu-central-1": "eu-west-2",
    "eu-west-2": "eu-central-1",
    "ap-northeast-1": REPLICA_ONLY,
}
_MOTO: Any = connect_backends


class _Replication(NamedTuple):
    """The two Regions of a replicated instance, and the ClientToken of the call."""

    source: str
    replica: str
    token: str


class Replicas:
    """The replications, by account and instance ID. The instances are in moto, which cannot replicate."""

    def __init__(self) -> None:
        self._replications: dict[tuple[str, str], _Replication] = {}
        _MOTO._additional_regions = [REPLICA_ONLY]  # noqa: SLF001 - moto has no public setting for it

    def replicate(self, call: Call) -> dict[str, str]:
        """Create the replica of an instance and return its ID and ARN. Raises RefusedError.

        Assumed: replication is complete at once, and any identity management is accepted.
        """
        identity = call.text("InstanceId").rpartition("/")[2]
        source = _instances(call.account, call.region).get(identity)
        if source is None:
            raise RefusedError("ResourceNotFoundException", f"Instance with id {identity} not found", 404)
        planned = _Replication(call.region, call.text("ReplicaRegion"), call.text("ClientToken"))
        known = self._replication(call.account, identity)
        if known is None or known != planned or not planned.token:
            self._check(call, source, already=known is not None)
            self._replications[call.account, identity] = planned
            _instances(call.account, planned.replica)[identity] = _replica(source, call)
        return {"Id": identity, "Arn": _instances(call.account, planned.replica)[identity].arn}

    @staticmethod
    def _check(call: Call, source: Any, *, already: bool) -> None:
        """Refuse what AWS documents as an invalid request. Assumed: the wording, and the code for an alias in use."""
        region, alias = call.text("ReplicaRegion"), call.text("ReplicaAlias")
        if _PAIRS.get(call.region) != region:
            raise RefusedError(
                "InvalidRequestException", f"an instance in {call.region} cannot have a replica in {region}"
            )
        if already:
            raise RefusedError("InvalidRequestException", "the instance is already replicated")
        if not source.instance_alias:
            raise RefusedError("InvalidRequestException", "the instance has no alias")
        places = (_instances(call.account, place).values() for place in (call.region, region))
        if any(instance.instance_alias == alias for place in places for instance in place):
            raise RefusedError("ResourceConflictException", f"the alias {alias} is in use", 409)

    def configuration(self, account: str, identity: str) -> dict[str, object] | None:
        """Return the ReplicationConfiguration that DescribeInstance shows on both sides; ``None`` without a replica.

        Assumed: the order of the Regions, and the address of the global sign-in endpoint.
        """
        replication = self._replication(account, identity)
        if replication is None:
            return None
        regions = (replication.source, replication.replica)
        alias = _instances(account, replication.source)[identity].instance_alias
        return {
            "SourceRegion": replication.source,
            "ReplicationStatusSummaryList": [
                {"Region": region, "ReplicationStatus": "INSTANCE_REPLICATION_COMPLETE"} for region in regions
            ],
            "GlobalSignInEndpoint": f"https://{alias}.my.connect.aws/global",
        }

    def _replication(self, account: str, identity: str) -> _Replication | None:
        """Return the replication of an instance that exists on both sides."""
        known = self._replications.get((account, identity))
        places = (known.source, known.replica) if known else ()
        return known if all(identity in _instances(account, place) for place in places) else None


def _instances(account: str, region: str) -> dict[str, Any]:
    """Return moto's instances of an account in a Region, by ID."""
    instances: dict[str, Any] = _MOTO[account][region].instances
    return instances


def _replica(source: Any, call: Call) -> Any:
    """Copy an instance into the Region and with the alias of a call."""
    replica, alias = copy(source), call.text("ReplicaAlias")
    replica.arn = source.arn.replace(f":{call.region}:", f":{call.text('ReplicaRegion')}:")
    replica.instance_alias, replica.instance_access_url = alias, f"https://{alias}.my.connect.aws"
    replica.created_time = datetime.now(UTC)
    replica.tags = {}
    return replica
