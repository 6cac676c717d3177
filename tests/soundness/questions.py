"""The questions that the tool answers about policies, each held against a universe of requests.

A question takes a case and gives the differences: what the tool says, and a request that shows that it is wrong.
"Not known" is never a difference; how often it is said where brute force knows is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

from tests.soundness.coherence import faults, outsider_faults, request_of
from tests.soundness.comparisons import Truth
from tests.soundness.keys import NOW, iso
from tests.soundness.law import Request
from tests.soundness.principals import SERVICE, several
from tests.soundness.tool import Tool
from tests.soundness.universe import ADMINISTER, PUBLISH, SUBSCRIBE, Trial, Universe
from tests.soundness.words import CONNECT, INSTANCE, OWNER


class Case(NamedTuple):
    """One policy, or two to compare, with the instance that streams to the topic.

    For fixes: the ``form`` of the files, and whether the instance is named by option. ``kept`` is the answer of an
    earlier find and the request that showed that it was wrong, which is asked about again.
    """

    policies: tuple[Any, ...]
    instance: str = INSTANCE
    seed: int = 0
    form: str = "attributes"
    explicit: bool = True
    kept: tuple[str, Any] = ("", None)

    def universe(self) -> Universe:
        return Universe.of(*self.policies, seed=self.seed)

    @property
    def owners(self) -> tuple[str, ...]:
        """The accounts of topic and instance, and those that the policy names as sources: they were meant."""
        return (OWNER, self.instance.split(":")[4], *named_sources(self.policies[0]))


class Difference(NamedTuple):
    """A wrong answer: what the tool says, why that is wrong, and the request that shows it."""

    answer: str
    expected: str
    request: dict[str, Any] | None = None


class Outcome(NamedTuple):
    """What came of one case: the differences, and whether the tool left open what brute force knows."""

    differences: list[Difference]
    asked: int = 0
    open_answers: int = 0


def named_sources(policy: Any) -> Iterator[str]:
    """The accounts that the conditions of a policy name outright as a source."""
    for statement in several(policy.get("Statement", [])):
        for keys in statement.get("Condition", {}).values():
            for key, values in keys.items():
                pattern = _SOURCES.get(key.lower())
                found = (re.fullmatch(pattern, str(one), re.IGNORECASE) for one in several(values) if pattern)
                yield from (one[1] for one in found if one)


_SOURCES = {
    "aws:sourceaccount": r"(\d{12})",
    "aws:sourcearn": r"arn:aws:connect:[^:]*:(\d{12}):instance/[a-z0-9-]+",
}
Question = Callable[[Case, Tool], Outcome]


def shown(request: Request) -> dict[str, Any]:
    """A request as `checker simulate` reads it."""
    caller = request.caller
    principal = {"service": caller.service} if caller.kind == SERVICE else {"aws": caller.arn or "*"}
    context = {key: value for key, value in request.context.items() if isinstance(value, str | list)}
    return {
        "principal": principal,
        "action": request.action,
        "resource": request.resource,
        "context": context,
    }


def first_allowed(trials: Iterable[Trial]) -> tuple[Truth, Request | None]:
    """Whether some request is allowed, and the first that is."""
    truth: Truth = False
    for request, (allowed,) in trials:
        if allowed:
            return True, request
        truth = None if allowed is None else truth
    return truth, None


def again(universe: Universe, kept: dict[str, Any]) -> tuple[Trial, ...]:
    """The request of an earlier find, if it can exist; a find may be a witness that cannot."""
    request = request_of(kept, universe.words)
    if faults(request):
        return ()
    return (Trial(request, tuple(law.allows(request) for law in universe.laws)),)


class _Search:
    """Collects what is wrong with the answers about one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.universe = case.universe()
        self.differences: list[Difference] = []
        self.asked = self.open_answers = 0

    def ask(self, said: Truth, name: str, trials: Iterable[Trial]) -> None:
        """Hold an answer against brute force: yes, no, or not known."""
        answer, kept = self.case.kept
        first = again(self.universe, kept) if answer == f"{name}: no" and kept else ()
        truth, request = first_allowed(chain(first, trials))
        self.asked += truth is not None
        self.open_answers += truth is not None and said is None
        if truth and said is False and request is not None:
            self.differences.append(Difference(f"{name}: no", "this request is allowed", shown(request)))

    def confirm(self, name: str, witness: dict[str, Any], others: Callable[[Request], list[str]]) -> None:
        """Hold a witness against the law, and against what requests can exist."""
        request = request_of(witness, self.universe.words)
        (law,) = self.universe.laws
        allowed = law.allows(request)
        doubt = "the policy does not allow it" if allowed is False else "no source says that it is allowed"
        wrong = [*([] if allowed else [doubt]), *faults(request), *others(request)]
        if wrong:
            self.differences.append(Difference(f"{name}: yes", wrong[0], witness))

    @property
    def outcome(self) -> Outcome:
        return Outcome(self.differences, self.asked, self.open_answers)


def _said(answer: str, yes: str, no: str) -> Truth:
    return {yes: True, no: False, "unknown": None}[answer]


def _verdict(verdict: str) -> Truth:
    return {"FAIL": True, "PASS": False}.get(verdict)


def _witnesses(explanation: dict[str, Any], question: str) -> Iterator[dict[str, Any]]:
    yield from (one["request"] for one in explanation["witnesses"] if one["question"] == question)


def public(case: Case, tool: Tool) -> Outcome:
    """Can an outsider publish; and for `check`: publish, subscribe or change the topic?"""
    search = _Search(case)
    universe = search.universe
    explanation = tool.explain(case.policies[0], case.instance)
    said = _said(explanation["public"], "yes", "no")
    search.ask(said, "explain: public", universe.strangers((PUBLISH,)))
    for witness in _witnesses(explanation, "public") if said else ():
        search.confirm("explain: public", witness, lambda one: outsider_faults(one, universe.words, OWNER))
    verdict = tool.verdicts(case.policies[0], case.instance)["public-topic"]
    search.ask(
        _verdict(verdict), "check: public-topic", universe.strangers((PUBLISH, SUBSCRIBE, *ADMINISTER))
    )
    return search.outcome


def deputy(case: Case, tool: Tool) -> Outcome:
    """Can Connect publish for instances of others, for other instances of the account, for this instance?"""
    search = _Search(case)
    universe = search.universe
    explanation = tool.explain(case.policies[0], case.instance)
    said = _said(explanation["confused_deputy"], "open", "closed")
    search.ask(said, "explain: confused_deputy", universe.connect(owned=case.owners))
    for witness in _witnesses(explanation, "confused_deputy") if said else ():
        search.confirm("explain: confused_deputy", witness, lambda one: _not_of(one, case.owners))
    said = _said(explanation["sibling_instances"], "open", "closed")
    search.ask(said, "explain: sibling_instances", universe.siblings(case.instance))
    for witness in _witnesses(explanation, "sibling_instances") if said else ():
        search.confirm("explain: sibling_instances", witness, lambda one: _sibling(one, case.instance))
    _can_publish(case, search, _said(explanation["connect_can_publish"], "yes", "no"))
    return search.outcome


def _can_publish(case: Case, search: _Search, said: Truth) -> None:
    """The one request that Connect makes now: yes, no, or not known, and nothing else will do."""
    universe = search.universe
    trials = universe.instance(case.instance)
    now = [one for one in trials if one.request.context["aws:currenttime"] == iso(NOW)]
    search.ask(said, "explain: connect_can_publish", now)
    if said and all(one.truths == (False,) for one in now):
        request = shown(now[0].request) if now else None
        search.differences.append(
            Difference("explain: connect_can_publish: yes", "the policy does not allow it", request)
        )


def _not_of(request: Request, owners: tuple[str, ...]) -> list[str]:
    arn, account = request.context.get("aws:sourcearn"), request.context.get("aws:sourceaccount")
    own = account in owners or (isinstance(arn, str) and arn.split(":")[4] in owners)
    if request.caller.service != CONNECT:
        return ["the caller is not Connect"]
    return ["the instance is of the owner's account"] if own else []


def _sibling(request: Request, instance: str) -> list[str]:
    arn = str(request.context.get("aws:sourcearn", ""))
    same = arn.split(":")[4:5] == instance.split(":")[4:5] and arn != instance
    return [] if same else ["it is not another instance of the account"]


OPENING = ("missing-source-account", "missing-source-arn", "weak-source-condition", "public-topic")


def agreement(case: Case, tool: Tool) -> Outcome:
    """Do `check` and `explain` agree? What `explain` finds wrong is a finding, and the other way round."""
    policy, instance = case.policies[0], case.instance
    explanation, verdicts = tool.explain(policy, instance), tool.verdicts(policy, instance)
    wrong = {rule for rule, verdict in verdicts.items() if verdict != "PASS"}
    sure = {rule for rule, verdict in verdicts.items() if verdict == "FAIL"}
    differences = []
    if explanation["public"] == "yes" and "public-topic" not in sure:
        differences.append(Difference("explain: public: yes", "`check` finds no public-topic"))
    if explanation["confused_deputy"] == "open" and not sure.intersection(OPENING):
        differences.append(
            Difference("explain: confused_deputy: open", f"`check` finds none of {', '.join(OPENING)}")
        )
    broken = [one["link"] for one in explanation["links"] if one["status"] == "broken"]
    if (explanation["connect_can_publish"] == "no" or broken) and not sure:
        differences.append(Difference("explain: connect_can_publish: no", "`check` finds nothing"))
    if "connect-not-allowed" in sure and "topic_policy" not in broken:
        differences.append(Difference("explain: topic_policy: ok", "`check` finds connect-not-allowed"))
    answers = ("connect_can_publish", "confused_deputy", "public")
    if "unknown" in [explanation[one] for one in answers] and not wrong:
        differences.append(Difference("explain: unknown", "`check` passes all rules"))
    if "public-topic" in sure and explanation["public"] == "no" and _only_publish(case):
        differences.append(Difference("explain: public: no", "`check` finds public-topic"))
    unpinned = "missing-source-account" in sure and not list(named_sources(policy))  # else it may be a note
    if unpinned and explanation["confused_deputy"] == "closed":
        answer = "explain: confused_deputy: closed"
        differences.append(Difference(answer, "`check` finds missing-source-account"))
    return Outcome(differences, 1)


def _only_publish(case: Case) -> bool:
    """True if the policy allows nothing but sns:Publish, so that both commands ask the same."""
    found = several(case.policies[0]["Statement"])
    return all(one.get("Action") == "sns:Publish" for one in found if one.get("Effect") == "Allow")
