"""The accounts that may own a key, by its policy: those whose principals may change the policy.

PutKeyPolicy cannot be called from another account, and KMS rejects a policy that does not let its caller call it
again, so the managers of a key show its account. A principal that may only use the key may be that of a partner.
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText
from checker.analysis.symbols import CALLER, is_own, masked, pieces_of, placed
from checker.core.arn import is_account
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, Symbol, Unknown
from checker.iam.decide.elements import action_covers
from checker.iam.prove.space import PUT_KEY_POLICY
from checker.policy.model import ALLOW, EVERYONE, Principals, Statement

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
    """Return the accounts one of which owns a key: those with a manager in each version of its policy.

    The policy tells nothing if a manager of one version may be of any account, or is of the deployment's own account.
    Services do not count as managers: they manage no key for an account.
    """
    versions = [frozenset(_managers(key)) for key in keys if key is not None]
    managers = frozenset().union(*versions)
    if not versions or any(one is None or (isinstance(one, Symbol) and is_own(one)) for one in managers):
        return KeyOwners()
    in_all = frozenset.intersection(*versions)
    accounts = sorted(one for one in in_all if isinstance(one, str))
    if len(accounts) == len(in_all):
        return KeyOwners(tuple(accounts))
    (first, *others) = in_all
    return KeyOwners(symbol=first if isinstance(first, Symbol) and not others else None)


def _managers(key: Key) -> Iterator[Account]:
    """Yield the accounts of the principals that may change the policy of a key; ``None`` for one that is not known."""
    if not isinstance(key.policy, PolicyText):
        yield None
        return
    for statement in key.policy.policy.statements:
        if isinstance(statement, Unknown):
            yield None
        elif statement.effect == ALLOW and action_covers(statement.actions, PUT_KEY_POLICY) is not False:
            yield from _accounts(statement)


def _accounts(statement: Statement) -> Iterator[Account]:
    principals = statement.principals
    if not isinstance(principals, Principals) or principals.unknown is not None or principals.negated:
        yield None
        return
    for entry in principals.entries:
        if entry.type in ("AWS", EVERYONE):
            yield _account(entry.value)


def _account(principal: Value) -> Account:
    """Return the account of a principal, however it is written; ``None`` if it may be any."""
    pieces = pieces_of(principal)
    text = masked(principal)
    in_arn = text.split(":")[4:5]
    account = in_arn[0] if in_arn else text
    if is_account(account):
        return account
    if in_arn:
        accounts = [symbol for symbol, kind in placed(CALLER, pieces) if kind == ACCOUNT]
        return accounts[0] if account == "\0" and accounts else None
    return next((one for one in pieces if pieces == (one,) and isinstance(one, Symbol) and is_own(one)), None)
