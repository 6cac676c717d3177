"""Make a find as small as it goes while the tool still gives a wrong answer."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.soundness.questions import Case

_MOST = 200


def minimized(case: Case, is_wrong: Callable[[Case], bool]) -> Case:
    """Leave out statements, elements of lists, conditions and keys, one at a time, for as long as that works."""
    tries = 0
    smaller = True
    while smaller and tries < _MOST:
        smaller = False
        for candidate in _smaller(case):
            tries += 1
            if tries < _MOST and is_wrong(candidate):
                case, smaller = candidate, True
                break
    return case


def _smaller(case: Case) -> Iterator[Case]:
    for index, policy in enumerate(case.policies):
        for path in sorted(_removable(policy), key=len):
            changed = [copy.deepcopy(one) for one in case.policies]
            _remove(changed[index], path)
            if len(case.policies) == 2 and path[:1] == ("Statement",):
                both = copy.deepcopy(changed)
                if _remove(both[1 - index], path):
                    yield case._replace(policies=tuple(both))
            yield case._replace(policies=tuple(changed))


def _removable(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of what a policy may do without."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, one in entries:
        inside = (*path, key)
        is_list = isinstance(value, list) and len(value) > 1
        is_condition = isinstance(value, dict) and len(path) >= 2 and "Condition" in inside
        if is_list or is_condition:
            yield inside
        yield from _removable(one, inside)


def _remove(value: Any, path: tuple[Any, ...]) -> bool:
    """Take one part out of a policy, if it is there."""
    for key in path[:-1]:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return False
    try:
        del value[path[-1]]
    except (KeyError, IndexError, TypeError):
        return False
    return True
