"""The rule `wrong-key-service`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.policy import unread_actions
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.prove.space import SNS
from checker.lint.fixes.grants import allow_key
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding, Location

_HELP = (
    "allow the two actions for connect.amazonaws.com; sns.amazonaws.com needs them only for encrypted queues "
    "behind the topic"
)


class WrongKeyService(Rule):
    """The key policy lets sns.amazonaws.com use the key instead of connect.amazonaws.com.

    ## What it finds

    Keys that allow sns.amazonaws.com the actions that Connect needs, under any condition, but do not allow
    Connect.

    ## What it proves

    PASS means that no statement that names sns.amazonaws.com allows an action that
    Connect lacks. It does not mean that Connect can use the key:
    `connect-cannot-use-key` proves that. The rule says nothing about the queues
    that SNS may need the key for.

    ## Why it matters

    The publisher needs access to the key of an encrypted topic. SNS itself needs access only to the key of an
    encrypted queue that it delivers to, which is the next hop and easy to confuse with this one. The SNS guide
    shows such a statement, with `aws:SourceArn` and the topic in the encryption context, for other event sources.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Fix safety

    The fix adds a statement for Connect. It keeps the statement for SNS, because a queue may need it.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
    """

    id = "wrong-key-service"
    family = "kms"
    summary = "the key policy lets sns.amazonaws.com use the key instead of connect.amazonaws.com"
    severity = Severity.ERROR
    fixable = True
    link = Link.KEY_POLICY

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Report the statements for SNS when Connect cannot use the key."""
        if case.key.manager != "AWS" and case.grants_sns_instead:
            message = "the key policy allows sns.amazonaws.com, but not the publisher, connect.amazonaws.com"
            yield self.finding(
                case.name,
                message,
                list(_named(case)) or [case.at(("Statement",))],
                help=_HELP,
                fixes=allow_key(case),
            )
        elif any(truth is not True for _, truth in case.usable):
            yield from _doubts(case)


def _doubts(case: KeyAnalysis) -> Iterator[Unknown]:
    """Yield what could not be read of statements for SNS, and why it is not known whether Connect lacks access."""
    yield from case.unread_principals
    yield from (one for statement in case.allows_sns for one in unread_actions(statement))
    if any(case.allows_sns) and not case.is_open:
        yield from (truth for _, truth in case.usable if isinstance(truth, Unknown))


def _named(case: KeyAnalysis) -> Iterator[Location]:
    for statement in case.statements:
        for entry in statement.principal_entries:
            if entry.type == "Service" and entry.value == SNS:
                yield case.at(entry.route)
