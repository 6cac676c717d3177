"""Deployments: values for the symbols of a topic and its key, so that they are judged as AWS will see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.analysis.endpoints import Endpoints
from checker.analysis.inventory import Instance, Inventory, Key, PolicyText, Source, Topic
from checker.analysis.pairing import STATED, pairings_of
from checker.analysis.symbols import (
    is_own,
    name_of,
    open_instances_of,
    symbols_in,
    values_in,
    values_of_endpoints,
)
from checker.analysis.wording import listed
from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Lookup, Part, Symbol, Unknown
from checker.iam.prove.source_keys import SOURCE_ARN
from checker.policy.model import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.analysis.endpoints import Function, Queue
    from checker.analysis.inventory import OpenInstance, Pairing
    from checker.core.unknown import Piece
    from checker.policy.model import Value

    Name = tuple[str, str]
    Choices = tuple[tuple[str, str], ...]


def alone(symbol: Symbol) -> Symbol:
    """Return a part of a text as a symbol of its own, for a text of which nothing else is known."""
    if not isinstance(symbol.function, Part):
        return symbol
    return Symbol(symbol.function.written(symbol.name), symbol.kind, scope=symbol.scope)


class Deployment(NamedTuple):
    """Values for symbols. ``shown`` are the texts that reports show for fresh values, the longest first.

    ``choices`` are the symbols whose value is one of several, each with its value in words. ``references`` are what
    a fix writes for fresh values, and ``accounts`` for the account in the ARN of an instance. ``undecided`` is the
    reason why other symbols have no values. ``others`` are symbols whose value is not a key of a table.
    """

    values: Mapping[Name, str]
    shown: tuple[tuple[str, str], ...]
    choices: Choices = ()
    references: Mapping[str, str] = {}
    accounts: Mapping[str, str] = {}
    undecided: str = ""
    others: frozenset[Name] = frozenset()

    def fill(self, value: Value) -> Value:
        """Replace the symbols of a text; a text with other symbols stays Unknown, with the other pieces."""
        if not isinstance(value, Unknown) or not value.pieces:
            return value
        pieces = tuple(piece for one in value.pieces for piece in self._filled(one))
        texts = [one for one in pieces if isinstance(one, str)]
        if len(texts) == len(pieces):
            return "".join(texts)
        return Unknown(self.undecided, pieces=pieces) if self.undecided else value._replace(pieces=pieces)

    def _filled(self, piece: Piece) -> tuple[Piece, ...]:
        """Replace a symbol by its value, or by the result of its function."""
        if isinstance(piece, str):
            return (piece,)
        known = self.values.get(name_of(piece))
        if name_of(piece) in self.others and isinstance(piece.function, Lookup):
            return tuple(one for part in piece.function.default for one in self._filled(part)) or (piece,)
        if piece.function is None or known is None:
            known = self.values.get(name_of(alone(piece))) if known is None else known
            return (piece if known is None else known,)
        found = piece.function.of(known)
        return tuple(one for part in found for one in self._filled(part)) or (piece,)

    def arn(self, value: Arn | Unknown) -> Arn | Unknown:
        """Replace the symbols of an ARN."""
        if not isinstance(value, Unknown):
            return value
        text = self.fill(value)
        return (Arn.parse(text) or value) if isinstance(text, str) else text

    def reworded(self, text: str) -> str:
        """Replace fresh values in a message by the names of their symbols."""
        for value, name in self.shown:
            text = text.replace(value, name)
        return text

    def reworded_json(self, value: Any) -> Any:
        """Replace fresh values in the texts of a JSON value."""
        if isinstance(value, str):
            return self.reworded(value)
        if isinstance(value, list | tuple):
            return [self.reworded_json(one) for one in value]
        if isinstance(value, dict):
            return {key: self.reworded_json(one) for key, one in value.items()}
        return value


def in_words(choices: Choices) -> str:
    """Describe choices: "`Stage` is `prod`"."""
    return " and ".join(f"`{name}` is {value}" for name, value in choices)


class Facts(NamedTuple):
    """A topic with its key, if it is known, and the instances around it.

    ``endpoints`` are what is behind the topic's subscriptions, if that is the question. ``versions`` are the
    facts before and after a change, if two are compared and the policies have the statements of both.
    """

    topic: Topic
    key: Key | None
    pairings: tuple[Pairing, ...]
    inventory: Inventory
    endpoints: Endpoints = Endpoints()
    versions: tuple[Facts, ...] = ()

    @property
    def sides(self) -> tuple[Facts, ...]:
        """The versions that are compared, or these facts alone."""
        return self.versions or (self,)

    @property
    def open_instances(self) -> tuple[OpenInstance, ...]:
        """The instances that the topic's own root or template declares."""
        return open_instances_of(self.topic, self.inventory)

    def values(self) -> Iterator[tuple[str, Value]]:
        """Yield the texts of the facts, each with its role."""
        yield from values_in(self.topic, self.key, self.open_instances)
        yield from (("", str(one.instance)) for one in self.pairings)
        yield from values_of_endpoints(self.endpoints)


class Assumption(NamedTuple):
    """What any user would assume of a symbol: the values that it may have, and the reason; or only what it is."""

    symbol: Symbol
    values: tuple[str, ...]
    reason: str

    def __str__(self) -> str:
        if not self.values:
            return f"`{self.symbol.name}` {self.reason}"
        return f"`{self.symbol.name}` is {' or '.join(f'`{one}`' for one in self.values)}: {self.reason}"


class Deployments(NamedTuple):
    """The deployments to try, the default one first. ``number`` is how many there are; too many are not tried.

    ``choices`` are the names and values that differ between them. ``assumptions`` exclude other deployments.
    ``vary`` is false if the facts have no symbols, so that all deployments are the same. ``listed`` are the choices
    whose values the files list, so that each is a deployment that exists. ``varied`` are the names of the symbols with
    several values. ``obstacle`` is a pattern because of which none is tried.
    """

    tried: tuple[Deployment, ...]
    number: int
    choices: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    vary: bool
    listed: frozenset[tuple[str, str]] = frozenset()
    varied: tuple[str, ...] = ()
    obstacle: str = ""

    @property
    def ways(self) -> tuple[Deployment, ...]:
        """The deployments to judge; one that gives no symbol a value if there are too many."""
        return self.tried or (Deployment({}, (), undecided=self.too_many),)

    @property
    def too_many(self) -> str:
        """The reason why deployments are not tried; empty if they are."""
        if self.tried:
            return ""
        if self.obstacle:
            return f"the pattern `{self.obstacle}` may match only some values of the references"
        return f"too many deployments to try: {self.number} (values of {listed(self.varied, 4)})"

    @property
    def default(self) -> Deployment:
        """The deployment in which different references have different values."""
        return self.ways[0]

    def settled_by(self, outcomes: Sequence[object], outcome: object) -> Choices:
        """Return the fewest choices with which all deployments have an outcome. ``outcomes`` are in their order."""
        ways = list(zip(self.tried, outcomes, strict=True))
        others = [dict(way.choices) for way, one in ways if one != outcome]
        found = (_needed(way.choices, others) for way, one in ways if one == outcome)
        return min(found, key=len)

    def neutral(self, text: str) -> str:
        """Replace what differs between deployments in a message, to compare it with that of another one."""
        for word in self.choices:
            text = text.replace(word, "?")
        return text


def _needed(choices: Choices, others: Sequence[Mapping[str, str]]) -> Choices:
    """Drop the choices without which the rest still excludes all other deployments."""
    needed = choices
    for choice in reversed(choices):
        fewer = tuple(one for one in needed if one != choice)
        if not any(all(other.get(name) == value for name, value in fewer) for other in others):
            needed = fewer
    return needed


NO_SYMBOLS = Deployments((Deployment({}, ()),), 1, (), (), vary=False)
"""The only deployment of facts without symbols."""


def deployed(facts: Facts, deployment: Deployment) -> Facts:
    """Return the facts of one deployment: every symbol has its value."""
    own = facts.topic.symbol
    arn = deployment.arn(facts.topic.arn)
    topic = facts.topic._replace(arn=arn, policy=_policy(facts.topic.policy, deployment, own, arn))
    topic = topic.with_key(_key_reference(facts, deployment))
    key = facts.key
    if key is not None:
        key = key._replace(arn=deployment.arn(key.arn), policy=_policy(key.policy, deployment, own, arn))
    pairings = _pairings(facts, topic, deployment)
    endpoints = _Behind(facts.topic, arn, deployment).endpoints(facts.endpoints)
    topic = topic._replace(pairings=pairings)
    return facts._replace(topic=topic, key=key, pairings=pairings, endpoints=endpoints)


_MAY_BE = Unknown("the topic's name depends on the deployment, so this may be its ARN")


def _family(symbol: str) -> str:
    """Return the reference to a topic of a template without the conditions of its variant, which others refer to."""
    return symbol.rpartition(" (")[0] if symbol.endswith(")") else symbol


class _Behind:
    """Fills in what is behind the subscriptions of a topic in one deployment.

    Only the symbols of the deployment itself, such as its account, get values. Others may be any text, also the ARN
    of the topic, and stay unknown.
    """

    def __init__(self, topic: Topic, arn: Arn | Unknown, deployment: Deployment) -> None:
        self.own = topic.symbol
        self.arn = str(arn) if isinstance(arn, Arn) else ""
        self.deployment = deployment
        self.has_open_name = any(not is_own(one) for one in symbols_in(topic.arn))

    def endpoints(self, known: Endpoints) -> Endpoints:
        """Return the endpoints of the deployment."""
        return Endpoints(
            tuple(one._replace(arn=self.filled(one.arn), policy=self.policy(one)) for one in known.functions),
            tuple(one._replace(arn=self.filled(one.arn), policy=self.policy(one)) for one in known.queues),
            tuple(one._replace(arn=self.filled(one.arn)) for one in known.streams),
            tuple(
                one._replace(
                    arn=self.filled(one.arn), policy=self.text(one.policy), trust=self.text(one.trust)
                )
                for one in known.roles
            ),
        )

    def filled(self, arn: Arn | Unknown) -> Arn | Unknown:
        return self.deployment.arn(arn) if all(map(is_own, symbols_in(arn))) else arn

    def policy(self, owner: Function | Queue) -> PolicyText | Unknown | None:
        """Return the policy of an endpoint, in which the reference to itself is its ARN."""
        arn = self.filled(owner.arn)
        own = {owner.symbol: str(arn)} if isinstance(arn, Arn) and isinstance(owner.arn, Unknown) else {}
        return None if owner.policy is None else self.text(owner.policy, own)

    def text(self, text: PolicyText | Unknown, own: Mapping[str, str] = {}) -> PolicyText | Unknown:
        if isinstance(text, Unknown):
            return text
        names = {
            **own,
            **(dict.fromkeys((self.own, _family(self.own)), self.arn) if self.own and self.arn else {}),
        }

        def replace(role: str, value: Value) -> Value:
            if isinstance(value, str) and value in names:
                return names[value]
            if isinstance(value, str):
                return (
                    _MAY_BE if role.lower() == SOURCE_ARN and self.has_open_name and value != "*" else value
                )
            return self.deployment.fill(value) if all(map(is_own, symbols_in(value))) else value

        return text._replace(policy=text.policy.with_values(replace))


def narrowed(facts: Facts, deployment: Deployment) -> Facts:
    """Return the facts in which the symbols of a deployment have their values, and others may be left."""
    instances = tuple(
        one._replace(arn=arn) if isinstance(arn := deployment.fill(one.arn), Unknown) else one
        for one in facts.inventory.open_instances
    )
    inventory = facts.inventory._replace(open_instances=instances)
    versions = tuple(narrowed(one, deployment) for one in facts.versions)
    return deployed(facts, deployment)._replace(inventory=inventory, versions=versions)


def _key_reference(facts: Facts, deployment: Deployment) -> str | Unknown | None:
    reference = facts.topic.key
    return reference if reference is None else deployment.fill(reference)


def _policy(
    text: PolicyText | Unknown, deployment: Deployment, own: str, arn: Arn | Unknown
) -> PolicyText | Unknown:
    """Replace the symbols of a policy, and the reference to the topic by its ARN."""
    if isinstance(text, Unknown):
        return text
    known = str(arn) if isinstance(arn, Arn) and own else ""

    def replace(role: str, value: Value) -> Value:
        if role == RESOURCE and isinstance(arn, Unknown):
            return value  # whether it is the topic is not known
        return known if known and value == own else deployment.fill(value)

    return text._replace(policy=text.policy.with_values(replace))


def _pairings(facts: Facts, topic: Topic, deployment: Deployment) -> tuple[Pairing, ...]:
    """Return the pairings of a deployment: those that are known, and those that its root and policy imply."""
    home = topic.home
    instances = [one for one in facts.inventory.instances if one.source in (Source.ROOT, Source.FOLDER)]
    for one in facts.open_instances:
        arn = deployment.arn(one.arn)
        if isinstance(arn, Arn) and arn.is_instance:
            instances.append(Instance(arn, one.place, one.source, home))
    alone = topic._replace(pairings=None, instances=())
    inferred = pairings_of(alone, Inventory((alone,), instances=tuple(instances)))
    known = [one for one in facts.pairings if one.source not in (Source.ROOT, Source.FOLDER, Source.POLICY)]
    if any(one.source in STATED for one in known):
        inferred = tuple(one for one in inferred if one.source is Source.POLICY)
    taken = {one.instance for one in known}
    return (*known, *(one for one in inferred if one.instance not in taken))
