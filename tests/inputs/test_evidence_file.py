"""Evidence files are validated, round-trip, and show no more than they say, however hostile they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from checker.analysis.observation import FormCondition, Observation, Trial
from checker.core.errors import InputError
from checker.inputs.evidence_file import evidence_json, read_evidence

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TOPIC = "arn:aws:sns:us-east-1:111122223333:chat"
INSTANCE = "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
ONE = {
    "key": KEY,
    "topic": TOPIC,
    "action": "kms:Decrypt",
    "outcome": "served",
    "time": "2026-11-20T10:00:00Z",
}


def written(folder: Path, value: Any) -> Path:
    path = folder / "evidence.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    form = (FormCondition("ArnLike", "aws:sourcearn", "instance"),)
    plain = Observation(KEY, TOPIC, "connect.amazonaws.com", "kms:Decrypt", "served", 1795168800000, "x")
    observations = (
        plain,
        plain._replace(outcome="refused", code="AccessDenied", message="no"),
        plain._replace(digest=f"sha256:{'0' * 64}", principal="cloudwatch.amazonaws.com"),
        plain._replace(action="sns:Publish", trial=Trial(INSTANCE, form)),
    )
    evidence = read_evidence([written(tmp_path, evidence_json(observations))])
    assert evidence is not None
    assert evidence.observations == observations
    assert read_evidence([]) is None


def test_operators_and_keys_are_read_as_policies_are_compared(tmp_path: Path) -> None:
    conditions = [{"operator": "ArnEquals", "key": "aws:SourceArn", "value": "instance"}]
    trial = {"instance": INSTANCE, "conditions": conditions}
    evidence = read_evidence([written(tmp_path, {"version": 1, "observations": [{**ONE, "trial": trial}]})])
    assert evidence is not None
    (one,) = evidence.observations
    assert one.trial == Trial(INSTANCE, (FormCondition("ArnLike", "aws:sourcearn", "instance"),))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", ""),
        ("[]", ""),
        ("{", ""),
        ("[" * 5_000, ""),
        ({"version": 1}, "observations"),
        ({"version": 2, "observations": []}, ""),
        ({"version": 1, "observations": {}}, "expected a list"),
        ({"version": 1, "observations": [ONE] * 10_001}, ""),
        ({"version": 1, "observations": [1]}, "expected an object"),
        ({**ONE, "known_since": 0}, "unknown key `known_since`"),
        ({**ONE, "time": "yesterday"}, "`yesterday` is not a valid time"),
        ({**ONE, "time": "2999-01-01T00:00:00Z"}, "is in the future"),
        ({**ONE, "time": 5}, "expected a string"),
        ({**ONE, "key": "alias/chat"}, ""),
        ({**ONE, "key": KEY + "\u001b[31m"}, ""),
        ({**ONE, "topic": TOPIC + "*"}, ""),
        ({**ONE, "action": "kms:*"}, ""),
        ({**ONE, "outcome": "proven"}, "`proven` is not one of served"),
        ({**ONE, "outcome": "refused"}, "`error` belongs to a refused request"),
        ({**ONE, "error": {"code": "AccessDenied"}}, "`error` belongs to a refused request"),
        ({**ONE, "policy_digest": "sha256:0"}, ""),
        ({**ONE, "trial": {"instance": INSTANCE}}, "conditions"),
        ({**ONE, "trial": {"instance": "*", "conditions": []}}, ""),
    ],
)
def test_a_file_that_is_not_valid_is_refused_with_the_reason(tmp_path: Path, value: Any, says: str) -> None:
    if isinstance(value, dict) and "key" in value:
        value = {"version": 1, "observations": [value]}
    with pytest.raises(InputError) as error:
        read_evidence([written(tmp_path, value)])
    assert says in str(error.value)
    assert "\u001b" not in str(error.value)


def test_a_text_that_is_shown_has_no_control_characters(tmp_path: Path) -> None:
    value = {"version": 1, "observations": [{**ONE, "source": "a\u001b[31mb\nc"}]}
    evidence = read_evidence([written(tmp_path, value)])
    assert evidence is not None
    assert "\u001b" not in evidence.observations[0].source
    assert "\n" not in evidence.observations[0].source


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read_evidence([tmp_path / "none.json"])
