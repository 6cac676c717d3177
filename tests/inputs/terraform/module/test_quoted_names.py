"""A name in quotes is a text, and no reference to the resource with this name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from checker.app.run import Options, examine
from tests.inputs.terraform.module.reading import write

TOPIC = 'resource "aws_sns_topic" "t" {\n  name = "chat"\n}\n'
CONDITION = (
    'Condition = { StringEquals = { "aws:SourceAccount" = "111122223333" }, ArnEquals = { "aws:SourceArn" = '
    '"arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d" } }'
)


def encoded(resource: str) -> str:
    grant = (
        f'Principal = {{ Service = "connect.amazonaws.com" }}, Action = "sns:Publish", Resource = {resource}'
    )
    statement = f'{{ Sid = "a", Effect = "Allow", {grant}, {CONDITION} }}'
    return f'jsonencode({{ Version = "2012-10-17", Statement = [{statement}] }})'


def heredoc(resource: str) -> str:
    statement = {
        "Sid": "a",
        "Effect": "Allow",
        "Principal": {"Service": "connect.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": resource,
    }
    return f"<<EOT\n{json.dumps({'Version': '2012-10-17', 'Statement': [statement]})}\nEOT"


FORMS = {
    "a text": (encoded('"aws_sns_topic.t.arn"'), True),
    "a reference": (encoded("aws_sns_topic.t.arn"), False),
    "an interpolation": (encoded('"${aws_sns_topic.t.arn}"'), False),
    "a text in a list": (encoded('["aws_sns_topic.t.arn"]'), True),
    "a local text": (encoded("local.name"), True),
    "a local reference": (encoded("local.topic"), False),
    "a text in a heredoc": (heredoc("aws_sns_topic.t.arn"), True),
    "a reference in a heredoc": (heredoc("${aws_sns_topic.t.arn}"), False),
}
LOCALS = 'locals {\n  name = "aws_sns_topic.t.arn"\n  topic = aws_sns_topic.t.arn\n}\n'


@pytest.mark.parametrize("form", FORMS)
def test_a_name_in_quotes_is_a_wrong_resource(form: str, tmp_path: Path) -> None:
    policy, is_wrong = FORMS[form]
    resource = 'resource "aws_sns_topic_policy" "t" {\n  arn = aws_sns_topic.t.arn\n'
    write(tmp_path, {"main.tf": f"{TOPIC}{LOCALS}{resource}  policy = {policy}\n}}\n"})
    rules = {finding.rule for finding in examine(Options((tmp_path,))).report.findings}
    assert ("wrong-resource" in rules) is is_wrong
