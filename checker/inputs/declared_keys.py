"""Resolves the key references of topics and aliases to declared keys.

An ARN identifies one key. Key IDs and alias names are resolved in the Region and account of the referring
resource: a multi-Region key and its replicas share an ID, and an alias may exist in every Region.
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.key_names import is_managed_key
from checker.core.arn import Arn
from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from checker.inputs.declared import Declarations, DeclaredAlias, DeclaredKey, Where
    from checker.policy.model import Value

_Candidate = tuple["DeclaredKey", "Where"]


def is_same(reference: Value | None, names: Iterable[str], arn: Arn | Unknown) -> bool:
    """True if a value is a name or the ARN of a resource."""
    if isinstance(reference, Unknown):
        return reference.where in names
    return reference is not None and (reference in names or reference == str(arn))


def key_reference(declared: Declarations, reference: Value | None, where: Where) -> Value | None:
    """Return the address of the declared key that a topic or queue uses, for any form of reference.

    ``where`` is the place of the topic or queue. A key that is looked up by the alias of an AWS managed key keeps that
    alias as its name.
    """
    if reference is None:
        return None
    of_alias = (
        (key, alias.where)
        for alias in declared.aliases
        if is_same(reference, alias.names, Unknown(""))
        for key in _key_of(declared, alias)
    )
    found = [*_called(declared, reference), *of_alias]
    chosen = _chosen(found, reference, where)
    if chosen is None:
        return _managed(declared, reference) or reference
    return chosen if isinstance(chosen, Unknown) else chosen.address


def _managed(declared: Declarations, reference: Value) -> str:
    """Return the alias of the AWS managed key that a reference looks up; empty for other keys."""
    called = (one.names for one in declared.aliases if is_same(reference, one.names, Unknown("")))
    return next((name for names in called for name in names if is_managed_key(name)), "")


def key_of_alias(declared: Declarations, alias: DeclaredAlias) -> DeclaredKey | None:
    """Return the declared key of an alias."""
    return next(_key_of(declared, alias), None)


def _key_of(declared: Declarations, alias: DeclaredAlias) -> Iterator[DeclaredKey]:
    chosen = _chosen(list(_called(declared, alias.key)), alias.key, alias.where)
    if chosen is not None and not isinstance(chosen, Unknown):
        yield chosen


def _called(declared: Declarations, reference: Value) -> Iterator[_Candidate]:
    """Return the candidates for a reference: the key that it names, and keys with the same ID."""
    key = next((key for key in declared.keys if is_same(reference, key.names, key.arn)), None)
    if key is not None:
        yield key, key.where
        yield from ((one, one.where) for one in declared.keys if _share_id(key, one))


def _share_id(one: DeclaredKey, other: DeclaredKey) -> bool:
    """True for a primary key and its replica, and for two replicas of one key."""
    return (
        is_same(other.primary, one.names, one.arn)
        or is_same(one.primary, other.names, other.arn)
        or (one.primary is not None and one is not other and one.primary == other.primary)
    )


def _is_arn(reference: Value) -> bool:
    if isinstance(reference, Unknown):
        return reference.where.lower().endswith("arn")
    return Arn.parse(reference) is not None


def _chosen(found: list[_Candidate], reference: Value, here: Where) -> DeclaredKey | Unknown | None:
    """Choose the candidate in the Region and account of the reference; ``None`` without candidates."""
    if not found or _is_arn(reference):
        return found[0][0] if found else None
    near = {key.address: key for key, where in found if where.is_same(here) is True}
    possible = {key.address: key for key, where in found if where.is_same(here) is not False}
    if len(near or possible) == 1:
        return next(iter((near or possible).values()))
    name = reference.where if isinstance(reference, Unknown) else reference
    if near:
        return Unknown(f"{len(near)} keys share the alias `{name}`, so the key is ambiguous")
    if possible:
        return Unknown(
            f"{len(possible)} keys share the ID or alias `{name}`, and the Region of its user is not known"
        )
    return Unknown(
        f"`{name}` is declared in another Region or account than the resource that it encrypts; refer to the key by its ARN"
    )
