"""Reads the element Condition.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.finding import Part, Rename
from checker.policy.model import Condition, Problem
from checker.policy.node import Object
from checker.policy.spelling import did_you_mean
from checker.policy.unknown import Unknown
from checker.policy.vocabulary import CONDITION_KEY, Operator, operator_names

if TYPE_CHECKING:
    from checker.finding import Route
    from checker.policy.node import Member, Node
    from checker.policy.reading import Reading

_KEY = re.compile(CONDITION_KEY)


def conditions(
    reading: Reading, node: Node | Unknown | None, route: Route
) -> tuple[Condition | Unknown, ...]:
    """Read Condition; one that cannot be understood is Unknown, and the others are read all the same."""
    if node is None:
        return ()
    if isinstance(node, Unknown):
        return (node,)
    if not isinstance(node, Object):
        return (reading.not_an_object(node, "Condition", route),)
    found: dict[str, list[Condition | Unknown]] = {}
    for member in node.members:
        if member.key in found:
            found[member.key] = [reading.repeated(node, member, route)]
        else:
            found[member.key] = _operator(reading, member, route)
    return tuple(condition for conditions in found.values() for condition in conditions)


def _operator(reading: Reading, member: Member, route: Route) -> list[Condition | Unknown]:
    operation: Operator | Unknown | None = Operator.parse(member.key)
    route = (*route, member.key)
    if operation is None:
        operation = _unknown_operator(reading, member.key, route)
    node = member.value
    if not isinstance(node, Object):
        return [reading.not_an_object(node, f"what `{member.key}` takes", route)]
    found: dict[str, Condition | Unknown] = {}
    for key in node.members:
        if key.key in found:
            found[key.key] = reading.repeated(node, key, route)
        else:
            twice = _other_case(reading, node, key, route)
            one = _condition(reading, member.key, operation, key, route)
            found[key.key] = one if twice is None else twice
    return list(found.values())


def _other_case(reading: Reading, node: Object, member: Member, route: Route) -> Unknown | None:
    """Say that a condition key also stands in other letters: AWS compares keys without case, and names no winner.

    Reported at the second of the two; neither is known then.
    """
    folded = member.key.lower()
    spellings = [one for one in node.members if one.key.lower() == folded]
    twin = spellings[0]
    if all(one.key == member.key for one in spellings):
        return None
    if twin.key != member.key:
        line = node.source.position(twin.start, twin.end).line
        message = f"`{member.key}` is the same key as `{twin.key}` on line {line}"
        help_text = "AWS compares keys without case and does not say which counts; put the values in one list"
        route, also = (*route, member.key), ((*route, twin.key),)
        reading.problems.append(Problem(message, route, Part.KEY, help_text, also=also))
    return Unknown(f"`{twin.key}` stands twice, in different letter case")


def _unknown_operator(reading: Reading, name: str, route: Route) -> Unknown:
    guess = did_you_mean(name, operator_names())
    help_text = f"did you mean `{guess}`?" if guess else ""
    mend = (Rename(route, guess),) if guess else ()
    return reading.problem(f"unknown condition operator `{name}`", route, help_text, Part.KEY, mend)


def _condition(
    reading: Reading, operator: str, operation: Operator | Unknown, member: Member, route: Route
) -> Condition | Unknown:
    route = (*route, member.key)
    if not _KEY.search(member.key):
        help_text = "keys look like `aws:SourceArn`, without blanks around the name"
        bare = "".join(member.key.split())
        mend = (Rename(route, bare),) if _KEY.search(bare) else ()
        return reading.problem(f"`{member.key}` is no condition key", route, help_text, Part.KEY, mend)
    values = reading.texts(member.value, route, scalars=True)
    return Condition(operator, operation, member.key, values, route)
