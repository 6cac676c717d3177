"""All inputs of the corpus hold their properties: samples, and earlier finds. The long job is `make fuzz`."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzz.__main__ import by_hypothesis, failure
from tests.fuzz.minimize import minimized
from tests.fuzz.targets import CORPUS, TARGETS

_LARGEST, _MOST = 8_000, 40


@pytest.mark.parametrize("name", TARGETS)
def test_the_corpus_holds_the_property(name: str) -> None:
    target = TARGETS[name]
    broken = {path.name: failure(target.hold, path.read_bytes()) for path in target.seeds()}
    assert {name: error for name, error in broken.items() if error} == {}


def test_each_target_has_a_small_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    for target in TARGETS.values():
        sizes = [path.stat().st_size for path in target.seeds()]
        assert 0 < len(sizes) <= _MOST
        assert max(sizes) <= _LARGEST


@pytest.mark.parametrize("name", TARGETS)
def test_mutations_are_reproducible_and_change_the_input(name: str) -> None:
    target = TARGETS[name]
    for path in target.seeds():
        data = path.read_bytes()
        first, again = ([target.mutate(data, random.Random(one)) for one in range(9)] for _ in range(2))  # noqa: S311
        assert first == again
        assert any(one != data for one in first)


def test_a_broken_property_is_found_and_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_word(data: bytes, _: Path) -> None:
        assert b"</details>" not in data, "a word of the tokens"

    name = "no_pattern_of_paths_raises"
    monkeypatch.setitem(TARGETS, name, TARGETS[name]._replace(hold=no_word))
    found = by_hypothesis(name, 60.0, 1)
    assert found is not None
    assert minimized(found, lambda data: bool(failure(no_word, data))) == b"</details>"
