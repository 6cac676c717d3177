"""The rule `unverified-key-condition`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.wording import listed
from checker.core.finding import Part, Severity
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown

_HELP = "remove the condition, or send a test message before you rely on it"


class UnverifiedKeyCondition(Rule):
    """Amazon Connect's access to the key depends on a condition that AWS does not document for it.

    ## What it finds

    Conditions of the key policy that decide whether Connect can use the key, on condition keys that AWS does not
    document for Connect's calls to KMS: `aws:SourceArn`, `aws:SourceAccount`, `kms:ViaService`,
    `kms:CallerAccount`. Not reported if another statement grants access without them.

    ## Why it matters

    The SNS guide shows such conditions for event sources in general. For some other services, users report that
    messages stopped after the conditions were added. For Connect nothing is documented, so the condition may or
    may not work.

    ## Example

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}

    ## Use instead

        {"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
         "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}

    ## Fix safety

    Without the condition Connect may use the key on behalf of any instance; the topic policy still
    decides who may publish.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-services.html
    """

    id = "unverified-key-condition"
    family = "kms"
    summary = "a condition on the key that AWS does not document for Connect decides if Connect can use it"
    severity = Severity.NOTE
    link = Link.KEY_POLICY

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Report the conditions that leave the result undetermined."""
        settled = all(truth is True for _, truth in case.usable) or any(
            truth is False for _, truth in case.usable
        )
        if case.unverified and not settled:
            keys = list(dict.fromkeys(condition.key for condition in case.unverified))
            places = [case.at(condition.route, Part.KEY) for condition in case.unverified]
            message = (
                f"not known whether Connect can use the key: it depends on {listed(keys)}, which AWS does not "
                "document for Connect"
            )
            yield self.undetermined(case.name, message, places, help=_HELP)
