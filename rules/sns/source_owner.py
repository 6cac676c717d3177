"""The rule `source-owner`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import Cause, diagnose
from checker.analysis.policy import conditions_on, names_connect
from checker.core.finding import Part, Severity
from checker.iam.prove.source_keys import SOURCE_OWNER
from checker.lint.fixes.grants import allow_connect
from checker.lint.fixes.pinning import pin, replace_source_owner
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding, Fix
    from checker.core.unknown import Unknown
    from checker.policy.model import Condition, Statement

_REPLACE = (
    'replace it with `"StringEquals": {"aws:SourceAccount": ...}` and `"ArnEquals": {"aws:SourceArn": ...}`'
)
_ADD = "add a statement for connect.amazonaws.com, and keep this one for the publishers that need it"
_NOTE = "AWS recommends `aws:SourceAccount`; before you replace the key, check which other services publish to the topic"


class SourceOwner(Rule):
    """A condition requires `AWS:SourceOwner`, which Amazon Connect does not send.

    ## What it finds

    Conditions on `aws:SourceOwner`, in any letter case.

    - An error: the condition is the reason why Connect cannot publish. It is in a statement for
      connect.amazonaws.com, or in the default statement and no other statement lets Connect publish.
    - A note: another statement lets Connect publish.

    ## What it proves

    PASS means that no condition of the policy is on `aws:SourceOwner`. An error is
    proven: the condition fails for Connect, and no other statement lets it publish.
    A note says nothing about other services: whether one of them relies on the key
    is not known. Conditions that were not read may be on the key, so the result is
    then not known.

    ## Why it matters

    The default policy of a new topic allows publishing on the condition that `AWS:SourceOwner` is the
    owner's account. Some services set that key when they publish. AWS lists them, and Connect is not on the
    list. The key is absent from Connect's request, so the condition fails and no message is published.
    StartContactStreaming succeeds nevertheless.

    ## Example

        "Principal": {"AWS": "*"},
        "Action": "SNS:Publish",
        "Condition": {"StringEquals": {"AWS:SourceOwner": "111122223333"}}

    ## Use instead

        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Condition": {
          "StringEquals": {"aws:SourceAccount": "111122223333"},
          "ArnEquals": {"aws:SourceArn": "arn:aws:connect:us-east-1:111122223333:instance/..."}
        }

    ## Fix safety

    Adding a statement for Connect removes no access. Replacing the key in the default statement can stop
    messages from CloudWatch alarms, ElastiCache and other services that set `aws:SourceOwner`. AWS lists each of
    them for `aws:SourceAccount` as well, but no file shows which of them publish to the topic, and for which account.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """

    id = "source-owner"
    family = "sns"
    summary = "a condition requires AWS:SourceOwner, which Amazon Connect does not send"
    severity = Severity.ERROR
    fixable = True
    link = Link.TOPIC_POLICY

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Report every such condition: an error if it keeps Connect from publishing, else a note."""
        yield from case.unread_conditions
        requiring = [s for s in case.statements if conditions_on(s, SOURCE_OWNER)]
        depending = _depending(case) if requiring else set()
        for statement in requiring:
            for condition in conditions_on(statement, SOURCE_OWNER):
                depends = statement.ordinal in depending
                yield self.finding(
                    case.name,
                    _message(statement, depends=depends),
                    case.at(condition.route, Part.KEY),
                    severity=Severity.ERROR if depends else Severity.NOTE,
                    help=_help(case, statement) if depends else _NOTE,
                    fixes=_fixes(case, statement, condition, depends=depends),
                )


def _help(case: TopicAnalysis, statement: Statement) -> str:
    return _REPLACE if names_connect(statement) else _ADD + case.sender_note


def _depending(case: TopicAnalysis) -> set[int]:
    """Return the ordinals of statements that would let Connect publish if it sent the key."""
    return {
        one.statement.ordinal
        for instance, answer in case.publishing
        if answer.truth is False
        for one in diagnose(case, instance)
        if one.cause is Cause.SOURCE_OWNER and one.statement is not None
    }


def _fixes(
    case: TopicAnalysis, statement: Statement, condition: Condition, *, depends: bool
) -> tuple[Fix, ...]:
    if not depends:
        return replace_source_owner(statement, condition)
    if names_connect(statement):
        return pin(case, statement, failing=conditions_on(statement, SOURCE_OWNER))
    return allow_connect(case, [arn for arn, answer in case.publishing if arn and answer.truth is False])


def _message(statement: Statement, *, depends: bool) -> str:
    if not depends:
        return f"{statement.title} requires `AWS:SourceOwner`, which some services send, but Connect does not"
    if names_connect(statement):
        return f"{statement.title} is for Connect but requires `AWS:SourceOwner`, which Connect does not send"
    return (
        f"Connect cannot publish: only {statement.title} could allow it, and that requires `AWS:SourceOwner`, "
        "which Connect does not send"
    )
