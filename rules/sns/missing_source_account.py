"""The rule `missing-source-account`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.topic import conditions_on
from checker.analysis.wording import could
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.lint.fixes.pinning import pin
from checker.lint.rule import Link, Rule, witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.iam.prove.prove import Answer
    from checker.policy.model import Statement

_HELP = 'add `"StringEquals": {"aws:SourceAccount": ...}` with the account of the Connect instance'


class MissingSourceAccount(Rule):
    """A statement lets Connect publish without a condition on `aws:SourceAccount`.

    ## What it finds

    Allow statements that let connect.amazonaws.com publish and have no condition on `aws:SourceAccount`.
    An error when there is none on `aws:SourceArn` either, for then Connect could publish on behalf of
    anybody; a note when `aws:SourceArn` pins the instance, whose ARN contains the account.

    ## Why it matters

    connect.amazonaws.com is the same principal for all customers of AWS. A statement that does not say
    for whom Connect may act lets any customer's instance stream its chats into the topic: the confused
    deputy.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:chat"}

    ## Use instead

        "Condition": {
          "StringEquals": {"aws:SourceAccount": "111122223333"},
          "ArnEquals": {"aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/..."}
        }

    The account is the instance's, which need not be the topic's.

    ## Fix safety

    Pinning the account of a known instance shuts out the other customers and nobody else.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
    - https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    """

    id = "missing-source-account"
    family = "sns"
    summary = "a statement lets Connect publish without a condition on aws:SourceAccount"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY
    opens = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Ask for the deputy under each grant that says nothing of the account."""
        for statement in case.open_grants:
            if conditions_on(statement, SOURCE_ACCOUNT):
                continue
            answer = case.deputy_of(statement)
            if not conditions_on(statement, SOURCE_ARN):
                yield from self._open(case, statement, answer)
            elif isinstance(answer.truth, Unknown):
                yield answer.truth  # weak-source-condition reports it
            elif answer.truth is False:
                yield from self._pinned(case, statement)

    def _open(self, case: TopicAnalysis, statement: Statement, answer: Answer) -> Iterator[Finding | Unknown]:
        """Report a grant that has no condition on a source."""
        if answer.truth is True and answer.witness:
            yield self.finding(
                case.name,
                f"{statement.title} lets Connect publish on behalf of any AWS customer",
                case.at(statement.route),
                help=_HELP,
                witness=witness(answer, could(answer.witness, "publish")),
                fixes=pin(case, statement),
            )
        elif isinstance(answer.truth, Unknown):
            about = f"whether {statement.title} lets Connect publish on behalf of other AWS customers"
            yield self.doubt(case, about, answer.truth, case.at(statement.route))

    def _pinned(self, case: TopicAnalysis, statement: Statement) -> Iterator[Finding | Unknown]:
        """Report a grant whose ARN pins the account; a condition that could not be read may be the missing one."""
        unread = [condition for condition in statement.conditions if isinstance(condition, Unknown)]
        reaches = case.connect(statement).any_instance().truth
        if unread:
            yield unread[0]
        elif isinstance(reaches, Unknown):
            yield reaches
        elif reaches:
            yield self.finding(
                case.name,
                f"{statement.title} pins the instance, but not its account, as AWS documents beside it",
                case.at((*statement.route, "Condition")),
                severity=Severity.NOTE,
                help=_HELP,
                fixes=pin(case, statement, SOURCE_ACCOUNT),
            )
