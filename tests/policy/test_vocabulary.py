"""Which principals are Connect misspelled."""

from __future__ import annotations

import pytest

from checker.policy.names import SERVICES
from checker.policy.vocabulary import CONNECT, is_misspelled_connect


@pytest.mark.parametrize(
    "text",
    [
        "connect.amazonaws.con",
        "connect.amazonaws.co",
        "connect.amazonaws.comm",
        "conect.amazonaws.com",
        "conenct.amazonaws.com",
        "xconnect.amazonaws.com",
        "Connect.amazonaws.com",
        " connect.amazonaws.com ",
    ],
)
def test_one_edit_is_a_misspelling(text: str) -> None:
    assert is_misspelled_connect(text)


@pytest.mark.parametrize(
    "text", [CONNECT, "", "connect.amazonaws.c0n", "connect.amazon.com", "connect.amazonaws.com.cn", "*"]
)
def test_two_edits_are_another_principal(text: str) -> None:
    assert not is_misspelled_connect(text)


def test_no_other_service_is_connect_misspelled() -> None:
    assert not [one for one in SERVICES if is_misspelled_connect(one)]
