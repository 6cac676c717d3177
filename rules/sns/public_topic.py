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
_HELP = "name the accounts or services in Principal, or pin them by a condition; for Connect see missing-source-account"


class PublicTopic(Rule):
    """Anybody with an AWS account can publish to the topic, subscribe to it, or change it.

    ## What it finds

    Policies that let a principal of an account named nowhere publish, subscribe or administer: a
    wildcard principal without a condition, or with one that a stranger can meet. A wildcard principal
    whose condition holds only for the owner or an AWS service is not public, and a missing
    confused-deputy condition never is.

    ## Why it matters

    A stranger who publishes puts words into your customers' mouths; one who subscribes reads every chat.

    ## Example

        {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": "..."}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"}, "Action": "sns:Publish",
         "Resource": "...", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}

    ## Fix safety

    Narrowing a public statement takes access from everybody who used it without being named.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
    """

    id = "public-topic"
    family = "sns"
    summary = "anybody with an AWS account can publish, subscribe or change the topic"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY
    opens = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Ask for a stranger for every kind of action, and report them together."""
        answers = [(kind, case.stranger.can(*actions)) for kind, actions in _KINDS]
        found = [(kind, answer) for kind, answer in answers if answer.truth is True]
        if found:
            kind, first = found[0]
            assert first.witness is not None  # noqa: S101 - every yes has a witness
            kinds = _listed(kind for kind, _ in found)
            open_ones = _open(case, [actions for kind, actions in _KINDS if kind in dict(found)])
            yield self.finding(
                case.name,
                f"anybody with an AWS account can {kinds}",
                [case.at((*statement.route, _element(statement))) for statement in open_ones],
                help=_HELP,
                witness=witness(first, could(first.witness, kind)),
                fixes=restrict_to_owner(case, open_ones),
            )
        yield from self._doubts(case, dict(answers))

    def _doubts(self, case: TopicAnalysis, answers: dict[str, Answer]) -> Iterator[Finding | Unknown]:
        """Say what is not known, once for each reason."""
        doubts: dict[Unknown, list[str]] = {}
        for kind, answer in answers.items():
            if isinstance(answer.truth, Unknown):
                doubts.setdefault(answer.truth, []).append(kind)
        for doubt, kinds in doubts.items():
            at = _possible(case, [actions for kind, actions in _KINDS if kind in kinds])
            about = f"whether anybody with an AWS account can {_listed(kinds)}"
            yield self.doubt(case, about, doubt, at or case.here())


def _listed(kinds: Iterable[str]) -> str:
    return " and ".join(", ".join(kinds).rsplit(", ", 1))


def _open(case: TopicAnalysis, kinds: list[tuple[str, ...]]) -> list[Statement]:
    """The statements that let strangers in, each by itself."""
    return [one for one, truths in _each(case, kinds) if True in truths]


def _possible(case: TopicAnalysis, kinds: list[tuple[str, ...]]) -> list[Location]:
    """The statements that may let strangers in."""
    found = (one for one, truths in _each(case, kinds) if set(truths) != {False})
    return [case.at((*statement.route, _element(statement))) for statement in found]


def _each(case: TopicAnalysis, kinds: list[tuple[str, ...]]) -> Iterator[tuple[Statement, list[Truth]]]:
    """Ask about each Allow by itself, beside the Denies."""
    denies = [statement for statement in case.statements if statement.effect == DENY]
    for statement in case.statements:
        if statement.effect == ALLOW:
            prover = case.stranger_under(case.alone(statement, *denies))
            yield statement, [prover.can(*actions).truth for actions in kinds]


def _element(statement: Statement) -> str:
    principals = statement.principals
    return "Principal" if isinstance(principals, Unknown) else principals.element
