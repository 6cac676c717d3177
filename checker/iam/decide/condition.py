"""Decides whether a condition holds for a request: absence, IfExists, set operators, negation, variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import is_account
from checker.core.unknown import Truth, Unknown, all_of, any_of, negate
from checker.iam.decide.operators import ADDRESS, DATE, NUMBER, TEXT, comparison, is_negated, is_one_network
from checker.iam.decide.patterns import NO_VALUE, expand, has_escape
from checker.iam.decide.request import OpenList, is_foreign
from checker.iam.decide.time_of_request import distinct_times, is_open_time
from checker.policy.vocabulary import FOR_ALL, FOR_ANY, NULL, Operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.iam.decide.request import ContextValue, Request
    from checker.policy.model import Condition, Value


_ANY_IF_EXISTS = Unknown("`ForAnyValue:...IfExists` tests an absent key")
_NO_QUALIFIER = Unknown("a multivalued key needs `ForAllValues:` or `ForAnyValue:`")
_OPEN_LIST = Unknown("AWS does not document all names of the service", "aws:PrincipalServiceNamesList")
_EMPTY_LIST = Unknown("the condition has an empty list of values")
_EMPTY_TEXT = Unknown("the context key has an empty string as its value")
_NULL_VALUE = Unknown("the value of `Null` must be `true` or `false`")
_NULL_LIST = Unknown("`Null` tests a key with an empty list of values")
_ESCAPE = Unknown("a wildcard is escaped for an operator without wildcards")


def condition_holds(condition: Condition | Unknown, request: Request, has_variables: Truth) -> Truth:
    """Decide one condition of a statement; ``has_variables`` is true if the policy has variables."""
    if isinstance(condition, Unknown):
        return condition
    operation = condition.operation
    if isinstance(operation, Unknown):
        return operation
    actual = request.context.get(condition.folded_key)
    if operation.base == NULL:
        return _null(operation, actual, condition.values)
    if actual is None:
        return _absent(operation, condition.values)

    def holds(value: str) -> Truth:
        return _holds(value, operation.base, condition.values, request, has_variables)

    if isinstance(actual, Unknown):
        if is_open_time(actual) and comparison(operation.base).family in (DATE, NUMBER):
            return _at_all_times(condition, operation, actual, holds)
        return _unsettled(operation, actual, condition.values)
    truth = _present(operation, actual, holds)
    if isinstance(actual, OpenList) and _present(operation, actual.known, holds) != truth:
        return _OPEN_LIST
    return truth


def _present(operation: Operator, actual: str | tuple[str, ...], holds: Callable[[str], Truth]) -> Truth:
    if operation.qualifier == FOR_ALL:
        # AWS documents that an empty list or an empty string counts as a missing key here.
        return all_of(holds(value) for value in _several(actual) if value)
    if operation.qualifier == FOR_ANY:
        return any_of(holds(value) for value in _several(actual))
    return holds(actual) if isinstance(actual, str) else _NO_QUALIFIER


def _at_all_times(
    condition: Condition, operation: Operator, actual: Truth, holds: Callable[[str], Truth]
) -> Truth:
    """Decide on the time of a request: its value is not known, but each time may give the same result."""
    times = distinct_times(condition.folded_key, condition.values)
    truths = {_present(operation, text, holds) for text in times}
    return truths.pop() if len(truths) == 1 else actual


def _unsettled(operation: Operator, actual: Unknown, expected: tuple[Value, ...]) -> Truth:
    """Decide on an unknown value: unknown, unless an absent key and a foreign value give the same result."""
    is_yours = is_one_network if comparison(operation.base).family == ADDRESS else _names_account
    named = all(isinstance(value, str) and is_yours(value) for value in expected)
    if not is_foreign(actual) or not named or not expected:
        return actual
    foreign = is_negated(operation.base)
    return foreign if _absent(operation, expected) is foreign else actual


def _names_account(value: str) -> bool:
    return is_account(value) or any(map(is_account, value.split(":")[4:5]))


def _several(actual: str | tuple[str, ...]) -> tuple[str, ...]:
    return (actual,) if isinstance(actual, str) else actual


def _absent(operation: Operator, expected: tuple[Value, ...]) -> Truth:
    """Decide on an absent key: positive operators fail; negated operators, IfExists and ForAllValues hold."""
    if operation.qualifier == FOR_ALL:
        return True
    if operation.qualifier == FOR_ANY:
        return _ANY_IF_EXISTS if operation.if_exists else False
    if operation.if_exists or not is_negated(operation.base):
        return operation.if_exists
    return True if expected else _EMPTY_LIST


def _null(operation: Operator, actual: ContextValue | None, expected: tuple[Value, ...]) -> Truth:
    if operation.qualifier:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
        return operation.qualifier == FOR_ALL
    if isinstance(actual, Unknown):
        return actual
    if actual in ((), ""):
        return _EMPTY_TEXT if actual == "" else _NULL_LIST
    return (
        any_of(_null_value(value, absent=actual is None) for value in expected) if expected else _EMPTY_LIST
    )


def _null_value(expected: Value, *, absent: bool) -> Truth:
    if isinstance(expected, Unknown):
        return expected
    return absent == (expected == "true") if expected in ("true", "false") else _NULL_VALUE


def _holds(
    value: str,
    base: str,
    expected: tuple[Value, ...],
    request: Request,
    has_variables: Truth,
) -> Truth:
    """Compare one value: a positive operator needs one match, a negated operator needs none."""
    if not expected:
        return _EMPTY_LIST
    if not value:
        return _EMPTY_TEXT
    if value in expected and "${" not in value and comparison(base).family == TEXT:
        return not is_negated(
            base
        )  # one match is enough; this finds it without comparing the values one by one
    matched = any_of(_matches(value, base, pattern, request, has_variables) for pattern in expected)
    return negate(matched) if is_negated(base) else matched


def _matches(value: str, base: str, expected: Value, request: Request, has_variables: Truth) -> Truth:
    if isinstance(expected, Unknown):
        return expected
    test = comparison(base)
    if test.expanded is None or "${" not in expected or has_variables is False:
        return test.plain(value, expected)
    if has_escape(expected) and "Like" not in base and not base.startswith("Arn"):
        return _ESCAPE
    expansion = expand(expected, request, has_variables)
    if isinstance(expansion, Unknown):
        return expansion
    return False if expansion is NO_VALUE else test.expanded(value, expansion)
