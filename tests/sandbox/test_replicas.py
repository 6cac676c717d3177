"""Replicas of instances: where they can be, how they are shown, and how they stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from checker.sandbox import seed

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox


def described(account: Account, instance: str) -> dict[str, Any]:
    made: dict[str, Any] = account.client("connect").describe_instance(InstanceId=instance.rpartition("/")[2])
    return made


@pytest.mark.parametrize("pair", [("us-west-2", "us-east-1"), ("ap-northeast-1", "ap-northeast-3")])
def test_a_replica_has_the_id_of_its_source_and_both_sides_show_it(
    sandbox: Sandbox, account: Account, pair: tuple[str, str]
) -> None:
    source, there = (sandbox.account(account.id, region) for region in pair)
    instance = seed.make_instance(source)
    assert "ReplicationConfiguration" not in described(source, instance)
    replica = seed.make_replica(source, instance, there.region)
    assert replica == instance.replace(source.region, there.region)
    (listed,) = there.client("connect").list_instances()["InstanceSummaryList"]
    assert (listed["Arn"], listed["InstanceAlias"]) == (replica, "replica")
    configurations = [described(side, instance)["ReplicationConfiguration"] for side in (source, there)]
    assert configurations[0] == configurations[1]
    assert configurations[0]["SourceRegion"] == source.region
    regions = [one["Region"] for one in configurations[0]["ReplicationStatusSummaryList"]]
    assert regions == [source.region, there.region]
    there.client("connect").delete_instance(InstanceId=instance.rpartition("/")[2])
    assert "ReplicationConfiguration" not in described(source, instance)


def test_a_replica_streams_to_topics_of_its_region_that_allow_its_own_arn(
    sandbox: Sandbox, account: Account
) -> None:
    there = sandbox.account(account.id, "us-east-1")
    instance = seed.make_instance(account)
    replica = seed.make_replica(account, instance, there.region)
    for pinned, cause in ((instance, "the topic policy: ImplicitlyDenied"), (replica, "")):
        topic = seed.good_topic(there, pinned, pinned.split(":")[3])
        started = seed.start_chat(there, replica, topic)
        seed.send_message(there, started, "hello")
        assert {one.cause for one in sandbox.deliveries() if one.contact == started.contact} == {cause}


def test_only_the_documented_replications_are_accepted(account: Account) -> None:
    from botocore.exceptions import ClientError

    def refused(where: Account, instance: str, region: str, alias: str = "replica") -> str:
        with pytest.raises(ClientError) as caught:
            seed.make_replica(where, instance, region, alias)
        return str(caught.value.response["Error"]["Code"])

    instance = seed.make_instance(account)
    bare = account.client("connect").create_instance(
        IdentityManagementType="SAML", InboundCallsEnabled=True, OutboundCallsEnabled=True
    )["Arn"]
    for region in ("us-west-2", "eu-west-2"):
        assert refused(account, instance, region) == "InvalidRequestException"
    assert refused(account, bare, "us-east-1") == "InvalidRequestException"
    assert refused(account, instance, "us-east-1", "demo") == "ResourceConflictException"
    assert refused(account, "none", "us-east-1") == "ResourceNotFoundException"
    seed.make_replica(account, instance, "us-east-1")
    assert refused(account, instance, "us-east-1", "other") == "InvalidRequestException"


def test_a_replication_is_idempotent_and_takes_the_arn_of_the_instance(account: Account) -> None:
    instance = seed.make_instance(account)
    given = {"InstanceId": instance, "ReplicaRegion": "us-east-1", "ReplicaAlias": "replica"}
    connect = account.client("connect")
    made = [connect.replicate_instance(**given, ClientToken="once")["Arn"] for _ in range(2)]
    assert made == [instance.replace("us-west-2", "us-east-1")] * 2
