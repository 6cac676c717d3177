"""The rule `missing-source-arn`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.policy import conditions_on
from checker.analysis.wording import could, listed
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.prove.source_keys import SOURCE_ARN
from checker.lint.fixes.pinning import pin
from checker.lint.rule import Link, Rule, witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.policy.model import Statement

_HELP = 'add `"ArnEquals": {"aws:SourceArn": ...}` with the ARN of the Connect instance'


class MissingSourceArn(Rule):
    """A statement lets Connect publish without a condition on `aws:SourceArn`.

    ## What it finds

    Allow statements that let connect.amazonaws.com publish and have no condition on `aws:SourceArn`. Every
    Connect instance of the account may publish.

    ## What it proves

    PASS means that no statement without `aws:SourceArn` lets Connect publish for an
    instance of your accounts that is neither known nor named, because other
    conditions or a Deny exclude it. Whether an `aws:SourceArn` that is there is
    narrow enough is proven by `weak-source-condition`. Conditions that were not
    read are not known.

    ## Why it matters

    AWS documents both keys. `aws:SourceAccount` alone keeps out other AWS customers, but a test instance of
    the same account can still stream to the production topic.

    ## Example

        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}

    ## Use instead

        "Condition": {
          "StringEquals": {"aws:SourceAccount": "111122223333"},
          "ArnEquals": {"aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/..."}
        }

    ## Fix safety

    Pinning the statement to the known instances removes access for all others. Name every instance that
    streams to the topic.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
    """

    id = "missing-source-arn"
    family = "sns"
    summary = "a statement lets Connect publish without a condition on aws:SourceArn"
    severity = Severity.WARNING
    fixable = True
    link = Link.TOPIC_POLICY
    opens = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check each grant without `aws:SourceArn` for other instances of the account."""
        for statement in case.connect_grants:
            if conditions_on(statement, SOURCE_ARN):
                continue
            answer = case.siblings_of(statement)
            if answer.truth is True and answer.witness is not None:
                accounts = case.accounts_of_siblings(statement)
                yield self.finding(
                    case.name,
                    f"{statement.title} lets Connect publish for every instance of {_named(accounts)}",
                    case.at((*statement.route, "Condition") if statement.conditions else statement.route),
                    help=_HELP,
                    witness=witness(answer, could(answer.witness, "publish")),
                    fixes=pin(case, statement),
                )
            elif isinstance(answer.truth, Unknown):
                yield self._doubt(case, statement, answer.truth)

    def _doubt(self, case: TopicAnalysis, statement: Statement, doubt: Unknown) -> Finding | Unknown:
        """Report a doubt about other instances of the account; missing-source-account reports other customers."""
        if case.deputy_of(statement).truth is not False:
            return doubt
        about = f"whether {statement.title} lets Connect publish for other instances of the account"
        return self.doubt(case, about, doubt, case.at(statement.route))


def _named(accounts: tuple[str, ...]) -> str:
    """Name the accounts, all of them: the finding says something else if the policy names one more."""
    if not accounts:
        return "the account"
    return f"account{'s' * (len(accounts) > 1)} {listed(accounts, len(accounts))}"
