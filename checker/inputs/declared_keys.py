"""Resolves the key references of topics and aliases to declared keys.

An ARN identifies one key. Key IDs and alias names are resolved in the Region and account of the referring
resource: a multi-Region key and its replicas share an ID, and an alias may exist in every Region.
https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
"""

from __future__ import annotations

from functools import cached_property
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


class DeclaredKeys:
    """The declared keys and their aliases, by the values that refer to them."""

    def __init__(self, declared: Declarations) -> None:
        self._keys = declared.keys
        self._aliases = declared.aliases
        self._keys_named = _by_name((one.names, one.arn) for one in declared.keys)
        self._aliases_named = _by_name((one.names, Unknown("")) for one in declared.aliases)
        self._has_replicas = any(one.primary is not None for one in declared.keys)

    def reference(self, reference: Value | None, where: Where) -> Value | None:
        """Return the address of the declared key that a topic or queue uses, for any form of reference.

        ``where`` is the place of the topic or queue. A key that is looked up by the alias of an AWS managed key keeps
        that alias as its name.
        """
        if reference is None:
            return None
        aliases = self._aliases_of(reference)
        of_alias = ((key, alias.where) for alias in aliases if (key := self.of_alias(alias)) is not None)
        chosen = _chosen([*self._called(reference), *of_alias], reference, where)
        if chosen is None:
            names = (name for alias in aliases for name in alias.names)
            return next(filter(is_managed_key, names), "") or reference
        return chosen if isinstance(chosen, Unknown) else chosen.address

    def of_alias(self, alias: DeclaredAlias) -> DeclaredKey | None:
        """Return the declared key of an alias."""
        chosen = _chosen(list(self._called(alias.key)), alias.key, alias.where)
        return None if isinstance(chosen, Unknown) else chosen

    def aliases_of(self, key: DeclaredKey) -> list[DeclaredAlias]:
        """Return the declared aliases of a key."""
        return self._by_key.get(id(key), [])

    @cached_property
    def _by_key(self) -> dict[int, list[DeclaredAlias]]:
        found: dict[int, list[DeclaredAlias]] = {}
        for alias in self._aliases:
            found.setdefault(id(self.of_alias(alias)), []).append(alias)
        return found

    def _aliases_of(self, reference: Value) -> list[DeclaredAlias]:
        return [self._aliases[index] for index in self._aliases_named.get(_name(reference), ())]

    def _called(self, reference: Value) -> Iterator[_Candidate]:
        """Return the candidates for a reference: the key that it names, and keys with the same ID."""
        first = next(iter(self._keys_named.get(_name(reference), ())), None)
        if first is None:
            return
        key = self._keys[first]
        yield key, key.where
        if self._has_replicas:
            yield from ((one, one.where) for one in self._keys if _share_id(key, one))


_Name = tuple[bool, str]
"""Whether a text is the name of a value that is not known, and the text."""


def _name(reference: Value) -> _Name:
    return (True, reference.where) if isinstance(reference, Unknown) else (False, reference)


def _by_name(named: Iterable[tuple[tuple[str, ...], Arn | Unknown]]) -> dict[_Name, list[int]]:
    """Return the numbers of the resources that each value is a name or the ARN of, as `is_same` has it."""
    found: dict[_Name, list[int]] = {}
    for number, (names, arn) in enumerate(named):
        called = [(kind, name) for name in names for kind in (True, False)]
        for name in dict.fromkeys((*called, (False, str(arn)))):
            found.setdefault(name, []).append(number)
    return found


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
