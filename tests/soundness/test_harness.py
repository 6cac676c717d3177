"""The harness itself: its law against labelled decisions and the sandbox's law, its requests against AWS's tables."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from checker.sandbox.policy.decide import PolicyRequest, Principal, decide
from tests.samples import TESTS
from tests.soundness.cases import case_of
from tests.soundness.coherence import faults, request_of
from tests.soundness.law import Law, Request
from tests.soundness.principals import SERVICE
from tests.soundness.universe import Universe
from tests.soundness.words import Words

DECISIONS = [json.loads(line) for line in (TESTS / "fixtures" / "decisions.jsonl").read_text().splitlines()]
CASES = [case_of("public", 7, index) for index in range(60)]


@pytest.mark.parametrize("sample", DECISIONS, ids=lambda sample: str(sample["note"])[:60])
def test_the_law_decides_as_labelled(sample: dict[str, Any]) -> None:
    request = request_of(sample["request"], Words.of(sample["policy"]), as_written=True)
    assert Law(sample["policy"]).allows(request) in (sample["decision"] == "Allowed", None)


def test_the_law_leaves_few_labelled_decisions_open() -> None:
    requests = [request_of(one["request"], Words.of(one["policy"]), as_written=True) for one in DECISIONS]
    pairs = zip(DECISIONS, requests, strict=True)
    truths = Counter(Law(one["policy"]).allows(request) for one, request in pairs)
    assert truths[None] <= len(DECISIONS) // 10


def test_the_law_agrees_with_that_of_the_sandbox() -> None:
    """The sandbox takes what is not settled as denied, so only what this law decides is compared."""
    compared: Counter[bool] = Counter()
    for case in CASES:
        universe = case.universe()
        for request, (truth,) in universe.everything():
            known = all(isinstance(request.context.get(one, ""), str | list) for one in universe.words.keys)
            if truth is None or not known or not (request.caller.arn or request.caller.service):
                continue
            assert (_in_the_sandbox(case.policies[0], request) == "Allowed") is truth, (case, request)
            compared[truth] += 1
    assert min(compared[True], compared[False]) > 150


def _in_the_sandbox(policy: Any, request: Request) -> str:
    caller = request.caller
    principal = Principal(service=caller.service) if caller.kind == SERVICE else Principal(arn=caller.arn)
    return decide(policy, PolicyRequest(principal, request.action, request.resource, request.context))


def test_every_request_of_the_universe_can_exist() -> None:
    kinds: Counter[str] = Counter()
    for case in CASES:
        for request, _ in case.universe().everything():
            assert faults(request) == [], request
            kinds[request.caller.kind] += 1
    assert set(kinds) == {"service", "root", "user", "session", "federated", "anonymous"}


def test_a_universe_is_the_same_each_time() -> None:
    case = CASES[3]
    first, again = (list(Universe.of(*case.policies, seed=1).everything()) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("context", "reason"),
    [
        ({"aws:PrincipalType": "User"}, "type"),
        ({"aws:username": "x"}, "IAM user"),
        ({"aws:SourceArn": "arn:aws:s3:::bucket"}, "only a service"),
        ({"aws:PrincipalOrgID": "o-"}, "cannot be"),
        ({"aws:userid": "AROA:"}, "no aws:userid"),
        ({"aws:MultiFactorAuthPresent": "false", "aws:MultiFactorAuthAge": "5"}, "multi-factor"),
        ({"aws:SourceIp": "8.8.8.8", "aws:SourceVpc": "vpc-1a2b3c4d"}, "endpoint"),
    ],
)
def test_a_request_that_cannot_exist_is_told(context: dict[str, str], reason: str) -> None:
    arn = "arn:aws:sts::999999999999:assumed-role/Sender/job"
    role = {"aws:PrincipalArn": "arn:aws:iam::999999999999:role/Sender"}
    witness = {
        "principal": {"aws": arn},
        "action": "sns:Publish",
        "resource": "arn:aws:sns:us-east-1:111122223333:chat",
        "context": {**role, **context},
    }
    request = request_of(witness, Words.of({"Statement": []}))
    assert any(reason in fault for fault in faults(request))
