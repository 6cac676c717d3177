"""Expectations about random policies, against brute force: what is met has no request that contradicts it.

What is not met has a witness that the evaluator of these tests confirms.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from checker.analysis.deployments import NO_SYMBOLS
from checker.analysis.inventory import Inventory
from checker.analysis.topic import TopicAnalysis
from checker.expectations.model import ALLOWED, DENIED, ONLY, Expectation, Subject
from checker.expectations.prove import Result, prove
from checker.inputs.text import parse_text
from checker.inputs.typed_files import topic_in
from tests.soundness.cases import case_of
from tests.soundness.coherence import faults, request_of
from tests.soundness.law import Request
from tests.soundness.principals import SERVICE
from tests.soundness.tool import attributes
from tests.soundness.universe import PUBLISH, SUBSCRIBE, Universe
from tests.soundness.words import CONNECT, INSTANCE, OWNER

SEED, POLICIES, CHUNK = 20261127, 120, 20
OTHER = "444455556666"
ROLE = f"arn:aws:iam::{OTHER}:role/App"
SUBJECTS = (
    Subject("arn", ROLE),
    Subject("account", OWNER),
    Subject("account", OTHER),
    Subject("connect", INSTANCE),
    Subject("connect", OWNER),
    Subject("service", "s3.amazonaws.com"),
)
NAMED = {"arn": "AWS", "account": "AWS", "service": "Service"}


def naming(subject: Subject) -> dict[str, object]:
    """A policy that names a subject, so that its requests are in the universe."""
    kind = NAMED.get(subject.kind)
    principal = {kind: subject.value} if kind else {"Service": CONNECT}
    key = "aws:SourceAccount" if subject.value.isdigit() else "aws:SourceArn"
    condition = {} if kind else {"Condition": {"StringEquals": {key: subject.value}}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*", **condition}
        ],
    }


def is_by(request: Request, subject: Subject) -> bool:
    caller, context = request.caller, request.context
    if subject.kind == "arn":
        return subject.value in (caller.arn, caller.role)
    if subject.kind == "account":
        return caller.account == subject.value
    if subject.kind == "service":
        return caller.service == subject.value
    sources = (context.get("aws:sourcearn"), context.get("aws:sourceaccount"))
    return caller.service == CONNECT and subject.value in sources


def is_usual(request: Request) -> bool:
    """A request over TLS and, from Connect, with both source keys, which agree."""
    arn, account = request.context.get("aws:sourcearn"), request.context.get("aws:sourceaccount")
    agree = isinstance(arn, str) and arn.split(":")[4:5] == [account]
    secure = request.context.get("aws:securetransport", "true") == "true"
    return secure and (request.caller.kind != SERVICE or request.caller.service != CONNECT or agree)


def contradicts(kind: str, request: Request, truth: bool | None, subject: Subject) -> bool:
    if kind == ALLOWED:
        return truth is False and is_by(request, subject) and is_usual(request)
    return truth is True and is_by(request, subject) is (kind == DENIED)


def proven(kind: str, action: str, subject: Subject, policy: object) -> Result:
    topic = topic_in(parse_text("topic.json", json.dumps(attributes(policy))))
    case = TopicAnalysis(topic, Inventory())
    expectation = Expectation("x", kind, subjects=(subject,), actions=(action,))
    return prove(expectation, case, case, NO_SYMBOLS.default)


def differences(index: int, kind: str, counts: dict[str, int]) -> Iterator[str]:
    policy = case_of("public", SEED, index).policies[0]
    subject = SUBJECTS[index % len(SUBJECTS)]
    action = (PUBLISH, SUBSCRIBE)[index // len(SUBJECTS) % 2]
    result = proven(kind, action, subject, policy)
    universe = Universe.of(policy, naming(subject), seed=index)
    if result.truth is True:
        counts["met"] += 1
        for request, (truth, _) in universe.everything([action]):
            if contradicts(kind, request, truth, subject):
                yield f"{index}: {kind} {action} {subject} is met, but {request} is {truth}"
                return
    if result.truth is False:
        counts["not met"] += 1
        assert result.witness is not None
        witness = dict(result.witness.request)
        readings = [request_of(witness, universe.words, as_written=one) for one in (False, True)]
        truths = [universe.laws[0].allows(one) for one in readings]
        pairs = list(zip(readings, truths, strict=True))
        shown = any(contradicts(kind, request, truth, subject) for request, truth in pairs)
        if not shown or list(faults(readings[0])):
            yield f"{index}: {kind} {action} {subject} is not met, but {readings[0]} is {truths}"


@pytest.mark.parametrize("kind", [ALLOWED, DENIED, ONLY])
@pytest.mark.parametrize("start", range(0, POLICIES, CHUNK))
def test_expectations_about_random_policies_agree_with_brute_force(kind: str, start: int) -> None:
    counts = {"met": 0, "not met": 0}
    found = [text for index in range(start, start + CHUNK) for text in differences(index, kind, counts)]
    assert found == []
    assert counts["not met"] > 0
    assert kind == ALLOWED or counts["met"] > 0
