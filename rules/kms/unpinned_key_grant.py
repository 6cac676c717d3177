"""The rule `unpinned-key-grant`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.documented import TOPIC_CONTEXT_KEY
from checker.analysis.policy import unread_actions, unread_conditions
from checker.analysis.wording import listed
from checker.core.finding import Severity
from checker.iam.decide.elements import covered
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.space import DATA_KEY, DECRYPT
from checker.lint.fixes.grants import pin_key_grants, serves_more
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown
    from checker.policy.model import Statement

_HELP = "limit it with StringEquals `{key}`{topics}; SNS sets this encryption context for every publisher"
_SHARED_HELP = (
    "it also allows more than publishing needs, such as `kms:DescribeKey` for Amazon Q in Connect: keep such actions in a "
    "statement of their own, and {help}"
)
_UNRELATED = frozenset(
    ("aws:securetransport", "aws:principalisawsservice", "aws:principalservicename", "aws:requestedregion")
)
"""Condition keys with the same value in every request of Connect to the key."""


class UnpinnedKeyGrant(Rule):
    """A statement lets Amazon Connect use the key without a condition on the topic.

    ## What it finds

    Statements of the key policy that allow connect.amazonaws.com to use the key and have no condition that limits them
    to a topic or an instance.

    ## What it proves

    PASS means that each statement for Connect that covers the use of the key has a
    condition on some key, besides keys such as `aws:SecureTransport`, which are the
    same in every request. Whether the condition limits the key to your topics is
    not proven. KMS grants, and `*` as the principal (`open-key-policy`), are not
    looked at. Actions and conditions that were not read are not known.

    ## Why it matters

    This is only a note, because the topic policy still decides who can publish. A condition on the topic prevents
    Connect from using the key for anything else. AWS documents that SNS sets the encryption context
    `aws:sns:topicArn` for every publisher, so `kms:EncryptionContext:aws:sns:topicArn` is the condition to use. AWS
    does not document that Connect passes `aws:SourceAccount` and `aws:SourceArn` to KMS, so conditions on these keys
    are unverified, and may break the stream.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Use instead

        "Condition": {"StringEquals": {
          "kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:us-east-1:111122223333:chat"}}

    If several topics share the key, list all of them. If Amazon Q in Connect uses the key too, it needs
    `kms:Decrypt`, `kms:GenerateDataKey*` and `kms:DescribeKey` without this condition, in a statement of its own.

    ## Fix safety

    The fix adds the condition for all topics of the files that use the key, to all such statements. It removes
    access, so it is unsafe: other topics and features of Connect may use the key. Send a test chat before you rely on
    it. In Terraform, the policy of an `aws_kms_key_policy` resource gets a reference to the topic. A policy inside the
    key cannot have one, because the topic refers to the key: the statement is shown instead.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-enable-encryption-for-topic.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/enable-q.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html
    """

    id = "unpinned-key-grant"
    family = "kms"
    summary = "a statement lets Amazon Connect use the key without a condition on the topic"
    severity = Severity.NOTE
    fixable = True
    link = Link.KEY_POLICY
    opens = True

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Report the statements for Connect that have no condition on the topic or the instance."""
        yield from case.unread_principals
        found = [(one, doubts) for one in case.allows_by_name if (doubts := _doubts(one)) is not None]
        fixes = pin_key_grants(case, [one for one, doubts in found if not doubts])
        for statement, doubts in found:
            message = f"{statement.title} lets Connect use the key without a condition on the topic"
            help_text, at = _help(case, statement), case.at(statement.route)
            yield doubts[0] if doubts else self.finding(case.name, message, at, help=help_text, fixes=fixes)


def _doubts(statement: Statement) -> tuple[Unknown, ...] | None:
    """Return why it is not known whether a statement allows the use of the key, or has a condition that limits it.

    ``None`` for one that does not allow it, or that is limited.
    """
    uses = bool(covered(statement.actions, (DATA_KEY, DECRYPT)))
    unread = () if uses else tuple(unread_actions(statement))
    return (*unread, *unread_conditions(statement)) if _is_open(statement) and (uses or unread) else None


def _is_open(statement: Statement) -> bool:
    """True if every condition of a statement that was read has the same result for all requests of Connect."""
    return all(one.folded_key in _UNRELATED for one in known_conditions(statement))


def _help(case: KeyAnalysis, statement: Statement) -> str:
    topics = "" if not case.topics else f" {listed([topic.name for topic in case.topics])}"
    help_text = _HELP.format(key=TOPIC_CONTEXT_KEY, topics=topics)
    return _SHARED_HELP.format(help=help_text) if serves_more(statement) else help_text
