"""Texts that share parts, such as an ARN, the account in it and the name at its end."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, NamedTuple

from checker.core.unknown import Unknown
from checker.iam.decide.operators import ARN, FOLDED, arn_glob_of
from checker.iam.prove.domain import (
    EXHAUSTED,
    LIMIT,
    Assignment,
    Budget,
    Choice,
    Choices,
    ExhaustedError,
    gap,
    told_apart,
)
from checker.iam.prove.shape import Reader, Segment, Shape, classes
from checker.policy.wildcard import Tokens, glob_of, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.iam.prove.mention import Mention, Mentions


DIGITS = "9876543210"
HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
PRINTABLE = "x" + "".join(chr(code) for code in range(32, 127) if chr(code) != "x") + "é"
"""Characters of any text; the last one stands for those beyond ASCII."""

_NO_COLON = PRINTABLE.replace(":", "")
COLON = Segment(":")


class Longest(NamedTuple):
    """The most characters that AWS documents for a key's text, or for the part behind a last separator."""

    key: str
    characters: int
    behind: str = "\0"

    def exceeded(self, found: Assignment) -> bool:
        """True for a text that is longer."""
        value = found.get(self.key)
        return isinstance(value, str) and len(value.rpartition(self.behind)[2]) > self.characters


class Form(NamedTuple):
    """Texts over the segments of one shape: each key's text is that of some segments, by index.

    ``doubt`` says why texts of this form prove nothing, if they do not. Neither do texts over ``longest``.
    """

    shape: Shape
    texts: tuple[tuple[str, tuple[int, ...]], ...]
    doubt: Unknown | None = None
    longest: tuple[Longest, ...] = ()

    @classmethod
    def of(cls, key: str, shape: Shape) -> Form:
        """The form of a single text."""
        return cls(shape, ((key, tuple(range(len(shape)))),))

    @classmethod
    def wider(cls, key: str, shape: Shape) -> Form:
        """The form of texts that AWS does not document, but does not rule out either."""
        return cls.of(key, shape)._replace(doubt=Unknown("AWS documents values of another form", key))

    def assignment(self, parts: Sequence[str]) -> Assignment:
        """The texts of the keys, given that of each segment."""
        return {key: "".join(parts[at] for at in indices) for key, indices in self.texts}

    def choice(self, parts: Sequence[str]) -> Choice:
        """The same as a choice, with the doubt that there is about it."""
        found = self.assignment(parts)
        long = next((one.key for one in self.longest if one.exceeded(found)), None)
        return Choice(found, doubt=self.doubt if long is None else Unknown(_TOO_LONG, long))

    def is_open(self, indices: Iterable[int]) -> bool:
        """True if some of the segments may hold one text or another."""
        return any(self.shape[at].chars for at in indices)

    def readers(self, mentions: Mentions) -> Iterator[list[Reader]]:
        """The readers of each pattern."""
        for key, indices in self.texts:
            for one in mentions.get(key, ()):
                if one.tokens:
                    yield list(self._readers(one, indices))

    def _readers(self, one: Mention, indices: tuple[int, ...]) -> Iterator[Reader]:
        """An ARN operator reads part by part, where both the pattern and the text have six parts."""
        groups = self._parts(indices)
        parts = arn_glob_of(one.tokens).parts
        if one.family == ARN and len(parts) == len(groups):
            yield from (Reader(p.tokens, frozenset(group)) for p, group in zip(parts, groups, strict=True))
        else:
            yield Reader(one.tokens, frozenset(indices), one.family == FOLDED)

    def _parts(self, indices: tuple[int, ...]) -> list[list[int]]:
        """The segments between the first five colons, and those after them."""
        groups: list[list[int]] = [[]]
        for at in indices:
            if len(groups) <= 5 and self.shape[at] == COLON:
                groups.append([])
            else:
                groups[-1].append(at)
        return groups


_TOO_LONG = "AWS documents that such a text is shorter"


class Excluded(NamedTuple):
    """Values of a key that are out of reach: all that the pattern covers."""

    key: str
    tokens: Tokens


class Texts(NamedTuple):
    """Any texts of the forms, but for those that are out of reach. ``optional``: or none at all.

    Of two forms the earlier one is preferred. ``listed`` makes the values lists of one. ``may_be_empty`` adds
    the empty text.
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
        """Pick a choice for every class, once for all questions that have a budget together.

        What a question could not finish is kept only if it had enough to begin with.
        """
        about = (self, tuple((key, tuple(mentions.get(key, ()))) for key in sorted(self.keys)))
        known = budget.results.get(about)
        if isinstance(known, Choices):
            return known
        had_enough = budget.left >= LIMIT // 4
        found = self._choices(mentions, budget)
        if had_enough or found.gap != EXHAUSTED:
            budget.results[about] = found
        return found

    def _choices(self, mentions: Mentions, budget: Budget) -> Choices:
        """Walk the forms with every pattern; with each pattern alone if all together are too many."""
        patterns = [one for key in self.keys for one in mentions.get(key, ())]
        found: list[Choice] = []
        missing = gap(patterns)
        for form in (_widened(form, patterns) for form in self._forms(patterns)):
            try:
                found += self._walked(form, list(form.readers(mentions)), budget.part(0.75))
            except ExhaustedError:
                missing = EXHAUSTED
                found += self._samples(form, mentions, budget)
        budget.spend(len(found) * len(patterns))
        kept = told_apart((*found, *self._empty(mentions)), mentions)
        if any(one.for_all for one in patterns):
            kept = (*told_apart(found, mentions), *self._empty(mentions))
        chosen = [one._replace(values=self._as_lists(one.values)) for one in kept]
        if self.optional:
            chosen.append(Choice(dict.fromkeys(self.keys)))
        chosen.sort(key=lambda one: "" in one.values.values())  # the empty text is the oddest witness
        return Choices(tuple(chosen), missing, self._opened())

    def _opened(self) -> frozenset[str]:
        """The keys whose texts are not fixed."""
        return frozenset(key for form in self.forms for key, indices in form.texts if form.is_open(indices))

    def _forms(self, patterns: Sequence[Mention]) -> tuple[Form, ...]:
        """The forms, and before any text that of an ARN if ARN operators read it."""
        if not patterns:
            return self.forms[:1]
        if not any(one.family == ARN for one in patterns):
            return self.forms
        return tuple(one for form in self.forms for one in (*_as_arn(form), form))

    def _walked(self, form: Form, readers: Iterable[Iterable[Reader]], budget: Budget) -> list[Choice]:
        """A choice for every class. Raises ExhaustedError."""
        every = [reader for one in readers for reader in one]
        found = classes(form.shape, (*every, *self._telling(form)), budget)
        return [one for one in map(form.choice, found) if not self._is_out_of_reach(one.values)]

    def _samples(self, form: Form, mentions: Mentions, budget: Budget) -> Iterator[Choice]:
        """Some texts of the form: for each pattern one that fits and one that does not."""
        budget = budget.part(0.5)
        try:
            yield from self._walked(form, (), budget.part(0.25))
            for one in form.readers(mentions):
                yield from self._walked(form, [one], budget.part(0.25))
        except ExhaustedError:
            return

    def _telling(self, form: Form) -> Iterator[Reader]:
        """Readers that keep what is out of reach in classes of its own."""
        indices = dict(form.texts)
        for one in self.excluded:
            if one.key in indices:
                yield Reader(one.tokens, frozenset(indices[one.key]))

    def _is_out_of_reach(self, found: Assignment) -> bool:
        values = ((found.get(one.key), one.tokens) for one in self.excluded)
        return any(isinstance(value, str) and glob_of(tokens).matches(value) for value, tokens in values)

    def _empty(self, mentions: Mentions) -> Iterator[Choice]:
        """The empty text, last: it counts only if no other text has the same answers."""
        if self.may_be_empty and any(mentions.get(key) for key in self.keys):
            yield Choice(dict.fromkeys(self.keys, ""))

    def _as_lists(self, found: Assignment) -> Assignment:
        return {k: (v,) if k in self.listed and isinstance(v, str) else v for k, v in found.items()}


def _as_arn(form: Form) -> Iterator[Form]:
    if form.shape == ANY_TEXT:
        yield Form.of(form.texts[0][0], ARN_SHAPE)._replace(doubt=form.doubt)


def _widened(form: Form, patterns: Iterable[Mention]) -> Form:
    """The form in which any text may also have the characters of the patterns that are not ASCII."""
    more = "".join(
        sorted(
            {
                char
                for one in patterns
                for char in one.text
                if char > "~" and char != "é" and char.isprintable()
            }
        )
    )
    if not more:
        return form
    free = (PRINTABLE, _NO_COLON)
    return form._replace(
        shape=tuple(s._replace(chars=s.chars + more) if s.chars in free else s for s in form.shape)
    )


def some(chars: str, length: int = 1) -> Shape:
    """At least so many characters."""
    return (Segment(chars=chars, length=length), Segment(chars=chars))


ANY_TEXT: Shape = some(PRINTABLE)
ARN_SHAPE: Shape = (
    *(part for _ in range(5) for part in (Segment(chars=_NO_COLON), COLON)),
    *some(PRINTABLE),
)
"""Any text with five colons or more."""


def arn_head(*parts: Segment) -> Shape:
    """The first parts of an ARN, each with its colon behind it."""
    return tuple(segment for part in parts for segment in (part, COLON))


def account_segment(known: str = "") -> Segment:
    """An account: the one that is known, or any twelve digits."""
    return Segment(known) if known else Segment(chars=DIGITS, length=12)


def any_text(key: str, *, optional: bool = True) -> Texts:
    """Any text at all, or none."""
    return Texts((Form.of(key, ANY_TEXT),), optional, may_be_empty=True)


def outright(key: str, words: Iterable[str]) -> tuple[Excluded, ...]:
    """Values that are out of reach as they stand."""
    return tuple(Excluded(key, tuple(word)) for word in words)


def beginning(key: str, words: Iterable[str]) -> tuple[Excluded, ...]:
    """Values that are out of reach whatever follows them."""
    return tuple(Excluded(key, (*word, *tokens_of("*"))) for word in words)
