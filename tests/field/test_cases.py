"""Every case from the field holds, but for those that `not_yet.txt` lists."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.field.reading import CASES, Case, names, not_yet, read_case
from tests.field.running import Launcher
from tests.field.steps import Scene, run_case
from tests.field.unmet import UnmetError

ACCOUNT = "111122223333"
ACCOUNTS = count(555500001111)
LISTED = not_yet()


@pytest.mark.parametrize("name", names())
def test_case(name: str, launcher: Launcher, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    case, aws = read_case(CASES / name), {}
    if case.sandbox:  # which the tests of this process share: an account of its own keeps the case apart
        account = str(next(ACCOUNTS))
        case = read_case(CASES / name, {ACCOUNT: account})
        aws = request.getfixturevalue("sandbox").environment | {"AWS_ACCESS_KEY_ID": account}
    reason = unmet(case, Scene(tmp_path, launcher, aws, {}))
    if name in LISTED and not reason:
        pytest.fail("it holds now: take it off tests/field/not_yet.txt", pytrace=False)
    if reason and name not in LISTED:
        pytest.fail(f"{case.title}: {reason}", pytrace=False)


def unmet(case: Case, scene: Scene) -> str:
    """Run a case; say which expectation does not hold, if one does not."""
    try:
        run_case(case, scene)
    except UnmetError as error:
        return str(error)
    return ""


def test_the_list_names_cases() -> None:
    assert not LISTED - set(names())
