"""Three evaluators about the same requests: `checker.iam`, that of the sandbox, and the law of this harness.

They share no code. `checker` has three values: what it calls not known is not compared, but counted. The sandbox takes
what no documentation settles as denied, the law leaves it open.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from checker.iam.decide.decide import ALLOWED, UNKNOWN, Decision
from checker.iam.decide.decide import decide as decide_by_checker
from checker.iam.decide.request import Anonymous, AwsPrincipal, Service, fold
from checker.iam.decide.request import Request as CheckerRequest
from checker.policy.model import Condition, Policy, Statement
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from checker.policy.vocabulary import KEY, TOPIC, Operator
from checker.sandbox.policy.decide import PolicyRequest, Principal
from checker.sandbox.policy.decide import decide as decide_by_sandbox
from tests.soundness.coherence import caller_of
from tests.soundness.forms import any_policy
from tests.soundness.law import Law, Request
from tests.soundness.near_requests import NearRequests
from tests.soundness.principals import SERVICE, Caller
from tests.soundness.questions import Case, Difference, Outcome, shown
from tests.soundness.tool import Tool

REQUESTS = 100
"""Requests of one round, all about one policy."""


class Subject:
    """One policy, read by each evaluator once."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.law = Law(document)
        node = parse_json(Source("policy.json", json.dumps(document)))
        self.policies = {dialect: read_policy(node, dialect)[0] for dialect in (TOPIC, KEY)}

    def policy(self, action: str) -> Policy:
        return self.policies[KEY if action.lower().startswith("kms:") else TOPIC]

    def by_checker(self, request: Request) -> Decision:
        context = {key: tuple(v) if isinstance(v, list) else v for key, v in request.context.items()}
        asked = CheckerRequest(_caller(request.caller), request.action, request.resource, fold(context))
        return decide_by_checker(self.policy(request.action), asked)

    def by_sandbox(self, request: Request) -> str:
        caller = request.caller
        principal = Principal(service=caller.service) if caller.kind == SERVICE else Principal(arn=caller.arn)
        asked = PolicyRequest(principal, request.action, request.resource, request.context)
        return decide_by_sandbox(self.document, asked)

    def compare(self, request: Request) -> tuple[Decision, bool, Difference | None]:
        """The decision of `checker`, whether it leaves open what the law decides, and the difference if any."""
        decision, law = self.by_checker(request), self.law.allows(request)
        word, allowed = decision.word, decision.allowed
        if word != UNKNOWN and (found := self.by_sandbox(request)) != word:
            return decision, False, Difference(f"decide: {word}", f"the sandbox says {found}", shown(request))
        if isinstance(allowed, bool) and law is not None and allowed is not law:
            answer = ALLOWED if law else "not allowed"
            return decision, False, Difference(f"decide: {word}", f"the law says {answer}", shown(request))
        return decision, law is not None and not isinstance(allowed, bool), None


def _caller(caller: Caller) -> Service | AwsPrincipal | Anonymous:
    if caller.kind == SERVICE:
        return Service(caller.service)
    return AwsPrincipal.parse(caller.arn) or Anonymous()


class Tally(NamedTuple):
    """What came of the requests about one policy: the decisions, and how conditions came out."""

    words: Counter[str]
    operators: Counter[tuple[str, str]]
    left_open: int
    differences: list[Difference]


def tally(subject: Subject, requests: Iterable[Request]) -> Tally:
    """Compare the evaluators about all requests."""
    words, operators, differences, left_open = Counter[str](), Counter[tuple[str, str]](), [], 0
    for request in requests:
        decision, is_open, difference = subject.compare(request)
        words[decision.word] += 1
        operators.update(_outcomes(decision))
        left_open += is_open
        differences += [difference] if difference is not None else []
    return Tally(words, operators, left_open, differences)


def _outcomes(decision: Decision) -> Iterator[tuple[str, str]]:
    """Each condition that held, and the one that decided its statement otherwise."""
    for match in decision.matches:
        if match.condition is not None:
            yield _operator(match.condition), "failed" if match.truth is False else "unknown"
        elif match.truth is True and isinstance(match.statement, Statement):
            yield from ((_operator(condition), "held") for condition in match.statement.conditions)


def _operator(condition: object) -> str:
    operation = condition.operation if isinstance(condition, Condition) else None
    if not isinstance(operation, Operator):
        return "not an operator"
    exists = "IfExists" if operation.if_exists else ""
    return f"{operation.qualifier}{':' if operation.qualifier else ''}{operation.base}{exists}"


def decision_round(number: int) -> tuple[Case, Tally]:
    """Compare the evaluators about the policy and the requests of this number, for ever the same."""
    rng = random.Random(f"decisions {number}")  # noqa: S311 - the round is the same for ever
    subject = Subject(any_policy(rng))
    requests = NearRequests(subject.document, subject.law, rng).draw(REQUESTS)
    return Case((subject.document,), seed=number), tally(subject, requests)


def decide(case: Case, _: Tool) -> Outcome:
    """Do the three evaluators agree about the request of an earlier find, or about random ones?"""
    subject = Subject(case.policies[0])
    kept = case.kept[1]
    rng = random.Random(case.seed)  # noqa: S311 - reproducible
    requests = (
        [request_of_json(kept)] if kept else NearRequests(subject.document, subject.law, rng).draw(REQUESTS)
    )
    found = tally(subject, requests)
    return Outcome(found.differences, found.words.total(), found.left_open)


def request_of_json(kept: dict[str, Any]) -> Request:
    """Read a request as `checker simulate` does: a key that is not there is absent."""
    context = {key.lower(): value for key, value in kept["context"].items()}
    return Request(caller_of(kept["principal"], context), kept["action"], kept["resource"], context)
