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

_READING = ("kms:Describe", "kms:Get", "kms:List")
_USING = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:ReEncrypt",
    "kms:Sign",
    "kms:DeriveShared",
)
_USE = tuple(one for one in KEY_ACTIONS if one.startswith(_USING))
_REST = (one for one in KEY_ACTIONS if not one.startswith((*_READING, *_USING)))
_CHANGE = tuple(dict.fromkeys((*KEY_TAKEOVER, *_REST)))
_DEEDS = (("use the key", _USE), ("change, share or delete the key", _CHANGE))
_HELP = "name the accounts, roles or services in Principal, or require `kms:CallerAccount`; `*` is every AWS account"


class OpenKeyPolicy(Rule):
    """Anyone with an AWS account can use or change the key.

    ## What it finds

    Key policies that let a principal of an account named nowhere use, change, share or delete the key: `*` as the
    principal without a condition, or with one that such a principal can meet. Reading alone, such as
    `kms:DescribeKey`, is not reported. A finding comes with a request that the key policy allows. PASS speaks of
    the key policy alone: KMS grants, and the principals that it names, are not judged.

    ## Why it matters

    In a key policy `*` is every identity of every AWS account. Who may decrypt with the key reads what it
    protects once the data is at hand; who may create a grant or replace the policy owns the key.

    ## Example

        {"Effect": "Allow", "Principal": "*", "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}

    ## Use instead

        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/partner"},
         "Action": ["kms:Decrypt", "kms:DescribeKey"], "Resource": "*"}

    ## Fix safety

    Naming the account of the key takes access from every other account that uses the key today. Unsafe.

    ## References

    - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/determining-access-key-policy.html
    """

    id = "open-key-policy"
    family = "kms"
    summary = "anyone with an AWS account can use or change the key"
    severity = Severity.ERROR
    fixable = True
    link = Link.KEY_POLICY
    opens = True

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Ask for a stranger for each kind of deed, and report them together."""
        if case.key.manager == "AWS":
            return
        prover = OtherAccountsProver(case.policy, case.target)
        answers = [(deed, actions, prover.can(*actions)) for deed, actions in _DEEDS]
        found = [one for one in answers if one[2].truth is True]
        if found:
            yield self._found(case, found)
        unknown = [(deed, answer.truth) for deed, _, answer in answers if isinstance(answer.truth, Unknown)]
        for deed, doubt in unknown[:1]:
            about = f"whether anyone with an AWS account can {deed}"
            by_name = doubt in _references(case)
            yield doubt if by_name else self.doubt(case, about, doubt, case.at(("Statement",)))

    def _found(self, case: KeyAnalysis, found: list[tuple[str, tuple[str, ...], Answer]]) -> Finding:
        first = found[0][2]
        assert first.witness is not None  # noqa: S101 - every yes has a witness
        statements = list(_open(case, tuple(action for _, actions, _ in found for action in actions)))
        return self.finding(
            case.name,
            f"anyone with an AWS account can {' and '.join(deed for deed, _, _ in found)}",
            [case.at(one.route) for one in statements] or case.at(("Statement",)),
            help=_HELP,
            witness=witness(first, could(first.witness, f"do `{first.witness.action}`")),
            fixes=restrict_to_owner(case, statements),
        )


def _references(case: KeyAnalysis) -> set[Unknown]:
    """The principals that are references: who they are is not known, and most often the account itself."""
    whole = {one.principals for one in case.statements if isinstance(one.principals, Unknown)}
    entries = (entry.value for one in case.statements for entry in one.principal_entries)
    return whole | {value for value in entries if isinstance(value, Unknown)}


def _open(case: KeyAnalysis, actions: tuple[str, ...]) -> Iterator[Statement]:
    """The statements that let strangers do one of the actions, each by itself beside the Denies."""
    denies = [one for one in case.statements if one.effect == DENY]
    for statement in case.statements:
        policy = case.policy._replace(statements=(statement, *denies))
        if statement.effect == ALLOW and OtherAccountsProver(policy, case.target).can(*actions).truth is True:
            yield statement
