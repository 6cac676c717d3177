"""Decisions of three evaluators. The long job is `make soak`; these are rounds of their own, and the finds of it."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from checker.sandbox.policy import comparisons, decide
from tests.soundness import soak
from tests.soundness.decisions import REQUESTS, decision_round
from tests.soundness.forms import OPERATORS
from tests.soundness.soak import Progress, Record

FIRST, ROUNDS = 10_000_000, 24


def test_the_evaluators_agree_about_random_requests() -> None:
    words: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    for number in range(FIRST, FIRST + ROUNDS):
        case, found = decision_round(number)
        assert found.differences == [], json.dumps([number, case.policies, found.differences])
        words += found.words
        reached.update(operator for operator, _ in found.operators)
    assert words.total() == ROUNDS * REQUESTS >= 2000
    assert min(words[one] for one in ("Allowed", "ExplicitlyDenied", "ImplicitlyDenied", "Unknown")) > 50, (
        words
    )
    assert len(reached) > len(OPERATORS)


def _takes_a_star_for_a_wildcard(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(comparisons.POSITIVE, "StringEquals", comparisons.like)


def _forgets_that_a_negated_operator_holds_without_its_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        decide, "_absent", lambda qualifier, _, *, if_exists: if_exists or qualifier == "ForAllValues"
    )


def _asks_all_values_to_match(patch: pytest.MonkeyPatch) -> None:
    whole = decide._present  # noqa: SLF001
    patch.setattr(decide, "_present", lambda _, *rest: whole("ForAllValues", *rest))


MUTATIONS: tuple[Callable[[pytest.MonkeyPatch], None], ...] = (
    _takes_a_star_for_a_wildcard,
    _forgets_that_a_negated_operator_holds_without_its_key,
    _asks_all_values_to_match,
)


@pytest.mark.parametrize("mutate", MUTATIONS)
def test_a_fault_of_one_evaluator_is_found(
    mutate: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    assert any(decision_round(number)[1].differences for number in range(FIRST, FIRST + ROUNDS))


def test_a_round_is_the_same_each_time() -> None:
    first, again = (decision_round(FIRST) for _ in range(2))
    assert first == again


def test_a_soak_that_was_stopped_goes_on_with_the_next_round(tmp_path: Path) -> None:
    path, folder = tmp_path / "soak.jsonl", tmp_path / "progress"

    def progress() -> Progress:
        return Progress({"decisions": 300}, "abc", path, folder)

    stopped = progress()
    stopped.now["decisions"] = stopped.now["decisions"].plus(soak.decisions(0))
    stopped.save()  # and no `close`: the process was killed
    resumed = progress()
    assert (resumed.now["decisions"].first, resumed.before["decisions"]) == (1, REQUESTS)
    assert soak.soak(resumed, math.inf) == 0
    recorded = soak.records(path)
    assert [(one.first, one.next, one.counted) for one in recorded] == [
        (0, 1, REQUESTS),
        (1, 3, 2 * REQUESTS),
    ]
    assert progress().is_done()


def test_a_soak_with_a_time_goes_on_beyond_the_goals(tmp_path: Path) -> None:
    progress = Progress({"decisions": 1}, "r", tmp_path / "soak.jsonl", tmp_path / "progress")
    progress.now["decisions"] = progress.now["decisions"].plus(soak.decisions(0))
    assert progress.is_done()
    assert soak.soak(progress, 0.2) == 0
    assert progress.now["decisions"].next > 1


def test_a_second_soak_does_not_run_the_same_rounds(tmp_path: Path) -> None:
    with soak.alone(tmp_path), pytest.raises(SystemExit, match="another soak"), soak.alone(tmp_path):
        pass
    with soak.alone(tmp_path):
        pass


def test_an_evaluator_that_raises_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(decide.__dict__, "as_list", lambda _: 1 / 0)
    record = soak.run_round("decisions", 0)
    assert (record.different, record.tally) == ((0,), {soak.ERROR: 1})


def test_the_record_of_the_soak_can_be_read() -> None:
    """Runs of one comparison continue each other, so that no round counts twice."""
    for kind in soak.KINDS:
        runs = [one for one in soak.records() if one.kind == kind]
        assert all(one.next > one.first and one.counted for one in runs)
        assert all(later.first >= earlier.next for earlier, later in pairwise(runs))
        assert runs == [] or Record.of_json(runs[-1].to_json()) == runs[-1]


@pytest.mark.parametrize("kind", soak.KINDS)
def test_the_page_claims_what_was_recorded(kind: str) -> None:
    page = (soak.ROOT / "docs" / "assurance.md").read_text(encoding="utf-8")
    claimed = re.search(rf"([\d,]+) {kind}\b", page.partition("In all: **")[2])
    assert claimed is not None
    assert (
        0 < int(claimed[1].replace(",", "")) <= sum(one.counted for one in soak.records() if one.kind == kind)
    )
