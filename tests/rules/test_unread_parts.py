"""No rule passes on a policy of which it did not read the part that it would have found."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from checker.analysis.inventory import Inventory, PolicyText
from checker.core.unknown import Unknown
from checker.lint.engine import judge
from tests.rules.cases import CASES
from tests.rules.test_other_facts import facts_of, passes

UNREAD = Unknown("it was not read")


def unread_in(record: Any) -> Iterator[Any]:
    """Give a policy or a part of it with each of its parts unread in turn, from whole statements to single values."""
    for field, annotation in inspect.get_annotations(type(record)).items():
        if field == "operation":  # it is not unread but wrong, which is a problem of the policy
            continue
        if field == "unknown":  # an entry that is not among the others
            yield record._replace(entries=(), unknown=UNREAD)
            continue
        for changed in unread_as(getattr(record, field), annotation):
            yield record._replace(**{field: changed})


def unread_as(value: Any, annotation: str) -> Iterator[Any]:
    """Give the value of a field with such an annotation as unread, or with each of its parts unread in turn."""
    if annotation.startswith("tuple["):
        of_each = annotation.removeprefix("tuple[")
        for index, item in enumerate(value):
            for changed in unread_as(item, of_each):
                yield (*value[:index], changed, *value[index + 1 :])
        return
    if annotation.startswith("Value") or "Unknown" in annotation:
        yield UNREAD
    if hasattr(value, "_fields") and not isinstance(value, Unknown):
        yield from unread_in(value)


def unread_policies(inventory: Any) -> Iterator[Inventory]:
    """Give the facts with a part of one of their policies unread."""
    for kind in ("topics", "keys", "callers"):
        resources = getattr(inventory, kind)
        for index, resource in enumerate(resources):
            if isinstance(resource.policy, PolicyText):
                for policy in unread_in(resource.policy.policy):
                    text = resource.policy._replace(policy=policy, problems=())
                    changed = resource._replace(policy=text)
                    yield inventory._replace(**{kind: (*resources[:index], changed, *resources[index + 1 :])})


@pytest.mark.parametrize("rule", sorted({case.rule for case in CASES}))
def test_what_was_found_does_not_pass_if_a_part_of_the_policy_is_not_read(rule: str) -> None:
    for case in (one for one in CASES if one.rule == rule and one.findings):
        inventory, rules = facts_of(case)
        if not passes(inventory, rules):
            changed = tuple(unread_policies(inventory))
            assert [one for one in changed if passes(one, rules)] == [], case.name
            assert [one for one in changed if judge(one, rules).crashed] == [], case.name


def test_each_part_is_unread_once() -> None:
    """The parts are the version, the statement, seven elements and conditions in it, and five values of them."""
    (case,) = (one for one in CASES if one.name == "any-instance-of-the-account")
    (topic,) = facts_of(case)[0].topics
    assert isinstance(topic.policy, PolicyText)
    assert len(set(map(repr, unread_in(topic.policy.policy)))) == 14
