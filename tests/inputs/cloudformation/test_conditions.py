"""Fn::If and Condition: every branch is judged with what hangs on the same condition, and never all combinations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checker.analysis.inventory import PolicyText
from checker.core.unknown import Unknown
from tests.endings import ends_soon
from tests.inputs.cloudformation.stacks import (
    HERE,
    PINNED,
    failures,
    load_stack,
    only_topic,
    template,
    topic,
    topic_policy,
)
from tests.samples import document, statement

GOOD, OPEN = statement(Sid="Good", Condition=PINNED, Resource="*"), statement(Sid="Open", Resource="*")
NOTHING = {"Ref": "AWS::NoValue"}
STAGE = {"Stage": {"Type": "String", "Default": "dev"}}
IS_PROD = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}


def choose(condition: str, yes: Any, no: Any = NOTHING) -> dict[str, Any]:
    return {"Fn::If": [condition, yes, no]}


def stack(policy: Any, conditions: dict[str, Any] = IS_PROD, **resources: Any) -> dict[str, Any]:
    whole = {"Chat": topic(TopicName="chat"), "Writer": topic_policy(policy), **resources}
    return template(whole, Parameters=STAGE, Conditions=conditions)


BOTH = {
    "the policy": choose("IsProd", document(GOOD), document(OPEN)),
    "the statements": document() | {"Statement": choose("IsProd", [GOOD], [OPEN])},
    "one statement for a list": document() | {"Statement": choose("IsProd", GOOD, OPEN)},
    "a statement": document(choose("IsProd", GOOD, OPEN)),
    "the condition": document(statement(Resource="*", Condition=choose("IsProd", PINNED))),
    "an operator": document(
        statement(Resource="*", Condition={key: choose("IsProd", value) for key, value in PINNED.items()})
    ),
    "not prod": document(choose("IsDev", OPEN, GOOD)),
    "all and some": document(choose("IsBoth", GOOD, OPEN)),
}
DERIVED = {
    **IS_PROD,
    "IsDev": {"Fn::Not": [{"Condition": "IsProd"}]},
    "IsBoth": {
        "Fn::And": [{"Condition": "IsProd"}, {"Fn::Or": [{"Condition": "IsProd"}, {"Condition": "IsDev"}]}]
    },
}


@pytest.mark.parametrize("where", BOTH)
def test_both_branches_are_judged_wherever_the_choice_stands(where: str, tmp_path: Path) -> None:
    whole = stack(BOTH[where], DERIVED)
    inventory = load_stack(tmp_path, t__json=whole)
    assert len(inventory.topics) == 2
    assert {one.rule for one in failures(inventory)} == {"missing-source-account", "missing-source-arn"}
    assert {one.resource.rpartition("#")[2] for one in failures(inventory)} == {
        "Chat (Stage other than prod)"
    }


@pytest.mark.parametrize(
    ("stage", "rules"), [("prod", set()), ("dev", {"missing-source-account", "missing-source-arn"})]
)
def test_what_is_given_fixes_a_condition(stage: str, rules: set[str], tmp_path: Path) -> None:
    inventory = load_stack(tmp_path, ("Stage", stage), t__json=stack(BOTH["a statement"]))
    assert len(inventory.topics) == 1
    assert {one.rule for one in failures(inventory)} <= rules
    assert bool(failures(inventory)) is bool(rules)


def test_a_default_is_no_decision_but_a_value_where_nothing_else_is_chosen(tmp_path: Path) -> None:
    whole = stack(document(OPEN))
    whole["Resources"]["Chat"]["Properties"]["TopicName"] = {"Fn::Sub": "chat-${Stage}"}
    assert str(only_topic(load_stack(tmp_path / "a", *HERE, t__json=whole)).arn).endswith(":chat-dev")
    whole["Resources"]["Chat"]["Properties"]["KmsMasterKeyId"] = choose("IsProd", "alias/chat")
    topics = load_stack(tmp_path / "b", *HERE, t__json=whole).topics
    assert {(str(one.arn).rpartition(":")[2], one.key) for one in topics} == {
        ("chat-prod", "alias/chat"),
        ("chat-dev", None),
    }


def test_branches_that_are_the_same_are_one_topic(tmp_path: Path) -> None:
    whole = stack(document(GOOD), {**IS_PROD, "Unrelated": {"Fn::Equals": [{"Ref": "Stage"}, "x"]}})
    whole["Resources"]["Queue"] = {"Type": "AWS::SQS::Queue", "Condition": "Unrelated"}
    assert only_topic(load_stack(tmp_path, t__json=whole)).address.endswith("#Chat")


def test_one_parameter_is_not_two_texts_at_once(tmp_path: Path) -> None:
    """Two policies for one topic, each in a stage of its own, are no conflict."""
    conditions = {**IS_PROD, "IsTest": {"Fn::Equals": ["test", {"Ref": "Stage"}]}}
    whole = stack(document(GOOD), conditions, Second=topic_policy(document(GOOD)))
    whole["Resources"]["Writer"]["Condition"] = "IsProd"
    whole["Resources"]["Second"]["Condition"] = "IsTest"
    topics = load_stack(tmp_path, t__json=whole).topics
    assert sorted(len(one.writers) for one in topics) == [0, 1, 1]


def test_allowed_values_leave_no_other_choice(tmp_path: Path) -> None:
    whole = stack(
        document(choose("IsProd", GOOD, OPEN)),
        {**IS_PROD, "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}},
    )
    whole["Parameters"] = {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}}
    whole["Resources"]["Writer"]["Condition"] = "IsDev"
    names = {one.address.partition(" (")[2] for one in load_stack(tmp_path, t__json=whole).topics}
    assert names == {"Stage=prod)", "Stage=dev)"}


def test_a_resource_is_there_only_where_its_condition_holds(tmp_path: Path) -> None:
    whole = stack(document(GOOD))
    whole["Resources"]["Chat"]["Condition"] = "IsProd"
    whole["Resources"]["Writer"]["Condition"] = "IsProd"
    topics = load_stack(tmp_path, t__json=whole).topics
    assert [one.address.rpartition("#")[2] for one in topics] == ["Chat"]
    assert [len(one.writers) for one in topics] == [1]


def test_topic_and_key_hang_on_the_same_condition(tmp_path: Path) -> None:
    """An encrypted topic is judged with the key that it has then, and never with the other one."""
    key = {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "KeyPolicy": choose(
                "IsProd",
                document(statement(Action="kms:*", Resource="*")),
                document(statement(Action="kms:Encrypt", Resource="*")),
            )
        },
    }
    whole = stack(document(GOOD), Key=key)
    whole["Resources"]["Chat"]["Properties"]["KmsMasterKeyId"] = {"Ref": "Key"}
    inventory = load_stack(tmp_path, t__json=whole)
    assert len(inventory.keys) == len(inventory.topics) == 2
    for one in inventory.topics:
        tied = inventory.key_of(one)
        assert tied is not None
        assert not isinstance(tied, Unknown)
        assert tied.address.partition(" (")[2] == one.address.partition(" (")[2]


def test_a_condition_that_is_nowhere_defined_is_open(tmp_path: Path) -> None:
    assert len(load_stack(tmp_path, t__json=stack(document(choose("NoSuch", GOOD, OPEN)))).topics) == 2


def test_conditions_that_go_round_in_a_circle_are_an_error(tmp_path: Path) -> None:
    circle = {"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Fn::Not": [{"Condition": "A"}]}}
    (skipped,) = load_stack(tmp_path, t__json=stack(document(choose("A", GOOD, OPEN)), circle)).skipped
    assert skipped.error
    assert skipped.reason == "condition `A` refers to itself"
    assert skipped.position is not None


@pytest.mark.parametrize("count", [10, 100, 200, 5_000])
def test_the_work_grows_with_the_conditions_and_not_with_their_combinations(
    count: int, tmp_path: Path
) -> None:
    conditions = {
        f"C{n}": {"Fn::Equals": [{"Ref": "AWS::StackName"}, f"{n}"]}
        if n % 2
        else {"Fn::Equals": [{"Fn::Select": [n, []]}, "x"]}
        for n in range(count)
    }
    statements = [choose(f"C{n}", GOOD | {"Sid": f"S{n}"}) for n in range(min(count, 80))]
    names = [choose(f"C{n}", f"k{n}") for n in range(count)]
    whole = stack(document(*statements), conditions)
    whole["Resources"]["Chat"]["Properties"]["Tags"] = [{"Key": "k", "Value": {"Fn::Join": ["", names]}}]
    path = {"t__json": whole}
    with ends_soon():
        inventory = load_stack(tmp_path, **path)
    assert 2 <= len(inventory.topics) <= 130
    policies = [one.policy for one in inventory.topics if isinstance(one.policy, PolicyText)]
    assert max(len(one.policy.statements) for one in policies) >= min(count, 80) // 2
    assert bool(inventory.skipped) is (count > 10)
    assert not any(one.error for one in inventory.skipped)
