"""Topics that cannot be mended where they are, and repairs of them in this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from checker.analysis.inventory import Instance, Inventory
from checker.core.arn import Arn
from checker.fix.reading import Reading
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from checker.live.aws.access import Access
from checker.live.aws.topic import reach
from checker.live.repair.planning import Plan, RepairRequest, plan
from checker.sandbox import seed
from checker.sandbox.seed import make_queue, queue_statement, set_queue_policy
from tests.samples import TESTS

if TYPE_CHECKING:
    from checker.sandbox.running import Account, Sandbox

WRITES = ("Create", "Delete", "Put", "Set", "Subscribe", "Unsubscribe", "Tag", "Schedule")


class Scene(NamedTuple):
    """An instance, and a topic that cannot be mended where it is for it; the queue that is subscribed to it."""

    home: Account
    instance: str
    topic: str
    queue: str


def fifo(account: Account) -> Scene:
    instance = seed.make_instance(account)
    topic = seed.fifo_topic(account, instance)
    account.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="DisplayName", AttributeValue="Chats"
    )
    account.client("sns").tag_resource(ResourceArn=topic, Tags=[{"Key": "team", "Value": "chat"}])
    return Scene(account, instance, topic, seed.subscribed_queue(account, topic))


def far(sandbox: Sandbox, account: Account) -> Scene:
    """A topic in another Region than the instance, encrypted with a key there."""
    instance = seed.make_instance(account)
    there = sandbox.account(account.id, "us-east-1")
    topic = seed.encrypted_topic(there, instance, "chat", grant=True).topic
    return Scene(there, instance, topic, seed.subscribed_queue(there, topic))


def managed(account: Account) -> Scene:
    instance = seed.make_instance(account)
    topic = seed.good_topic(account, instance)
    seed.encrypt(account, topic, "alias/aws/sns")
    return Scene(account, instance, topic, seed.subscribed_queue(account, topic))


def options(scene: Scene, folder: Path) -> tuple[str, ...]:
    return (
        *("--topic-arn", scene.topic, "--instance-arn", scene.instance, "--isolated"),
        *("--receipts", str(folder), "--create-replacement"),
    )


def arn(text: str) -> Arn:
    found = Arn.parse(text)
    assert found is not None
    return found


def planned(scene: Scene, *, replace: bool = True) -> Plan:
    calls = reach(Access(endpoint=scene.home.endpoint, attempts=1), arn(scene.topic))
    return plan(
        calls, RepairRequest(arn(scene.topic), (Instance(arn(scene.instance)),), judged, replace=replace)
    )


def judged(inventory: Inventory, *instances: str) -> Reading:
    known = tuple(Instance(arn(one)) for one in instances)
    inventory = inventory._replace(instances=(*inventory.instances, *known))
    return Reading(inventory, judge(inventory, all_rules(), Scope(all_topics=True)))


def let_send(scene: Scene, topic: str) -> None:
    """What people are told to do: let the new topic send to the queue."""
    name = scene.queue.rpartition("/")[2]
    queue = f"arn:aws:sqs:{scene.home.region}:{scene.home.id}:{name}"
    set_queue_policy(scene.home, scene.queue, queue_statement(queue, topic))


def another_queue(account: Account, topic: str, name: str, **attributes: str) -> str:
    """Subscribe a queue with these attributes."""
    queue = make_queue(account, name).arn
    account.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=attributes)
    return queue


def topics(account: Account) -> list[str]:
    return [one["TopicArn"] for one in account.client("sns").list_topics()["Topics"]]


def aliases(account: Account) -> list[str]:
    listed = account.client("kms").list_aliases()["Aliases"]
    return [one["AliasName"] for one in listed if not one["AliasName"].startswith("alias/aws/")]


def usable_keys(account: Account) -> list[str]:
    kms = account.client("kms")
    found = [kms.describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in kms.list_keys()["Keys"]]
    return [one["Arn"] for one in found if one["KeyState"] == "Enabled" and one["KeyManager"] == "CUSTOMER"]


def policy_of(account: Account, topic: str) -> dict[str, Any]:
    attributes = account.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]
    policy: dict[str, Any] = json.loads(attributes["Policy"])
    return policy


def written(sandbox: Sandbox, account: Account) -> list[str]:
    """The calls that changed something, or tried."""
    return [
        one.action for one in sandbox.calls() if one.account == account.id and one.action.startswith(WRITES)
    ]


def valid_report(text: str) -> Any:
    """Parse the JSON of a fix, and validate it against its schema."""
    schemas = [json.loads(path.read_text()) for path in (TESTS.parent / "schemas").glob("*.json")]
    registry = Registry().with_resources((one["$id"], Resource.from_contents(one)) for one in schemas)
    (schema,) = [one for one in schemas if one["$id"].endswith(":fix:v1")]
    report = json.loads(text)
    Draft202012Validator(schema, registry=registry).validate(report)
    return report
