"""The free parts of a request, and a representative for every class of values that a policy tells apart."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple, Protocol

from checker.iam.arn_glob import arn_glob_of
from checker.iam.compare import instant, network, number, write_instant
from checker.iam.operators import ADDRESS, ARN, BINARY, BOOL, DATE, FOLDED, LIKE, NUMBER, TEXT
from checker.iam.shape import Reader, Segment, Shape, classes
from checker.policy.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from checker.iam.mention import Mention, Mentions

Assignment = dict[str, str | tuple[str, ...] | None]
"""Values for some context keys; ``None`` is a key that is absent."""


class Choices(NamedTuple):
    """One assignment for every class of values.

    ``complete`` is false when some class may have been missed, so that "no" is not proven by trying all.
    """

    assignments: list[Assignment]
    complete: bool = True


class Domain(Protocol):
    """The values that some context keys can take together."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys, in lower case."""

    def choices(self, mentions: Mentions) -> Choices:
        """Pick a representative of every class that the mentions tell apart."""


class OneOf(NamedTuple):
    """A handful of values, absence being ``None``."""

    keys: tuple[str, ...]
    values: tuple[str | None, ...]

    def choices(self, mentions: Mentions) -> Choices:  # noqa: ARG002 - every value is a class of its own
        """All of them."""
        return Choices([{self.keys[0]: value} for value in self.values])


PRINTABLE = "x" + "".join(chr(code) for code in range(32, 127) if chr(code) != "x")


class Text(NamedTuple):
    """Any string of a shape, or absent if ``optional``; ``listed`` makes it a list of one.

    ``out_of_reach`` are strings of the first free segment that the caller cannot have, such as the
    victim's own organisation.
    """

    keys: tuple[str, ...]
    shape: Shape
    optional: bool = True
    listed: bool = False
    out_of_reach: tuple[str, ...] = ()

    def choices(self, mentions: Mentions) -> Choices:
        """Walk the shape with every pattern that reads the key."""
        patterns = mentions.get(self.keys[0], [])
        found = [text for text in text_classes(self.shape, patterns) if self.reachable(text)]
        assignments: list[Assignment] = [
            {self.keys[0]: (text,) if self.listed else text} for text in found if text
        ]
        if self.optional:
            assignments.append({self.keys[0]: None})
        return Choices(assignments, comparable(patterns))

    def reachable(self, text: str) -> bool:
        """False for a string that only the victim has."""
        return not any(text == own or text.startswith(f"{own}/") for own in self.out_of_reach)


def text_classes(shape: Shape, patterns: Sequence[Mention]) -> list[str]:
    """Give a string of the shape for every class that patterns on the whole string tell apart.

    An ARN operator reads a six-part pattern part by part. On a string of free shape that is a walk over
    six segments without colons in the first five, beside the walk over the shape as it is.
    """
    last = len(shape) - 1
    readers = [Reader(one.tokens, 0, last, one.family == FOLDED) for one in patterns if one.tokens]
    found = classes(shape, readers)
    arns = [arn_glob_of(one.tokens) for one in patterns if one.family == ARN]
    if last == 0 and any(one.is_arn for one in arns):
        walked = [segment for segment in ARN_SHAPE if not segment.text]
        at = [ARN_SHAPE.index(segment) for segment in walked]
        parts = [
            Reader(p.tokens, i, i) for one in arns if one.is_arn for p, i in zip(one.parts, at, strict=True)
        ]
        whole = [reader._replace(last=len(ARN_SHAPE) - 1) for reader in readers]
        found += classes(ARN_SHAPE, [*parts, *whole])
    return found


_NO_COLON = PRINTABLE.replace(":", "")
ARN_SHAPE: Shape = (
    Segment("arn", chars=_NO_COLON),
    Segment("", text=":"),
    Segment("partition", chars=_NO_COLON),
    Segment(" ", text=":"),
    Segment("service", chars=_NO_COLON),
    Segment("  ", text=":"),
    Segment("region", chars=_NO_COLON),
    Segment("   ", text=":"),
    Segment("account", chars=_NO_COLON),
    Segment("    ", text=":"),
    Segment("resource", chars=PRINTABLE),
)
"""Any string with five colons or more."""


def comparable(patterns: Iterable[Mention]) -> bool:
    """True if all patterns compare text; numbers, dates and addresses split values along other lines."""
    return all(one.family in _TEXTUAL for one in patterns)


_TEXTUAL = (TEXT, FOLDED, LIKE, ARN, BOOL, BINARY)


class Addresses(NamedTuple):
    """Any IP address; blocks split them at their borders."""

    keys: tuple[str, ...]

    def choices(self, mentions: Mentions) -> Choices:
        """Take the first address of every stretch between two borders, in both families."""
        patterns = mentions.get(self.keys[0], [])
        blocks = [network(one.text) for one in patterns if one.family == ADDRESS]
        found: dict[str, None] = {}
        for version, zero in ((4, "0.0.0.0"), (6, "::")):  # noqa: S104 - an address to decide on, none to bind to
            found[zero] = None
            for block in blocks:
                if not isinstance(block, Unknown) and block.version == version:
                    found[str(block.network_address)] = None
                    if int(block.broadcast_address) + 1 < 1 << block.max_prefixlen:
                        found[str(block.broadcast_address + 1)] = None
        return Choices([{self.keys[0]: one} for one in found], all(one.family == ADDRESS for one in patterns))


class Numbers(NamedTuple):
    """Any whole number from 0, or absent."""

    keys: tuple[str, ...]

    def choices(self, mentions: Mentions) -> Choices:
        """Take every number that a policy names, its neighbours, and 0."""
        patterns = mentions.get(self.keys[0], [])
        found: dict[str | None, None] = {None: None, "0": None}
        for one in patterns:
            value = number(one.text)
            if value is not None:
                near = (int(value) - 1, int(value), int(value) + 1)
                found.update((str(n), None) for n in near if n >= 0)
        return Choices([{self.keys[0]: one} for one in found], all(one.family == NUMBER for one in patterns))


class Moments(NamedTuple):
    """Any moment, or absent; written as the policy writes the times that it compares with."""

    keys: tuple[str, ...]

    def choices(self, mentions: Mentions) -> Choices:
        """Take every time that a policy names, and a second before and after it."""
        patterns = mentions.get(self.keys[0], [])
        found: dict[str | None, None] = {None: None}
        kinds = set()
        for one in patterns:
            known = instant(one.text)
            if known is not None:
                is_epoch, seconds = known
                kinds.add(is_epoch)
                found.update((write_instant(is_epoch, seconds + near), None) for near in (-1, 0, 1))
        complete = len(kinds) <= 1 and all(one.family == DATE for one in patterns)
        return Choices([{self.keys[0]: one} for one in found], complete)


class Joint(NamedTuple):
    """Several ways to come by a group of keys, each a product of domains that leaves the other keys out."""

    keys: tuple[str, ...]
    ways: tuple[tuple[Domain, ...], ...]

    def choices(self, mentions: Mentions) -> Choices:
        """Join the choices of every way; a domain nobody mentions contributes one value."""
        assignments: list[Assignment] = []
        complete = True
        for way in self.ways:
            parts = []
            for domain in way:
                found = domain.choices(mentions)
                mentioned = any(key in mentions for key in domain.keys)
                parts.append(found.assignments if mentioned else found.assignments[:1])
                complete = complete and found.complete
            absent: Assignment = dict.fromkeys(self.keys)
            for combination in product(*parts):
                joined = dict(absent)
                for part in combination:
                    joined.update(part)
                assignments.append(joined)
        return Choices(assignments, complete)


def as_context(assignment: Mapping[str, str | tuple[str, ...] | None]) -> dict[str, str | tuple[str, ...]]:
    """Leave the absent keys out."""
    return {key: value for key, value in assignment.items() if value is not None}
