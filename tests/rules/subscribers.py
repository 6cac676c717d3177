"""What is behind the subscriptions of a case's topic, from a YAML file: as a reader would fill it in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from checker.analysis.endpoints import Endpoints, Function, Queue, Role, Stream, Subscription
from checker.analysis.inventory import Inventory, PolicyText
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.live.aws.facts import policy_of
from checker.policy.vocabulary import FUNCTION, QUEUE, ROLE, Dialect


def read_subscribers(path: Path, inventory: Inventory) -> Inventory:
    """Add the subscriptions to every topic, and the endpoints to the inventory."""
    given = yaml.safe_load(path.read_text())
    subscriptions = tuple(subscription(one) for one in given["subscriptions"])
    endpoints = Endpoints(
        tuple(function(one) for one in given.get("functions", ())),
        tuple(queue(one) for one in given.get("queues", ())),
        tuple(Stream(arn(one.pop("arn")), **one) for one in given.get("streams", ())),
        tuple(role(one) for one in given.get("roles", ())),
    )
    topics = tuple(one._replace(subscriptions=subscriptions) for one in inventory.topics)
    return inventory._replace(topics=topics, endpoints=endpoints)


def subscription(given: dict[str, Any]) -> Subscription:
    """A confirmed subscription with all of its attributes, unless said otherwise."""
    name = f"arn:aws:sns:us-east-1:111122223333:chat:{given['endpoint']}"
    known = Subscription("", "", True, name, filter_policy=None, raw=False, dead_letter=None, role=None)
    policy = given.get("filter_policy")
    return known._replace(**{**given, "filter_policy": json.dumps(policy) if policy else None})


def function(given: dict[str, Any]) -> Function:
    name = given.pop("arn")
    return Function(arn(name), policy=policy(name, given.pop("policy", None), FUNCTION), **given)


def queue(given: dict[str, Any]) -> Queue:
    name = given.pop("arn")
    known = {"key": None, "managed_sse": True, **given, "policy": policy(name, given.get("policy"), QUEUE)}
    return Queue(arn(name), **known)


def role(given: dict[str, Any]) -> Role:
    trust, own = (policy(given["arn"], given[name], ROLE) for name in ("trust", "policy"))
    assert trust is not None
    assert own is not None
    return Role(arn(given["arn"]), trust, own)


def arn(text: str) -> Arn:
    parsed = Arn.parse(text)
    assert parsed is not None
    return parsed


def policy(name: str, statements: list[Any] | str | None, dialect: Dialect) -> PolicyText | Unknown | None:
    """Read a policy: statements, or the reason why it is not known."""
    if statements is None:
        return None
    if isinstance(statements, str):
        return Unknown(statements)
    return policy_of(name, json.dumps({"Version": "2012-10-17", "Statement": statements}), dialect)
