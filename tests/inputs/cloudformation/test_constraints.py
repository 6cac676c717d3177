"""AllowedPattern and rules limit the values of parameters exactly, or not at all."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.core.unknown import ACCOUNT, ID, TEXT, Symbol, Unknown
from checker.inputs.cloudformation.allowed_pattern import parse_pattern
from checker.inputs.cloudformation.constraints import Constraint
from checker.inputs.cloudformation.sections import read_sections
from checker.inputs.text import parse_text
from tests.cli.process import run
from tests.inputs.cloudformation.stacks import PINNED, evaluated, load_stack, template, topic, topic_policy
from tests.samples import ACCOUNT as OWN
from tests.samples import document, statement

if TYPE_CHECKING:
    from pathlib import Path

PATTERNS = (
    "abc",
    "^abc$",
    "a|b|ab",
    "^a$|^b$",
    "^(dev|prod)$",
    "^(?:dev|prod)-(a|b)?$",
    "^((a|b)c|d)$",
    "a*",
    "a+b?c{2}d{1,2}e{1,}",
    "a*?b",
    r"\d{3}",
    r"\w+",
    r"a\.b\-c\/d\\e\*f",
    "[a-c]+",
    "[^a-c]+",
    "[a-c1-3_-]*",
    r"[\d-]+",
    r"[\w.]+",
    "[-a]+",
    "[a-]+",
    "[.*?]",
    "a.c",
    ".*",
    ".+-.+",
    "a{0}b",
    "a{0,2}a",
    "(a)?b",
    "()a",
    "(a+)",
    "(a+b(c|d))-",
    "a-b:c/d,e",
)
OTHER = (
    "",
    "(?i)a",
    "(?=a)b",
    "(?<n>a)",
    "(a|b)+",
    "(a|b){2}",
    "(a|b)*",
    "a++",
    "a{1}+",
    "a+|b",
    "a^b",
    "a$b",
    "(^a$)",
    r"\s",
    r"\D",
    r"\bA",
    r"a\1",
    r"\p{L}",
    "[[a]b]",
    "[a&&b]",
    r"[\s]",
    "[z-a]",
    "[!-~]",
    "[]",
    "[a",
    "(a",
    "a)",
    "*a",
    "a**",
    "a{",
    "a{,2}",
    "a{2,1}",
    "a{99999}",
    "a{x}",
    "a\\",
    "a]",
    "a}",
    "a" * 1001,
    "(" * 50 + "a" + ")" * 50,
    "(a|b)" * 8 + "|c",
)
TEXTS = st.text("abcdefpro v-.\\/*?123_:,\n", max_size=9)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_pattern_allows_what_a_full_match_finds(pattern: str, data: st.DataObject) -> None:
    found = parse_pattern(pattern)
    assert found is not None
    text = data.draw(st.one_of(TEXTS, st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)))
    expected = re.fullmatch(pattern.replace("$", r"\Z"), text, re.ASCII) is not None
    if any(end in text for end in "\r\u0085\u2028\u2029"):
        return  # characters that end a line in Java, but not in Python
    assert found.allows(text) == expected
    assert not found.values or (text in found.values) == expected
    assert all(found.may_have(character) for character in text if expected)


@pytest.mark.parametrize("pattern", OTHER)
def test_other_syntax_is_not_read(pattern: str) -> None:
    assert parse_pattern(pattern) is None


def test_a_line_end_is_no_character_of_a_dot() -> None:
    found = parse_pattern(".")
    assert found is not None
    assert [found.allows(end) for end in "\n\r\u0085\u2028\u2029a"] == [False] * 5 + [True]


def test_a_hostile_pattern_ends_soon() -> None:
    found = parse_pattern("[a-z]*" * 100 + "!")
    assert found is not None
    assert not found.allows("a" * 500)
    assert found.allows("a" * 5_000)


def constraint(parameter: Any, **rules: Any) -> Constraint:
    whole = {"Parameters": {"P": {"Type": "String", **parameter}}, "Rules": rules}
    return read_sections(parse_text("a.json", json.dumps(whole))).constraints.get("P", Constraint())


P, Q = {"Ref": "P"}, {"Ref": "Q"}


def asserted(*conditions: Any, **more: Any) -> dict[str, Any]:
    return {"Rule": {"Assertions": [{"Assert": one, "AssertDescription": "a"} for one in conditions], **more}}


@pytest.mark.parametrize(
    ("parameter", "rules", "allowed"),
    [
        ({"AllowedValues": ["a", "b"]}, {}, ("a", "b")),
        ({"AllowedPattern": "^(a|b)$"}, {}, ("a", "b")),
        ({"AllowedPattern": "[ab]"}, {}, ()),
        ({"AllowedValues": ["a", "bb"], "AllowedPattern": "^.$"}, {}, ("a",)),
        ({"AllowedValues": ["a"], "AllowedPattern": "^b$"}, {}, ("a",)),
        ({"AllowedValues": ["a", "bb"], "AllowedPattern": r"\S"}, {}, ("a", "bb")),
        ({"AllowedValues": ["/a"], "Type": "AWS::SSM::Parameter::Value<String>"}, {}, ()),
        ({"AllowedPattern": "^(a|b)$", "Type": "CommaDelimitedList"}, {}, ()),
        ({}, asserted({"Fn::Contains": [["a", "b"], P]}), ("a", "b")),
        ({}, asserted({"Fn::Equals": [P, "a"]}), ("a",)),
        ({}, asserted({"Fn::Equals": ["a", P]}), ("a",)),
        ({"AllowedValues": ["a", "b"]}, asserted({"Fn::Equals": ["b", P]}), ("b",)),
        ({}, asserted({"Fn::Contains": [["a", "b"], P]}, {"Fn::Contains": [["b", "c"], P]}), ("b",)),
        ({}, asserted({"Fn::And": [{"Fn::Equals": [P, "a"]}, {"Fn::Equals": [Q, "b"]}]}), ("a",)),
        ({}, asserted({"Fn::Contains": [["a"], P]}, RuleCondition={"Fn::Equals": [Q, "b"]}), ()),
        ({}, asserted({"Fn::Or": [{"Fn::Equals": [P, "a"]}, {"Fn::Equals": [Q, "b"]}]}), ()),
        ({}, asserted({"Fn::Not": [{"Fn::Equals": [P, "a"]}]}), ()),
        ({}, asserted({"Fn::Contains": [["a", Q], P]}), ()),
        ({}, asserted({"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, P]}), ()),
        ({}, asserted({"Fn::EachMemberIn": [["a"], P]}), ()),
        ({}, asserted({"Fn::Equals": [P, P]}), ()),
        ({}, asserted({"Fn::Equals": [{"Fn::ValueOf": ["P", "Tags.a"]}, "a"]}), ()),
        ({"AllowedValues": ["a"]}, asserted({"Fn::Equals": [P, "b"]}), ("a",)),
        ({}, {"Rule": {"Assertions": 5}}, ()),
        ({}, {"Rule": {"Assertions": [5, {"Assert": 5}, {"Assert": []}, {"Assert": {}}]}}, ()),
        ({}, {"Rule": 5}, ()),
        ({}, asserted({"Fn::Contains": [[], P]}, {"Fn::Equals": [P]}, {"Fn::And": 5}), ()),
    ],
    ids=str,
)
def test_what_a_parameter_may_be(parameter: Any, rules: Any, allowed: tuple[str, ...]) -> None:
    assert constraint(parameter, **rules).allowed == allowed


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        (r"^\d{12}$", ACCOUNT),
        ("[0-9]{12}", ACCOUNT),
        ("[0-9]{6}(444455)[0-9]{0,1}", TEXT),
        ("(1111|2222)[0-9]{8}", ACCOUNT),
        ("[0-9]+", TEXT),
        ("[0-9]{1,12}", TEXT),
        ("[0-9a-f-]{36}", ID),
        ("[0-9a-fA-F]{8}-[0-9a-f-]{27}", ID),
        ("[0-9a-f-]{1,36}", TEXT),
        ("[0-9a-f*-]{36}", TEXT),
        ("[0-9a-z-]{36}", TEXT),
        ("[a-z0-9-]+", TEXT),
        (".{36}", TEXT),
        ("[^:]+", TEXT),
        ("[a-z]+", TEXT),
        (r"\d{11}", TEXT),
        (r"\d{12}|\*", TEXT),
    ],
)
def test_a_pattern_tells_the_kind(pattern: str, kind: str) -> None:
    assert constraint({"AllowedPattern": pattern}).kind == kind


PARTS = st.tuples(
    st.sampled_from(("[0-9]", r"\d", "[0-9a-f-]", "[a-z0-9-]", "[0-9*]", ".", "1", "-", "(12|3)", "(12)?")),
    st.sampled_from(("", "?", "*", "+", "{12}", "{6}", "{8}", "{36}", "{27}", "{0,12}")),
).map(lambda part: part[0] if part[0].endswith(")?") or "|" in part[0] else "".join(part))
IN_FORM = {
    ACCOUNT: re.compile(r"[0-9]{12}"),
    ID: re.compile(r"[0-9a-fA-F-]{36}"),
    TEXT: re.compile(r"(?s).*"),
}


@settings(max_examples=400, deadline=None)
@given(parts=st.lists(PARTS, min_size=1, max_size=3), data=st.data())
def test_every_text_that_a_pattern_allows_has_the_kind(parts: list[str], data: st.DataObject) -> None:
    pattern = "".join(parts)
    kind = constraint({"AllowedPattern": pattern}).kind
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    assert IN_FORM[kind].fullmatch(text), (pattern, kind)


@pytest.mark.parametrize(
    ("parameter", "is_known"),
    [
        ({"AllowedPattern": "[0-9a-f*-]+"}, False),
        ({"AllowedPattern": r"(a|\*)[0-9]+"}, False),
        ({"AllowedPattern": "[0-9a-f*-]+", "AllowedValues": ["0-1", "0-2"]}, True),
        ({"AllowedPattern": "[0-9a-f-]+"}, True),
        ({"AllowedPattern": ".+"}, True),
        ({}, True),
    ],
    ids=str,
)
def test_nothing_is_known_of_a_value_that_may_be_a_pattern(parameter: Any, *, is_known: bool) -> None:
    found = evaluated(P, Parameters={"P": {"Type": "String", **parameter}})
    value = getattr(found, "value", None)
    assert isinstance(value, str) or (isinstance(value, Unknown) and bool(value.pieces)) == is_known


@pytest.mark.parametrize("pattern", ["[a-z0-9-]+", "[a-z0-9.-]+"])
@pytest.mark.parametrize("principal", [P, {"Fn::Sub": "${P}.amazonaws.com"}])
def test_a_service_that_a_parameter_names_is_not_known(pattern: str, principal: Any, tmp_path: Path) -> None:
    pinned = statement(Resource={"Ref": "Chat"}, Condition=PINNED)
    unpinned = statement(Resource={"Ref": "Chat"}, Principal={"Service": principal})
    policy = topic_policy(document(pinned, unpinned))
    sections = {"Parameters": {"P": {"Type": "String", "AllowedPattern": pattern}}}
    (tmp_path / "a.json").write_text(json.dumps(template({"Chat": topic(), "Policy": policy}, **sections)))
    found = json.loads(run("explain", "a.json", "--format", "json", cwd=tmp_path).stdout)
    assert found["confused_deputy"] == "unknown"


INSTANCE = f"arn:aws:connect:us-west-2:{OWN}:instance/"
START = f":{OWN}:instance/"


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        (f"^{INSTANCE}[a-f0-9-]{{36}}$", (INSTANCE, ("ID of P", ID))),
        (f"{INSTANCE}[a-f0-9]{{8}}(-[a-f0-9]{{4}}){{3}}", (("P", TEXT),)),
        (f"{INSTANCE}[a-f0-9]{{8}}-.*", (INSTANCE, ("ID of P", TEXT))),
        (f"{INSTANCE}x-[a-f0-9]+", (INSTANCE, ("ID of P", TEXT))),
        (
            f"arn:aws:connect:[a-z0-9-]+{START}[a-f0-9-]+",
            ("arn:aws:connect:", ("Region of P", TEXT), START, ("ID of P", ID)),
        ),
        (
            f"arn:(aws|aws-cn):connect:us-west-2{START}[a-f0-9-]+",
            ("arn:", ("partition of P", TEXT), f":connect:us-west-2{START}", ("ID of P", ID)),
        ),
        (r"arn:aws:connect:us-west-2:\d{12}:instance/[a-f0-9-]+", (("P", TEXT),)),
        (f"arn:.*:connect:us-west-2{START}[a-f0-9-]+", (("P", TEXT),)),
        (f"arn:aws:connect:[^/]+{START}[a-f0-9-]+", (("P", TEXT),)),
        (f"arn:aws:sns:us-west-2:{OWN}:[a-z]+", (("P", TEXT),)),
        (f"arn:aws:connect:us-west-2:{OWN}:.*", (("P", TEXT),)),
        (r"^(arn:.*|\*)$", (("P", TEXT),)),
        (".*", (("P", TEXT),)),
    ],
)
def test_the_fixed_parts_of_an_instance_arn_are_known(pattern: str, pieces: tuple[Any, ...]) -> None:
    found = evaluated(P, Parameters={"P": {"Type": "String", "AllowedPattern": pattern}})
    value = getattr(found, "value", None)
    assert isinstance(value, Unknown)
    shown = tuple((one.name, one.kind) if isinstance(one, Symbol) else one for one in value.pieces)
    assert shown == pieces
    assert value.where == "P"


def test_a_condition_on_a_value_that_is_not_allowed_never_holds(tmp_path: Path) -> None:
    sections = {
        "Parameters": {"Stage": {"Type": "String", "AllowedPattern": "^(dev|test)$"}},
        "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    }
    policy = topic_policy(document(statement(Resource={"Ref": "Chat"})))
    whole = template({"Chat": topic(), "Policy": {**policy, "Condition": "Prod"}}, **sections)
    (found,) = load_stack(tmp_path, a__json=whole).topics
    assert found.writers == ()


def chain(folder: Path, parameter: Any, rules: Any, account: Any) -> dict[str, Any]:
    """Explain a topic whose policy names the account and the instance `P`."""
    condition = {"StringEquals": {"aws:SourceAccount": account}, "ArnEquals": {"aws:SourceArn": P}}
    policy = topic_policy(document(statement(Resource={"Ref": "Chat"}, Condition=condition)))
    sections = {"Parameters": {"P": {"Type": "String", **parameter}}, "Rules": rules}
    whole = template({"Chat": topic(TopicName="chat"), "Policy": policy}, **sections)
    (folder / "a.json").write_text(json.dumps(whole))
    done = run("explain", "a.json", "--format", "json", cwd=folder)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


ARN = f"{INSTANCE}0a1b2c3d-1111-4222-8333-444455556666"


@pytest.mark.parametrize(
    ("parameter", "rules", "account", "publish", "deputy"),
    [
        ({"AllowedPattern": f"{INSTANCE}[a-f0-9-]+"}, {}, OWN, "yes", "closed"),
        ({"AllowedPattern": f"{INSTANCE}[a-f0-9-]+"}, {}, "444455556666", "no", "closed"),
        ({}, asserted({"Fn::Equals": [P, ARN]}), OWN, "yes", "closed"),
        ({}, asserted({"Fn::Equals": [P, ARN]}), "444455556666", "no", "closed"),
    ],
)
def test_the_answer_follows_from_the_constraint(
    parameter: Any, rules: Any, account: str, publish: str, deputy: str, tmp_path: Path
) -> None:
    found = chain(tmp_path, parameter, rules, account)
    assert (found["connect_can_publish"], found["confused_deputy"]) == (publish, deputy)
