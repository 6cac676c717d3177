"""Domains of texts that share parts, such as an ARN, its account and its last name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.operators import ARN, FOLDED
from checker.iam.decide.patterns import arn_glob_of
from checker.iam.prove.domain import (
    EXHAUSTED,
    LIMIT,
    Assignment,
    Budget,
    Choice,
    Choices,
    ExhaustedError,
    distinct_choices,
    gap,
)
from checker.iam.prove.shape import Reader, Segment, Shape, classes
from checker.policy.wildcard import Tokens, glob_of, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.iam.prove.domain import Mention, Mentions


DIGITS = "9876543210"
HEX = "0123456789abcdef"
LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
UPPER = LOWER.upper()
ALPHANUMERIC = LOWER[:26] + UPPER
PRINTABLE = "x" + "".join(chr(code) for code in range(32, 127) if chr(code) != "x") + "é"
"""The characters of any text; the last one represents all characters beyond ASCII."""

_NO_COLON = PRINTABLE.replace(":", "")
COLON = Segment(":")


class LengthLimit(NamedTuple):
    """The maximum length that AWS documents for the text of a key, or for the part after its last separator."""

    key: str
    characters: int
    separator: str = "\0"

    def exceeded(self, assignment: Assignment) -> bool:
        """True if the text exceeds the limit."""
        value = assignment.get(self.key)
        return isinstance(value, str) and len(value.rpartition(self.separator)[2]) > self.characters


class Form(NamedTuple):
    """Texts of one shape: the text of each key consists of some segments, by index.

    ``doubt`` is the reason if texts of this form prove nothing. Texts that exceed ``limits`` prove nothing either.
    """

    shape: Shape
    texts: tuple[tuple[str, tuple[int, ...]], ...]
    doubt: Unknown | None = None
    limits: tuple[LengthLimit, ...] = ()

    @classmethod
    def of(cls, key: str, shape: Shape) -> Form:
        """Return the form of a single text."""
        return cls(shape, ((key, tuple(range(len(shape)))),))

    @classmethod
    def undocumented(cls, key: str, shape: Shape) -> Form:
        """Return the form of texts that AWS neither documents nor rules out."""
        return cls.of(key, shape)._replace(doubt=Unknown("AWS documents another format for this key", key))

    def assignment(self, parts: Sequence[str]) -> Assignment:
        """Return the texts of the keys, given the text of each segment."""
        return {key: "".join(parts[at] for at in indices) for key, indices in self.texts}

    def choice(self, parts: Sequence[str]) -> Choice:
        """Return the texts of the keys as a choice, with its doubt if there is one."""
        assignment = self.assignment(parts)
        exceeded = next((limit.key for limit in self.limits if limit.exceeded(assignment)), None)
        return Choice(assignment, doubt=self.doubt if exceeded is None else Unknown(_TOO_LONG, exceeded))

    def is_open(self, indices: Iterable[int]) -> bool:
        """True if some of the segments have more than one possible text."""
        return any(self.shape[at].chars for at in indices)

    def readers(self, mentions: Mentions) -> Iterator[list[Reader]]:
        """Yield the readers of each pattern."""
        for key, indices in self.texts:
            for mention in mentions.get(key, ()):
                if mention.tokens:
                    yield list(self._readers(mention, indices))

    def _readers(self, mention: Mention, indices: tuple[int, ...]) -> Iterator[Reader]:
        """Yield the readers of a pattern: one per part for an ARN operator if pattern and text have six parts."""
        groups = self._parts(indices)
        parts = arn_glob_of(mention.tokens).parts
        if mention.family == ARN and len(parts) == len(groups):
            yield from (
                Reader(part.tokens, frozenset(group)) for part, group in zip(parts, groups, strict=True)
            )
        else:
            yield Reader(mention.tokens, frozenset(indices), mention.family == FOLDED)

    def _parts(self, indices: tuple[int, ...]) -> list[list[int]]:
        """Return the segments between the first five colons, and those after them."""
        groups: list[list[int]] = [[]]
        for at in indices:
            if len(groups) <= 5 and self.shape[at] == COLON:
                groups.append([])
            else:
                groups[-1].append(at)
        return groups


_TOO_LONG = "the text is longer than AWS documents"


class Excluded(NamedTuple):
    """Values that a key cannot have: all that the pattern matches."""

    key: str
    tokens: Tokens


class Texts(NamedTuple):
    """All texts of the forms, except excluded ones; with ``optional`` the keys may be absent.

    Earlier forms are preferred. The values of keys in ``listed`` are lists of one. ``may_be_empty`` adds the empty
    text.
    """

    forms: tuple[Form, ...]
    optional: bool = False
    excluded: tuple[Excluded, ...] = ()
    listed: tuple[str, ...] = ()
    may_be_empty: bool = False

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the forms."""
        return frozenset(key for form in self.forms for key, _ in form.texts)

    def choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Return a choice for every class; the result is cached for all questions that share a budget.

        An incomplete result is cached only if the question had a sufficient budget.
        """
        about = (self, tuple((key, tuple(mentions.get(key, ()))) for key in sorted(self.keys)))
        cached = budget.results.get(about)
        if isinstance(cached, Choices):
            return cached
        had_enough = budget.left >= LIMIT // 4
        choices = self._choices(mentions, budget)
        if had_enough or choices.gap != EXHAUSTED:
            budget.results[about] = choices
        return choices

    def _choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Walk the forms with all patterns, or with each pattern separately if that exceeds the budget."""
        patterns = [mention for key in self.keys for mention in mentions.get(key, ())]
        found: list[Choice] = []
        missing = gap(patterns)
        for form in (_widened(form, patterns) for form in self._forms(patterns)):
            try:
                found += self._walked(form, list(form.readers(mentions)), budget.part(0.75))
            except ExhaustedError:
                missing = EXHAUSTED
                found += self._samples(form, mentions, budget)
        budget.spend(len(found) * len(patterns))
        kept = distinct_choices((*found, *self._empty(mentions)), mentions)
        if any(mention.for_all for mention in patterns):
            kept = (*distinct_choices(found, mentions), *self._empty(mentions))
        chosen = [choice._replace(values=self._as_lists(choice.values)) for choice in kept]
        if self.optional:
            chosen.append(Choice(dict.fromkeys(self.keys)))
        chosen.sort(
            key=lambda choice: "" in choice.values.values()
        )  # the empty text is the least plausible witness
        return Choices(tuple(chosen), missing, self._opened())

    def _opened(self) -> frozenset[str]:
        """Return the keys whose texts are not fixed."""
        return frozenset(key for form in self.forms for key, indices in form.texts if form.is_open(indices))

    def _forms(self, patterns: Sequence[Mention]) -> tuple[Form, ...]:
        """Return the forms; if ARN operators read any text, the form of an ARN comes before it."""
        if not patterns:
            return self.forms[:1]
        if not any(mention.family == ARN for mention in patterns):
            return self.forms
        return tuple(widened for form in self.forms for widened in (*_as_arn(form), form))

    def _walked(self, form: Form, readers: Iterable[Iterable[Reader]], budget: Budget) -> list[Choice]:
        """Return a choice for every class. Raises ExhaustedError."""
        every = [reader for group in readers for reader in group]
        found = classes(form.shape, (*every, *self._separators(form)), budget)
        return [choice for choice in map(form.choice, found) if not self._is_out_of_reach(choice.values)]

    def _samples(self, form: Form, mentions: Mentions, budget: Budget) -> Iterator[Choice]:
        """Yield some texts of the form: for each pattern one that matches and one that does not."""
        budget = budget.part(0.5)
        try:
            yield from self._walked(form, (), budget.part(0.25))
            for readers in form.readers(mentions):
                yield from self._walked(form, [readers], budget.part(0.25))
        except ExhaustedError:
            return

    def _separators(self, form: Form) -> Iterator[Reader]:
        """Yield the readers that separate excluded texts into their own classes."""
        indices = dict(form.texts)
        for excluded in self.excluded:
            if excluded.key in indices:
                yield Reader(excluded.tokens, frozenset(indices[excluded.key]))

    def _is_out_of_reach(self, assignment: Assignment) -> bool:
        values = ((assignment.get(excluded.key), excluded.tokens) for excluded in self.excluded)
        return any(isinstance(value, str) and glob_of(tokens).matches(value) for value, tokens in values)

    def _empty(self, mentions: Mentions) -> Iterator[Choice]:
        """Yield the empty text; as the last choice, it is dropped if another text has the same results."""
        if self.may_be_empty and any(mentions.get(key) for key in self.keys):
            yield Choice(dict.fromkeys(self.keys, ""))

    def _as_lists(self, assignment: Assignment) -> Assignment:
        return {
            key: (value,) if key in self.listed and isinstance(value, str) else value
            for key, value in assignment.items()
        }


def _as_arn(form: Form) -> Iterator[Form]:
    if form.shape == ANY_TEXT:
        yield Form.of(form.texts[0][0], ARN_SHAPE)._replace(doubt=form.doubt)


def _widened(form: Form, patterns: Iterable[Mention]) -> Form:
    """Extend the form of any text by the non-ASCII characters of the patterns."""
    chars = {char for mention in patterns for char in mention.text}
    more = "".join(sorted(char for char in chars if char not in PRINTABLE and char.isprintable()))
    if not more:
        return form
    free = (PRINTABLE, _NO_COLON)
    return form._replace(
        shape=tuple(
            segment._replace(chars=segment.chars + more) if segment.chars in free else segment
            for segment in form.shape
        )
    )


def at_least(chars: str, length: int = 1) -> Shape:
    """Return the shape of at least ``length`` characters."""
    return (Segment(chars=chars, length=length), Segment(chars=chars))


ANY_TEXT: Shape = at_least(PRINTABLE)
ARN_SHAPE: Shape = (
    *(part for _ in range(5) for part in (Segment(chars=_NO_COLON), COLON)),
    *at_least(PRINTABLE),
)
"""The shape of any text with at least five colons."""


def arn_head(*parts: Segment) -> Shape:
    """Return the first parts of an ARN, each followed by a colon."""
    return tuple(segment for part in parts for segment in (part, COLON))


def account_segment(known: str = "") -> Segment:
    """Return the segment of an account: the known account, or any twelve digits."""
    return Segment(known) if known else Segment(chars=DIGITS, length=12)


def any_text(key: str, *, optional: bool = True) -> Texts:
    """Return the domain of any text; with ``optional`` the key may be absent."""
    return Texts((Form.of(key, ANY_TEXT),), optional, may_be_empty=True)


def exclude_exact(key: str, words: Iterable[str]) -> tuple[Excluded, ...]:
    """Exclude exactly these values."""
    return tuple(Excluded(key, tuple(word)) for word in words)


def exclude_prefixes(key: str, words: Iterable[str]) -> tuple[Excluded, ...]:
    """Exclude the values that start with these words."""
    return tuple(Excluded(key, (*word, *tokens_of("*"))) for word in words)
