"""Texts that are put together, in which marks stand for what is not known or is no text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.policy.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from checker.policy.node import Node

MARK = re.compile("\ue000([0-9]+)\ue001")
"""Private characters around a number; `cleaned` keeps them out of what people write."""


class Rendered(Source):
    """A text whose marks stand for nodes."""

    __slots__ = ("nodes",)

    def __init__(self, outer: Source, text: str, offsets: Sequence[int], nodes: Mapping[int, Node]) -> None:
        super().__init__(outer.name, text, outer, offsets)
        self.nodes = nodes


def mark(number: int) -> str:
    """Write a mark."""
    return f"\ue000{number}\ue001"


def cleaned(text: str) -> str:
    """A text without characters that a mark is made of, each replaced by one other."""
    return text.replace("\ue000", "\ufffd").replace("\ue001", "\ufffd")
