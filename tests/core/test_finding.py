"""Findings and their fixes as values."""

from checker.core.finding import Append, Put, Rename


def test_operations_of_two_kinds_are_never_equal() -> None:
    assert len({Put(("Statement",), "x"), Append(("Statement",), "x"), Rename(("Statement",), "x")}) == 3
