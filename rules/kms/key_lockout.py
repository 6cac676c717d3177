"""The rule `key-lockout`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.diagnosis import ANY_REQUEST
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
    from checker.core.finding import Finding, Fix

_HELP = "allow `kms:*` on `*` for the root user of the account, as the default key policy does"


class KeyLockout(Rule):
    """No principal of the account can change the key policy again.

    ## What it finds

    Key policies that allow no principal `kms:PutKeyPolicy`. A warning if a role or user is allowed, but the root
    user of the account is not. `*` as a principal includes the root user.

    ## What it proves

    PASS means that the key policy allows the account's root user `kms:PutKeyPolicy`
    for at least one request, perhaps only under conditions, such as MFA.
    Organization policies are not looked at, and neither is whether a role exists.
    If the account of the key is not known, the root user of an account that the
    policy names is enough.

    ## Why it matters

    Unlike other resource policies, a key policy must grant access to its own account. KMS rejects a policy that
    would lock out the caller who sets it. If the policy names only roles, the key becomes unmanageable when they
    are deleted, and only AWS Support can restore access. The root user cannot be deleted.

    ## Example

        "Statement": [{"Effect": "Allow", "Principal": {"Service": "connect.amazonaws.com"},
                       "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*"}]

    ## Use instead

    Beside it:

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
         "Action": "kms:*", "Resource": "*"}

    ## Fix safety

    The fix is unsafe. The statement grants new access: administrators of the account can allow principals to use
    the key with IAM policies.

    ## References

    - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    - https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
    """

    id = "key-lockout"
    family = "kms"
    summary = "no principal of the account can change the key policy again"
    severity = Severity.ERROR
    fixable = True

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Check whether the account's root user, or any principal that the policy names, can change the policy."""
        if case.key.manager == "AWS":
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
            message = f"no principal is allowed to do `{PUT_KEY_POLICY}`; KMS rejects such a policy"
            at, fixes = case.at(("Statement",)), _fixes(case)
            yield self.finding(case.name, message, at, help=_HELP, fixes=fixes)
        else:
            named = prove.words(case.policy)
            names = sorted({str(one.arn) for one in can if one.arn.service == "iam"} & named)
            who = listed(names) or "some principals"
            message = f"only {who} can change the key policy, not the root user of the account"
            at, fixes = case.at(("Statement",)), _fixes(case)
            yield self.finding(case.name, message, at, severity=Severity.WARNING, help=_HELP, fixes=fixes)


def _fixes(case: KeyAnalysis) -> tuple[Fix, ...]:
    """Add the statement of the default key policy; no fix if a Deny may override it."""
    policy = case.policy._replace(statements=(ANY_REQUEST, *case.policy.statements))
    answers = (prove.principal_can(policy, case.target, root, PUT_KEY_POLICY) for root in _roots(case))
    return allow_owner_of_key(case) if all(answer.truth is not False for answer in answers) else ()


def _roots(case: KeyAnalysis) -> Iterator[Arn]:
    """Return the root user of the key's account; if the account is not known, those of all possible accounts.

    These are the accounts that the policy names, and one that it does not name. `*` as a principal includes the
    root user of the account, so the account need not be known.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    """
    owner = case.target.account
    named = sorted(filter(is_account, prove.words(case.policy)))
    accounts = [owner] if isinstance(owner, str) else [*named, fresh_account(named)]
    return (Arn(case.target.partition, "iam", "", account, "root") for account in accounts)
