"""What several test modules share: where things are, and policies out of Python values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checker.core.arn import Arn
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from checker.policy.vocabulary import TOPIC, Dialect

if TYPE_CHECKING:
    from checker.policy.model import Policy

TESTS = Path(__file__).parent
ACCOUNT = "111122223333"
TOPIC_ARN = f"arn:aws:sns:us-east-1:{ACCOUNT}:chat"
INSTANCE_ARN = f"arn:aws:connect:us-east-1:{ACCOUNT}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"


def arn_of(text: str) -> Arn:
    """Read an ARN that is one."""
    arn = Arn.parse(text)
    assert arn is not None
    return arn


def policy_of(document: Any, dialect: Dialect = TOPIC) -> Policy:
    """Read JSON values as a policy."""
    return read_policy(parse_json(Source("policy.json", json.dumps(document))), dialect)[0]


def statement(**elements: Any) -> dict[str, Any]:
    """A statement that lets Connect publish, with some elements replaced; ``None`` leaves one out."""
    base = {
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": TOPIC_ARN,
    }
    return {key: value for key, value in {**base, **elements}.items() if value is not None}


def document(*statements: dict[str, Any], version: str = "2012-10-17") -> dict[str, Any]:
    """A policy document of these statements."""
    return {"Version": version, "Statement": list(statements)}
