"""No principal gains by a safe fix unless named: by brute force, over every fix of the test suite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.samples import INSTANCE_ARN, document, statement
from tests.soundness.safe_fixes import Pair, inputs, pairs_of
from tests.soundness.words import KEY_ARN, TOPIC_ARN

GRANT = {
    "Effect": "Allow",
    "Principal": {"Service": "connect.amazonaws.com"},
    "Action": "kms:Decrypt",
    "Resource": "*",
}
ROOT = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:*", "Resource": "*"}
OTHERS = statement(Principal={"Service": "s3.amazonaws.com"})
PINNED = statement(
    Condition={
        "StringEquals": {"aws:SourceAccount": INSTANCE_ARN.split(":")[4]},
        "ArnEquals": {"aws:SourceArn": INSTANCE_ARN},
    }
)


def test_no_principal_gains_by_a_safe_fix_unless_named(tmp_path: Path) -> None:
    pairs: dict[Pair, str] = {}
    for one in inputs(tmp_path):
        for pair in pairs_of(one):
            pairs.setdefault(pair, one.name)
    gains = {name: next(pair.gains(), None) for pair, name in pairs.items()}
    assert {name: request for name, request in gains.items() if request is not None} == {}
    kinds = {(pair.is_key, pair.documented) for pair in pairs}
    assert kinds == {(False, False), (True, False), (True, True)}
    assert len(pairs) > 60


def pair(before: Any, after: Any, *, is_key: bool = False, documented: bool = False) -> Pair:
    resource = KEY_ARN if is_key else TOPIC_ARN
    texts = json.dumps(document(before)), json.dumps(document(before, after))
    return Pair(*texts, resource, is_key, INSTANCE_ARN, documented)


@pytest.mark.parametrize(
    ("fix", "opens"),
    [
        (pair(OTHERS, PINNED), False),
        (pair(OTHERS, statement()), True),
        (pair(OTHERS, {**PINNED, "Action": "sns:*"}), True),
        (pair(OTHERS, {**PINNED, "Principal": {"AWS": "*"}}), False),
        (pair(OTHERS, statement(Principal={"AWS": "999999999999"})), True),
        (pair(ROOT, GRANT, is_key=True, documented=True), False),
        (pair(ROOT, GRANT, is_key=True), True),
        (pair(ROOT, {**GRANT, "Action": "kms:PutKeyPolicy"}, is_key=True, documented=True), True),
    ],
)
def test_the_harness_tells_a_fix_that_opens_access(fix: Pair, *, opens: bool) -> None:
    assert (next(fix.gains(), None) is not None) is opens
