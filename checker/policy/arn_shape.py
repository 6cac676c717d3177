"""Decides whether a Resource pattern can match an ARN of a documented form, such as that of a Connect instance."""

from __future__ import annotations

import string
from functools import lru_cache
from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.policy.wildcard import ONE, RUN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.policy.wildcard import Tokens

PART = "any part"
"""A token for any text without colon and slash, such as an account."""
_ID = frozenset(string.ascii_letters + string.digits + "-")
_ID_LENGTH = 36
_SEPARATORS = frozenset(":/")


class Step(NamedTuple):
    """One character of an ARN: one of ``characters``, or none of them if ``excluded``; ``repeated`` any number of times."""

    characters: frozenset[str]
    excluded: bool = False
    repeated: bool = False

    def accepts(self, token: str) -> bool:
        """True if a literal character of a pattern, or its `?`, can stand here."""
        return token == ONE or (token in self.characters) != self.excluded

    @property
    def may_be_part(self) -> bool:
        """True if another character than colon and slash can stand here."""
        return self.excluded or not self.characters <= _SEPARATORS


Shape = tuple[Step, ...]


def _shape(text: str) -> Shape:
    """Compile a form: ``{part}`` is any text without colon and slash, ``{id}`` a UUID, ``{flow}`` has no slash."""
    kinds: dict[str, Shape] = {
        "part": (Step(_SEPARATORS, excluded=True, repeated=True),),
        "id": (Step(_ID),) * _ID_LENGTH,
        "flow": (Step(frozenset("/"), excluded=True, repeated=True),),
    }
    steps: list[Step] = []
    for literal, name, _, _ in string.Formatter().parse(text):
        steps += (Step(frozenset(char)) for char in literal)
        steps += kinds[name] if name else ()
    return tuple(steps)


INSTANCE = _shape("arn:{part}:connect:{part}:{part}:instance/{id}")
CONTACT_FLOW = _shape("arn:{part}:connect:{part}:{part}:instance/{id}/contact-flow/{flow}")
"""https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html"""


@lru_cache(maxsize=1024)
def can_match(tokens: Tokens, shape: Shape) -> bool:
    """True if some ARN of the form matches a pattern, whose tokens may include `PART`."""
    reached = _closed({0}, shape)
    for token in tokens:
        reached = _closed({end for at in reached for end in _ends(token, at, shape)}, shape)
    return len(shape) in reached


def _ends(token: str, at: int, shape: Shape) -> Iterator[int]:
    """Yield the positions to which a token of a pattern leads from a position of the form."""
    if token in (RUN, PART):
        yield at
        while at < len(shape) and (token == RUN or shape[at].may_be_part):
            at += 1
            yield at
    elif at < len(shape) and shape[at].accepts(token):
        yield at if shape[at].repeated else at + 1


def _closed(reached: set[int], shape: Shape) -> frozenset[int]:
    """Add the positions after steps that may be repeated zero times."""
    found = set(reached)
    for at, step in enumerate(shape):
        if at in found and step.repeated:
            found.add(at + 1)
    return frozenset(found)
