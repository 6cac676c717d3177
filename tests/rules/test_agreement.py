"""`check` and `explain` never contradict each other, for every case of every rule and for random policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings

from checker.analysis.inventory import Instance, Inventory, Key
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.finding import Finding, Severity, Verdict
from checker.core.unknown import Unknown
from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.explain import explain
from checker.lint.explanation import WHOLE, Explanation
from checker.lint.registry import all_rules
from checker.lint.rule import Link
from checker.lint.status import BROKEN, UNKNOWN
from tests.iam.strategies import policies
from tests.rules.cases import CASES, Case
from tests.samples import ACCOUNT, INSTANCE_ARN, TOPIC_ARN, document, statement

RULES = {rule.id: rule for rule in all_rules()}
OPENING = {rule.id for rule in RULES.values() if rule.opens}
CHAIN = {rule.id for rule in RULES.values() if rule.link is not None and not rule.opens}
DEPUTY = {"missing-source-account", "weak-source-condition"}
OF_CONTACTS = {rule.id for rule in RULES.values() if rule.link is Link.INSTANCE}


class Pair(NamedTuple):
    """What the two commands say of one topic and one instance."""

    findings: tuple[Finding, ...]
    explanation: Explanation

    def errors(self, rules: set[str]) -> list[str]:
        return [
            one.rule
            for one in self.findings
            if one.rule in rules and one.severity is Severity.ERROR and one.verdict is Verdict.FAIL
        ]


def pairs(inventory: Inventory, instance: str | None) -> Iterator[Pair]:
    for topic in inventory.topics:
        named = TopicAnalysis(topic, inventory).named_instances
        arn = Arn.parse(instance or (str(named[0]) if named else INSTANCE_ARN))
        assert arn is not None
        here = inventory._replace(instances=(Instance(arn),), topics=(topic._replace(instances=()),))
        key = here.key_of(topic)
        names = {topic.name, key.name if isinstance(key, Key) else ""}
        report = judge(here, list(RULES.values()), Scope(all_topics=True))
        findings = tuple(one for one in report.findings if one.resource in names)
        given_key, seen = key if isinstance(key, Key) else None, Inventory(evidence=inventory.evidence)
        yield Pair(findings, explain(here.topics[0], given_key, arn, list(RULES.values()), around=seen))


def contradictions(pair: Pair) -> Iterator[str]:
    explanation = pair.explanation
    broken = [one.link.value for one in explanation.links if one.status == BROKEN]
    if bool(broken) != bool(pair.errors(CHAIN)):
        yield f"explain: broken are {broken}; check: {pair.errors(CHAIN)}"
    is_open = explanation.deputy.truth is True or explanation.public.truth is True
    if is_open and not pair.errors(OPENING):
        yield f"explain: open; check: {[one.rule for one in pair.findings]}"
    if explanation.deputy.truth is False and pair.errors(DEPUTY):
        yield f"explain: closed to other AWS customers; check: {pair.errors(DEPUTY)}"
    problems = pair.errors({*CHAIN, *OPENING})
    if explanation.is_clean != (not problems):
        yield f"explain: {explanation.is_clean=}; check: {problems}"
    if (explanation.can_publish.truth is False) != (Link.TOPIC_POLICY.value in broken) and not broken:
        yield "explain: Connect cannot publish, and no link is broken"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}/{case.name}")
def test_check_and_explain_agree_on_every_case(case: Case) -> None:
    found = [text for pair in pairs(load(list(case.files)), case.instance) for text in contradictions(pair)]
    assert found == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies())
def test_check_and_explain_agree_on_random_policies(policy: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "topic.json"
    path.write_text(json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}))
    found = [text for pair in pairs(load([path]), INSTANCE_ARN) for text in contradictions(pair)]
    assert found == []


OF_POLICY = {rule.id for rule in RULES.values() if rule.link is Link.TOPIC_POLICY and not rule.opens}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(policy=policies())
def test_a_policy_under_which_no_instance_can_publish_has_an_error(
    policy: dict[str, Any], tmp_path: Path
) -> None:
    assert errors_of_silent(policy, tmp_path) != []


def errors_of_silent(policy: dict[str, Any], folder: Path) -> list[str]:
    """Return the errors about a policy that lets no instance publish; the word "allowed" for any other policy."""
    path = folder / "topic.json"
    path.write_text(json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}))
    inventory = load([path])
    (topic,) = inventory.topics
    ((_, answer),) = TopicAnalysis(topic, inventory).publishing
    if answer.truth is not False:
        return ["allowed"]
    findings = judge(inventory, list(RULES.values()), Scope(all_topics=True)).findings
    return Pair(findings, None).errors(OF_POLICY)  # type: ignore[arg-type] # nothing is explained


OTHERS, INSTANCE_ID = "444455556666", INSTANCE_ARN.rpartition("/")[2]
DENIED_TOGETHER = {
    "each account": [
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        {"StringEquals": {"aws:SourceAccount": OTHERS}},
    ],
    "any account but one, and its instances": [
        {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}},
        {"ArnNotEquals": {"aws:SourceArn": f"arn:aws:connect:us-east-1:{OTHERS}:instance/{INSTANCE_ID}"}},
    ],
    "one instance, and all others of its account": [
        {"StringEquals": {"aws:SourceAccount": OTHERS}},
        {"ArnEquals": {"aws:SourceArn": INSTANCE_ARN}},
        {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnNotEquals": {"aws:SourceArn": INSTANCE_ARN}},
    ],
}


@pytest.mark.parametrize("name", DENIED_TOGETHER)
def test_statements_that_only_together_deny_every_instance_are_reported(name: str, tmp_path: Path) -> None:
    allow = statement(Condition={"StringEquals": {"aws:SourceAccount": [ACCOUNT, OTHERS]}})
    denies = [
        statement(Sid=f"Deny{number}", Effect="Deny", Condition=condition)
        for number, condition in enumerate(DENIED_TOGETHER[name])
    ]
    assert errors_of_silent(document(allow, *denies), tmp_path) == ["blocking-deny"]


@pytest.mark.parametrize(
    ("resource", "condition", "is_open"),
    [
        ("arn:aws:sns:us-east-1:YOUR_ACCOUNT_ID:chat", {}, True),
        (TOPIC_ARN, {"StringEquals": {"aws:SourceAccount": "YOUR_ACCOUNT_ID"}}, False),
        (TOPIC_ARN, {"StringLike": {"aws:SourceAccount": ["YOUR_ACCOUNT_ID", "*"]}}, True),
    ],
)
def test_check_and_explain_read_a_placeholder_in_the_same_way(
    resource: str, condition: dict[str, Any], is_open: bool, tmp_path: Path
) -> None:
    policy = document(statement(Resource=resource, Condition=condition))
    path = tmp_path / "topic.json"
    path.write_text(json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}))
    (pair,) = pairs(load([path]), INSTANCE_ARN)
    assert list(contradictions(pair)) == []
    assert pair.explanation.deputy.truth is is_open
    assert pair.explanation.chain == BROKEN


def test_a_placeholder_does_not_hide_an_instance_of_another_region(tmp_path: Path) -> None:
    elsewhere = "arn:aws:connect:af-south-1:YOUR_ACCOUNT_ID:instance/YOUR_INSTANCE_ID"
    policy = document(statement(Condition={"ArnEquals": {"aws:SourceArn": elsewhere}}))
    path = tmp_path / "topic.json"
    path.write_text(json.dumps({"Attributes": {"TopicArn": TOPIC_ARN, "Policy": json.dumps(policy)}}))
    (pair,) = pairs(load([path]), INSTANCE_ARN)
    assert "unmatchable-condition" in pair.errors(CHAIN)


@pytest.mark.parametrize("resource", ["topic", "key"])
def test_a_policy_that_may_not_apply_proves_nothing(resource: str) -> None:
    (case,) = (one for one in CASES if one.name == "this-topic-by-context")
    inventory, arn = load(list(case.files)), Arn.parse(str(case.instance))
    (topic,), (key,) = inventory.topics, inventory.keys
    assert arn is not None
    assert explain(topic, key, arn, list(RULES.values())).chain == WHOLE
    doubt = Unknown("whether it exists is not known")
    topic = topic._replace(doubt=doubt) if resource == "topic" else topic
    key = key._replace(doubt=doubt) if resource == "key" else key
    assert explain(topic, key, arn, list(RULES.values())).chain == UNKNOWN
