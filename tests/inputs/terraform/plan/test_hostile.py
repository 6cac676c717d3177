"""Plans that are broken, enormous or malicious: an error with its place, never a crash and never a long wait."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.inputs.load import load
from checker.lint.engine import Scope, judge
from checker.lint.registry import all_rules
from tests.endings import ends_soon
from tests.inputs.terraform.plan.plans import FIXTURES, change, judged, plan, policies, read, refer, written
from tests.samples import TOPIC_ARN

HEAD = '{"format_version": "1.2", "terraform_version": "1.11.4", '
TOPIC = change("aws_sns_topic.chat", {"arn": TOPIC_ARN, "name": "chat", "policy": "{}"})
DEEP = 100_000


def nested(key: str, depth: int) -> str:
    """Modules in modules."""
    return f'{{"{key}": [' * depth + "]}" * depth


BROKEN: dict[str, tuple[str, str, int]] = {
    "cut off": (HEAD + '"resource_changes": [{"address": "a', "unterminated string", 1),
    "cut off between": (HEAD + '"resource_changes": [\n{"address": "a"}', "expected `,`", 2),
    "a comma too many": (HEAD + '"resource_changes": [\n],\n}', "expected a key in double quotes", 3),
    "after the end": (json.dumps(plan([])) + "\n{}", "expected nothing after the JSON document", 2),
    "a key twice": (HEAD + '\n"a": 1,\n"a": 2}', "duplicate key", 3),
    "a key twice in a change": (
        HEAD + '"resource_changes": [{"address": "a", "type": "aws_sns_topic", "change":\n'
        '{"after": {}, "after": {}}}]}',
        "duplicate key",
        2,
    ),
    "a key twice in the values": (
        HEAD + '"resource_changes": [{"address": "a", "type": "aws_sns_topic", "change":\n'
        '{"after": {"policy": "{}",\n"policy": "{}"}}}]}',
        "duplicate key",
        3,
    ),
    "deep": (HEAD + '"x": ' + "[" * DEEP, "nested too deeply", 1),
    "deep values": (
        HEAD + '"resource_changes": [{"address": "a", "type": "aws_sns_topic", "change":\n{"after": '
        + '{"a": ' * 300 + "1" + "}" * 300 + "}}]}",
        "nested more than 100 levels deep",
        2,
    ),
    "deep modules": (
        HEAD + '"values": {"root_module": ' + nested("child_modules", 200) + "}}",
        "modules nested more than 40 deep",
        1,
    ),
    "deep calls": (
        HEAD + '"configuration": {"root_module": ' + '{"module_calls": {"m": {"module": ' * 200
        + "{}" + "}}}" * 200 + "}}",
        "modules nested more than 40 deep",
        1,
    ),
    "a long address": (
        json.dumps(plan([change("aws_sns_topic." + "[" * 50_000, {})])),
        "a change without an address",
        1,
    ),
    "no address": (HEAD + '"resource_changes": [{"type": "aws_sns_topic"}]}', "a change without an address", 1),
    "no object": (
        HEAD + '"resource_changes": [\n{"address": "a", "type": "aws_sns_topic", "change": {"after": [1]}}]}',
        "the values of a resource are not an object",
        2,
    ),
    "not a number": (HEAD + '"x":\nNaN}', "not JSON: not a number", 2),
    "a control character": (HEAD + '"x": "\x01"}', "invalid control character", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_plan_is_an_error_with_its_place(name: str, tmp_path: Path) -> None:
    text, reason, line = BROKEN[name]
    with ends_soon():
        inventory = read(tmp_path, text)
    (skipped,) = inventory.skipped
    assert skipped.error
    assert reason in skipped.reason
    assert skipped.position is not None
    assert skipped.position.line == line


HARMLESS: dict[str, Callable[[], str]] = {
    "a huge number": lambda: HEAD + '"x": ' + "9" * 1_000_000 + ', "y": 1e999999999}',
    "many references": lambda: json.dumps(
        plan(
            [TOPIC, change("aws_sns_topic_policy.p", {}, {"arn": True, "policy": True})],
            written(
                "aws_sns_topic_policy.p",
                {"arn": refer(*(f"a.b{i}.c" for i in range(20_000))), "policy": {}},
            ),
        )
    ),
    "an odd address": lambda: json.dumps(plan([change("aws_sns_topic." + "[" * 1_900, {})])),
    "a long reference": lambda: json.dumps(
        plan(
            [change("aws_sns_topic_policy.p", {}, {"arn": True})],
            written("aws_sns_topic_policy.p", {"arn": {"references": ["module" + '["\\' * 50_000]}}),
        )
    ),
    "nothing": lambda: HEAD + '"x": null}',
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_only_odd_is_read_quickly(name: str, tmp_path: Path) -> None:
    text = HARMLESS[name]()
    with ends_soon():
        inventory = read(tmp_path, text)
    assert not [one for one in inventory.skipped if one.error]
    judged(inventory)


def test_fan_out_through_modules_ends(tmp_path: Path) -> None:
    """Every output is made of two of the next module: without a memory that would be 2 to the 35th."""
    module: dict[str, Any] = {"outputs": {"o": {"expression": refer("local.x")}}}
    for _ in range(35):
        outputs = {"o": {"expression": refer("module.m.o", "module.n.o")}}
        calls = {name: {"expressions": {}, "module": module} for name in ("m",)}
        module = {"outputs": outputs, "module_calls": {**calls, "n": {"module": {}}}}
    changes = [change("aws_sns_topic_policy.p", {"policy": "{}"}, {"arn": True})]
    configured = written("aws_sns_topic_policy.p", {"arn": refer("module.m.o"), "policy": {}})
    with ends_soon():
        read(tmp_path, plan(changes, configured, module_calls={"m": {"module": module}}))


def test_a_policy_that_is_no_json_is_a_fault_and_the_others_are_read(tmp_path: Path) -> None:
    other = change("aws_sns_topic.other", {"arn": f"{TOPIC_ARN}-2", "policy": '{"Statement": ['})
    inventory = read(tmp_path, plan([TOPIC, other]))
    assert [one.error for one in inventory.skipped] == [True]
    assert policies(inventory)["aws_sns_topic.chat"] == "{}"


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([[None]]),
    st.just({"references": [1, None, "a.b", "each.value", "module.x"]}),
    st.just({"constant_value": {"x": []}}),
    st.sampled_from(
        ["aws_sns_topic", "aws_iam_policy_document", "data", "managed", "[", '["', "{", "module.a"]
    ),
)


def paths(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(path for key, one in inside for path in paths(one, (*at, key)))]


NAMES = ("unknown", "modules", "sensitive", "state", "update", "replace")
PLANS = {name: json.loads((FIXTURES / f"{name}.json").read_text()) for name in NAMES}
PATHS = {name: [path for path in paths(whole) if path] for name, whole in PLANS.items()}


def mutated(whole: Any, path: tuple[Any, ...], how: str, value: Any) -> None:
    """Change what a path leads to, if it still leads anywhere."""
    try:
        for step in path[:-1]:
            whole = whole[step]
    except (KeyError, IndexError, TypeError):
        return
    last = path[-1]
    if isinstance(whole, dict) and last in whole:
        if how == "drop":
            del whole[last]
        else:
            whole[last] = value
    elif isinstance(whole, list) and isinstance(last, int) and last < len(whole):
        whole[last : last + 1] = [] if how == "drop" else [whole[last]] * 2 if how == "repeat" else [value]


@pytest.mark.parametrize("version", [{}, ["2012-10-17"], {"a": 1}, 1, True, None])
def test_a_version_of_any_type_breaks_nothing(version: Any, tmp_path: Path) -> None:
    whole = json.loads(json.dumps(PLANS["sensitive"]))
    whole["resource_changes"][0]["change"]["after"]["version"] = version
    judge(read(tmp_path, whole), all_rules(), Scope(all_topics=True))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_mutation_of_a_real_plan_breaks_anything(data: st.DataObject, tmp_path: Path) -> None:
    name = data.draw(st.sampled_from(NAMES))
    whole = json.loads(json.dumps(PLANS[name]))
    for _ in range(data.draw(st.integers(1, 6))):
        path = data.draw(st.sampled_from(PATHS[name]))
        mutated(whole, path, data.draw(st.sampled_from(["drop", "put", "repeat"])), data.draw(VALUES))
    with ends_soon():
        inventory = read(tmp_path, whole)
        judge(inventory, all_rules(), Scope(all_topics=True))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_to_the_text_breaks_anything(data: st.DataObject, tmp_path: Path) -> None:
    text = (FIXTURES / "unknown.json").read_text()
    at = data.draw(st.integers(100, len(text) - 1))
    cut = data.draw(st.sampled_from([0, 1, 2, 50]))
    text = text[:at] + data.draw(st.text(max_size=3)) + text[at + cut :] * data.draw(st.sampled_from([0, 1]))
    read(tmp_path, text.encode("utf-8", "replace").decode())


@pytest.mark.parametrize("end", [b"\xff" * 1_000, b"", b"\x01\x00\x00\xff\xff"])
def test_a_packed_plan_that_is_damaged_is_refused(end: bytes, tmp_path: Path) -> None:
    packer = zlib.compressobj(0, wbits=31)
    text = json.dumps({"format_version": "1.2", "terraform_version": "1.9.0", "x": "x" * 100_000})
    begun = packer.compress(text.encode()) + packer.flush(zlib.Z_FULL_FLUSH)
    (tmp_path / "plan.json.gz").write_bytes(begun + end)
    (skipped,) = load([tmp_path / "plan.json.gz"]).skipped
    assert skipped.error
