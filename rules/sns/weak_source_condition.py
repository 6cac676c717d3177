"""The rule `weak-source-condition`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.policy import conditions_on, unread_conditions
from checker.analysis.wording import could
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.prove.source_keys import SOURCE_ARN, SOURCE_KEYS
from checker.lint.fixes.pinning import pin
from checker.lint.rule import Link, Rule, witness
from checker.policy.vocabulary import FOR_ALL, NULL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.policy.model import Condition, Statement

_HELP = (
    "use `StringEquals` for `aws:SourceAccount` and `ArnEquals` for `aws:SourceArn`, with the values of the "
    "instance"
)


class WeakSourceCondition(Rule):
    """A condition on `aws:SourceArn` or `aws:SourceAccount` does not restrict the source.

    ## What it finds

    Statements for Connect whose conditions on the source keys look correct but are not:

    - operators with `IfExists` or `ForAllValues:`, which match when the key is absent
    - wildcards that match instances of other AWS customers
    - `Null` and negated operators

    A wildcard that matches instances of one account only is a warning.

    ## What it proves

    PASS means that the statements with a source condition, together with every
    Deny, let Connect publish neither for another AWS customer, nor without the
    source keys, nor, if they test `aws:SourceArn`, for other instances of your
    accounts. All instances were considered: any account, and any UUID as ID. An
    account that the policy names without a wildcard is taken as intended, even if
    it is the wrong one. Conditions on undocumented keys are not known.

    ## Why it matters

    A reviewer who sees the keys assumes that the policy prevents the confused deputy problem. The finding
    shows a request from another AWS customer's instance that the policy allows.

    ## Example

        "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}

    ## Use instead

        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}

    ## Fix safety

    Pinning the statement to a known instance removes access for other AWS customers, and for other
    instances of the account.

    ## References

    - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
    """

    id = "weak-source-condition"
    family = "sns"
    summary = "a condition on aws:SourceArn or aws:SourceAccount does not restrict the source"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY
    opens = True

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check each grant with source conditions for other customers, then for other instances of the account."""
        for statement in case.open_grants:
            if not conditions_on(statement, *SOURCE_KEYS):
                yield from unread_conditions(statement)
                continue
            answer = case.deputy_of(statement)
            if answer.truth is True and answer.witness is not None:
                weak = conditions_on(
                    statement, *SOURCE_KEYS
                )  # all are weak, as the witness meets all of them
                reasons = ", ".join(map(_reason, weak))
                yield self.finding(
                    case.name,
                    f"{statement.title} does not restrict Connect to your instances: {reasons}",
                    [case.at(c.route) for c in weak],
                    help=_HELP,
                    witness=witness(answer, could(answer.witness, "publish")),
                    fixes=pin(case, statement),
                )
            elif isinstance(answer.truth, Unknown):
                about = f"whether {statement.title} lets Connect publish on behalf of other AWS customers"
                yield self.doubt(case, about, answer.truth, case.at(statement.route))
            elif conditions_on(statement, SOURCE_ARN):
                yield from self._siblings(case, statement)
            else:
                yield from unread_conditions(statement)  # one of them may be on the ARN

    def _siblings(self, case: TopicAnalysis, statement: Statement) -> Iterator[Finding | Unknown]:
        answer = case.siblings_of(statement)
        if isinstance(answer.truth, Unknown):
            about = f"whether {statement.title} lets Connect publish for other instances of the account"
            yield self.doubt(case, about, answer.truth, case.at(statement.route))
        if answer.truth is True and answer.witness is not None:
            yield self.finding(
                case.name,
                f"{statement.title} also lets Connect publish for other instances of the account",
                [case.at(c.route) for c in conditions_on(statement, SOURCE_ARN)],
                severity=Severity.WARNING,
                help="name the instance without wildcards: `arn:aws:connect:REGION:ACCOUNT:instance/ID`",
                witness=witness(answer, could(answer.witness, "publish")),
                fixes=pin(case, statement),
            )


def _reason(condition: Condition) -> str:
    operation = condition.operation
    if isinstance(operation, Unknown):
        return f"`{condition.operator}` is not a valid operator"
    if operation.base == NULL:
        return f"`Null` only checks whether `{condition.key}` is present"
    if operation.if_exists or operation.qualifier == FOR_ALL:
        return f"`{condition.operator}` matches when `{condition.key}` is absent"
    if "Not" in operation.base:
        return f"`{condition.operator}` matches every `{condition.key}` except the listed values"
    return f"`{condition.key}` matches instances of other AWS customers"
