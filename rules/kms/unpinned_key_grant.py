"""The rule `unpinned-key-grant`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.iam.decide.elements import covered
from checker.iam.prove.space import DATA_KEY, DECRYPT
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown

_HELP = (
    "AWS's sample has no condition either, and documents none for Connect; "
    "`kms:EncryptionContext:aws:sns:topicArn` ties the key to the topic"
)


class UnpinnedKeyGrant(Rule):
    """A statement lets Amazon Connect use the key without a condition.

    ## What it finds

    Statements of the key policy that allow connect.amazonaws.com to use the key and have no condition.

    ## Why it matters

    The topic policy still decides who may publish, so this is hygiene. A condition on the topic would
    keep the key from being used for anything else that Connect encrypts. AWS does not document that
    Connect passes `aws:SourceAccount` and `aws:SourceArn` on to KMS, so these may break the stream.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Use instead

        "Condition": {"StringEquals": {
          "kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:us-east-1:111122223333:chat"}}

    ## Fix safety

    A condition takes access away: try it with a test chat before you rely on it.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html
    """

    id = "unpinned-key-grant"
    family = "kms"
    summary = "a statement lets Amazon Connect use the key without a condition"
    severity = Severity.NOTE
    link = Link.KEY_POLICY
    opens = True

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Look at the statements for Connect that have no condition."""
        for statement in case.allows_by_name:
            if not statement.conditions and covered(statement.actions, (DATA_KEY, DECRYPT)):
                message = f"{statement.title} lets Connect use the key without a condition"
                yield self.finding(case.name, message, case.at(statement.route), help=_HELP)
