"""The rule `invalid-policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Location, Part, Role, Severity
from checker.lint.fixes.statement import correct_spelling
from checker.lint.rule import Link, PolicyRule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.policy import PolicyAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown
    from checker.policy.model import Problem


class InvalidPolicy(PolicyRule):
    """AWS rejects the policy, or part of it has no effect.

    ## What it finds

    Policies with one of these problems:

    - syntax errors: unknown, misspelled or repeated elements, wrong types, unknown condition operators
    - actions that SNS or KMS would reject
    - policies over the size and count limits

    A warning for parts that AWS accepts but that have no effect, and for parts that AWS is only reported to
    reject.

    ## What it proves

    PASS means that the policy breaks none of the rules and limits that AWS
    documents, as of the lists in this release. It does not mean that AWS accepts
    the policy: whether principals exist is not looked up, and AWS does not publish
    all of its checks. A policy with a part that was not read is not known.

    ## Why it matters

    SNS rejects a misspelled element with only `Policy Error: null`, and a wildcard action with
    `Policy statement action out of service scope!`. CloudFormation has been seen to leave a topic without a
    policy. A repeated JSON key hides the value of the first one.

    ## Example

        {"Effect": "Allow", "Principle": {"Service": "connect.amazonaws.com"}, "Action": "sns:*"}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}, "Action": "sns:Publish"}

    ## Fix safety

    Correcting the spelling of an element, operator or action gives the statement its intended effect, which
    can grant new access.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    - https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """

    id = "invalid-policy"
    family = "policy"
    summary = "AWS rejects the policy, or part of it has no effect"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_policy(self, case: PolicyAnalysis) -> Iterator[Finding | Unknown]:
        """Report syntax problems and parts that the service would reject or ignore."""
        for problem in case.problems:
            yield self.finding(
                case.name,
                problem.message,
                list(_places(case, problem)),
                severity=_severity(problem),
                help=problem.help,
                fixes=correct_spelling(problem),
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
