"""Expressions mean what they mean in HCL: written in any way, they are read back as they were."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checker.core.errors import InputError
from checker.inputs.terraform.hcl.expression import ListOf
from checker.inputs.terraform.hcl.parse import parse_value
from checker.policy.source import Source

Shape = tuple[Any, ...]
Written = tuple[Shape, str]
"""An expression as nested tuples without positions, and a text for it."""


@runtime_checkable
class Named(Protocol):
    """A tuple with named fields."""

    _fields: tuple[str, ...]


def shape(one: object) -> Any:
    """Return an expression as nested tuples, without its positions."""
    if not isinstance(one, tuple):
        return one
    if not isinstance(one, Named):
        return tuple(map(shape, one))
    fields = (name for name in one._fields if name not in ("at", "end", "offsets"))
    return type(one).__name__, *(shape(getattr(one, name)) for name in fields)


NAMES = ("a", "var", "x-y", "for_x", "in1", "truex", "_z")
LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None, '"s"': "s", '""': ""}
LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"))

atoms: st.SearchStrategy[Written] = st.sampled_from(
    [
        *((("Name", name), name) for name in NAMES),
        *((("Literal", ("Number", one)), one) for one in ("0", "12", "1.5")),
        *((("Literal", value), text) for text, value in LITERALS.items()),
        (("Template", (("Text", "${é"),)), r'"$${\u00e9"'),
    ]
)


def in_parentheses(one: Written) -> Written:
    return one[0], f"( {one[1]} )"


@st.composite
def accesses(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    root, text = draw(inner.map(in_parentheses))
    steps: list[Shape] = []
    for _ in range(draw(st.integers(1, 3))):
        key, written = draw(inner)
        step, shown = draw(st.sampled_from([(("Attribute", "b"), ".b"), (("Index", key), f"[{written}]")]))
        steps.append(step)
        text += shown
    return ("Access", root, tuple(steps)), text


@st.composite
def lists(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    items = draw(st.lists(inner, max_size=3))
    between = draw(st.sampled_from([", ", ",\n", " , # it's \"\n", ",/* [ */"]))
    return ("ListOf", tuple(one for one, _ in items)), f"[{between.join(text for _, text in items)}]"


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    elements = draw(st.lists(st.tuples(st.sampled_from(["k", "if", '"k"', "true"]), inner), max_size=3))
    between, sign = draw(st.sampled_from(["\n", ", ", " # }\n"])), draw(st.sampled_from([" = ", " : "]))
    text = between.join(f"{key}{sign}{value}" for key, (_, value) in elements)
    found = tuple(("Element", ("Literal", key.strip('"')), value) for key, (value, _) in elements)
    return ("ObjectOf", found), f"{{\n{text}\n}}"


@st.composite
def templates(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    parts: list[Shape] = []
    text = ""
    for _ in range(draw(st.integers(1, 3))):
        value, written = draw(inner)
        literal, shown = draw(
            st.sampled_from([(" t ", " t "), ("{", "{"), ('"\n', r"\"\n"), ("#", "#"), ("%", "%")])
        )
        parts += [("Interpolation", value), ("Text", literal)]
        text += f"${{ {written} }}{shown}"
    return ("Template", tuple(parts)), f'"{text}"'


@st.composite
def operations(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    """Draw an operation as an operand of one that binds less tightly."""
    loose, tight = sorted(
        draw(st.lists(st.integers(0, len(LEVELS) - 1), min_size=2, max_size=2, unique=True))
    )
    sign, inner_sign = draw(st.sampled_from(LEVELS[loose])), draw(st.sampled_from(LEVELS[tight]))
    (a, first), (b, second), (c, third) = (draw(inner.map(in_parentheses)) for _ in range(3))
    if draw(st.booleans()):
        operand: Shape = ("Operation", b, ((inner_sign, c),))
        return ("Operation", a, ((sign, operand),)), f"{first} {sign} {second} {inner_sign} {third}"
    return ("Operation", a, ((inner_sign, b), (sign, c))), f"{first} {inner_sign} {second} {sign} {third}"


@st.composite
def conditionals(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    parts = [draw(inner.map(in_parentheses)) for _ in range(5)]
    a, b, c, d, e = (one for one, _ in parts)
    text = "{} ? {} : {} ? {} : {}".format(*(text for _, text in parts))
    return ("Conditional", a, b, ("Conditional", c, d, e)), text


@st.composite
def loops(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    (items, of), (value, shown), (condition, when) = (draw(inner) for _ in range(3))
    if draw(st.booleans()):
        return ("For", ("k",), items, None, value, condition, False), f"[for k in {of} : {shown} if {when}]"
    return (
        "For",
        ("k", "v"),
        items,
        condition,
        value,
        None,
        True,
    ), f"{{for k, v in {of} : {when} => {shown}...}}"


@st.composite
def calls(draw: st.DrawFn, inner: st.SearchStrategy[Written]) -> Written:
    name = draw(st.sampled_from(["f", "jsonencode", "provider::aws::arn_parse"]))
    arguments = draw(st.lists(inner, max_size=3))
    is_spread = bool(arguments) and draw(st.booleans())
    text = ", ".join(text for _, text in arguments)
    return (
        "Call",
        name,
        tuple(one for one, _ in arguments),
        is_spread,
    ), f"{name}({text}{'...' if is_spread else ''})"


def negations(inner: st.SearchStrategy[Written]) -> st.SearchStrategy[Written]:
    return inner.map(in_parentheses).map(lambda one: (("Unary", "!", one[0]), f"!{one[1]}"))


KINDS = (accesses, lists, objects, templates, operations, conditionals, loops, calls, negations)
expressions = st.recursive(atoms, lambda inner: st.one_of(*(kind(inner) for kind in KINDS)), max_leaves=12)


@given(expressions)
def test_an_expression_is_read_back_as_it_was(written: Written) -> None:
    expected, text = written
    assert shape(parse_value(Source("main.tf", f"x = {text}\n"))) == expected


@given(expressions)
def test_the_range_of_an_expression_is_its_text(written: Written) -> None:
    source = Source("main.tf", f"x = [{written[1]} , 1]\n")
    value = parse_value(source)
    assert isinstance(value, ListOf)
    at = value.items[0].at
    assert source.text[at.start : at.end] == written[1]


B, C = ("Attribute", "b"), ("Attribute", "c")
ITEM: Shape = ("Index", ("Literal", ("Number", "0")))
SPLATS: dict[str, Shape] = {
    "a[*].b": (("Splat", (B,)),),
    "a[*].b[0]": (("Splat", (B, ITEM)),),
    "a[*].b[*].c": (("Splat", (B, ("Splat", (C,)))),),
    "a.*.b.c": (("Splat", (B, C)),),
    "a.*.b[0]": (("Splat", (B,)), ITEM),
    "a.*.0.b": (("Splat", (ITEM, B)),),
    "a.b.0.c": (B, ITEM, C),
}


@pytest.mark.parametrize("text", SPLATS)
def test_a_splat_applies_to_what_follows_as_in_terraform(text: str) -> None:
    """A full splat takes all steps that follow, an attribute-only splat attributes alone.

    https://developer.hashicorp.com/terraform/language/expressions/splat
    """
    value = parse_value(Source("main.tf", f"x = {text}\n"))
    assert shape(value) == ("Access", ("Name", "a"), SPLATS[text])


COMMENTED = {
    "a /* b */ . /* c */ b": ("Access", ("Name", "a"), (B,)),
    "a /* b */ [ /* c */ * /* d */ ] .b": None,
    "a[*] /* all */ .b": ("Access", ("Name", "a"), (("Splat", (B,)),)),
    "a.* /* all */ .b": ("Access", ("Name", "a"), (("Splat", (B,)),)),
    "a /* b */ [ /* c */ 0 /* d */ ]": ("Access", ("Name", "a"), (ITEM,)),
    "( /* b */ a /* c */ )": ("Name", "a"),
    "! /* b */ a": ("Unary", "!", ("Name", "a")),
    '"${ /* b */ a /* c */ }"': ("Template", (("Interpolation", ("Name", "a")),)),
    "{ /* b */ k /* c */ = /* d */ a /* e */ }": (
        "ObjectOf",
        (("Element", ("Literal", "k"), ("Name", "a")),),
    ),
    "f( /* b */ a /* c */ , b /* d */ ... /* e */ )": ("Call", "f", (("Name", "a"), ("Name", "b")), True),
}


@pytest.mark.parametrize("text", COMMENTED)
def test_comments_may_be_between_any_tokens(text: str) -> None:
    expected = COMMENTED[text]
    if expected is None:  # the grammar takes `[*]` as one token
        with pytest.raises(InputError):
            parse_value(Source("main.tf", f"x = {text}\n"))
    else:
        assert shape(parse_value(Source("main.tf", f"x = {text}\n"))) == expected


@pytest.mark.parametrize("step", ["[*]", ".*", ".b", "[0]", ".0"])
def test_a_long_chain_of_steps_is_read_or_too_deep(step: str) -> None:
    value = shape(parse_value(Source("main.tf", f"x = a{step * 3000}\n")))
    assert value[0] in ("Access", "Unsupported")


SIGNS = {"-1": "-1", "- 1": "-1", "--1": None, "- -1": None, "---1": None}


@pytest.mark.parametrize("text", SIGNS)
def test_only_one_sign_belongs_to_a_number(text: str) -> None:
    value = shape(parse_value(Source("main.tf", f"x = {text}\n")))
    assert (value == ("Literal", ("Number", SIGNS[text]))) is (SIGNS[text] is not None)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('"$${x}"', ["${x}"]),
        ('"$$${x}"', ["$${x}"]),
        ('"%%%{x}"', ["%%{x}"]),
        ('"$$"', ["$$"]),
    ],
)
def test_an_escape_takes_the_two_signs_before_the_brace(text: str, parts: list[str]) -> None:
    value = shape(parse_value(Source("main.tf", f"x = {text}\n")))
    texts = [value[1]] if value[0] == "Literal" else [part[1] for part in value[1]]
    assert "".join(texts) == "".join(parts)
