"""The patterns that may match some values of a symbol and not others, and values that represent each result.

A value that equals no text of the facts represents all such values only if no pattern distinguishes them:
`aws:SourceAccount` like `73*` does. An ARN is matched part by part, because neither an account, nor a Region, nor the
name of a resource that symbols stand for has a colon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.symbol_table import HOME, WHOLE_ARNS
from checker.analysis.symbols import (
    INSTANCE_ARN,
    OF_INSTANCE,
    OF_TOPIC,
    ROLE_ARN,
    TOPIC_ARN,
    masked,
    name_of,
    pieces_of,
)
from checker.core.arn import is_account
from checker.core.record import NamedTuple
from checker.core.regions import CONNECT_REGIONS, REGIONS
from checker.core.unknown import ACCOUNT, ID, NAME, REGION
from checker.iam.prove.domain import Budget, ExhaustedError
from checker.iam.prove.shape import Reader, Segment, classes
from checker.iam.prove.source_keys import SOURCE_ARN, UUID
from checker.iam.prove.texts import ALPHANUMERIC, LOWER, account_segment, at_least
from checker.policy.model import RESOURCE
from checker.policy.wildcard import glob, is_wild, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.analysis.deployments import Name
    from checker.analysis.symbol_table import SymbolTable
    from checker.core.unknown import Piece, Symbol
    from checker.iam.prove.shape import Shape

    RoleText = tuple[str, str]


_COLONS = 5
"""The colons of the ARN of a topic, key, instance or role."""
_PARTS = {REGION: 3, ACCOUNT: 4, ID: 5, NAME: 5, INSTANCE_ARN: 5, TOPIC_ARN: 5, ROLE_ARN: 5}
"""The part of an ARN that has the values of a kind; of a symbol for a whole ARN, the part that is its own."""
_NAME = at_least(f"{ALPHANUMERIC}-_")
_REGION = at_least(f"{LOWER}-")
_ACCOUNT = (account_segment(),)
_SHAPES: dict[str, tuple[str, Shape]] = {
    ACCOUNT: ("", _ACCOUNT),
    REGION: ("", _REGION),
    ID: ("instance/", UUID),
    INSTANCE_ARN: ("instance/", UUID),
    NAME: ("", _NAME),
    TOPIC_ARN: ("", _NAME),
    ROLE_ARN: ("role/", _NAME),
}
"""What precedes the values of a kind in their part of an ARN, and the values."""
_SERVICES = {INSTANCE_ARN: "connect", TOPIC_ARN: "sns", ROLE_ARN: "iam"}
_NO_ARNS = ("account", "owner", "region", "viaservice")
_ENDINGS = ("arn", *_NO_ARNS)
"""The ends of condition keys whose values may have a symbol, and before them of those whose values are not ARNs."""
_TARGETS = {RESOURCE: (OF_TOPIC,), SOURCE_ARN: (SOURCE_ARN, OF_INSTANCE)}
"""The texts that a pattern with a role may be compared with; any text with symbols for other roles."""


class Distinguished(NamedTuple):
    """The further values of each symbol that represent results of patterns other than those for its fresh value.

    ``words`` describe these values and the fresh one by the patterns. ``obstacle`` is a pattern of which they are not
    known; empty if there is none.
    """

    values: Mapping[Name, tuple[str, ...]] = {}
    words: Mapping[tuple[Name, str], str] = {}
    obstacle: str = ""

    def of(self, symbol: Symbol) -> tuple[str, ...]:
        """Return the further values of a symbol."""
        return self.values.get(name_of(symbol), ())


def distinguished(table: SymbolTable) -> Distinguished:
    """Return the values of symbols that the patterns of the facts distinguish."""
    texts = [(role, masked(value)) for role, value in table.values if not role or _has_names(role)]
    if not table.symbols or not any(is_wild(text) or ":" not in text for _, text in texts):
        return Distinguished()
    try:
        obstacle = next(_obstacles(texts, table), "")
        return Distinguished(obstacle=obstacle.replace("\0", "${...}")) if obstacle else _values(texts, table)
    except ExhaustedError:
        return Distinguished(obstacle=next(text for _, text in texts if is_wild(text)))


def _values(texts: Sequence[RoleText], table: SymbolTable) -> Distinguished:
    """Return the further values of all symbols. Raises ExhaustedError."""
    found: dict[Name, tuple[str, ...]] = {}
    words: dict[tuple[Name, str], str] = {}
    taken = {*filter(is_account, table.texts), *table.fresh.values()}
    for name in table.names:
        symbol, fresh = table.symbols[name], table.fresh[name]
        found[name] = _others(symbol, fresh, texts, taken, table.partition)
        taken |= {*found[name]}
        if found[name]:
            words |= {
                (name, value): one for value, one in _described(symbol.kind, (fresh, *found[name]), texts)
            }
    return Distinguished(found, words)


def _described(kind: str, values: Sequence[str], texts: Iterable[RoleText]) -> Iterator[tuple[str, str]]:
    """Yield values of a symbol, each with the patterns that it matches and those that only others match."""
    patterns = [
        one
        for one in dict.fromkeys(_patterns(kind, texts))
        if len({_results(kind, [one], value) for value in values}) > 1
    ]
    for value in values:
        matched = [one for one in patterns if any(_results(kind, [one], value))]
        others = [one for one in patterns if one not in matched]
        positive = [f"matches {_listed(matched, 'and')}"] if matched else []
        negative = [f"does not match {_listed(others, 'or')}"] if others else []
        yield value, f"a value that {' and '.join((*positive, *negative))}"


def _listed(patterns: Sequence[str], last: str) -> str:
    return f" {last} ".join(f"`{one}`" for one in patterns)


def _has_names(role: str) -> bool:
    """True for a role whose texts are compared with accounts, Regions and ARNs; tags and organizations are not."""
    return ":" not in role or role.endswith(_ENDINGS)


def _obstacles(texts: Iterable[RoleText], table: SymbolTable) -> Iterator[str]:
    """Yield the patterns that may match some values of symbols, and not only in one part of an ARN."""
    for role, text in texts:
        if is_wild(text) and _is_irregular(role, text):
            roles = _TARGETS.get(role)
            targets = (value for other, value in table.values if roles is None or other in roles)
            if any(_is_selective(text, pieces_of(target), table) for target in targets):
                yield text
    literal = any(role == OF_TOPIC and isinstance(value, str) for role, value in table.values)
    if not literal and any(symbol.kind in WHOLE_ARNS for symbol in table.symbols.values()):
        yield from (one for kind in (REGION, ACCOUNT) for one in _at_home(kind, texts, table))


def _at_home(kind: str, texts: Iterable[RoleText], table: SymbolTable) -> Iterator[str]:
    """Yield a pattern that distinguishes Regions or accounts of ARNs of which no symbol tells them."""
    home = HOME[kind]
    if not table.of_kind(kind) and _others(home, table.fresh_value(home), texts, (), table.partition):
        yield from (text for _, text in texts if [*_patterns(kind, [("", text)])])


def _is_irregular(role: str, text: str) -> bool:
    """True for a pattern that is neither one without colons nor one of the parts of an ARN.

    With fewer colons than an ARN has, a wildcard may stand for several parts, unless only `*` follow it.
    """
    parts = text.split(":")
    if any("\0" in part and is_wild(part) and not part.endswith("\0*") for part in parts):
        return True
    if len(parts) > _COLONS:
        return False
    first = next(index for index, part in enumerate(parts) if is_wild(part))
    has_more = any(part != "*" for part in parts[first + 1 :])
    may_be_arn = not role.endswith(_NO_ARNS) and text[0] in "*?" and bool(text.strip("*?"))
    return has_more or (len(parts) == 1 and may_be_arn)


def _is_selective(text: str, pieces: Sequence[Piece], table: SymbolTable) -> bool:
    """True if a pattern may match some values of a text with symbols and not others. Raises ExhaustedError."""
    shape = tuple(segment for piece in pieces for segment in _segments(piece, table))
    if not shape:
        return False
    reader = Reader(tokens_of(text.replace("\0", "*")), frozenset(range(len(shape))))
    return len(classes(shape, (reader,), Budget())) > 1


def _segments(piece: Piece, table: SymbolTable) -> Shape:
    """Return the texts that a piece of a text may be."""
    if isinstance(piece, str):
        return (Segment(piece),)
    kind = table.symbols[name_of(piece)].kind if name_of(piece) in table.symbols else piece.kind
    before, shape = _SHAPES.get(kind, ("", _NAME))
    if kind not in _SERVICES:
        return shape
    head = Segment(f"arn:{table.partition}:{_SERVICES[kind]}:")
    return (head, *_REGION, Segment(":"), *_ACCOUNT, Segment(f":{before}"), *shape)


def _others(
    symbol: Symbol, fresh: str, texts: Iterable[RoleText], taken: Iterable[str], partition: str
) -> tuple[str, ...]:
    """Return values of a symbol for the results of patterns other than those for its fresh value."""
    if symbol.allowed or symbol.kind not in _PARTS:
        return ()
    kind, patterns = symbol.kind, tuple(dict.fromkeys(_patterns(symbol.kind, texts)))
    if not patterns:
        return ()
    values = _regions(partition) if kind == REGION else _of_shape(kind, patterns, (*taken, fresh))
    first: dict[tuple[bool, ...], str] = {}
    for value in (fresh, *values):
        first.setdefault(_results(kind, patterns, value), value)
    return tuple(first.values())[1:]


def _patterns(kind: str, texts: Iterable[RoleText]) -> Iterator[str]:
    """Yield the patterns that values of a kind are matched with; for Regions, also texts that may name one."""
    for _, text in texts:
        parts = text.split(":", _COLONS)
        index = _PARTS[kind] if len(parts) > 1 else 0
        part = parts[index] if index < len(parts) else "*"
        is_name = kind == REGION and len(parts) == 1
        if "\0" not in part and (is_wild(part) or is_name):
            yield part


def _regions(partition: str) -> Iterator[str]:
    """Yield the Regions with Amazon Connect."""
    return (region for region in REGIONS.get(partition, ()) if region in CONNECT_REGIONS)


def _of_shape(kind: str, patterns: Sequence[str], taken: Iterable[str]) -> Iterator[str]:
    """Yield values of a kind for each result of patterns that can occur, except those that are taken."""
    before, values = _SHAPES[kind]
    shape = (Segment(before), *values) if before else values
    literals = frozenset(f"{before}{one}" for one in taken)
    whole = frozenset(range(len(shape)))
    readers = [Reader(tokens_of(one), whole) for one in (*patterns, *sorted(literals))]
    texts = ("".join(segments) for segments in classes(shape, readers, Budget()))
    yield from (text.removeprefix(before) for text in texts if text not in literals)


def _results(kind: str, patterns: Sequence[str], value: str) -> tuple[bool, ...]:
    """Return whether patterns match a value in its part of an ARN; a Region also as `kms:ViaService` names it."""
    texts = (value, f"sns.{value}.amazonaws.com") if kind == REGION else (f"{_SHAPES[kind][0]}{value}",)
    return tuple(glob(one).matches(text) for text in texts for one in patterns)
