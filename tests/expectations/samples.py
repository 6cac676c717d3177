"""A topic policy with a partner, and the expectations that the tests have of it."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

PARTNER = "444455556666"
ARCHIVE = f"arn:aws:iam::{ACCOUNT}:role/Archive"
PINNED = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": INSTANCE_ARN}}
CONNECT = statement(Sid="Connect", Condition=PINNED)
SUBSCRIBE = statement(Sid="Archive", Principal={"AWS": ARCHIVE}, Action="sns:Subscribe")
PUBLISH = statement(Sid="Partner", Principal={"AWS": PARTNER})
POLICY = document(CONNECT, SUBSCRIBE, PUBLISH)


def by(**subject: str) -> list[dict[str, str]]:
    """Principals with one subject."""
    return [subject]


def may(action: str, *subjects: dict[str, str], **more: Any) -> dict[str, Any]:
    """The body of an expectation about one action."""
    return {"principals": list(subjects), "actions": [f"sns:{action}"], **more}


def expecting(**bodies: Any) -> str:
    """A file of expectations, each named after its kind: `allowed`, `no_more_than`, `allowed_2`."""
    listed = [
        {"name": name, name.rstrip("_0123456789").replace("_", "-"): body} for name, body in bodies.items()
    ]
    return yaml.safe_dump({"version": 1, "expectations": listed}, sort_keys=False)


def topic(policy: Any = POLICY) -> dict[str, Any]:
    """The output of `aws sns get-topic-attributes`."""
    return {"Attributes": {"TopicArn": TOPIC_ARN, "Owner": ACCOUNT, "Policy": json.dumps(policy)}}
