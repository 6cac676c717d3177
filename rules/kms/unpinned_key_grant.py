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
    "add a condition on `kms:EncryptionContext:aws:sns:topicArn` to limit the statement to the topic; AWS documents "
    "no condition for Connect"
)


class UnpinnedKeyGrant(Rule):
    """A statement lets Amazon Connect use the key without a condition.

    ## What it finds

    Statements of the key policy that allow connect.amazonaws.com to use the key and have no condition.

    ## Why it matters

    This is only a note, because the topic policy still decides who can publish. A condition on the topic prevents
    Connect from using the key for anything else. AWS does not document that Connect passes `aws:SourceAccount`
    and `aws:SourceArn` to KMS, so conditions on these keys may break the stream.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Use instead

        "Condition": {"StringEquals": {
          "kms:EncryptionContext:aws:sns:topicArn": "arn:aws:sns:us-east-1:111122223333:chat"}}

    ## Fix safety

    There is no fix. A condition removes access, so send a test chat before you rely on it.

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
        """Report the statements for Connect that have no condition."""
        for statement in case.allows_by_name:
            if not statement.conditions and covered(statement.actions, (DATA_KEY, DECRYPT)):
                message = f"{statement.title} lets Connect use the key without a condition"
                yield self.finding(case.name, message, case.at(statement.route), help=_HELP)
