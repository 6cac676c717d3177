"""The rule `evidence-contradicts-analysis`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.seen import not_weighed, seen_of
from checker.core.finding import Severity
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown

_HELP = (
    "the analysis stands; check whether a policy of the organization also applies to the key, and report this with "
    "the event and the key policy otherwise"
)


class EvidenceContradictsAnalysis(Rule):
    """An observed request to the key contradicts the analysis of its policy.

    ## What it finds

    CloudTrail events, made under the policy that was read, in which KMS served Amazon Connect although the analysis
    proves that it cannot use the key, or refused it although the analysis proves that it can.

    ## What it proves

    PASS means that no event that counts contradicts a proof. An event counts only
    if it was made under the policy that was read, for this key and topic. PASS
    confirms nothing: without evidence, there is nothing to compare. If the ARN of
    the key or topic is not known, neither is the result.

    ## Why it matters

    One of the two is wrong: the analysis, the policy that was supplied, or the order of the events. The analysis is
    never overridden, so that all other results stay as they are.

    ## Example

        {"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "errorCode": "AccessDenied",
         "userIdentity": {"type": "AWSService", "invokedBy": "connect.amazonaws.com"}}

    for a key whose policy allows connect.amazonaws.com `kms:Decrypt` without conditions.

    ## Use instead

    Supply the policy that is in force, from `aws kms get-key-policy`.

    ## Fix safety

    There is no fix. A request that a resource control policy denied is not reported: the key policy may allow it nevertheless. Without
    such a policy, please report the contradiction as a bug in checker.

    ## References

    - https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
    - https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    """

    id = "evidence-contradicts-analysis"
    family = "kms"
    summary = "an observed use of the key contradicts the analysis of its policy"
    severity = Severity.WARNING

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Report a proof that an observation contradicts."""
        seen = seen_of(case)
        if seen is not None and seen.contradiction:
            yield self.finding(case.name, seen.contradiction, case.at(("Statement",)), help=_HELP)
        if (doubt := not_weighed(case)) is not None:
            yield doubt
