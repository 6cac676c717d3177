"""The rule `public-topic`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.wording import could
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.prove.space import ADMINISTER, PUBLISH, SUBSCRIBE
from checker.lint.fixes.statement import restrict_to_owner
from checker.lint.rule import Link, Rule, witness
from checker.policy.model import ALLOW, DENY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding, Location
    from checker.core.unknown import Truth
    from checker.iam.prove.prove import Answer
    from checker.policy.model import Statement

_KINDS = (("publish", (PUBLISH,)), ("subscribe", (SUBSCRIBE,)), ("change the topic", ADMINISTER))
_HELP = (
    "name the accounts or services in Principal, or restrict them with a condition; for Connect see "
    "`missing-source-account`"
)


class PublicTopic(Rule):
    """Any AWS account can publish to the topic, subscribe to it, or change it.

    ## What it finds

    Policies that let principals of accounts that the policy does not name publish, subscribe or administer: a
    wildcard principal without a condition, or with a condition that other AWS customers can meet. A wildcard
    principal whose condition only the owner or an AWS service can meet is not reported. Neither is a missing
    source condition in a statement for an AWS service.

    ## What it proves

    PASS means that the topic policy allows these actions to no request of an IAM
    principal of an account that it does not name, nor of an anonymous caller. Named
    accounts and AWS services are not judged here. Reading the topic's attributes or
    its list of subscriptions is not reported. A federated principal is not known,
    because it may cover sessions of other AWS customers.

    ## Why it matters

    Other AWS customers who can publish can send forged chat messages. Those who can subscribe can read every
    chat.

    ## Example

        {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "..."}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}, "Action": "sns:Publish",
         "Resource": "...", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}

    ## Fix safety

    Restricting a public statement removes access from every caller that used it without being named.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
    """

    id = "public-topic"
    family = "sns"
    summary = "any AWS account can publish, subscribe or change the topic"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY
    opens = True
    about_everyone = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check each kind of action for other AWS customers, and report all kinds in one finding."""
        answers = [(kind, case.other_customers.can(*actions)) for kind, actions in _KINDS]
        found = [(kind, answer) for kind, answer in answers if answer.truth is True]
        if found:
            kind, first = found[0]
            assert first.witness is not None  # noqa: S101 - every positive answer has a witness
            kinds = _listed(kind for kind, _ in found)
            statements = _public_statements(
                case, [actions for kind, actions in _KINDS if kind in dict(found)]
            )
            yield self.finding(
                case.name,
                f"any AWS account can {kinds}",
                [case.at((*statement.route, _element(statement))) for statement in statements],
                help=_HELP,
                witness=witness(first, could(first.witness, kind)),
                fixes=restrict_to_owner(case, statements),
            )
        yield from self._doubts(case, dict(answers))

    def _doubts(self, case: TopicAnalysis, answers: dict[str, Answer]) -> Iterator[Finding | Unknown]:
        """Report what is not known, once for each reason."""
        doubts: dict[Unknown, list[str]] = {}
        for kind, answer in answers.items():
            if isinstance(answer.truth, Unknown):
                doubts.setdefault(answer.truth, []).append(kind)
        for doubt, kinds in doubts.items():
            at = _possibly_public(case, [actions for kind, actions in _KINDS if kind in kinds])
            about = f"whether any AWS account can {_listed(kinds)}"
            yield self.doubt(case, about, doubt, at or case.here())


def _listed(kinds: Iterable[str]) -> str:
    return " and ".join(", ".join(kinds).rsplit(", ", 1))


def _public_statements(case: TopicAnalysis, kinds: list[tuple[str, ...]]) -> list[Statement]:
    """Return the statements that allow other AWS customers an action, each by itself."""
    return [statement for statement, truths in _answers(case, kinds) if True in truths]


def _possibly_public(case: TopicAnalysis, kinds: list[tuple[str, ...]]) -> list[Location]:
    """Locate the statements that may allow other AWS customers an action."""
    statements = (statement for statement, truths in _answers(case, kinds) if set(truths) != {False})
    return [case.at((*statement.route, _element(statement))) for statement in statements]


def _answers(case: TopicAnalysis, kinds: list[tuple[str, ...]]) -> Iterator[tuple[Statement, list[Truth]]]:
    """Check each Allow by itself, together with the Denies."""
    denies = [statement for statement in case.statements if statement.effect == DENY]
    for statement in case.statements:
        if statement.effect == ALLOW:
            prover = case.other_customers_under(case.alone(statement, *denies))
            yield statement, [prover.can(*actions).truth for actions in kinds]


def _element(statement: Statement) -> str:
    principals = statement.principals
    return "Principal" if isinstance(principals, Unknown) else principals.element
