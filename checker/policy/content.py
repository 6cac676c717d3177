"""What a statement says, however it is written: without Sid, order, letter case of names, and repetition."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

from checker.policy.model import EVERYONE, Condition, Patterns, Principals
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from checker.policy.model import Policy, Statement, Value

Content = Hashable
"""Equal for two statements only if they apply to the same requests, with the same effect."""


def contents(policy: Policy) -> dict[Content, Statement | Unknown]:
    """The statements of a policy by what they say."""
    version = (
        _value(policy.has_variables) if isinstance(policy.has_variables, Unknown) else policy.has_variables
    )
    return {(version if _has_variables(s) else None, _statement(s)): s for s in policy.statements}


def _has_variables(statement: Statement | Unknown) -> bool:
    """True if the statement means something else under another Version."""
    return "${" in repr(statement)


def _statement(statement: Statement | Unknown) -> Content:
    if isinstance(statement, Unknown):
        return _value(statement)
    conditions = frozenset(_condition(one) for one in statement.conditions)
    parts = (_principals(statement.principals), _actions(statement.actions), _patterns(statement.resources))
    return (_value(statement.effect), *parts, conditions)


def _principals(principals: Principals | Unknown) -> Content:
    if isinstance(principals, Unknown):
        return _value(principals)
    entries = frozenset(
        EVERYONE if entry.is_everyone else (entry.type, _value(entry.value)) for entry in principals.entries
    )
    unknown = None if principals.unknown is None else _value(principals.unknown)
    return (principals.negated, entries, unknown)


def _actions(actions: Patterns | Unknown) -> Content:
    if isinstance(actions, Unknown):
        return _value(actions)
    lower = tuple(value.lower() if isinstance(value, str) else value for value in actions.values)
    return _patterns(actions._replace(values=lower))


def _patterns(patterns: Patterns | Unknown) -> Content:
    if isinstance(patterns, Unknown):
        return _value(patterns)
    return (patterns.negated, frozenset(map(_value, patterns.values)))


def _condition(condition: Condition | Unknown) -> Content:
    if isinstance(condition, Unknown):
        return _value(condition)
    return (condition.operator, condition.folded_key, frozenset(map(_value, condition.values)))


def _value(value: Value) -> Content:
    """A value that is not known is the same as one of the same name; without a name, only as itself."""
    if isinstance(value, Unknown):
        return (Unknown, value if value.where else id(value))
    return value
