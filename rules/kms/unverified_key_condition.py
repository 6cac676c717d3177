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

_HELP = "see a test message arrive before you rely on it, or take the condition out"


class UnverifiedKeyCondition(Rule):
    """Amazon Connect's access to the key hangs on a condition that AWS does not document for it.

    ## What it finds

    Conditions of the key policy that decide whether Connect can use the key, on keys of which AWS does
    not say whether Connect's call to KMS has them: `aws:SourceArn`, `aws:SourceAccount`,
    `kms:ViaService`, `kms:CallerAccount`. Silent where another statement gives access without them.

    ## Why it matters

    SNS's guide shows such conditions for event sources in general, and reports of other services tell of
    messages that stopped when they were added. For Connect nothing is documented: it may work or not.

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
    summary = "whether Amazon Connect can use the key hangs on a condition that AWS does not document for it"
    severity = Severity.NOTE
    link = Link.KEY_POLICY

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Name the conditions that leave the answer open."""
        settled = all(truth is True for _, truth in case.usable) or any(
            truth is False for _, truth in case.usable
        )
        if case.unverified and not settled:
            keys = list(dict.fromkeys(condition.key for condition in case.unverified))
            places = [case.at(condition.route, Part.KEY) for condition in case.unverified]
            message = (
                f"whether Connect can use the key hangs on {listed(keys)}, which AWS does not document for it"
            )
            yield self.undetermined(case.name, message, places, help=_HELP)
