"""The rows of a table of access changes: one for each change of access, and one for what is not known."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from checker.analysis.callers import (
    ANY_ACCOUNT,
    FOREIGN,
    HALF_SOURCED,
    INSTANCES,
    LABELS,
    ORGANIZATION,
    SOME,
    UNSOURCED,
)
from checker.analysis.policy_pair import ADDED, REMOVED
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.iam.prove.domain import known_conditions
from checker.iam.prove.universe import MEMBER, OTHER_SERVICE, SERVICE
from checker.policy.model import Statement
from checker.report.brief import count_noun
from checker.report.difference import WITNESS, proof_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.analysis.access_diff import Access
    from checker.analysis.policy_pair import ComparedRoots, DeployedAccess, DeployedDifference, PolicyPair
    from checker.core.unknown import Unknown


K = TypeVar("K")

GAINS, LOSES, MAY_GAIN, MAY_LOSE = "gains", "loses", "may gain", "may lose"
NEW, GONE, NEW_ARN, NOT_KNOWN = "added", "removed", "new ARN", "not known"
CHANGES = (GAINS, MAY_GAIN, NOT_KNOWN, LOSES, MAY_LOSE, NEW_ARN, NEW, GONE)
"""All kinds of rows, in the order in which a reviewer needs them."""


class Row(NamedTuple):
    """One change of access to a topic or key, or what is not known about it.

    ``who`` and ``actions`` describe the requests, ``proof`` has labeled lines with a request as witness. For a change
    that is not one of requests, ``who`` says what it is. ``place`` is the file and line as reports name it, ``file`` and
    ``line`` are where a reviewer looks. ``width`` is smaller for callers of whom there are more.
    """

    change: str
    kind: str
    resource: str
    who: str
    actions: tuple[str, ...] = ()
    proof: tuple[tuple[str, str], ...] = ()
    file: str = ""
    line: int = 1
    place: str = ""
    sentence: str = ""
    width: int = 0

    @property
    def without_witness(self) -> tuple[tuple[str, str], ...]:
        """The proof without the witness, which depends on the values of a deployment."""
        return tuple(pair for pair in self.proof if pair[0] != WITNESS)

    @property
    def message(self) -> str:
        """The row as a sentence without its proof."""
        if self.change in _SENTENCES:
            return _SENTENCES[self.change].format(self.sentence, kind=self.kind, name=self.resource)
        return f"{self.kind} `{self.resource}`: {self.change}: {self.who}"


_SENTENCES = {
    GAINS: "newly allowed on {kind} `{name}`: {0}",
    LOSES: "no longer allowed on {kind} `{name}`: {0}",
    MAY_GAIN: "newly allowed in some deployments on {kind} `{name}`: {0}",
    MAY_LOSE: "no longer allowed in some deployments on {kind} `{name}`: {0}",
}


def rows_of(found: ComparedRoots) -> tuple[Row, ...]:
    """Return the rows of all topics and keys, those of one resource together, the widest gain first.

    Rows that are equal for several values files of a root are one row, with the witness of the first. Those of most
    files come first.
    """
    every = [(one.pair, row) for one in found.resources for row in _rows(one)]
    keys = [row._replace(resource=pair.plain_name, proof=row.without_witness) for pair, row in every]
    equal: dict[tuple[Row, int], dict[str, Row]] = {}
    for key, (pair, row) in zip(_numbered(keys, [pair for pair, _ in every]), every, strict=True):
        equal.setdefault(key, {})[pair.values] = row
    resources = dict.fromkeys(_resource_of(key) for key, _ in equal)
    order = {resource: number for number, resource in enumerate(resources)}
    rows = [
        ((order[_resource_of(key)], -len(found_in)), _joined(key.resource, found_in))
        for (key, _), found_in in equal.items()
    ]
    return tuple(row for _, row in sorted(rows, key=lambda one: (one[0], one[1].resource, _rank(one[1]))))


def _numbered(keys: Iterable[K], pairs: Iterable[PolicyPair]) -> Iterator[tuple[K, int]]:
    """Number equal keys of one comparison, which belong to different topics, keys or rows."""
    seen: Counter[tuple[K, str]] = Counter()
    for key, pair in zip(keys, pairs, strict=True):
        yield key, seen[key, pair.values]
        seen[key, pair.values] += 1


def _joined(name: str, rows: Mapping[str, Row]) -> Row:
    """Join the equal rows of several values files; the file is empty for a comparison without one."""
    file, first = next(iter(rows.items()))
    if len({row.proof for row in rows.values()}) > 1:
        place = f" ({file or 'without values'})"
        proof = tuple((label, text + place * (label == WITNESS)) for label, text in first.proof)
        first = first._replace(proof=proof)
    return first._replace(resource=_with_values(name, list(rows)))


def _resource_of(row: Row) -> tuple[str, str, str]:
    return row.kind, row.resource, row.place


def _with_values(name: str, files: Sequence[str]) -> str:
    """Add the values files to a name; an empty one stands for a comparison without them."""
    listed = ", ".join(filter(None, files))
    without = " and without values" if "" in files else ""
    return f"{name} ({listed}{without})" if listed else name


OWN_WORDS = (
    *LABELS,
    *CHANGES,
    "access-gained",
    "access-lost",
    "access-resource-changed",
    "access-change-not-known",
    "newly allowed",
    "no longer allowed",
    "depends on the deployment",
    "no access changes",
)
"""The words of a report that name a change."""


def own_sentences(found: ComparedRoots) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield checker's own sentences about who gains access to which resource, each with the values in it.

    The name of a resource is none of these values: it shows what a change is about.
    """
    yield from ((word, ()) for word in (*OWN_WORDS, *(row.resource for row in rows_of(found))))
    for one in found.resources:
        pair = one.pair
        yield from (
            (name, ()) for name in (pair.name, pair.old_name, pair.new_place, pair.old_place, pair.file)
        )
        for access in (*one.gained, *one.dependent, *one.lost):
            row, values = _of_access(one, access), _values_in(access)
            if values or access.access.who in LABELS:
                yield from ((text, values) for text in (row.who, row.sentence, row.message))


def _values_in(access: DeployedAccess) -> tuple[str, ...]:
    """Return the name and the account of the callers, without the names of symbols."""
    party = access.access.party
    symbols = [name for _, name in access.deployment.shown]
    return tuple(_without(access.worded(one), symbols) for one in (party.name, party.account) if one)


def _without(text: str, names: Iterable[str]) -> str:
    for name in names:
        text = text.replace(name, "\0")
    return text


def sorted_rows(found: ComparedRoots) -> tuple[Row, ...]:
    """Return the rows of all topics and keys in the order in which a reviewer needs them, whatever their resource."""
    return tuple(sorted(rows_of(found), key=_rank))


def _rank(row: Row) -> tuple[int, int]:
    return CHANGES.index(row.change), row.width


_WIDEST = (
    ANY_ACCOUNT,
    FOREIGN,
    UNSOURCED,
    HALF_SOURCED,
    OTHER_SERVICE,
    SOME,
    ORGANIZATION,
    INSTANCES,
    MEMBER,
    SERVICE,
)
"""The kinds of callers by their number, all others are single ones."""


def _width(kind: str) -> int:
    return _WIDEST.index(kind) if kind in _WIDEST else len(_WIDEST)


def _rows(one: DeployedDifference) -> Iterator[Row]:
    for access in (*one.gained, *one.dependent, *one.lost):
        yield _of_access(one, access)
    if one.pair.status in (ADDED, REMOVED):
        yield _of_resource(one, NEW if one.pair.status == ADDED else GONE, _owner_only(one))
    if one.arns:
        arns = f"{one.arns[1]}, before: {one.arns[0]}"
        yield _of_resource(one, NEW_ARN, arns)
    for doubt in one.doubts:
        yield _of_resource(one, NOT_KNOWN, doubt.described)


def _owner_only(one: DeployedDifference) -> str:
    """Say who else has access to an added or removed resource, as far as that is proven."""
    was = "could" if one.pair.status == REMOVED else "can"
    if one.gained or one.lost or one.dependent:
        return f"its own account {was} access it, and the callers in this table"
    return "see what is not known" if one.doubts else f"only its own account {was} access it"


def _of_access(one: DeployedDifference, access: DeployedAccess) -> Row:
    certain = access in one.gained or access in one.lost
    change = (GAINS if access.is_gain else LOSES) if certain else MAY_GAIN if access.is_gain else MAY_LOSE
    when = (("if", access.when), ("not if", access.when_not))
    proof = (
        *(pair for pair in when if pair[1]),
        *proof_lines(access.access, access.worded, is_gain=access.is_gain),
    )
    who = access.access.who + _limit(access.access, one.pair.kind) + access.access.proviso
    row = _of_resource(one, change, access.worded(who))
    return row._replace(
        actions=access.access.actions,
        proof=proof,
        sentence=access.sentence,
        width=_width(access.access.party.kind),
    )


def _limit(access: Access, kind: str) -> str:
    """Say which requests of a group count, if not all of them do."""
    if not access.partly or access.party.kind == SOME:
        return ""
    own = Arn.parse(access.witness.resource)
    deciding = [match.statement for match in access.allowed.decisive()]
    if own is not None and deciding and all(_is_for(statement, own.account) for statement in deciding):
        return f" for the account of the {kind}"
    return ", in some cases"


def _is_for(statement: Statement | Unknown, account: str) -> bool:
    """True for a statement about requests that a service makes for one account."""
    return isinstance(statement, Statement) and any(
        one.operator == "StringEquals" and one.folded_key in _OF_ACCOUNT and one.values == (account,)
        for one in known_conditions(statement)
    )


_OF_ACCOUNT = ("aws:sourceaccount", "aws:sourceowner")


def _of_resource(one: DeployedDifference, change: str, text: str) -> Row:
    pair = one.pair
    place = pair.new_place or pair.old_place
    return Row(change, pair.kind, pair.name, text, file=pair.file, line=pair.line, place=place)


def assumptions_of(found: ComparedRoots) -> tuple[str, ...]:
    """Return what the results assume of deployments, each once."""
    every = (text for one in found.resources for text in (*one.pair.assumed, *map(str, one.assumptions)))
    return tuple(dict.fromkeys(every))


def summary_of(found: ComparedRoots) -> str:
    """Return one line with the result: whether access changes, and the numbers of changes."""
    rows = rows_of(found)
    count = {change: sum(one.change == change for one in rows) for change in CHANGES}
    nouns = ((change, one if count[change] == 1 else more) for change, one, more in _NOUNS)
    parts = [f"{count[change]} {noun}" for change, noun in nouns if count[change]]
    parts += [f"{count[change]} {change}" for change in (NEW_ARN, NEW, GONE, NOT_KNOWN) if count[change]]
    if found.unread:
        parts.append(f"{count_noun(len(found.unread), 'input')} not read")
    compared = _compared(found)
    if parts:
        return f"{', '.join(parts)}; {compared}"
    return f"no access changes; {compared}" if found.resources else compared


_NOUNS = (
    (GAINS, "gain", "gains"),
    (LOSES, "loss", "losses"),
    (MAY_GAIN, "possible gain", "possible gains"),
    (MAY_LOSE, "possible loss", "possible losses"),
)


def _compared(found: ComparedRoots) -> str:
    pairs = [one.pair for one in found.resources]
    keys = [(one.kind, one.plain_name, one.old_place, one.new_place) for one in pairs]
    results: dict[tuple[tuple[str, ...], int], list[bool | Unknown]] = {}
    for key, one in zip(_numbered(keys, pairs), found.resources, strict=True):
        results.setdefault(key, []).append(one.same)
    kinds = [kind for (kind, *_), _ in results]
    nouns = [count_noun(kinds.count(kind), kind) for kind in ("topic", "key") if kind in kinds]
    same = sum(all(each is True for each in listed) for listed in results.values())
    if not nouns:
        return "the change affects no topic or key that was read"
    return f"compared {' and '.join(nouns)}, {same} unchanged"
