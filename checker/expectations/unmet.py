"""Reports the expectations about a topic or key that are not met, or not known, over all deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.deployments import in_words
from checker.analysis.key import KeyAnalysis
from checker.analysis.resource_names import selection
from checker.core.finding import Finding, Severity, Verdict
from checker.core.unknown import Unknown
from checker.expectations.deployments import deployments_for
from checker.expectations.model import KEYS, TOPICS
from checker.expectations.principals import with_principals
from checker.expectations.prove import prove
from checker.lint.deployments import reworded
from checker.policy.vocabulary import KEY, TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.analysis.deployments import Deployments
    from checker.analysis.policy_pair import Case
    from checker.core.finding import Location
    from checker.core.unknown import Truth
    from checker.expectations.model import Expectation
    from checker.expectations.prove import Result
    from checker.lint.rule import Rule


MET, NOT_MET, NOT_KNOWN = "met", "not met", "not known"


def about(expectations: Iterable[Expectation], case: Case) -> tuple[Expectation, ...]:
    """Return the expectations about a topic or key."""
    return tuple(one for one, truth in _selected(expectations, case) if truth is True)


def _selected(expectations: Iterable[Expectation], case: Case) -> Iterator[tuple[Expectation, Truth]]:
    """Yield the expectations that may be about a topic or key, and whether they are."""
    resource, kind = (case.key, KEYS) if isinstance(case, KeyAnalysis) else (case.topic, TOPICS)
    for one in expectations:
        truth = selection(resource, one.patterns) if one.about == kind else False
        if truth is not False:
            yield one, truth


def unmet(rule: Rule, expectations: Iterable[Expectation], case: Case) -> Iterator[Finding | Unknown]:
    """Yield a finding for each expectation about a topic or key that is not proven in every deployment."""
    for one, truth in _selected(expectations, case):
        if isinstance(truth, Unknown):
            yield Unknown(f"whether expectation `{one.name}` is about it: {truth.described}")
            continue
        dialect = KEY if isinstance(case, KeyAnalysis) else TOPIC
        found = with_principals(deployments_for(case, one, dialect), case, one, dialect)
        yield from _Outcome(rule, one, case, found).findings()


class _Outcome:
    """The results of one expectation in all deployments."""

    def __init__(self, rule: Rule, expectation: Expectation, case: Case, found: Deployments) -> None:
        self.rule = rule
        self.expectation = expectation
        self.found = found
        self.cases = [case.deployed(way) for way in found.ways] if case.has_symbols else [case]
        self.results = [
            prove(expectation, one, case, way) for one, way in zip(self.cases, found.ways, strict=True)
        ]
        self.words = [_word(one) for one in self.results]

    def findings(self) -> Iterator[Finding]:
        """Yield the finding, if the expectation is not met in some deployment."""
        number = next((at for at, word in enumerate(self.words) if word == NOT_MET), None)
        if number is None:
            number = next((at for at, word in enumerate(self.words) if word == NOT_KNOWN), None)
        if number is not None:
            finding = self.finding(number)
            yield finding if len(set(self.words)) == 1 else self.dependent(finding, number)

    def finding(self, number: int) -> Finding:
        """Return the finding of one deployment, in the words of the code."""
        result, case, word = self.results[number], self.cases[number], self.words[number]
        severity = Severity.ERROR if word == NOT_MET else Severity.NOTE
        finding = Finding(
            self.rule.id,
            severity,
            f"expectation `{self.expectation.name}` is {word}: {result.text}",
            case.name,
            (*self.places(case, result), self.expectation.here),
            Verdict.FAIL if word == NOT_MET else Verdict.UNDETERMINED,
            result.help,
            result.witness,
            expectation=self.expectation.name,
        )
        told = reworded(finding, self.found.ways[number])
        return told if isinstance(told, Finding) else finding

    def dependent(self, finding: Finding, number: int) -> Finding:
        """Return the finding as one that depends on the deployment."""
        words = self.words
        so, not_so = (
            in_words(self.found.settled_by(words, word))
            for word in (words[number], next(word for word in words if word != words[number]))
        )
        other = next(word for word in words if word != words[number])
        text = self.results[number].text
        return finding._replace(
            severity=Severity.WARNING if words[0] == NOT_MET else Severity.NOTE,
            verdict=Verdict.UNDETERMINED,
            message=f"expectation `{self.expectation.name}` depends on the deployment: "
            f"{self.found.ways[number].reworded(text)}",
            help="; ".join(filter(None, (f"{words[number]} if {so}, and {other} if {not_so}", finding.help))),
        )

    def places(self, case: Case, result: Result) -> Sequence[Location]:
        """Return the places of the statements that decide, else that of the policy or resource."""
        if isinstance(case.text, Unknown):
            return (case.here(),)
        count = len(case.text.policy.statements)
        ordinals = [one for one in result.statements if one < count]
        return [case.at(("Statement", one)) for one in ordinals] or [case.at(())]


def _word(result: Result) -> str:
    if isinstance(result.truth, Unknown):
        return NOT_KNOWN
    return MET if result.truth else NOT_MET
