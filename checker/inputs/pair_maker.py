"""Makes the pair of policies of one topic or key, with names and symbols that mean the same on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from checker.analysis.deployments import Deployment
from checker.analysis.inventory import Key, Topic
from checker.analysis.key import KeyAnalysis
from checker.analysis.policy_pair import ADDED, COMPARED, REMOVED, PolicyPair
from checker.analysis.symbols import name_of
from checker.analysis.topic import TopicAnalysis
from checker.core.arn import Arn
from checker.core.finding import Location, declared_as
from checker.core.record import NamedTuple
from checker.core.unknown import Symbol, Unknown, mapped
from checker.inputs.relative_names import with_owner
from checker.inputs.resolve import default_policy, implied
from checker.inputs.resource_matches import is_of_deployment, names_of
from checker.inputs.terraform_text import UnreadModule, unread_modules
from checker.inputs.text import Implied
from checker.policy.vocabulary import KEY, TOPIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.analysis.deployments import Name
    from checker.analysis.inventory import Inventory
    from checker.analysis.policy_pair import Case
    from checker.inputs.diff_inputs import Input
    from checker.inputs.resource_matches import Match, Resource

T = TypeVar("T")


class Gaps(NamedTuple):
    """For each side, the reason why it may have what it seems to lack: a resource or its policy."""

    old: Unknown | None = None
    new: Unknown | None = None


class PairMaker:
    """Makes the pair of policies for a topic or key. ``same_texts`` is true if both sides have the same files."""

    def __init__(
        self,
        old: Input,
        new: Input,
        match: Match,
        *,
        same_texts: bool,
        gaps: Gaps = Gaps(),  # noqa: B008 - frozen
    ) -> None:
        self.gap = gaps.old if match.old is None else gaps.new if match.new is None else None
        self.gaps = gaps
        self.old = old
        self.new = new
        self.match = match
        self.same_texts = same_texts
        self.either = cast("Resource", match.new or match.old)

    def pair(self) -> PolicyPair:
        """Return both policies; for an added or removed resource, the other is the one that AWS gives to a new one."""
        before, after = self.match.old or self.other_side(), self.match.new or self.other_side()
        if _has_default(before) != _has_default(after):
            before, after = _with_gap(before, self.gaps.old), _with_gap(after, self.gaps.new)
        if not self.same_texts:
            before = _apart(before)
        before, after = _aligned(before, after), _aligned(after, before)
        status = COMPARED if self.match.old and self.match.new else ADDED if self.match.new else REMOVED
        if self.missing_module is not None or self.gap is not None:
            status = COMPARED
        doubts = [one.doubt for one in (before, after) if one.doubt is not None]
        return PolicyPair(
            _case(_moved(before, after), self.old.inventory),
            _case(after, self.new.inventory),
            self._named(after),
            status,
            tuple(dict.fromkeys(() if self.same_texts else doubts)),
            self._named(before),
            self.old.shown(_place(self.match.old)),
            self.new.shown(_place(self.match.new)),
            *self.spot(),
        )

    def _named(self, one: Resource) -> str:
        """Return the name of a resource, without the folder of a copied revision."""
        return self.old.own(_name(one))  # only the names of files on the old side begin with the folder

    def spot(self) -> tuple[str, int]:
        """Return the file and line of the resource on the new side, or of the removed one."""
        side = self.old if self.match.new is None else self.new
        position = Location(self.either.place.document, self.either.place.route).position()
        return side.own(self.either.place.document.name), position.line if position else 1

    @property
    def missing_module(self) -> UnreadModule | None:
        """The module of a resource of one side, if the other side could not read the module."""
        if self.match.old is not None and self.match.new is not None:
            return None
        side = self.old if self.match.old is None else self.new
        modules = unread_modules(side.texts, side.folder)
        return next((one for one in modules if one.contains(self.either.address)), None)

    def other_side(self) -> Resource:
        """Return the resource of the other side with the policy that AWS gives to a new one, if that is known."""
        one = self.either
        if self.missing_module is not None:
            reason = "the other side cannot be read: the module is neither local nor downloaded"
            return one._replace(policy=Unknown(reason, f"module.{self.missing_module.name}"))
        if self.gap is not None:
            return one._replace(policy=self.gap)
        symbol = one.symbol if isinstance(one, Topic) else ""
        dialect = TOPIC if isinstance(one, Topic) else KEY
        policy = implied(default_policy(symbol, one.arn, dialect), dialect, one.place)
        return one._replace(policy=with_owner(policy, one.arn), doubt=None)


def _has_default(one: Resource) -> bool:
    """True for a resource without a declared policy."""
    return not isinstance(one.policy, Unknown) and isinstance(one.policy.document, Implied)


def _with_gap(one: Resource, gap: Unknown | None) -> Resource:
    """Return a resource whose policy may be declared in something that was not read."""
    return one._replace(policy=gap) if gap is not None and one.address and _has_default(one) else one


def _case(one: Resource, inventory: Inventory) -> Case:
    """Return the analysis of a resource alone: the policy of a topic's key does not decide about the topic."""
    if isinstance(one, Key):
        return KeyAnalysis(one)
    return TopicAnalysis(one.with_key(None), inventory._replace(keys=()))


def _name(one: Resource) -> str:
    return declared_as(one.root, one.address) if one.address else names_of(one)[-1]


def _place(one: Resource | None) -> str:
    """Return the file and line of a resource; empty for a resource that does not exist."""
    if one is None:
        return ""
    position = Location(one.place.document, one.place.route).position()
    return f"{one.place.document.name}{f':{position.line}' if position else ''}"


def _moved(before: Resource, after: Resource) -> Resource:
    """Return a resource with the new ARN, if its ARN depends on its address, which has changed."""
    arn = before.arn
    if before.address == after.address or isinstance(arn, Arn):
        return before
    symbols = [one for one in arn.pieces if isinstance(one, Symbol)]
    named = any(before.address and one.name.startswith(before.address) for one in symbols)
    return before._replace(arn=after.arn) if named else before


def _apart(one: Resource) -> Resource:
    """Mark the parts of a policy of which nothing is known, since they may differ from equal ones of the other side."""
    if isinstance(one.policy, Unknown):
        return one._replace(policy=_marked(one.policy))
    return one._replace(policy=one.policy._replace(policy=_marked(one.policy.policy)))


def _marked(value: T) -> T:
    return mapped(value, Unknown, lambda one: one if one.pieces else _before_the_change(one))


def _before_the_change(value: Unknown) -> Unknown:
    return value._replace(reason=f"{value.reason}, before the change")


def located(one: Resource, arn: Arn) -> Resource:
    """Set the ARN of a resource, and the account and Region that it names in the policy."""
    found = _symbols_of(one.arn, str(arn))
    return _filled(one, {name_of(symbol): value for symbol, value in found})._replace(arn=arn)


def _filled(one: Resource, values: Mapping[Name, str]) -> Resource:
    place = Deployment(values, ())
    one = one._replace(arn=place.arn(one.arn))
    if isinstance(one.policy, Unknown):
        return one
    policy = one.policy.policy.with_values(lambda _, value: place.fill(value))
    return one._replace(policy=one.policy._replace(policy=policy))


def _aligned(one: Resource, other: Resource) -> Resource:
    """Use the known parts of the other side's ARN for the account and Region of the deployment, and a generated ID."""
    found = _symbols_of(one.arn, _text_of(other.arn))
    return _filled(one, {name_of(symbol): value for symbol, value in found if _is_settled(symbol, one)})


def _is_settled(symbol: Symbol, one: Resource) -> bool:
    """True for the account and Region of the deployment, and for a value that AWS generates for the resource."""
    return is_of_deployment(symbol) or bool(one.address and symbol.name.startswith(f"{one.address}."))


def _text_of(arn: Arn | Unknown) -> str:
    """Return the text of an ARN, with a null character for each symbol; empty if nothing is known of it."""
    pieces = (str(arn),) if isinstance(arn, Arn) else arn.pieces
    return "".join(one if isinstance(one, str) else "\0" for one in pieces)


def _symbols_of(symbolic: Arn | Unknown, known: str) -> Iterator[tuple[Symbol, str]]:
    """Yield the symbols of an ARN, at most one in a part, each with its value in another ARN."""
    pieces = symbolic.pieces if isinstance(symbolic, Unknown) else ()
    symbols = iter([one for one in pieces if isinstance(one, Symbol)])
    for part, value in zip(_text_of(symbolic).split(":", 5), known.split(":", 5), strict=False):
        found = [next(symbols) for character in part if character == "\0"]
        before, _, after = part.partition("\0")
        if len(found) == 1 and "\0" not in value and value.startswith(before) and value.endswith(after):
            yield found[0], value[len(before) : len(value) - len(after)]
