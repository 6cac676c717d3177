"""Topics, queues and keys, correct and broken, and the messages that a chat leaves in them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from checker.core.arn import Arn
from checker.lint.delivery.model import Delivery, Retention
from checker.live.aws.access import Unit
from checker.live.aws.calls import Calls
from checker.live.retention.setup import check_retention
from checker.sandbox import seed
from checker.sandbox.running import Account
from tests.live.flow.stage import sessions_of


class Scene(NamedTuple):
    """A topic that Connect streams to for an instance."""

    account: Account
    instance: str
    topic: str

    @property
    def calls(self) -> Calls:
        """Calls as the account, with nothing remembered of earlier ones."""
        sessions = sessions_of(self.account.endpoint, self.account.id)
        return Calls(sessions, Unit(self.account.id, self.account.region), threading.Event())

    @property
    def arn(self) -> Arn:
        return parsed(self.topic)

    def chat(self, text: str = "hello") -> None:
        seed.send_message(self.account, seed.start_chat(self.account, self.instance, self.topic), text)

    def judged(self, kind: str = "sqs") -> Retention:
        return check_retention(self.calls, self.arn, kind, parsed(self.instance))


def parsed(text: str) -> Arn:
    found = Arn.parse(text)
    assert found is not None
    return found


def scene(account: Account) -> Scene:
    instance = seed.make_instance(account)
    return Scene(account, instance, seed.good_topic(account, instance))


def kept(account: Account, url: str) -> list[dict[str, Any]]:
    """What of a chat is in a queue, raw or in an envelope."""
    found = seed.receive_messages(account, url)
    return [json.loads(one["Message"]) if "TopicArn" in one else one for one in found]


def statuses(durable: Delivery) -> dict[str, str]:
    return {step.name: step.status for step in durable.steps}


def reason(durable: Delivery, name: str) -> str:
    return next(step.reason for step in durable.steps if step.name == name)


def key_of(account: Account, *statements: seed.Statement) -> str:
    kms = account.client("kms")
    key = kms.create_key()["KeyMetadata"]
    policy = json.dumps(
        {"Version": "2012-10-17", "Statement": [seed.root_statement(account.id), *statements]}
    )
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=policy)
    return str(key["KeyId"])


Make = Callable[[Scene], str]


def queue(
    scene: Scene,
    *statements: Callable[[str, str], seed.Statement],
    key: str = "",
    subscription: dict[str, str] | None = None,
    **attributes: str,
) -> str:
    """Make a queue with these statements, subscribe it, and give its URL."""
    encrypted = {"KmsMasterKeyId": key} if key else {}
    made = seed.make_queue(scene.account, "inbox", **attributes, **encrypted)
    if statements:
        written = (one(made.arn, scene.topic) for one in statements)
        seed.set_queue_policy(scene.account, made.url, *written)
    seed.subscribe_queue(scene.account, scene.topic, made.arn, **(subscription or {}))
    return made.url


right = seed.queue_statement


def with_(
    statement: Callable[[str, str], seed.Statement], **changes: Any
) -> Callable[[str, str], seed.Statement]:
    return lambda queue, topic: {**statement(queue, topic), **changes}
