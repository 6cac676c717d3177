"""Finds the policies that are written for a resource, without comparing every one with every other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.core.arn import Arn
    from checker.inputs.declared import DeclaredPolicy
    from checker.policy.model import Value


def names_of(names: Iterable[str], arn: Arn | Unknown) -> set[str]:
    """Everything that a resource may be called by."""
    return {*names} if isinstance(arn, Unknown) else {*names, str(arn)}


def name_of(owner: Value) -> str:
    """What an owner is called by, whether its ARN is known or not."""
    return owner.where if isinstance(owner, Unknown) else owner


class Owners:
    """Policies by the resources that they are written for."""

    def __init__(self, policies: Sequence[DeclaredPolicy]) -> None:
        self.by_name: dict[str, list[DeclaredPolicy]] = {}
        for policy in policies:
            for owner in policy.owners:
                self.by_name.setdefault(name_of(owner), []).append(policy)

    def of(self, names: Iterable[str], arn: Arn | Unknown) -> list[DeclaredPolicy]:
        """The policies that are written for one resource."""
        return [policy for name in sorted(names_of(names, arn)) for policy in self.by_name.get(name, ())]
