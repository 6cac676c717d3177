"""Every way to get a file of expectations wrong, with its place; all errors are reported at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from checker.core.errors import InputError
from checker.expectations.load import load_expectations
from tests.cli.process import save
from tests.expectations.samples import POLICY

HEAD = "expectations:\n"
WRONG = [
    ("", "", "expected a YAML document"),
    ("[]", "1:1", "expected an object, found a list"),
    ("expectations: []", "1:15", "is empty"),
    ("expectatoins: []", "1:1", "unknown key `expectatoins`"),
    (HEAD + "  - {name: a}", "2:12", "needs exactly one of `allowed`"),
    (HEAD + "  - {name: a, no-more-than: {policy: missing.json}}", "2:38", "cannot read `missing.json`"),
    (HEAD + "  - {name: a, no-more-than: {policy: main.tf}}", "2:38", "cannot read `main.tf`"),
    (HEAD + "  - {name: a, topcs: [x]}", "2:15", "unknown key `topcs`"),
    (HEAD + "  - {name: a, keys: [x], connect: {instances: ['${x}']}}", "2:21", "`connect` is about topics"),
    (HEAD + "  - {name: a, keys: [x], topics: [x], no-more-than: {policy: p.json}}", "2:21", "either"),
    (
        HEAD + "  - {name: a, denied: {principals: [{account: 111122223333}], actions: ['sns:Publish']}}",
        "2:47",
        "expected a string",
    ),
    (
        HEAD + "  - {name: a, denied: {principals: [{arn: role/x}], actions: ['sns:Publish']}}",
        "2:43",
        "does not match",
    ),
    (
        HEAD
        + "  - {name: a, denied: {principals: [{arn: 'arn:aws:iam::1:role/*'}], actions: ['sns:Publish']}}",
        "2:43",
        "does not match",
    ),
    (
        HEAD
        + "  - {name: a, denied: {principals: [{account: deployment, arn: 'arn:x'}], actions: ['sns:Publish']}}",
        "2:37",
        "too many",
    ),
    (
        HEAD + "  - {name: a, denied: {principals: [{account: deployment}], actions: ['sns:Publsh']}}",
        "2:71",
        "`sns:Publsh` is not an action",
    ),
    (
        HEAD
        + "  - {name: a, keys: [x], denied: {principals: [{account: deployment}], actions: ['sns:Publish']}}",
        "2:82",
        "not an action of a policy of keys",
    ),
    (
        HEAD
        + "  - {name: a, denied: {principals: [{service: connect.amazonaws.com}], actions: ['sns:Publish']}}",
        "2:47",
        "makes requests for instances",
    ),
]


@pytest.mark.parametrize(("text", "place", "says"), WRONG, ids=range(len(WRONG)))
def test_an_error_is_reported_at_its_place(text: str, place: str, says: str, tmp_path: Path) -> None:
    save(tmp_path / "p.json", POLICY)
    save(tmp_path / "main.tf", 'resource "aws_sns_topic" "chat" {}')
    with pytest.raises(InputError) as found:
        load_expectations(save(tmp_path / "e.yaml", text))
    errors = [found.value, *found.value.further]
    assert any(says in one.reason for one in errors), [one.reason for one in errors]
    (error,) = [one for one in errors if says in one.reason]
    at = error.position
    assert not place or (at is not None and f"{at.line}:{at.column}" == place), at


def test_all_errors_are_reported_at_once_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = f"""{HEAD}
  - name: a
    tpoics: [x]
    denied: {{principals: [{{acount: deployment}}], actions: ["sns:Publsh"], explicit: true}}
  - name: a
    allowed: 3
  - name: b
"""
    with pytest.raises(InputError) as found:
        load_expectations(save(tmp_path / "e.yaml", text))
    errors = [found.value, *found.value.further]
    places = [(one.position.line, one.position.column) for one in errors if one.position is not None]
    assert len(places) == len(errors)
    assert places == sorted(places)
    assert {line for line, _ in places} == {4, 5, 6, 7, 8}
    assert len([line for line, _ in places if line == 5]) == 3
