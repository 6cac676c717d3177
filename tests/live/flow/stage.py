"""Runs flows in this process, and counts the remaining resources."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from checker.core.arn import Arn
from checker.fix.live.flow_result import FlowResult, Step
from checker.lint.registry import all_rules
from checker.live.aws.access import Access
from checker.live.aws.session import Sessions
from checker.live.flow.request import FlowRequest
from checker.live.flow.run import run_flow
from checker.live.flow.steps import Interrupts
from checker.sandbox import seed
from checker.sandbox.running import Account, Sandbox

WAIT = 0.3


def stops() -> Interrupts:
    return Interrupts(threading.Event(), threading.Event())


def arn(text: str) -> Arn:
    found = Arn.parse(text)
    assert found is not None
    return found


def flow(
    account: Account,
    instance: str,
    *topics: str,
    show: Callable[[Step], None] = lambda _: None,
    stopping: Interrupts | None = None,
    **asked: Any,
) -> FlowResult:
    wanted = FlowRequest(arn(instance), "flow", tuple(map(arn, topics)), **({"wait": WAIT} | asked))
    sessions = sessions_of(account.endpoint, account.id)
    return run_flow(wanted, sessions, all_rules(), show, stopping or stops())


@lru_cache(maxsize=4)  # clients take longer to make than a flow to run
def sessions_of(endpoint: str, account: str) -> Sessions:
    assert os.environ["AWS_ACCESS_KEY_ID"] == account
    return Sessions(Access(endpoint=endpoint, attempts=1))


class Temporary(NamedTuple):
    """What there is in an account that a flow might have left."""

    queues: int
    subscriptions: int
    chats: int


def temporary(sandbox: Sandbox, account: Account) -> Temporary:
    regions = [account, *(sandbox.account(account.id, one) for one in ("us-west-2",))]
    return Temporary(
        sum(len(one.client("sqs").list_queues().get("QueueUrls", ())) for one in regions),
        sum(len(one.client("sns").list_subscriptions()["Subscriptions"]) for one in regions),
        len(sandbox.chats(account.id)),
    )


def topic_with(account: Account, name: str, **condition: Any) -> str:
    """A topic whose only statement lets Connect publish under a condition."""
    topic = seed.default_topic(account, name)
    statement = {**seed.publish_statement(topic), "Condition": condition}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    account.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    return topic
