"""The values of a topic or key that decide about access, which are those that both sides of a change are compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from checker.analysis.inventory import Key
from checker.core.record import NamedTuple
from checker.core.unknown import Symbol, Unknown, mapped

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.analysis.inventory import Grant
    from checker.core.arn import Arn
    from checker.inputs.resource_matches import Resource
    from checker.policy.model import Policy

T = TypeVar("T")


class AccessValues(NamedTuple):
    """What decides about access to a topic or key.

    ``doubt`` is the reason why the policy may not be in force. ``key`` is that of a topic, and ``grants`` are those of a
    key.
    """

    arn: Arn | Unknown
    policy: Policy | Unknown
    doubt: Unknown | None
    key: str | Unknown | None
    grants: tuple[Grant, ...]

    @property
    def without_references(self) -> AccessValues:
        """The values without what a fix would write for a symbol."""
        return mapped(self, Symbol, lambda one: one._replace(reference=""))


def access_values(one: Resource) -> AccessValues:
    """Return the values of a topic or key."""
    policy = one.policy if isinstance(one.policy, Unknown) else one.policy.policy
    if isinstance(one, Key):
        return AccessValues(one.arn, policy, one.doubt, None, one.grants)
    return AccessValues(one.arn, policy, one.doubt, one.key, ())


def with_symbols(one: Resource, change: Callable[[Symbol], Symbol]) -> Resource:
    """Change the symbols in the values of a topic or key."""

    def changed(value: T) -> T:
        return mapped(value, Symbol, change)

    text = one.policy
    policy = changed(text) if isinstance(text, Unknown) else text._replace(policy=changed(text.policy))
    one = one._replace(grants=changed(one.grants)) if isinstance(one, Key) else one.with_key(changed(one.key))
    return one._replace(arn=changed(one.arn), policy=policy, doubt=changed(one.doubt))
