"""`audit` and `explain` never contradict each other about a live topic: random policies, as SNS takes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from checker.lint.registry import all_rules
from checker.sandbox import seed
from tests.iam.strategies import policies
from tests.live.estate import checker
from tests.samples import INSTANCE_ARN, TOPIC_ARN

if TYPE_CHECKING:
    from checker.sandbox.running import Account

OPENING = {rule.id for rule in all_rules() if rule.opens}
CHAIN = {rule.id for rule in all_rules() if rule.link is not None and not rule.opens}


@pytest.fixture
def instance(account: Account) -> str:
    return seed.make_instance(account)


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(policy=policies(), sid=st.sampled_from(["", "A", "Für"]))
def test_audit_and_explain_agree_on_every_topic(
    account: Account, instance: str, policy: dict[str, Any], sid: str
) -> None:
    topic = seed.default_topic(account)
    _set(account, topic, _here(policy, topic, instance, sid))
    audited = checker(
        *("audit", "--isolated", "--trail-hours", "0", "--topic-arn", topic, "--instance-arn", instance),
        *("--ignore", "no-durable-subscriber", "--format", "json"),
    )
    explained = checker("explain", topic, "--instance-arn", instance, "--format", "json")
    answer = json.loads(explained.out)
    errors = _errors(json.loads(audited.out), topic)
    broken = [one["link"] for one in answer["links"] if one["status"] == "broken"]
    assert bool(broken) is bool(errors & CHAIN), (broken, errors)
    if answer["confused_deputy"] == "open" or answer["public"] == "open":
        assert errors & OPENING
    assert (explained.code == 0) is (not errors & (CHAIN | OPENING)), (explained.code, errors)


def _here(policy: dict[str, Any], topic: str, instance: str, sid: str) -> str:
    """A policy about the samples, as one about a topic and an instance of the sandbox."""
    statements = policy["Statement"]
    first = statements[0] if isinstance(statements, list) and statements else statements
    if sid and isinstance(first, dict):
        first["Sid"] = sid
    text = json.dumps(policy).replace(INSTANCE_ARN, instance).replace(TOPIC_ARN, topic)
    return text.replace(INSTANCE_ARN.split(":")[4], instance.split(":")[4])


def _set(account: Account, topic: str, policy: str) -> None:
    """Set a policy; one that SNS refuses is no example."""
    sns = account.client("sns")
    try:
        sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    except sns.exceptions.ClientError:
        assume(condition=False)


def _errors(report: dict[str, Any], topic: str) -> set[str]:
    return {
        one["rule"]
        for one in report["findings"]
        if one["resource"] == topic and (one["severity"], one["verdict"]) == ("error", "FAIL")
    }
