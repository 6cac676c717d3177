"""Reads and writes observations as `schemas/evidence.v1.json` describes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from checker.analysis.evidence import operator_form
from checker.analysis.observation import Evidence, FormCondition, Observation, Trial
from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.terminal_text import inert
from checker.inputs.discover import name_of
from checker.inputs.schema import plain, reading_as, validate
from checker.inputs.text import parse_text, read_text
from checker.policy.vocabulary import CONNECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


SCHEMA = "evidence.v1.json"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KIND = "file of evidence"
_MILLISECOND = timedelta(milliseconds=1)
_SKEW = timedelta(minutes=5)
"""Tolerated difference between two clocks."""


def read_evidence(paths: Sequence[Path]) -> Evidence | None:
    """Read evidence files; ``None`` without any. Raises InputError for a file that is not valid."""
    if not paths:
        return None
    return Evidence(tuple(dict.fromkeys(one for path in paths for one in _observations(path))))


def _observations(path: Path) -> Iterable[Observation]:
    text = read_text(path, pipes=True)
    with reading_as(_KIND, f"see `schemas/{SCHEMA}`"):
        document = parse_text(name_of(path), text)
    with reading_as(_KIND):
        validate(document, SCHEMA)
    for number, value in enumerate(plain(document.root)["observations"]):
        try:
            yield _observation(value, name_of(path))
        except ValueError as error:
            position = document.locate(("observations", number), Part.VALUE)
            raise InputError(document.name, str(error), position, f"see `schemas/{SCHEMA}`") from None


def _observation(value: dict[str, Any], name: str) -> Observation:
    """Convert an observation. Raises ValueError for a time that is not valid or in the future."""
    error = value.get("error") or {}
    if (value["outcome"] == "refused") != bool(error):
        raise ValueError("`error` belongs to a refused request, and only to one")
    return Observation(
        value["key"],
        value["topic"],
        value.get("principal", CONNECT),
        value["action"],
        value["outcome"],
        _time(value["time"]),
        inert(value.get("source") or f"evidence in {name}"),
        inert(error.get("code", "")),
        inert(error.get("message", "")),
        value.get("policy_digest", ""),
        _trial(value.get("trial")),
    )


def _trial(value: dict[str, Any] | None) -> Trial | None:
    if value is None:
        return None
    conditions = (
        FormCondition(operator_form(one["operator"]), one["key"].lower(), one["value"])
        for one in value["conditions"]
    )
    return Trial(value["instance"], tuple(sorted(conditions)))


def _time(text: str) -> int:
    try:
        time = datetime.fromisoformat(text)
        time = time if time.tzinfo else time.replace(tzinfo=UTC)
        found = (time - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        raise ValueError(f"`{text}` is not a valid time") from None
    if time > datetime.now(UTC) + _SKEW:
        raise ValueError(f"`{text}` is in the future")
    return found


def evidence_json(observations: Iterable[Observation]) -> dict[str, Any]:
    """Convert observations to JSON values."""
    return {"version": 1, "observations": [_value(one) for one in observations]}


def _value(one: Observation) -> dict[str, Any]:
    error = {"code": one.code, **({"message": one.message} if one.message else {})} if one.code else None
    optional = {
        "principal": one.principal if one.principal != CONNECT else None,
        "error": error,
        "policy_digest": one.digest or None,
        "trial": one.trial and _trial_value(one.trial),
    }
    return {
        "key": one.key,
        "topic": one.topic,
        "action": one.action,
        "outcome": one.outcome,
        "time": (_EPOCH + one.time * _MILLISECOND).isoformat(timespec="seconds"),
        "source": one.source,
        **{name: value for name, value in optional.items() if value is not None},
    }


def _trial_value(trial: Trial) -> dict[str, Any]:
    return {"instance": trial.instance, "conditions": [one._asdict() for one in trial.form]}
