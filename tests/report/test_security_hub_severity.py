"""The severity of a finding in Security Hub, by its consequence."""

from __future__ import annotations

from typing import Any

import pytest

from checker.core.finding import Finding, Location, Severity, Verdict, Witness
from checker.lint.registry import all_rules
from checker.report.asff import LABELS, Owner, finding_asff, label_of
from checker.report.record import RecordedPlace

TOPIC = "arn:aws:sns:us-east-1:111122223333:chat"
INSTANCE = "arn:aws:connect:us-east-1:{}:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
RULES = {rule.id: rule for rule in all_rules()}
ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
FAIL, OPEN = Verdict.FAIL, Verdict.UNDETERMINED


def on_behalf_of(account: str) -> dict[str, Any]:
    return {"principal": {"service": "connect.amazonaws.com"}, "context": {"aws:SourceAccount": account}}


def for_instance_of(account: str) -> dict[str, Any]:
    context = {"aws:SourceArn": INSTANCE.format(account)}
    return {"principal": {"service": "connect.amazonaws.com"}, "context": context}


def by(principal: str) -> dict[str, Any]:
    return {"principal": {"aws": principal}, "context": {}}


CASES = [
    # access for another account, proven by a request
    ("public-topic", ERROR, FAIL, by("arn:aws:iam::999999999999:role/x"), "CRITICAL"),
    ("public-topic", ERROR, FAIL, by("*"), "CRITICAL"),
    ("open-key-policy", ERROR, FAIL, by("arn:aws:iam::999999999999:role/x"), "CRITICAL"),
    ("missing-source-account", ERROR, FAIL, on_behalf_of("999999999999"), "CRITICAL"),
    ("weak-source-condition", ERROR, FAIL, for_instance_of("999999999999"), "CRITICAL"),
    ("unmet-expectation", ERROR, FAIL, by("arn:aws:iam::999999999999:role/x"), "CRITICAL"),
    # access that is not proven, or that only an account of the stream has
    ("public-topic", ERROR, FAIL, None, "HIGH"),
    ("public-topic", ERROR, FAIL, by("arn:aws:iam::111122223333:role/x"), "HIGH"),
    ("missing-source-arn", ERROR, FAIL, on_behalf_of("111122223333"), "HIGH"),
    ("missing-source-arn", ERROR, FAIL, for_instance_of("444455556666"), "HIGH"),
    ("missing-source-account", ERROR, FAIL, {"principal": {"service": "x"}, "context": {}}, "HIGH"),
    ("public-topic", ERROR, OPEN, by("*"), "MEDIUM"),
    # the stream is broken; a request proves it, but nobody gets access
    ("connect-not-allowed", ERROR, FAIL, on_behalf_of("999999999999"), "HIGH"),
    ("unusable-key", ERROR, FAIL, None, "HIGH"),
    ("undeliverable-subscription", ERROR, FAIL, None, "HIGH"),
    ("unverified-key-condition", ERROR, OPEN, None, "MEDIUM"),
    # warnings and notes
    ("open-subscriber", WARNING, FAIL, None, "MEDIUM"),
    ("undeliverable-dead-letter", WARNING, FAIL, None, "LOW"),
    ("excess-connect-actions", WARNING, FAIL, None, "MEDIUM"),
    ("missing-source-arn", WARNING, FAIL, on_behalf_of("999999999999"), "MEDIUM"),
    ("public-topic", WARNING, OPEN, None, "LOW"),
    ("no-durable-subscriber", WARNING, FAIL, None, "LOW"),
    ("no-durable-subscriber", WARNING, OPEN, None, "INFORMATIONAL"),
    ("unpinned-key-grant", NOTE, FAIL, None, "INFORMATIONAL"),
    ("public-topic", NOTE, OPEN, None, "INFORMATIONAL"),
    # a rule that this version does not have
    ("rule-of-a-pack", WARNING, FAIL, None, "MEDIUM"),
    ("rule-of-a-pack", ERROR, FAIL, by("*"), "HIGH"),
]


def finding(rule: str, severity: Severity, verdict: Verdict, request: dict[str, Any] | None) -> Finding:
    place = Location(RecordedPlace(TOPIC, "Statement"), ("Statement",))
    witness = Witness("a caller could publish", request, "Allowed", (0,)) if request else None
    return Finding(rule, severity, "a problem", TOPIC, (place,), verdict, witness=witness)


def test_the_witness_of_an_expectation_of_access_shows_that_nobody_has_it() -> None:
    unmet = finding("unmet-expectation", ERROR, FAIL, by("arn:aws:iam::999999999999:role/x"))
    assert unmet.witness is not None
    denied = unmet._replace(witness=unmet.witness._replace(decision="ImplicitlyDenied"))
    assert label_of(denied, RULES["unmet-expectation"]) == "HIGH"


@pytest.mark.parametrize(("rule", "severity", "verdict", "request_", "label"), CASES)
def test_the_severity_follows_the_consequence(
    rule: str, severity: Severity, verdict: Verdict, request_: dict[str, Any] | None, label: str
) -> None:
    reported = finding(rule, severity, verdict, request_)
    instances = (INSTANCE.format("444455556666"),)  # the account of the instance that streams to the topic
    assert label_of(reported, RULES.get(rule), instances) == label
    asff = finding_asff(reported, Owner("aws", "111122223333", "us-east-1"), "now", instances=instances)
    assert asff["Severity"] == {"Label": label, "Original": severity.value}
    assert asff["FindingProviderFields"]["Severity"] == asff["Severity"]


def test_no_rule_is_graded_higher_if_it_knows_less() -> None:
    for rule in RULES.values():
        for request in (None, by("*")):
            labels = [
                LABELS.index(label_of(finding(rule.id, severity, verdict, request), rule))
                for severity in (NOTE, WARNING, ERROR)
                for verdict in (OPEN, FAIL)
            ]
            assert labels == sorted(labels)
