"""Named tuples behave as those of the standard library."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any, Generic, TypeVar

import pytest

from checker.core import record

T = TypeVar("T")


class Ours(record.NamedTuple):
    first: int
    second: str = "x"

    def doubled(self) -> int:
        return 2 * self.first


class Theirs(typing.NamedTuple):
    first: int
    second: str = "x"

    def doubled(self) -> int:
        return 2 * self.first


class Boxed(record.NamedTuple, Generic[T]):
    value: T


class Derived(Ours):
    def doubled(self) -> int:
        return super().doubled() + 1


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: kind(1),
        lambda kind: kind(1, "y"),
        lambda kind: kind(second="y", first=1),
        lambda kind: kind._make([1, "y"]),
        lambda kind: kind(1)._replace(second="y"),
        lambda kind: kind(1)._asdict(),
        lambda kind: kind(1).doubled(),
        lambda kind: hash(kind(1)),
        lambda kind: kind(1) == (1, "x"),
        lambda kind: sorted([kind(2), kind(1)]),
        lambda kind: [*kind(1)],
        lambda kind: (kind._fields, kind._field_defaults, kind.__match_args__),
        lambda kind: copy.copy(kind(1)),
        lambda kind: pickle.loads(pickle.dumps(kind(1))),  # noqa: S301 - of this test
        lambda kind: repr(kind(1)).replace(kind.__name__, ""),
    ],
)
def test_they_do_what_theirs_do(use: Any) -> None:
    assert use(Ours) == use(Theirs)


@pytest.mark.parametrize(
    "use",
    [
        lambda kind: kind(),
        lambda kind: kind(1, 2, 3),
        lambda kind: kind(1, third=3),
        lambda kind: kind._make([1]),
    ],
)
def test_they_refuse_what_theirs_refuse(use: Any) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            use(kind)


def test_they_are_immutable_and_have_no_other_attributes() -> None:
    for name in ("first", "third"):
        with pytest.raises(AttributeError):
            setattr(Ours(1), name, 2)


def test_an_unknown_field_cannot_be_replaced() -> None:
    with pytest.raises(TypeError, match="third"):
        Ours(1)._replace(third=1)  # type: ignore[call-arg]


def test_they_are_generic_and_derived_from() -> None:
    assert Boxed[int](4).value == 4
    assert (Derived(1).doubled(), type(Derived(1))) == (3, Derived)


def test_fields_without_defaults_come_first() -> None:
    with pytest.raises(TypeError, match="second"):

        class Wrong(record.NamedTuple):
            first: int = 1
            second: int  # type: ignore[misc]


def test_no_field_begins_with_an_underscore() -> None:
    with pytest.raises(ValueError, match="underscore"):

        class Wrong(record.NamedTuple):
            _first: int  # type: ignore[misc]
