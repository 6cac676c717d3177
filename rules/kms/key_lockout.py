"""The rule `key-lockout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.wording import listed
from checker.core.arn import Arn, is_account
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.prove import prove
from checker.iam.prove.source_keys import fresh_account
from checker.iam.prove.space import PUT_KEY_POLICY
from checker.lint.fixes.grants import allow_owner_of_key
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding

_HELP = "allow `kms:*` on `*` to the root of the account, as the default key policy does"


class KeyLockout(Rule):
    """Nobody in the account could change the key policy again.

    ## What it finds

    Key policies under which nobody may do `kms:PutKeyPolicy`. A warning when some role or user may, and
    the root of the account may not. `*` as a principal includes the root.

    ## Why it matters

    Unlike other policies, a key policy gives its account nothing by itself. KMS refuses a policy that
    would lock out whoever writes it. Where only roles are named, the key is lost when they are deleted,
    and takes a support case to get back; the account's root cannot be deleted.

    ## Example

        "Statement": [{"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
                       "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}]

    ## Use instead

    Beside it:

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
         "Action": "kms:*", "Resource": "*"}

    ## Fix safety

    The statement lets the account's administrators give access by IAM policies. Unsafe: it is new access.

    ## References

    - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    - https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """

    id = "key-lockout"
    family = "kms"
    summary = "nobody in the account could change the key policy again"
    severity = Severity.ERROR
    fixable = True

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Ask for the root of the account, and for everyone whom the policy names, whether they may change it."""
        if case.key.manager == "AWS" or not case.statements:
            return
        answers = list(prove.who_can(case.policy, case.target, PUT_KEY_POLICY))
        roots = [prove.principal_can(case.policy, case.target, one, PUT_KEY_POLICY) for one in _roots(case)]
        if any(answer.truth is True for answer in roots):
            return
        every = [*roots, *(answer for _, answer in answers)]
        unknown = [answer.truth for answer in every if isinstance(answer.truth, Unknown)]
        can = [caller for caller, answer in answers if answer.truth is True]
        if unknown:
            yield unknown[0]
        elif not can:
            message = f"nobody may do `{PUT_KEY_POLICY}`, KMS refuses such a policy"
            at, fixes = case.at(("Statement",)), allow_owner_of_key(case)
            yield self.finding(case.name, message, at, help=_HELP, fixes=fixes)
        else:
            named = prove.words(case.policy)
            names = sorted({str(one.arn) for one in can if one.arn.service == "iam"} & named)
            who = listed(names) or "some principals"
            message = f"only {who} may change the key policy, the root of the account may not"
            at, fixes = case.at(("Statement",)), allow_owner_of_key(case)
            yield self.finding(case.name, message, at, severity=Severity.WARNING, help=_HELP, fixes=fixes)


def _roots(case: KeyAnalysis) -> Iterator[Arn]:
    """The root of the key's account; while that is not known, of every account that the policy names, and of one more.

    `*` as a principal includes the root of the account, whichever that is.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    owner = case.target.account
    named = sorted(filter(is_account, prove.words(case.policy)))
    accounts = [owner] if isinstance(owner, str) else [*named, fresh_account(named)]
    return (Arn(case.target.partition, "iam", "", account, "root") for account in accounts)
