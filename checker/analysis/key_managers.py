"""The accounts that may own a key, by its policy: those whose root users may change the policy.

PutKeyPolicy cannot be called from another account, and KMS rejects a policy that does not let its caller call it
again, so the managers of a key show its account. A root user that may only use the key may be that of a partner.
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.analysis.inventory import PolicyText
from checker.analysis.symbols import is_own, masked_text, pieces_of
from checker.core.arn import is_account
from checker.core.unknown import Symbol, Unknown
from checker.iam.decide.elements import action_covers
from checker.iam.prove.space import PUT_KEY_POLICY
from checker.policy.model import ALLOW, Principals, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.analysis.inventory import Key
    from checker.policy.model import Value

    Account = str | Symbol | None


class KeyOwners(NamedTuple):
    """The accounts one of which owns a key, or the symbol for its account; empty if the policy does not tell it."""

    accounts: tuple[str, ...] = ()
    symbol: Symbol | None = None


def owners_of(keys: Iterable[Key | None]) -> KeyOwners:
    """Return the accounts one of which owns a key, by all versions of its policy.

    They tell nothing if a manager may be of any account, or is of the deployment's own account.
    """
    versions = [frozenset(_managers(key)) for key in keys if key is not None]
    if not versions or any(is_own(one) for version in versions for one in version if isinstance(one, Symbol)):
        return KeyOwners()
    in_all = frozenset.intersection(*versions)
    accounts = sorted(one for one in in_all if isinstance(one, str))
    if len(accounts) == len(in_all):
        return KeyOwners(tuple(accounts))
    (first, *others) = in_all
    return KeyOwners(symbol=first if isinstance(first, Symbol) and not others else None)


def _managers(key: Key) -> Iterator[Account]:
    """Yield the accounts of the root users that may change the policy of a key; ``None`` for one that is not known."""
    if not isinstance(key.policy, PolicyText):
        return
    for statement in key.policy.policy.statements:
        if isinstance(statement, Unknown):
            yield None
        elif statement.effect == ALLOW and action_covers(statement.actions, PUT_KEY_POLICY) is not False:
            yield from _root_accounts(statement)


def _root_accounts(statement: Statement) -> Iterator[Account]:
    principals = statement.principals
    if not isinstance(principals, Principals) or principals.unknown is not None:
        yield None
    elif not principals.negated:
        for entry in principals.entries:
            if entry.type == "AWS":
                yield from _root_account(entry.value)


def _root_account(principal: Value) -> Iterator[Account]:
    """Yield the account of a root user, however its principal is written; nothing for a role, a user or everyone."""
    symbols = [piece for piece in pieces_of(principal) if isinstance(piece, Symbol)]
    text = masked_text(principal) if isinstance(principal, Unknown) else principal
    parts = text.split(":", 5)
    if len(parts) == 6 and parts[2] == "iam" and parts[5] == "root":
        in_arn = {"\0": symbols[-1] if symbols else None}.get(parts[4], parts[4])
        yield in_arn if isinstance(in_arn, Symbol) or is_account(str(in_arn)) else None
    elif is_account(text):
        yield text
    elif isinstance(principal, Unknown) and (not principal.pieces or text.endswith("\0")):
        is_own_account = len(principal.pieces) == 1 and is_own(symbols[0])
        yield symbols[0] if is_own_account else None
