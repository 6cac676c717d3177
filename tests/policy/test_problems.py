"""Everything that is reported about the form of a policy: message, place, help, weight and fix.

`CHECKER_GOLDEN=write pytest tests/policy/test_problems.py` writes the file anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from checker.core.finding import format_route
from checker.policy.limits import refusals
from checker.policy.model import Problem
from checker.policy.read import read_policy
from checker.policy.source import Source
from checker.policy.text_json import parse_json
from checker.policy.vocabulary import FUNCTION, KEY, QUEUE, RESOURCE_CONTROL, ROLE, TOPIC, Dialect
from tests.golden import is_as_written
from tests.samples import ACCOUNT, document, statement

SERVICE = {"Service": "connect.amazonaws.com"}
NAMES = [f"arn:aws:iam::{ACCOUNT}:role/r{number}" for number in range(201)]

DIALECTS = (TOPIC, KEY, QUEUE, FUNCTION, ROLE, RESOURCE_CONTROL)

TEXTS = {
    "repeated members": '{"Version": "2012-10-17", "Version": "2012-10-17", "Statement": [{"Sid": "a", "Sid": "b",\n'
    '"Condition": {"Bool": {"a:b": "c", "a:b": "d"}, "Bool": {}}}]}',
    "members in two letter cases": '{"Statement": [{"Condition": {"Bool": {"a:b": "c",\n'
    '"A:b": "d", "a:B": "e", "x:y": "f"}}}]}',
    "letters that are escaped": '{"Id": "caf\\u00e9", "Statement": {"Sid": "\\u0001", "\\u0100": ["x", "\\u20ac"]}}',
    "letters that are written": '{"Version": "é", "Id": "é\\t", "Statement": {"Sid": "é\\n", "Effect": "é\\r", '
    '"Action": "é", "Resource": ["a", "Ā"], "é": 1}}',
    "the first letters after those of a dialect": '{"Id": "\x7f", "Statement": [{"Sid": "\x80"}, {"Sid": "Ā"}]}',
}
"""Policies that Python values cannot express."""

ELEMENTS: dict[str, Any] = {
    "a policy": [None, True, 1, "x", [], {}],
    "Version": [None, "2012", 1, ["2012-10-17"], {}],
    "Id": [None, 1, ["x"], ""],
    "Statement": [None, [], "x", [[]], {}, [statement()] * 2],
}
"""Values of a document's own elements."""


def each(kind: str, *names: Any) -> list[Any]:
    """Return objects of one member each: principals of one type, or conditions of one operator."""
    return [{kind: name} for name in names]


def compared(operator: str, key: str, *values: Any) -> list[Any]:
    """Return conditions that compare one key with each value."""
    return each(operator, *({key: value} for value in values))


def of_keys(operator: str, *keys: str) -> list[Any]:
    """Return conditions that compare each key."""
    return each(operator, *({key: "x"} for key in keys))


ARN = f"arn:aws:iam::{ACCOUNT}:role"
STATEMENTS: dict[str, list[Any]] = {
    "Sid": [None, 7, [], "x"],
    "Effect": [None, "allow", "DENY", "Permit", "", 1, ["Allow"]],
    "Principal": [
        *(None, "x", 7, [], ["*"], {}, {"AWS": []}, {"Service": 7}, {"service": "a"}, {"Xyz": "*"}),
        *each(
            "AWS", "AIDAEXAMPLE", "AROAEXAMPLE", "AGPAX", "AIPAX", "ANPAX", "11112222333", ACCOUNT, "*", "x"
        ),
        *each("AWS", "sns.amazonaws.com", "sns.amazonaws.com.cn", "arn:aws:iam::1:root", "arn:aws:s3:::b"),
        *each("AWS", f"arn:aws:sts::{ACCOUNT}:assumed-role/a/b", "ACCOUNT_ID", f"{ARN}/*", f"{ARN}/a", "1*"),
        *each("Service", "*", "s?s.amazonaws.com", "connect.us-east-1.amazonaws.com", "connect", "sns"),
        *each("Service", "SNS.amazonaws.com", " sns.amazonaws.com ", "sns.amazonaws.com.cn", "ACCOUNT"),
        *each("Service", "cloudwach.amazonaws.com", "cloudwach", "amazon-connect", "aws.amazonaws.com"),
        *each("Service", "connect.amazon.com", "zzzzzzz.amazonaws.com", "awsconnect.amazonaws.com"),
        *each("Service", "connect.us-gov-west-1.amazonaws.com", "cloudwach.amazonaws.com.cn"),
        {"Federated": "x", "CanonicalUser": "y"},
    ],
    "NotPrincipal": [{"AWS": ACCOUNT}, {}],
    "Action": [
        *(
            None,
            [],
            7,
            ["sns:Publish", 7],
            "*",
            "sns:*",
            "sns:Pub*",
            "sns:P?blish",
            "SNS:publish",
            "sns:Publsh",
        ),
        *(
            "sns:PublishBatch",
            "sns:CreateTopic",
            "sns:listtopics",
            "sns:NewAction",
            "s3:Publish",
            "sqs:SendMessage",
        ),
        *("Publish", "s3: subscribe ", "kms:Decrypt", "kms:Decript", "kms:*", "kms:Xyz*", "kms:CreateKey"),
        *("kms:listkeys", "s3:decrypt", "kms:ReEncrypt*", "kms:?ecrypt"),
    ],
    "NotAction": ["sns:Publish", "sns:Publsh"],
    "Resource": [None, [], ["a", "b"], ["a", 7], 7, {}],
    "NotResource": ["x", ["x", "y"]],
    "Condition": [
        *(
            None,
            7,
            [],
            {},
            "x",
            {"Bool": 7},
            {"Bool": []},
            {"Bool": {}},
            {"bool": {}},
            {"StringLik": {}},
            {"Zzzz": {}},
        ),
        *({"ForAllValues:StringLike": {"a:b": "x"}}, {"ForAllValue:StringLike": {"a:b": "x"}}),
        *({"NullIfExists": {}}, {"ForAnyValue:NullIfExists": {}}, {"StringEqualIfExists": {}}),
        *({"StringEqualsIfExist": {}}, {"XIfExists": {}}),
        *of_keys("Bool", "x", "aws:", " aws:x", "aws:x ", "aws: x", "a:b c", ""),
        *compared("StringEquals", "a:b", None, 7, True, [], ["x", None], [[]], {}),
        *of_keys("StringEquals", "aws:SourceArns", "aws:SourceAcount", "sns:SourceArn", "was:SourceArn"),
        *of_keys("StringEquals", "aws:Zzzzz", "aws:PrincipalTag/a", "aws:PrincipalTags/a", "s3:prefix"),
        *of_keys("StringEquals", "kms:ViaService", "sns:Protocol", "sns:Protokol", "aws:secureTransport"),
        *of_keys("StringEquals", "kms:EncryptionContext:a", "aws:principalOrgId", "aws:PrincipalOrgIDs"),
        *compared(
            "StringLike",
            "aws:SourceArn",
            "${aws:x}",
            "${",
            "}",
            ["a", "${a}"],
            "arn:aws:sns:a:1:b",
            ["a", "b"],
        ),
        *compared("StringLike", "aws:SourceAccount", "1", ["1", ACCOUNT], ["1", "2"], "12345678901*", ""),
        *compared("StringLike", "aws:SourceOwner", "1234567890123", f"arn:aws:sns:a:{ACCOUNT}:b"),
        *compared("StringLike", "aws:PrincipalOrgID", "123"),
        *compared("StringLike", "aws:PrincipalAccount", "123"),
        *compared("Bool", "aws:SecureTransport", ["true", "false"], ["true"]),
        *compared("ForAllValues:StringEquals", "kms:EncryptionContext:a", "b"),
        *compared("ForAnyValue:StringEquals", "kms:EncryptionContext:a", "b"),
        *compared("ForAllValues:StringEquals", "kms:EncryptionContextKeys", "b"),
    ],
    "Comment": ["x"],
}
"""Values of each element of a statement."""

SEVERAL: dict[str, list[dict[str, Any]]] = {
    "no Sid": [statement(), statement()],
    "one without a Sid": [statement(), statement(Sid="a")],
    "Sid that is not known": [statement(), statement(Sid=7)],
    "Sids": [statement(Sid=sid) for sid in ("a", "a", "b", "a", "a2", "b")],
    "principals": [
        statement(Sid="a", Principal={"AWS": NAMES[:100]}),
        statement(Sid="b", Principal={"AWS": NAMES[:100]}),
    ],
    "one principal too many": [statement(Principal={"AWS": NAMES})],
    "statements": [statement(Sid=f"s{number}") for number in range(101)],
}


def policies() -> Iterator[tuple[str, str, Dialect]]:
    """Yield the text of each policy with its name and dialect."""
    for dialect in DIALECTS:
        yield from ((f"{name}, {dialect.service}", text, dialect) for name, text in TEXTS.items())
        for name, statements in SEVERAL.items():
            yield f"{name}, {dialect.service}", json.dumps(document(*statements)), dialect
        short, most = json.dumps(document(statement())), dialect.max_bytes
        for size in (most, most + 1, 4 * most, 4 * most + 1):
            yield f"{size} bytes, {dialect.service}", f"{short[:-1]}{' ' * (size - len(short))}}}", dialect
    for dialect in (TOPIC, KEY):
        for name, value, content in documents():
            yield f"{name}: {json.dumps(value)}, {dialect.service}", json.dumps(content), dialect


def documents() -> Iterator[tuple[str, Any, Any]]:
    """Yield a document for each value of each element."""
    for name, values in ELEMENTS.items():
        yield from (
            (name, value, value if name == "a policy" else {**document(statement()), name: value})
            for value in values
        )
    for name, values in STATEMENTS.items():
        for value in values:
            replaced = (
                statement(**{name.removeprefix("Not"): None}) if name.startswith("Not") else statement()
            )
            yield name, value, document({**replaced, name: value}, version="2008-10-17")
    for name in ("Version", "Statement"):
        yield name, "missing", {key: value for key, value in document(statement()).items() if key != name}
    for name in ("Effect", "Principal", "Action", "Resource"):
        yield name, "missing", document(statement(**{name: None}))
        yield f"Not{name}", "as well", document(statement(**{f"Not{name}": "x"}))


def problem_lines(text: str, dialect: Dialect) -> Iterator[str]:
    policy, problems = read_policy(parse_json(Source("p.json", text)), dialect)
    refused = refusals(policy, dialect, len(text.encode())) if dialect in (TOPIC, KEY) else ()
    for problem in (*problems, *refused):
        yield f"    {problem_line(problem)}"


def problem_line(problem: Problem) -> str:
    """Write a problem with all that is not usual about it."""
    notes = [
        "" if problem.grave else "(stored)",
        "(slight)" if problem.slight else "",
        "(repeated)" if problem.repeated else "",
        f"help: {problem.help}" if problem.help else "",
        *(f"also {format_route(route)}" for route in problem.also),
        *(
            " ".join(["fix:", one.kind, format_route(one.route), *map(repr, one[1:-1])])
            for one in problem.fix
        ),
    ]
    place = f"{format_route(problem.route)} {problem.part.value}"
    return " | ".join([place, problem.message, *filter(None, notes)])


def test_the_problems_of_policies_are_as_written() -> None:
    lines = [
        line for name, text, dialect in policies() for line in (f"# {name}", *problem_lines(text, dialect))
    ]
    assert is_as_written(Path(__file__).parent / "problems.txt", "".join(f"{line}\n" for line in lines))
