"""Files that are made to keep a run busy, or to break it, end in a clear result, soon."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checker.core.unknown import Unknown
from checker.inputs.collect import Facts, Given
from checker.inputs.terraform.module.folder import read_texts
from checker.inputs.terraform.module.read import read_module
from tests.endings import ends_soon
from tests.inputs.terraform.module.reading import read, topic_of, write


def topic(policy: str, more: str = "") -> str:
    return f'resource "aws_sns_topic" "t" {{\n  name   = "t"\n  policy = {policy}\n  {more}\n}}\n'


def chain(link: str, last: str, length: int = 50) -> str:
    """Locals of which each is made of the next, twice."""
    lines = "".join(f"  a{n} = {link.replace('NEXT', f'local.a{n + 1}')}\n" for n in range(length))
    return f"locals {{\n{lines}  a{length} = {last}\n}}\n"


FAULTS = {
    "brackets": (topic("[" * 5000 + "]" * 5000), "nested more than 100 levels deep"),
    "strings-in-strings": (topic('"${' * 3000 + "1" + '}"' * 3000), "nested more than 100 levels deep"),
    "lines": ("\n" * 400_000 + topic('"{}"'), "longer than the limit of 200000 tokens"),
    "sums": (topic("1" + " + 1" * 150_000), "longer than the limit of 200000 tokens"),
    "unterminated-string": (topic('"abc'), "this string is not closed"),
    "unterminated-heredoc": (topic("<<EOT\nabc"), "this heredoc is not closed"),
    "unterminated-comment": (f"/* {topic('1')}", "this comment is not closed"),
    "unterminated-block": ('resource "aws_sns_topic" "t" {\n  name = "t"\n', "this `{` is not closed"),
    "not-hcl": ("aws_sns_topic says: nothing\n", "unexpected"),
    "quotes": ("aws_sns_topic" + '"' * 50_000, "unexpected end of file"),
}
UNKNOWN = {
    "conditions": (topic("x ? 1 : " * 3000 + "1"), ""),
    "attributes": (topic("x" + ".y" * 5000), "x.y.y"),
    "indices": (topic("var.x" + "[0]" * 5000), "var.x[0][0]"),
    "interpolations": (topic('"' + "${x.y}" * 5000 + '"'), "${x.y}${x.y}"),
    "interpolations-in-heredoc": (topic("<<EOT\n" + "${x.y}" * 10_000 + "\nEOT"), "${x.y}${x.y}"),
    "calls-in-heredoc": (topic("<<EOT\n" + "${f(x)}" * 10_000 + "\nEOT"), ""),
    "strings-in-heredoc": (topic("<<EOT\n" + '${"' * 3000 + "1" + '"}' * 3000 + "\nEOT"), ""),
    "open-interpolations": (topic("<<EOT\n" + "${" * 5000 + "\nEOT"), ""),
    "directives": (topic("<<EOT\n" + "%{ if true }" * 3000 + "%{ endif }" * 3000 + "\nEOT"), ""),
    "loops-in-loops": (
        topic("<<EOT\n" + "%{ for a in range(100) }" * 10 + "x" + "%{ endfor }" * 10 + "\nEOT"),
        "",
    ),
    "locals": (topic("local.a0") + chain("NEXT", "1", 3000), "local.a"),
    "cyclic-locals": (topic("local.a0") + chain("NEXT", "local.a0", 20), "local.a0"),
    "cyclic-document": (
        topic("jsonencode(data.aws_iam_policy_document.d)")
        + 'data "aws_iam_policy_document" "d" {\n  for_each = data.aws_iam_policy_document.d\n}\n',
        "data.aws_iam_policy_document.d",
    ),
    "doubled-texts": (topic("local.a0") + chain('"${NEXT}${NEXT}"', '"xxxxxxxx"'), ""),
    "doubled-lists": (topic("jsonencode(local.a0)") + chain("concat(NEXT, NEXT)", "[1]"), ""),
    "nested-lists": (topic("local.a0 == [1]") + chain("[NEXT, NEXT]", "[1]"), ""),
    "products": (topic("setproduct(" + ", ".join(["range(1000)"] * 6) + ")"), ""),
    "range": (topic("range(1000000000000)"), ""),
    "patterns": (topic(f'replace("{"a" * 5000}!", "/(a+)+$/", "")'), "/(a+)+$/"),
    "wide-format": (topic('format("%99999999d", 1)'), ""),
    "document-chain": (
        "".join(
            f'data "aws_iam_policy_document" "d{n}" {{\n  source_policy_documents = '
            f"[data.aws_iam_policy_document.d{n + 1}.json, data.aws_iam_policy_document.d{n + 1}.json]\n}}\n"
            for n in range(30)
        )
        + 'data "aws_iam_policy_document" "d30" {\n  statement {\n  }\n}\n'
        + topic("data.aws_iam_policy_document.d0.json"),
        "data.aws_iam_policy_document.d",
    ),
    "a-device": (topic('file("/dev/zero")'), 'file("/dev/zero")'),
    "a-template-of-itself": (topic('templatefile("t.tftpl", {})'), ""),
    "numbers": (topic("1" * 100_000 + " * 2"), ""),
    "exponents": (topic("1e99999999 * 1e99999999"), ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_text_that_is_no_hcl_is_an_error_with_its_place(name: str, tmp_path: Path) -> None:
    text, reason = FAULTS[name]
    with ends_soon():
        (skipped,) = read(tmp_path, {"main.tf": text}).skipped
    assert skipped.error
    assert skipped.position is not None
    assert skipped.reason.startswith(reason)
    assert len(skipped.reason) < 100


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_worked_out_is_unknown_and_says_why(name: str, tmp_path: Path) -> None:
    text, where = UNKNOWN[name]
    write(tmp_path, {"t.tftpl": '${templatefile("t.tftpl", {})}' * 10})
    with ends_soon():
        policy = topic_of(read(tmp_path, {"main.tf": text})).policy
    assert isinstance(policy, Unknown)
    assert policy.reason
    assert policy.where.startswith(where)


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ("count = 1e9", 1),
        ("count = 1e999999999", 1),
        ("count = -1", 1),
        (f"count = {'9' * 50_000}", 1),
        ("count = 1000", 1000),
        ("for_each = toset([for n in range(100000) : tostring(n)])", 1),
        ("for_each = toset([for n in range(1000) : tostring(n)])", 1000),
        ("for_each = var.none", 1),
        ("for_each = aws_sns_topic.t", 1),
        ("count = 0", 0),
    ],
)
def test_many_topics(more: str, count: int, tmp_path: Path) -> None:
    with ends_soon():
        assert len(read(tmp_path, {"main.tf": topic('"{}"', more)}).topics) == count


@pytest.mark.parametrize(
    ("files", "topics"),
    [
        ({"main.tf": topic('"{}"') + 'module "m" {\n  source = "./"\n}\n'}, 1),
        (
            {
                "main.tf": 'module "a" {\n  source = "./a"\n}\n',
                "a/main.tf": topic('"{}"') + 'module "b" {\n  source = "../b"\n}\n',
                "b/main.tf": topic('"{}"') + 'module "a" {\n  source = "../a"\n}\n',
            },
            2,
        ),
        (
            {
                "main.tf": topic('"{}"') + 'module "a" {\n  source = "./a"\n  count = 1000\n}\n',
                "a/main.tf": 'module "b" {\n  source = "../b"\n  count = 1000\n}\n',
                "b/main.tf": 'module "c" {\n  source = "../c"\n  count = 1000\n}\n',
                "c/main.tf": 'output "x" {\n}\n',
            },
            1,
        ),
    ],
    ids=["itself", "each-other", "thousands-of-thousands"],
)
def test_modules_that_call_themselves_or_too_many(files: dict[str, str], topics: int, tmp_path: Path) -> None:
    with ends_soon():
        assert len(read(tmp_path, files).topics) == topics


WORDS = st.sampled_from(
    [
        'resource "aws_sns_topic" "t" {',
        'data "aws_iam_policy_document" "d" {',
        'module "m" { source = "./"',
        "locals {",
        "}\n",
        "policy = ",
        "a = ",
        "<<EOT\n",
        "EOT\n",
        "${",
        "%{ if ",
        "%{ for x in ",
        "%{ endif }",
        '"',
        "[",
        "]",
        "(",
        ")",
        "{",
        "local.a",
        "aws_sns_topic.t.arn",
        "jsonencode(",
        "for k, v in ",
        " : ",
        " => ",
        " ? ",
        "...",
        "[*]",
        ".0",
        "1e9",
        "null",
        "\\u12",
        "\r\n",
        "\t",
        "\ufeff",
        "\ue0001\ue001",
        "\x00",
        "/*",
        "# ",
        "count = ",
        "for_each = ",
        'dynamic "statement" { for_each = [1]\n content {',
        "statement {",
        "principals {",
        'provider "aws" { region = ',
    ]
)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    text=st.one_of(st.text(), st.lists(WORDS | st.text(max_size=3), max_size=40).map("".join)),
    json=st.booleans(),
)
def test_any_text_is_read_or_refused(text: str, json: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / ("main.tf.json" if json else "main.tf")).write_bytes(
        f"{text}\n# aws_sns_topic\n".encode("utf-8", "surrogatepass")
    )
    read_module(folder, frozenset(), Facts(Given()))


FUNCTIONS = [
    "jsonencode",
    "jsondecode",
    "format",
    "join",
    "split",
    "concat",
    "merge",
    "flatten",
    "distinct",
    "compact",
    "toset",
    "lookup",
    "element",
    "length",
    "keys",
    "values",
    "lower",
    "title",
    "trim",
    "replace",
    "coalesce",
    "try",
    "can",
    "file",
    "templatefile",
    "zipmap",
    "setproduct",
    "formatlist",
    "range",
    "slice",
    "sort",
    "one",
    "contains",
    "max",
    "substr",
    "tostring",
    "tonumber",
    "tobool",
]
EXPRESSIONS = st.recursive(
    st.sampled_from(
        [
            "1",
            '"a"',
            "null",
            "true",
            "[]",
            "{}",
            "var.x",
            "local.a",
            "local.b",
            "aws_sns_topic.t",
            "path.module",
        ]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "==", "&&", "<", "/"]), inner).map(" ".join),
        st.tuples(inner, inner, inner).map(lambda one: f"({one[0]} ? {one[1]} : {one[2]})"),
        st.lists(inner, max_size=3).map(lambda one: f"[{', '.join(one)}]"),
        st.tuples(inner, inner).map(lambda one: f"{{ (({one[0]})) = {one[1]} }}"),
        st.tuples(inner, inner).map(lambda one: f"[for k, v in {one[0]} : {one[1]}]"),
        st.tuples(inner, inner).map(lambda one: f"({one[0]})[{one[1]}]"),
        inner.map(lambda one: f"({one})[*].a.0"),
        inner.map(lambda one: f'"x${{{one}}}"'),
        st.tuples(
            st.sampled_from(FUNCTIONS),
            st.lists(inner, max_size=3),
        ).map(lambda one: f"{one[0]}({', '.join(one[1])})"),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(first=EXPRESSIONS, second=EXPRESSIONS, policy=EXPRESSIONS)
def test_any_expression_comes_to_something(
    first: str, second: str, policy: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    text = topic(policy) + f'variable "x" {{\n}}\nlocals {{\n  a = {first}\n  b = {second}\n}}\n'
    (folder / "main.tf").write_text(text)
    faults = [one for one in read(folder, {"main.tf": text}).skipped if "inside the string" not in one.reason]
    assert faults == []
    assert read_texts(folder, [])
