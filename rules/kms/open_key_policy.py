"""The rule `open-key-policy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.wording import could
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.iam.prove.prove import OtherAccountsProver
from checker.iam.prove.space import KEY_TAKEOVER
from checker.lint.fixes.statement import restrict_to_owner
from checker.lint.rule import Link, Rule, witness
from checker.policy.model import ALLOW, DENY
from checker.policy.names import KEY_ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.core.finding import Finding
    from checker.iam.prove.prove import Answer
    from checker.policy.model import Statement

_READ_PREFIXES = ("kms:Describe", "kms:Get", "kms:List")
_USE_PREFIXES = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncrypt",
    "kms:Sign",
    "kms:DeriveShared",
)
_USE = tuple(one for one in KEY_ACTIONS if one.startswith(_USE_PREFIXES))
_REST = (one for one in KEY_ACTIONS if not one.startswith((*_READ_PREFIXES, *_USE_PREFIXES)))
_CHANGE = tuple(dict.fromkeys((*KEY_TAKEOVER, *_REST)))
_KINDS = (("use the key", _USE), ("change, share or delete the key", _CHANGE))
_HELP = "name the accounts, roles or services in Principal, or require `kms:CallerAccount`; `*` allows every AWS account"


class OpenKeyPolicy(Rule):
    """Any AWS account can use or change the key.

    ## What it finds

    Key policies that let principals of accounts that the policy does not name use, change, share or delete the
    key: `*` as the principal without a condition, or with a condition that other AWS customers can meet. Read
    actions such as `kms:DescribeKey` are not reported.

    ## What it proves

    PASS means that the key policy allows these actions to no request of an IAM
    principal of an account that it does not name. Each finding shows such a
    request. KMS grants, AWS services, and what the named principals may do are not
    checked. A federated principal is not known, because it may cover sessions of
    other AWS customers.

    ## Why it matters

    In a key policy, `*` is every identity of every AWS account. A principal that can decrypt with the key can
    read the data that it protects. A principal that can create grants or replace the policy controls the key.

    ## Example

        {"Effect": "Allow", "Principal": "*", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}

    ## Use instead

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/partner"},
         "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}

    ## Fix safety

    The fix is unsafe. Naming the account of the key removes access from every other account that uses the key
    today.

    ## References

    - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/determining-access-key-policy.html
    """

    id = "open-key-policy"
    family = "kms"
    summary = "any AWS account can use or change the key"
    severity = Severity.ERROR
    fixable = True
    link = Link.KEY_POLICY
    opens = True
    about_everyone = True

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Check each kind of action for other AWS customers, and report all kinds in one finding."""
        if case.key.manager == "AWS":
            return
        prover = OtherAccountsProver(case.policy, case.target)
        answers = [(kind, actions, prover.can(*actions)) for kind, actions in _KINDS]
        found = [one for one in answers if one[2].truth is True]
        if found:
            yield self._found(case, found)
        unknown = [(kind, answer.truth) for kind, _, answer in answers if isinstance(answer.truth, Unknown)]
        for kind, doubt in unknown[:1]:
            about = f"whether any AWS account can {kind}"
            is_reference = doubt in _unresolved_principals(case)
            yield doubt if is_reference else self.doubt(case, about, doubt, case.at(("Statement",)))

    def _found(self, case: KeyAnalysis, found: list[tuple[str, tuple[str, ...], Answer]]) -> Finding:
        first = found[0][2]
        assert first.witness is not None  # noqa: S101 - every positive answer has a witness
        every_action = tuple(action for _, actions, _ in found for action in actions)
        statements = list(_public_statements(case, every_action))
        return self.finding(
            case.name,
            f"any AWS account can {' and '.join(kind for kind, _, _ in found)}",
            [case.at(one.route) for one in statements] or case.at(("Statement",)),
            help=_HELP,
            witness=witness(first, could(first.witness, f"do `{first.witness.action}`")),
            fixes=restrict_to_owner(case, statements),
        )


def _unresolved_principals(case: KeyAnalysis) -> set[Unknown]:
    """Return the principals that are unresolved references, which usually are the account itself."""
    whole = {one.principals for one in case.statements if isinstance(one.principals, Unknown)}
    entries = (entry.value for one in case.statements for entry in one.principal_entries)
    return whole | {value for value in entries if isinstance(value, Unknown)}


def _public_statements(case: KeyAnalysis, actions: tuple[str, ...]) -> Iterator[Statement]:
    """Yield the statements that allow other AWS customers an action, each checked together with the Denies."""
    denies = [one for one in case.statements if one.effect == DENY]
    for statement in case.statements:
        policy = case.policy._replace(statements=(statement, *denies))
        if statement.effect == ALLOW and OtherAccountsProver(policy, case.target).can(*actions).truth is True:
            yield statement
