"""The rule `invalid-policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Location, Part, Role, Severity
from checker.lint.fixes.statement import spelt_right
from checker.lint.rule import Link, PolicyRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import PolicyAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown
    from checker.policy.model import Problem


class InvalidPolicy(PolicyRule):
    """The policy is not one that AWS accepts, or part of it has no effect.

    ## What it finds

    Documents that break the policy grammar: unknown, misspelt or repeated elements, wrong types, unknown
    condition operators; actions that SNS or KMS would refuse; policies over the size and count limits. A
    warning for what AWS stores but gives no effect, and for what is only reported to be refused.

    ## Why it matters

    SNS answers a misspelt element with no more than `Policy Error: null`, a wildcard action with
    `Policy statement action out of service scope!`, and CloudFormation has been seen to leave a topic
    without a policy. A repeated JSON key hides whatever stood under the first.

    ## Example

        {"Effect": "Allow", "Principle": {"Service": "connect.amazonaws.com"}, "Action": "sns:*"}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}, "Action": "sns:Publish"}

    ## Fix safety

    Correcting the spelling of an element, operator or action gives the statement the effect that it was
    written for, which can be new access.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    - https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """

    id = "invalid-policy"
    family = "policy"
    summary = "the policy is not one that AWS accepts, or part of it has no effect"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_policy(self, case: PolicyAnalysis) -> Iterator[Finding | Unknown]:
        """Report the reader's problems and what the service would refuse."""
        for problem in case.problems:
            yield self.finding(
                case.name,
                problem.message,
                list(_places(case, problem)),
                severity=_severity(problem),
                help=problem.help,
                fixes=spelt_right(problem),
            )


def _severity(problem: Problem) -> Severity:
    if problem.grave:
        return Severity.ERROR
    return Severity.NOTE if problem.slight else Severity.WARNING


def _places(case: PolicyAnalysis, problem: Problem) -> Iterator[Location]:
    yield case.at(problem.route, problem.part)
    if problem.repeated:
        yield case.at(problem.route, Part.FIRST_KEY, Role.RELATED)
    yield from (case.at(route, role=Role.RELATED) for route in problem.also)
