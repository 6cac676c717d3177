"""An error keeps its class and its place when it is reworded or sent to another process."""

from __future__ import annotations

import pickle

import pytest

from checker.core.errors import AwsError, CheckerError, InputError, RefusedError, Skipped
from checker.core.finding import Position

PLACE = Position(1, 2, 1, 3)
ERRORS = (
    InputError("topic.json", "not JSON", PLACE, "fix it"),
    AwsError("arn", "not found", help_text="create it", not_found=True),
    AwsError("arn", "access denied"),
    RefusedError("--apply", "not confirmed"),
)


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_a_reworded_error_differs_only_in_its_words(error: CheckerError) -> None:
    before = dict(vars(error))
    other = error.reworded("another reason", "another help")
    assert type(other) is type(error)
    assert vars(other) == before | {"reason": "another reason", "help": "another help"}
    assert vars(error) == before
    assert str(error.reworded("denied", "", "elsewhere")) == "elsewhere: denied"


@pytest.mark.parametrize("error", ERRORS, ids=repr)
def test_an_error_survives_a_pickle(error: CheckerError) -> None:
    for one in (error, error.reworded("another reason", "")):
        other = pickle.loads(pickle.dumps(one))  # noqa: S301 - Dask sends errors this way
        assert (type(other), vars(other)) == (type(one), vars(one))


def test_an_error_is_an_entry_of_a_report() -> None:
    assert ERRORS[0].skipped() == Skipped("topic.json", "not JSON", error=True, position=PLACE, help="fix it")
