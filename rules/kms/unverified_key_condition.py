"""The rule `unverified-key-condition`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.seen import seen_of
from checker.analysis.wording import listed
from checker.core.finding import Part, Severity
from checker.core.unknown import Unknown
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.evidence import Weighed
    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding


_HELP = "remove the condition, or supply evidence: `checker flow --try-conditions`, or CloudTrail events of the key"
_HELP_REFUSED = "remove the condition; `kms:EncryptionContext:aws:sns:topicArn` is documented and limits the key to the topic"


class UnverifiedKeyCondition(Rule):
    """Amazon Connect's access to the key depends on a condition that AWS does not document for it.

    ## What it finds

    Conditions of the key policy that decide whether Connect can use the key, on condition keys that AWS does not
    document for Connect's calls to KMS: `aws:SourceArn`, `aws:SourceAccount`, `kms:ViaService`,
    `kms:CallerAccount`. Not reported if another statement grants access without them.

    Evidence can decide what documentation leaves open. CloudTrail records each use of the key with the topic: if
    the current policy served Connect, nothing is reported. If it refused Connect, that is an error, and the finding
    names the statement. A trial of `checker flow --try-conditions` counts for statements of the same form.

    ## What it proves

    PASS means that no condition on such a key decides, or that evidence has decided
    in favor of Connect. It does not mean that Connect can use the key:
    `connect-cannot-use-key` proves that. Without evidence, the result is "not
    known" and never an error. Conditions that were not read are not known if they
    may decide.

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
    severity = Severity.ERROR
    link = Link.KEY_POLICY

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Report the conditions that leave the result undetermined, unless evidence decides it."""
        if not case.is_open:
            yield from _unread(case)
            return
        seen = seen_of(case)
        if seen is None or seen.usable is None:
            yield self._unverified(case, seen.remarks if seen is not None else ())
        elif seen.usable is False:
            yield self._refused(case, seen)

    def _unverified(self, case: KeyAnalysis, remarks: tuple[str, ...]) -> Finding:
        keys = list(dict.fromkeys(condition.key for condition in case.unverified))
        places = [case.at(condition.route, Part.KEY) for condition in case.unverified]
        message = (
            f"not known whether Connect can use the key: it depends on {listed(keys)}, which AWS does not "
            "document for Connect"
        )
        return self.undetermined(case.name, "; ".join((message, *remarks)), places, help=_HELP)

    def _refused(self, case: KeyAnalysis, seen: Weighed) -> Finding:
        from checker.analysis.evidence import refusal_of  # few runs have evidence

        places = [case.at(statement.route) for statement in seen.statements] or [case.here()]
        reason = f"; {refusal_of(seen.statements)}" if seen.statements else ""
        return self.finding(case.name, f"{seen.sentence}{reason}", places, help=_HELP_REFUSED)


def _unread(case: KeyAnalysis) -> Iterator[Unknown]:
    """Yield the conditions that were not read, if they may decide whether Connect can use the key."""
    if any(isinstance(truth, Unknown) for _, truth in case.usable):
        yield from case.unread_conditions
