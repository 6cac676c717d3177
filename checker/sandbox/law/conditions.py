"""Whether the Condition of a statement holds for a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.sandbox.law.operators import NEGATED, POSITIVE
from checker.sandbox.law.patterns import NoValueError, UnsettledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.sandbox.law.patterns import Context

_IF_EXISTS = "IfExists"


def truths(block: object, context: Context, *, variables: bool) -> Iterator[Callable[[], bool]]:
    """Give a test for every condition of a block; all must hold, and each may raise UnsettledError."""
    if not isinstance(block, dict):
        yield _unsettled
        return
    for name, keys in block.items():
        if not isinstance(keys, dict):
            yield _unsettled
            continue
        twice = len({key.lower() for key in keys}) < len(keys)
        for key, wanted in keys.items():
            yield (
                _unsettled
                if twice
                else _test(name, key.lower(), _texts(wanted), context, variables=variables)
            )


def _unsettled() -> bool:
    raise UnsettledError


def _texts(wanted: Any) -> list[str]:
    values = wanted if isinstance(wanted, list) else [wanted]
    return [{True: "true", False: "false"}[one] if isinstance(one, bool) else str(one) for one in values]


def _test(name: str, key: str, wanted: list[str], context: Context, *, variables: bool) -> Callable[[], bool]:
    return lambda: _holds(name, context.get(key), wanted, context if variables else None)


def _holds(name: str, found: str | list[str] | None, wanted: list[str], variables: Context | None) -> bool:
    """One condition: absence first, then the set operator, then one value after the other."""
    qualifier, _, bare = name.rpartition(":")
    base = bare.removesuffix(_IF_EXISTS)
    if base == "Null":
        return _null(qualifier, bare, found, wanted)
    if qualifier not in ("", "ForAllValues", "ForAnyValue") or (base not in POSITIVE and base not in NEGATED):
        raise UnsettledError
    if found is None:
        return _absent(qualifier, base, if_exists=bare.endswith(_IF_EXISTS))
    return _present(qualifier, base, found, wanted, variables)


def _absent(qualifier: str, base: str, *, if_exists: bool) -> bool:
    """A positive operator fails on a missing key; a negated one, IfExists and ForAllValues hold."""
    if qualifier == "ForAllValues":
        return True
    if qualifier == "ForAnyValue":
        if if_exists:
            raise UnsettledError
        return False
    return if_exists or base in NEGATED


def _present(
    qualifier: str, base: str, found: str | list[str], wanted: list[str], variables: Context | None
) -> bool:
    values = [found] if isinstance(found, str) else found
    if qualifier == "ForAllValues":
        return _every([lambda v=v: _one(base, v, wanted, variables) for v in values if v])  # type: ignore[misc]
    if qualifier == "ForAnyValue":
        return _some([lambda v=v: _one(base, v, wanted, variables) for v in values])  # type: ignore[misc]
    if not isinstance(found, str):
        raise UnsettledError  # a multi-valued key needs a set operator
    return _one(base, found, wanted, variables)


def _one(base: str, value: str, wanted: list[str], variables: Context | None) -> bool:
    """One value of the request: any value of the policy will do, or none may match."""
    if not wanted or not value:
        raise UnsettledError
    compare = POSITIVE[NEGATED.get(base, base)]
    matched = _some([lambda w=w: _matched(compare, value, w, variables) for w in wanted])  # type: ignore[misc]
    return matched != (base in NEGATED)


def _matched(compare: Any, value: str, wanted: str, variables: Context | None) -> bool:
    try:
        return bool(compare(value, wanted, variables))
    except NoValueError:
        return False


def _null(qualifier: str, bare: str, found: str | list[str] | None, wanted: list[str]) -> bool:
    if bare != "Null":
        raise UnsettledError
    if qualifier:
        return qualifier == "ForAllValues"
    if found == [] or not wanted:
        raise UnsettledError
    if not set(wanted) <= {"true", "false"}:
        raise UnsettledError
    return ("true" if found is None else "false") in wanted


def _some(tests: list[Callable[[], bool]]) -> bool:
    """True if any test holds; a test that is not settled matters only when no other one holds."""
    open_questions = 0
    for test in tests:
        try:
            if test():
                return True
        except UnsettledError:
            open_questions += 1
    if open_questions:
        raise UnsettledError
    return False


def _every(tests: list[Callable[[], bool]]) -> bool:
    return not _some([lambda t=t: not t() for t in tests])  # type: ignore[misc]
