"""The rule `wrong-resource`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.policy import names_connect
from checker.core.arn import Arn, topic_arn
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.decide.patterns import arn_glob
from checker.lint.fixes.statement import name_topic
from checker.lint.rule import Link, Rule
from checker.policy.model import ALLOW, Patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.policy.model import Statement


class WrongResource(Rule):
    """The Resource of a statement is not the topic that the policy is attached to.

    ## What it finds

    Statements whose Resource is another topic, a subscription, a queue, or not an ARN. An error in a
    statement for Connect, a warning in any other statement. `*` is accepted, because SNS accepts it. Also
    Allow statements whose NotResource excludes the topic itself.

    ## What it proves

    PASS means that each Resource covers the ARN of the topic, and that no
    NotResource of an Allow excludes it. Who may do what is the result of other
    rules. If the topic's ARN is not known, only `*` and the reference to the topic
    itself pass; any other topic ARN is not known, or a finding if the policy names
    several topics.

    ## Why it matters

    SNS documents that Resource must be the ARN of the topic that the policy is attached to. A statement
    about any other resource grants nothing.

    ## Example

        "Resource": "arn:aws:sns:us-east-1:111122223333:other-topic"

    ## Use instead

        "Resource": "arn:aws:sns:us-east-1:111122223333:chat"

    ## Fix safety

    Naming the topic gives the statement its intended effect. The fix is safe in a statement for Connect that
    restricts the source. Otherwise it is unsafe, because it grants new access. A statement that does not
    name Connect is not fixed.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    """

    id = "wrong-resource"
    family = "sns"
    summary = "the Resource of a statement is not the topic that the policy is attached to"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Compare each Resource with the topic's ARN, or with the form of a topic ARN if it is not known."""
        for statement in case.statements:
            resources = statement.resources
            if not isinstance(resources, Patterns):
                yield resources
                continue
            if resources.negated:
                yield from self._excluded(case, statement, resources)
                continue
            for index, value in enumerate(resources.values):
                if isinstance(value, Unknown):
                    yield value
                elif reason := _fault(case, value):
                    yield self._finding(case, statement, value, reason, (resources.element, index))
                elif isinstance(case.topic.arn, Unknown) and value not in ("*", case.topic.symbol):
                    yield case.topic.arn

    def _excluded(
        self, case: TopicAnalysis, statement: Statement, resources: Patterns
    ) -> Iterator[Finding | Unknown]:
        """Report an Allow whose NotResource excludes its own topic: a topic policy applies to no other resource."""
        if statement.effect != ALLOW:
            return
        covers = case.covers(resources)
        if isinstance(case.topic.arn, Unknown):
            yield case.topic.arn
        elif isinstance(covers, Unknown):
            yield covers
        elif not covers:
            yield self.finding(
                case.name,
                f"{statement.title} covers every resource except this topic",
                case.at((*statement.route, resources.element)),
                severity=_severity(statement),
                help=f"{_help(case)} as the Resource, instead of NotResource",
            )

    def _finding(
        self, case: TopicAnalysis, statement: Statement, value: str, reason: str, at: tuple[str, int]
    ) -> Finding:
        """Report a Resource. Only statements for Connect get a fix, as others may grant other services access."""
        route = (*statement.route, *at)
        return self.finding(
            case.name,
            f"{statement.title} covers `{value}`, {reason}",
            case.at(route),
            severity=_severity(statement),
            help=_help(case),
            fixes=name_topic(case, route) if names_connect(statement) else (),
        )


def _fault(case: TopicAnalysis, value: str) -> str:
    """Return the reason why a Resource is wrong; empty if it is not."""
    if value in ("*", str(case.topic.arn), case.topic.symbol):
        return ""
    pattern = arn_glob(value)
    service = pattern.parts[2].literal if pattern.is_arn else None
    if not value.startswith("arn:"):
        return "which is not an ARN"
    if service is not None and service != "sns":
        return f"which belongs to {service}, not to SNS"
    if not isinstance(case.topic.arn, Arn):
        return "one of several topics that the policy names" if _topics(case) > 1 else ""
    if case.covers(Patterns("Resource", (value,))) is False:
        below = value.startswith(f"{case.topic.arn}:")
        return "a subscription of the topic, not the topic" if below else "which is not this topic"
    return ""


def _severity(statement: Statement) -> Severity:
    return Severity.ERROR if names_connect(statement) else Severity.WARNING


def _topics(case: TopicAnalysis) -> int:
    """Count the different topics that the policy's statements name without wildcards."""
    patterns = [s.resources for s in case.statements if isinstance(s.resources, Patterns)]
    values = [one.values[0] for one in patterns if len(one.values) == 1]
    arns = {topic_arn(value) for value in values if isinstance(value, str) and "*" not in value}
    return len(arns - {None})


def _help(case: TopicAnalysis) -> str:
    if isinstance(case.topic.arn, Unknown):
        return "write the ARN of the topic that the policy is attached to"
    return f"write `{case.topic.arn}`"
