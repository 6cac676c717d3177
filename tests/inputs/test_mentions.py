"""Where a file names Amazon Connect as the principal of an action on topics or keys."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import SupportsIndex

from hypothesis import given
from hypothesis import strategies as st

from checker.inputs.mentions import Mention, mentions

NAME = "connect.amazonaws.com"
PARTS = st.sampled_from(
    (NAME, "\n", "x", "-", ".", "/", " ", "sns:Publish", "kms:Decrypt", "#", "//", '"Effect"', "actions")
)


@given(st.lists(PARTS, max_size=30).map("".join))
def test_a_mention_has_the_line_and_column_of_its_offset(text: str) -> None:
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    for offset, line, column in mentions(text):
        assert text.startswith(NAME, offset)
        assert line == bisect_right(starts, offset)
        assert column == offset - starts[line - 1] + 1


def test_a_mention_is_beside_an_action_and_not_in_a_comment() -> None:
    comment = f"# {NAME} sns:Publish\n"
    assert list(mentions(f"{comment}{NAME} sns:Publish")) == [Mention(len(comment), 2, 1)]
    assert not list(mentions(f"{NAME} sqs:SendMessage{' ' * 700}sns:Publish"))


class Metered(str):
    """A text that adds up how many characters its methods look at."""

    __slots__ = ("looked_at",)

    looked_at: int

    def count(self, sub: str, start: SupportsIndex | None = 0, end: SupportsIndex | None = None, /) -> int:
        self.looked_at += _length(self, start, end)
        return super().count(sub, start, end)

    def rfind(self, sub: str, start: SupportsIndex | None = 0, end: SupportsIndex | None = None, /) -> int:
        self.looked_at += _length(self, start, end)
        return super().rfind(sub, start, end)


def _length(text: str, start: SupportsIndex | None, end: SupportsIndex | None) -> int:
    return len(range(*slice(start, end).indices(len(text))))


def test_no_character_of_a_long_line_is_looked_at_for_each_mention() -> None:
    text = Metered(f'"Service": "{NAME}", "Action": "sns:Publish" ' * 1_000)
    text.looked_at = 0
    assert len(list(mentions(text))) == 1_000
    assert text.looked_at <= 2 * len(text)
