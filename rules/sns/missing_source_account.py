"""The rule `missing-source-account`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.policy import conditions_on, unread_conditions
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

    - An error: there is no condition on `aws:SourceArn` either, so Connect could publish on behalf of any AWS
      customer.
    - A note: `aws:SourceArn` names the instance, and the ARN contains the account.

    ## What it proves

    PASS means that Connect can publish for no other AWS customer through a
    statement without a source condition: for any instance, and without the source
    keys. Deny statements count. A condition on `aws:SourceAccount` passes here
    whatever its operator: `weak-source-condition` proves whether it restricts.
    Trusted are the accounts of the topic, of the known instances, and those that
    the policy names. Conditions that were not read are not known.

    ## Why it matters

    connect.amazonaws.com is the same principal for all AWS customers. A statement that does not restrict the
    source lets any customer's instance stream its chats to the topic. This is the confused deputy problem.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": "sns:Publish", "Resource": "arn:aws:sns:us-east-1:111122223333:chat"}

    ## Use instead

        "Condition": {
          "StringEquals": {"aws:SourceAccount": "111122223333"},
          "ArnEquals": {"aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/..."}
        }

    The account is that of the instance. It can differ from the account of the topic.

    ## Fix safety

    Adding the account of a known instance removes access only for other AWS customers.

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
        """Check each grant without `aws:SourceAccount` for instances of other AWS customers."""
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
        """Report a grant without any source condition."""
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
        else:
            yield from unread_conditions(statement)  # one of them may be on the ARN

    def _pinned(self, case: TopicAnalysis, statement: Statement) -> Iterator[Finding | Unknown]:
        """Report a grant whose ARN names the account, unless an unreadable condition may be the missing one."""
        unread = unread_conditions(statement)
        reaches = case.connect(statement).any_instance().truth
        if unread:
            yield unread[0]
        elif isinstance(reaches, Unknown):
            yield reaches
        elif reaches:
            yield self.finding(
                case.name,
                f"{statement.title} names the instance, but lacks `aws:SourceAccount`, which AWS documents in addition",
                case.at((*statement.route, "Condition")),
                severity=Severity.NOTE,
                help=_HELP,
                fixes=pin(case, statement, SOURCE_ACCOUNT),
            )
