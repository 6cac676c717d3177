"""The rule `unmatchable-condition`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import failing_conditions, may_match
from checker.analysis.policy import conditions_on, names_connect
from checker.core.arn import Arn, is_account, is_uuid
from checker.core.finding import Role, Severity
from checker.core.unknown import Unknown
from checker.iam.decide.time_of_request import OPEN_TIMES
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.prove import can_publish
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, SOURCE_OWNER
from checker.lint.fixes.pinning import pin
from checker.lint.rule import Link, Rule
from checker.policy.limits import has_literal_variable, invalid_accounts, is_unlisted
from checker.policy.vocabulary import NULL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.policy.model import Condition, Statement

_HELP = (
    "Connect sends the bare instance ARN, `arn:aws:connect:REGION:ACCOUNT:instance/ID`, as `aws:SourceArn`, "
    "and the same ACCOUNT as `aws:SourceAccount`"
)
_TIME_HELP = "if the permission should still apply, change the time or remove the condition"


class UnmatchableCondition(Rule):
    """The conditions of a statement for Connect do not match any Connect instance.

    ## What it finds

    Statements for connect.amazonaws.com that can never apply:

    - a permission that ended before 2026
    - an `aws:SourceArn` that ends in `/*`, or names a contact or flow
    - an account ID where an ARN is required
    - a wildcard under `StringEquals`
    - an account that contradicts the ARN
    - keys that a service never sends, such as `aws:PrincipalOrgID`

    ## What it proves

    PASS means that each statement for Connect can apply to some instance in a
    Region of the topic or of an instance that is named. A finding is proven over
    all instances: any account, and any UUID as ID. Whether the statement applies to
    *your* instance is the result of `connect-not-allowed`. A condition that depends
    on a key that AWS does not document for Connect is not known.

    ## Why it matters

    Connect sends the instance's bare ARN as `aws:SourceArn`, and its account as `aws:SourceAccount`. A
    condition that requires anything else denies the publish silently, without an error or a metric.

    ## Example

        "ArnLike": {"aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/ID/*"}

    ## Use instead

        "ArnEquals": {"aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/ID"}

    ## Fix safety

    The statement has no effect today. Fixing it grants Connect the access that the statement describes.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/cross-service-confused-deputy-prevention.html
    """

    id = "unmatchable-condition"
    family = "sns"
    summary = "the conditions of a statement for Connect do not match any Connect instance"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check for each grant that names Connect whether any instance can meet its conditions."""
        yield from case.unread_principals
        for statement in filter(names_connect, case.grants):
            if statement in case.connect_grants or may_match(case, statement, None):
                yield from _doubt(case, statement)
                continue
            failing = list(failing_conditions(case, statement, None))
            if any(_is_reported_elsewhere(case, condition) for condition in failing):
                continue
            severity = Severity.WARNING if _may_publish(case) else Severity.ERROR
            yield self._report(case, statement, failing, severity)

    def _report(
        self, case: TopicAnalysis, statement: Statement, failing: list[Condition], severity: Severity
    ) -> Finding:
        if failing:
            reasons = "; ".join(_reason(condition) for condition in failing)
            at = [case.at(condition.route) for condition in failing]
        else:
            reasons = "its conditions contradict each other, because the account is not the one in the ARN"
            arns, accounts = conditions_on(statement, SOURCE_ARN), conditions_on(statement, SOURCE_ACCOUNT)
            at = [case.at(c.route) for c in (arns or known_conditions(statement))[:1]]
            at += [case.at(c.route, role=Role.RELATED, note="the account is here") for c in accounts[:1]]
        message = f"{statement.title} does not match any Connect instance: {reasons}"
        fixes = pin(case, statement, failing=failing)
        only_times = bool(failing) and all(one.folded_key in OPEN_TIMES for one in failing)
        advice = _TIME_HELP if only_times else _HELP
        return self.finding(case.name, message, at, severity=severity, help=advice, fixes=fixes)


def _may_publish(case: TopicAnalysis) -> bool:
    """True unless it is known that Connect cannot publish under the policy, also if placeholders are filled in."""
    answers = [can_publish(case.filled, case.target, one) for one in case.instances]
    return any(one.truth is not False for one in answers or [case.whole.any_instance()])


def _doubt(case: TopicAnalysis, statement: Statement) -> Iterator[Unknown]:
    """Yield the reason why it is not known whether a statement matches any instance, if it is not known."""
    reaches = case.connect(statement).any_instance().truth
    if isinstance(reaches, Unknown):
        yield reaches


def _is_reported_elsewhere(case: TopicAnalysis, condition: Condition) -> bool:
    """True if source-owner, partition-mismatch or invalid-policy reports the condition."""
    invalid = (
        is_unlisted(condition.key, "sns")
        or has_literal_variable(condition, case.policy.version)
        or bool(invalid_accounts(condition))
    )
    return invalid or condition.folded_key == SOURCE_OWNER or _in_other_partition(case, condition)


def _in_other_partition(case: TopicAnalysis, condition: Condition) -> bool:
    topic = case.topic.arn
    arns = [Arn.parse(value) for value in condition.values if isinstance(value, str)]
    instances = [arn for arn in arns if arn is not None and arn.is_instance]
    return isinstance(topic, Arn) and any(arn.partition != topic.partition for arn in instances)


def _reason(condition: Condition) -> str:
    values = [value for value in condition.values if isinstance(value, str)]
    if not isinstance(condition.operation, Unknown) and condition.operation.base == NULL:
        return f"`Null` requires that `{condition.key}` is absent, but Connect sends it"
    if condition.folded_key in OPEN_TIMES:
        return f"`{condition.operator}` on `{condition.key}` fails for every request in 2026 or later"
    if condition.folded_key not in (SOURCE_ARN, SOURCE_ACCOUNT):
        return (
            f"`{condition.operator}` on `{condition.key}` fails, because Connect's request has no such value"
        )
    shown = f"`{values[0]}`" if len(values) == 1 else f"none of the values of `{condition.key}`"
    if condition.operator.startswith("StringEquals") and any("*" in v or "?" in v for v in values):
        where = shown if len(values) == 1 else f"the values of `{condition.key}`"
        return f"`{condition.operator}` takes the wildcard in {where} literally"
    if condition.folded_key == SOURCE_ACCOUNT:
        return f"{shown} is not an account ID" if len(values) == 1 else f"{shown} is an account ID"
    return _arn_reason(values, shown)


def _arn_reason(values: list[str], shown: str) -> str:
    if len(values) != 1:
        return f"{shown} is the ARN of a Connect instance"
    if is_account(values[0]):
        return f"{shown} is an account ID where an ARN is required"
    arn = Arn.parse(values[0])
    if arn is None:
        return f"{shown} is not a valid ARN"
    if arn.service != "connect":
        return f"{shown} is not an Amazon Connect ARN"
    if arn.resource.count("/") > 1:
        return f"{shown} names a resource inside the instance, but Connect sends the bare instance ARN"
    if not arn.resource.startswith("instance/"):
        return f"{shown} is not an instance: the last part must be `instance/ID`"
    if arn.instance_id and not is_uuid(arn.instance_id):
        return (
            f"`{arn.instance_id}` is not a valid instance ID, which is a UUID; it may be the instance alias"
        )
    return f"{shown} does not match an instance in the Region and partition of the topic"
