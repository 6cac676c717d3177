"""YAML: every value has its place and stands as it is written, tags construct nothing, and hostile files end early."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.core.errors import InputError
from checker.inputs.kinds.kind import Kind
from checker.inputs.kinds.template import TEMPLATE
from checker.inputs.readers import kind_of
from checker.inputs.scalar_offsets import offsets_of
from checker.inputs.text import parse_text
from checker.policy.node import Array, Node, Number, Object, Scalar, rendered
from checker.policy.source import Source
from tests.endings import ends_soon

SPAN = 200_000


def parsed(text: str) -> Node:
    return parse_text("t.yaml", text).root


def values(node: Node) -> Any:
    """Give a tree as Python values, numbers by their text."""
    if isinstance(node, Object):
        return {member.key: values(member.value) for member in node.members}
    if isinstance(node, Array):
        return [values(one) for one in node.items]
    return node.value.text if isinstance(node.value, Number) else node.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2012-10-17", "2012-10-17"),
        ("2012-10-17T10:00:00Z", "2012-10-17T10:00:00Z"),
        ("012345678901", "012345678901"),
        ("111122223333", "111122223333"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("1e5", "1e5"),
        (".inf", ".inf"),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ("=", "="),
        ("<<", "<<"),
        ("!!str 5", "5"),
        ("!!int '5'", "5"),
        ("!!python/object/apply:os.system ['true']", ["true"]),
        ("!!python/name:os.system ''", ""),
        ("!!binary aGk=", "aGk="),
        ("!!timestamp 2001-01-01", "2001-01-01"),
        ("!!set {a, b}", {"a": None, "b": None}),
        ("! true", "true"),
        ("!custom true", True),
        ("!custom {a: 5}", {"a": "5"}),
        ("!<tag:yaml.org,2002:str> 5", "5"),
    ],
)
def test_a_value_is_read_as_it_is_written(written: str, value: Any) -> None:
    assert values(parsed(f"key: {written}\n")) == {"key": value}


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Chat", {"Ref": "Chat"}),
        ("!Condition IsProd", {"Condition": "IsProd"}),
        ("!Sub '${A}'", {"Fn::Sub": "${A}"}),
        ("!Sub 5", {"Fn::Sub": "5"}),
        ("!GetAtt A.B", {"Fn::GetAtt": "A.B"}),
        ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
        ("!Join ['', [a, !Ref B]]", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}),
        ("!If [A, !Ref AWS::NoValue, {b: c}]", {"Fn::If": ["A", {"Ref": "AWS::NoValue"}, {"b": "c"}]}),
        ("!Transform {Name: AWS::Include}", {"Fn::Transform": {"Name": "AWS::Include"}}),
        ("!Select [0, !Split [',', a]]", {"Fn::Select": ["0", {"Fn::Split": [",", "a"]}]}),
        ("!Base64\n  Fn::Sub: x", {"Fn::Base64": {"Fn::Sub": "x"}}),
        ("&a !Ref Chat", {"Ref": "Chat"}),
        ("!Ref &a Chat", {"Ref": "Chat"}),
        ("!Ref", {"Ref": ""}),
        *(
            (f"!{name} x", {f"Fn::{name}": "x"})
            for name in ["ImportValue", "FindInMap", "Equals", "And", "Or", "Not", "Cidr", "GetAZs"]
        ),
        *((f"!{name} x", {f"Fn::{name}": "x"}) for name in ["Length", "ToJsonString"]),
    ],
)
def test_a_short_form_is_its_long_form(short: str, long: Any) -> None:
    assert values(parsed(f"key: {short}\n")) == {"key": long}


TEXT = """\
# a comment
Resources:
  Chat:
    Type: AWS::SNS::Topic   # another

  Writer:
    Properties:
      Topics: [!Ref Chat]
      Version: 2012-10-17
      Sub: !Sub |
        line ${A}
        and more

      If: !If
        # which one
        - IsProd
        - &anchor {a: 1}
        - !GetAtt 'A.B'
Last: >-
  folded
  text
"""


@pytest.mark.parametrize(
    ("route", "span"),
    [
        (("Resources", "Chat"), "Type: AWS::SNS::Topic"),
        (("Resources", "Chat", "Type"), "AWS::SNS::Topic"),
        (("Resources", "Writer", "Properties", "Topics"), "[!Ref Chat]"),
        (("Resources", "Writer", "Properties", "Topics", 0), "!Ref Chat"),
        (("Resources", "Writer", "Properties", "Topics", 0, "Ref"), "Chat"),
        (("Resources", "Writer", "Properties", "Version"), "2012-10-17"),
        (("Resources", "Writer", "Properties", "Sub"), "!Sub |\n        line ${A}\n        and more"),
        (("Resources", "Writer", "Properties", "Sub", "Fn::Sub"), "|\n        line ${A}\n        and more"),
        (("Resources", "Writer", "Properties", "If", "Fn::If", 0), "IsProd"),
        (("Resources", "Writer", "Properties", "If", "Fn::If", 1), "{a: 1}"),
        (("Resources", "Writer", "Properties", "If", "Fn::If", 2), "!GetAtt 'A.B'"),
        (("Resources", "Writer", "Properties", "If", "Fn::If", 2, "Fn::GetAtt"), "'A.B'"),
        (("Last",), ">-\n  folded\n  text"),
    ],
    ids=str,
)
def test_every_value_has_its_place(route: tuple[str | int, ...], span: str) -> None:
    node = parsed(TEXT)
    for step in route:
        found = node.items[step] if isinstance(node, Array) and isinstance(step, int) else None
        found = node.get(step) if isinstance(node, Object) and isinstance(step, str) else found
        assert found is not None
        node = found
    assert node.source.text[node.start : node.end] == span


def test_merge_keys_add_what_a_mapping_does_not_say_itself() -> None:
    text = "a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  y: 0\n  <<: [*a, *b]\nd: {<<: *a}\ne: {'<<': *a}\nf: {<<: 5}\n"
    found = values(parsed(text))
    assert found["c"] == {"y": "0", "x": "1", "z": "4"}
    assert found["d"] == {"x": "1", "y": "2"}
    assert found["e"] == {"<<": {"x": "1", "y": "2"}}
    assert found["f"] == {"<<": "5"}


def chained(levels: int) -> str:
    """Anchors that hold the one before them: as deep as there are anchors, and no deeper anywhere in the text."""
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, levels)]
    return "\n".join(lines)


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{two}: &{two} [{','.join([f'*{one}'] * 9)}]\n" for one, two in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "billion-laughs": (LAUGHS, "values, counting expanded aliases"),
    "chained-anchors": (chained(500), "levels deep"),
    "deep-lists": ("[" * SPAN, "levels deep"),
    "deep-mappings": ("{a: " * 50_000, "levels deep"),
    "deep-tags": ("!Sub [" * 50_000, "levels deep"),
    "deep-blocks": ("".join(f"{' ' * n}a:\n" for n in range(2_000)), "levels deep"),
    "two-tags": ("a: !Base64 !Sub x", ""),
    "alias-of-itself": ("a: &a [*a]", "unknown alias `a`"),
    "unknown-tag-handle": ("a: !e!x y", ""),
    "merge-in-a-circle": ("a: &a {<<: *a}", "unknown alias `a`"),
    "control-character": ("a: \x07", "not YAML"),
    "tab": ("a:\n\t- b", ""),
    "key-is-a-list": ("? [a]\n: b", "expected a key"),
    "key-is-a-function": ("!Ref a: b", "expected a key"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_soon_in_an_error(name: str) -> None:
    text, reason = HOSTILE[name]
    with ends_soon(), pytest.raises(InputError) as raised:
        parsed(text)
    assert reason in raised.value.reason
    assert raised.value.position is not None


@pytest.mark.parametrize(
    "text", ["a: " + "9" * 100_000, "a: &" + "b" * 900 + " c", "- " * 40 + "x", chained(90)], ids=len
)
def test_what_only_looks_hostile_is_read(text: str) -> None:
    rendered(parsed(text))


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="ab:-?![]{}&*|>'\"#,%@<\n\t ~0.!Ref", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = parsed(text)
    except InputError:
        return
    waiting = [node]
    while waiting:
        one = waiting.pop()
        assert 0 <= one.start <= one.end <= len(text)
        assert not isinstance(one, Object) or all(0 <= m.start <= m.end <= len(text) for m in one.members)
        waiting += [m.value for m in one.members] if isinstance(one, Object) else getattr(one, "items", ())


TEXTS = st.text(alphabet=st.sampled_from("ab '\"\\\n:{}éü\t"), min_size=1, max_size=80)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS, style=st.sampled_from([None, "'", '"', "|", ">"]), width=st.sampled_from([8, 20, 80]))
def test_the_characters_of_a_text_are_where_they_are_written(
    text: str, style: str | None, width: int
) -> None:
    """Whatever style a text is written in, a letter of it is found at a letter like it, or at its beginning."""
    written = str(yaml.safe_dump({"k": text}, default_style=style, width=width, allow_unicode=True))
    root = parsed(written)
    assert isinstance(root, Object)
    scalar = root.members[0].value
    said = scalar.value if isinstance(scalar, Scalar) else None
    if not isinstance(said, str):
        return
    offsets = offsets_of(Source("t.yaml", written), scalar.start, said)
    assert len(offsets) == len(said) + 1
    if offsets[0] != offsets[-1]:
        letters = [(written[at], one) for at, one in zip(offsets, said, strict=False) if one in "ab{}é"]
        assert all(there == one for there, one in letters)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Resources: {A: {Type: AWS::SNS::Topic}}", TEMPLATE),
        ("Resources: {A: {Type: Custom::Thing}}", TEMPLATE),
        ("Transform: AWS::Serverless-2016-10-31\nResources: {}", TEMPLATE),
        ("AWSTemplateFormatVersion: 2010-09-09\nResources: {'Fn::ForEach::A': [x, [], {}]}", TEMPLATE),
        ("Resources: {A: {Type: pod}}", None),
        ("Resources: [a]", None),
        ("Resources: {A: 5}", None),
        ("AWSTemplateFormatVersion: 2010-09-09", None),
    ],
)
def test_a_template_is_told_by_its_resources(text: str, kind: Kind | None) -> None:
    found = kind_of(parsed(text))
    assert (found[0] if found else None) is kind


def test_a_tab_as_indentation_is_named() -> None:
    with pytest.raises(InputError, match="does not allow a tab for indentation") as error:
        parsed("Resources:\n\tTopic: 1\n")
    assert error.value.position is not None
    assert error.value.position.line == 2
