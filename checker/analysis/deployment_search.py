"""Finds the deployments that represent all deployments of a topic.

A symbol is a free text of its kind. Policies can distinguish its values only if it equals a text of the same kind
that they, or another symbol, name. So one fresh value and each of these texts represent all values.

Assumptions that any user would make are made and stated: the topic is in the Region of the instances that are named
and, if the policy pins Connect to the account of the deployment, in their account. An instance that `aws:SourceArn`
names by a symbol is a Connect instance in the topic's Region, of the account that its statement pins.
"""

from __future__ import annotations

from itertools import count, product
from math import prod
from typing import TYPE_CHECKING

from checker.analysis.deployments import (
    Assumption,
    Deployment,
    Deployments,
    Facts,
    alone,
    name_of,
    narrowed,
)
from checker.analysis.inventory import PolicyText
from checker.analysis.lookups import by_keys, keys_of, together, words_of
from checker.analysis.pairing import STATED
from checker.analysis.symbols import (
    CALLER,
    INSTANCE_ARN,
    OF_INSTANCE,
    OF_TOPIC,
    ROLE_ARN,
    TOPIC_ARN,
    placed,
    values_of,
)
from checker.core.arn import Arn, is_account, topic_arn
from checker.core.regions import REGIONS
from checker.core.unknown import ACCOUNT, ID, NAME, PARTITION, REGION, TEXT, Part, Symbol, Unknown
from checker.iam.decide.operators import is_negated
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN, instance_named
from checker.policy.model import ALLOW, RESOURCE, Condition, Principals, Statement
from checker.policy.vocabulary import NULL
from checker.policy.wildcard import is_wild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from checker.analysis.deployments import Name
    from checker.core.unknown import Piece
    from checker.policy.model import Value

_MOST = 64
"""The maximum number of deployments that are tried."""
_OWN_RESOURCE = "a Resource of its policy names the topic"
_ARTICLES = {ID: "an ID", ACCOUNT: "the ID of an account"}
"""What a variable is assumed to be in its place."""
_REGIONAL = ("connect", "sns", "kms")
_ORDER = (PARTITION, REGION, ACCOUNT, ID, NAME, TEXT, INSTANCE_ARN, TOPIC_ARN, ROLE_ARN)
_WHOLE = (INSTANCE_ARN, TOPIC_ARN, ROLE_ARN)
_FRESH = {
    ACCOUNT: "73540000{}",
    ID: "5eed0000-0000-4000-8000-00000000{}",
    INSTANCE_ARN: "5eed0000-0000-4000-8000-00000000{}",
}
_FAMILIAR = {"aws": ("us-west-2", "us-east-1", "eu-west-2", "eu-central-1", "ap-southeast-2", "ca-central-1")}
"""Regions with Amazon Connect, the first to be taken for a Region that is not known."""


def deployments(facts: Facts) -> Deployments:
    """Return the deployments that represent all deployments of a topic."""
    keys = keys_of(facts)
    if not keys:
        return _Search(facts).deployments()
    number = prod(map(len, keys.values()))
    ways = by_keys(keys) if number <= _MOST else ()
    found = [(one, _Search(narrowed(facts, one)).deployments()) for one in ways]
    total = sum(one.number for _, one in found) or number
    return together(found if total <= _MOST else (), total, words_of(facts))


class _Search:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.known = list(facts.values())
        self.texts = {value for _, value in self.known if isinstance(value, str)}
        self.texts |= {
            p for _, v in self.known if isinstance(v, Unknown) for p in v.pieces if isinstance(p, str)
        }
        self.assumed: dict[Name, Assumption] = {}
        self.symbols: dict[Name, Symbol] = {}
        self.roles: dict[Name, set[str]] = {}
        places = [(role, *found) for role, value in self.known for found in placed(role, _pieces_of(value))]
        for role, symbol, kind in places:
            if symbol.function is None:
                self._note(role, symbol, kind)
        for role, symbol, kind in places:
            if isinstance(symbol.function, Part) and not self._is_arn(symbol):
                self._note(role, alone(symbol), kind)
        self.texts.update(*(one.allowed for one in self.symbols.values()))
        self.root = self._key_root()
        self.numbers = count(1)
        self.stated = tuple(one.instance for one in facts.pairings if one.source in STATED)
        self.own = self._own_topic()
        self.others = tuple(self._other_arns())
        self.only_adds = self._only_adds()
        self.instances = tuple(self._instances())
        self.partition = next((one.partition for one in self._arns() if one.partition.isascii()), "aws")
        self.fresh: dict[Name, str] = {}

    def _is_arn(self, symbol: Symbol) -> bool:
        """True if the values of a symbol are known as a whole, so that its parts are known too."""
        whole = self.symbols.get(name_of(symbol))
        return whole is not None and (whole.kind in _WHOLE or bool(whole.allowed))

    def _note(self, role: str, symbol: Symbol, kind: str) -> None:
        name = name_of(symbol)
        self.roles.setdefault(name, set()).add(role)
        seen = self.symbols.get(name)
        if seen is None or seen.kind == TEXT:
            self.symbols[name] = symbol._replace(kind=kind)
        if symbol.kind == TEXT and kind in _ARTICLES:
            self._assume(symbol, (), f"is {_ARTICLES[kind]}")

    def _arns(self) -> Iterator[Arn]:
        arns = (Arn.parse(text) for text in sorted(self.texts) if not is_wild(text.rpartition(":")[0]))
        yield from (one for one in arns if one is not None)

    def _instances(self) -> Iterator[Arn]:
        """Yield the instances that are named without symbols."""
        yield from self.stated
        for role, value in self.known:
            if (
                role == SOURCE_ARN
                and isinstance(value, str)
                and (arn := instance_named(value, None)) is not None
            ):
                yield arn

    def _only_adds(self) -> bool:
        """True if every condition of the policy only adds instances, and no instance is known from elsewhere.

        Then it does not matter which of the named instances and accounts are the same: Connect can publish for each
        of them, and for no other.
        """
        policy = self.facts.topic.policy
        if not isinstance(policy, PolicyText) or self.facts.open_instances or self.stated:
            return False
        listed = policy.policy.statements
        return all(isinstance(one, Statement) and _adds(one) for one in listed) and not _compares(listed)

    def _own_topic(self) -> Arn | None:
        """Return the ARN that a Resource of the topic's policy names, if it is the only one that can be the topic's."""
        texts = (value for role, value in self.known if role == RESOURCE and isinstance(value, str))
        arns = {arn for text in texts if (arn := topic_arn(text)) is not None and not is_wild(text)}
        fitting = [arn for arn in arns if _can_be(self.facts.topic.arn, str(arn))]
        return fitting[0] if len(fitting) == 1 else None

    def deployments(self) -> Deployments:
        names = sorted(self.symbols, key=lambda name: _ORDER.index(self.symbols[name].kind))
        candidates = {name: found for name in names if (found := self.candidates(self.symbols[name]))}
        number = prod(map(len, candidates.values()))
        ways = product(*candidates.values()) if number <= _MOST else ()
        tried = [self.deployment(dict(zip(candidates, values, strict=True)), candidates) for values in ways]
        chosen = [name for name, found in candidates.items() if len(found) > 1]
        words = {
            word
            for name in chosen
            for way in tried
            for word in (way.values[name], way.reworded(way.values[name]), f"${{{name[0]}}}")
        }
        ordered = tuple(sorted(words, key=lambda word: (-len(word), word)))
        allowed = {name[0] for name in chosen if self.symbols[name].allowed}
        return Deployments(
            tuple(tried),
            number,
            ordered,
            tuple(self.assumed.values()),
            vary=bool(self.symbols),
            listed=frozenset(one for way in tried for one in way.choices if one[0] in allowed),
        )

    def _assume(self, symbol: Symbol, values: tuple[str, ...], reason: str) -> tuple[str, ...]:
        """Restrict a symbol to some values, and note the assumption."""
        values = tuple(dict.fromkeys(values))
        self.assumed[name_of(symbol)] = Assumption(symbol, values, reason)
        return values

    def candidates(self, symbol: Symbol) -> tuple[str, ...]:
        """Return the values that represent all values of a symbol; empty if its kind is not known."""
        if symbol.allowed:
            owner = self.own.account if self.own and symbol == self.root else ""
            return (owner,) if owner in symbol.allowed else symbol.allowed
        if symbol.kind == PARTITION:
            return (self.partition,)
        make: dict[str, Callable[[Symbol], tuple[str, ...]]] = {
            REGION: self._regions,
            ACCOUNT: self._accounts,
            ID: self._ids,
            NAME: self._names,
            INSTANCE_ARN: self._instance_arns,
            TOPIC_ARN: lambda one: (self._new(one),),
            ROLE_ARN: lambda one: (
                self._assume(one, (), "names an IAM role, user or account, not everyone") or (self._new(one),)
            ),
        }
        return tuple(dict.fromkeys(make[symbol.kind](symbol))) if symbol.kind in make else ()

    def _new(self, symbol: Symbol) -> str:
        """Return a value that equals no text of the facts."""
        name = name_of(symbol)
        if name not in self.fresh:
            self.fresh[name] = next(one for one in self._values(symbol.kind) if not self._is_taken(one))
        return self.fresh[name]

    def _is_taken(self, value: str) -> bool:
        return value in self.fresh.values() or any(value in text for text in self.texts)

    def _values(self, kind: str) -> Iterator[str]:
        if kind == REGION:
            yield from _FAMILIAR.get(self.partition, REGIONS.get(self.partition, ()))
        for number in self.numbers:
            yield _FRESH.get(kind, "symbol-{}").format(f"{number:04}")

    def _regions(self, symbol: Symbol) -> tuple[str, ...]:
        if self.own and _is_own(symbol):
            return self._assume(symbol, (self.own.region,), _OWN_RESOURCE)
        connect = (
            *(arn.region for arn in self.instances if not is_wild(arn.region)),
            *self._composed(3),
        )
        if connect:
            return self._assume(symbol, connect, "a Connect instance streams to topics in its own Region")
        ours = (arn.region for arn in self._arns() if arn.service in _REGIONAL)
        plain = tuple(region for region in ours if region and not is_wild(region))
        if plain:
            return self._assume(symbol, plain, "the topic and its key are in one Region")
        first = next((name for name, one in self.symbols.items() if one.kind == REGION), name_of(symbol))
        if first == name_of(symbol):
            return (self._new(symbol),)
        shared = self._new(self.symbols[first])
        if OF_INSTANCE in self.roles[name_of(symbol)]:
            return shared, self._new(symbol)
        self._assume(symbol, (), "is the Region of the topic")
        return (shared,)

    def _composed(self, index: int) -> Iterator[str]:
        """Yield the literal values of one part of the ARNs of instances of which other parts are symbols."""
        declared = {one.arn.pieces for one in self.facts.open_instances}
        for role, value in self.known:
            if role == SOURCE_ARN and isinstance(value, Unknown) and value.pieces not in declared:
                parts = _written(value).split(":", 5)
                part = parts[index] if len(parts) > index and parts[2] == "connect" else "*"
                if "\0" not in part and not is_wild(part):
                    yield part

    def _accounts(self, symbol: Symbol) -> tuple[str, ...]:
        """Return the accounts of the instances for an account that the policy pins Connect to; else any account."""
        if self.root is not None and (_is_own(symbol) or symbol == self.root):
            self._assume(symbol, (), "is the account of the key")
            if symbol != self.root:
                return ()  # it has the value of the other symbol
        own = self._is_own_account(symbol)
        if self.own and own:
            return self._assume(symbol, (self.own.account,), _OWN_RESOURCE)
        owners = self._key_owners()
        if owners and own:
            return self._assume(symbol, owners, "the key policy names the root user of the key's account")
        pinned = {
            v for role, v in self.known if role == SOURCE_ACCOUNT and isinstance(v, str) and is_account(v)
        }
        if self.facts.open_instances and len(pinned) == 1 and own:
            return self._assume(symbol, tuple(pinned), "the policy names the account of the instance")
        if self.stated and own:
            stated = tuple(arn.account for arn in self.stated)
            return self._assume(symbol, stated, "the named instance streams to a topic of its own account")
        connect = (*(arn.account for arn in self.instances), *self._composed(4))
        if connect and not self.roles[name_of(symbol)].isdisjoint((SOURCE_ACCOUNT, SOURCE_ARN)):
            return self._assume(symbol, connect, "Connect sends the account of the instance")
        roles = self._compared_roles(symbol)
        return (self._new(symbol), *self._named_accounts(roles), *self._other_accounts(symbol, roles))

    def _own_accounts(self) -> list[Name]:
        return [name for name, one in self.symbols.items() if one.kind == ACCOUNT and _is_own(one)]

    def _is_own_account(self, symbol: Symbol) -> bool:
        """True for the account of the deployment, and for the account of the key, which is the same."""
        return _is_own(symbol) or symbol == self.root

    def _compared_roles(self, symbol: Symbol) -> frozenset[str]:
        """Return the roles of the accounts that an account is compared with; empty if it is compared with all.

        If conditions only add instances, it matters only that a statement pins the account of its instance.
        """
        if not self.only_adds or self._is_own_account(symbol):
            return frozenset()
        in_arn = SOURCE_ARN in self.roles[name_of(symbol)]
        return frozenset((SOURCE_ARN, SOURCE_ACCOUNT) if in_arn else (SOURCE_ARN,))

    def _named_accounts(self, roles: frozenset[str]) -> list[str]:
        """Return the accounts that the facts name, or only those of some roles."""
        texts = (
            self.texts if not roles else {v for role, v in self.known if role in roles and isinstance(v, str)}
        )
        return sorted({part for text in texts for part in (text, *text.split(":")[4:5]) if is_account(part)})

    def _other_accounts(self, symbol: Symbol, roles: frozenset[str]) -> list[str]:
        """Return values of the other symbols for accounts. The others are compared with the deployment's own account."""
        if self._is_own_account(symbol):
            return []
        others = [one for name, one in self.symbols.items() if not roles or roles & self.roles[name]]
        accounts = [one for one in others if one.kind == ACCOUNT and one != symbol]
        return [
            value
            for one in accounts
            for value in (self._accounts(one) if self._is_own_account(one) else (self._new(one),))
        ]

    def _key_owners(self) -> tuple[str, ...]:
        """Return the accounts whose root users a key policy names: KMS requires that the key's owner manages it."""
        policy = self.facts.key.policy if self.facts.key is not None else None
        values = values_of(policy.policy) if isinstance(policy, PolicyText) else ()
        arns = [Arn.parse(value) for role, value in values if role == CALLER and isinstance(value, str)]
        return tuple(
            one.account for one in arns if one is not None and (one.service, one.resource) == ("iam", "root")
        )

    def _key_root(self) -> Symbol | None:
        """Return the symbol for the account whose root user the key policy names, if it is not the deployment's own."""
        policy = self.facts.key.policy if self.facts.key is not None else None
        for role, value in values_of(policy.policy) if isinstance(policy, PolicyText) else ():
            if role == CALLER and isinstance(value, Unknown) and _written(value).endswith(":iam::\0:root"):
                last = next(one for one in reversed(value.pieces) if isinstance(one, Symbol))
                found = self.symbols.get(name_of(alone(last)))
                return None if found is None or _is_own(found) else found
        return None

    def _ids(self, symbol: Symbol) -> tuple[str, ...]:
        """Return a new ID, and for an instance the IDs of the instances that it may be."""
        roles = self.roles[name_of(symbol)]
        if roles.isdisjoint((OF_INSTANCE, SOURCE_ARN)):
            return (self._new(symbol),)
        resources = (*(arn.resource for arn in self.instances), *self._composed(5))
        known = (resource.partition("/")[2] for resource in resources)
        return (self._new(symbol), *known, *self._other_ids(symbol))

    def _other_ids(self, symbol: Symbol) -> Iterator[str]:
        """Yield the IDs of other instances that may be the same; two that the code declares are not."""
        if self.only_adds:
            return
        is_declared = OF_INSTANCE in self.roles[name_of(symbol)]
        for name, one in self.symbols.items():
            roles = self.roles[name]
            is_named = SOURCE_ARN in roles or OF_INSTANCE in roles
            if one.kind == ID and one != symbol and is_named and not (is_declared and OF_INSTANCE in roles):
                yield self._new(one)

    def _instance_arns(self, symbol: Symbol) -> tuple[str, ...]:
        """Return a new instance, and numbers of the texts of other instances, any of which it may be."""
        self._assume(
            symbol, (), "is a Connect instance in the topic's Region, of the account that its statement pins"
        )
        if self.only_adds:
            return (self._new(symbol),)
        others = [f"={number}" for number, one in enumerate(self.others) if symbol.name not in _names_of(one)]
        return (self._new(symbol), *others)

    def _other_arns(self) -> Iterator[Value]:
        """Yield the ARNs of instances that the facts name, and of those that the user named, each once."""
        values: list[Value] = [value for role, value in self.known if role in (OF_INSTANCE, SOURCE_ARN)]
        values += map(str, self.stated)
        plain = (one for one in values if isinstance(one, Unknown) or instance_named(one, None) is not None)
        yield from dict.fromkeys(one for one in plain if isinstance(one, str) or one.pieces)

    def _names(self, symbol: Symbol) -> tuple[str, ...]:
        """Return a new name, and the names of the topics that a Resource names, for the name of the topic."""
        if self.own and OF_TOPIC in self.roles[name_of(symbol)]:
            return self._assume(symbol, (self.own.resource,), _OWN_RESOURCE)
        named = (topic_arn(text) for text in sorted(self.texts))
        topics = [one.resource for one in named if one is not None and not is_wild(one.resource)]
        return (self._new(symbol), *(topics if OF_TOPIC in self.roles[name_of(symbol)] else ()))

    def deployment(self, values: dict[Name, str], candidates: Mapping[Name, tuple[str, ...]]) -> Deployment:
        """Complete the values, and name the fresh ones and the choices."""
        if self.root is not None and name_of(self.root) in values:
            values |= {name: values[name_of(self.root)] for name in self._own_accounts()}
        arns = (name for name in values if self.symbols[name].kind in _WHOLE)
        whole = sorted(arns, key=lambda name: values[name].startswith("="))
        same = {name: self.others[int(values[name][1:])] for name in whole if values[name].startswith("=")}
        for name in whole:
            if name in same:
                complete = {one: value for one, value in values.items() if not value.startswith("=")}
                other = Deployment(complete, ()).fill(same[name])
                values[name] = other if isinstance(other, str) else self._whole(self.symbols[name], values)
            elif not self.symbols[name].allowed:
                values[name] = self._whole(self.symbols[name], values)
        named = [name for name in self.fresh if values.get(name) == self.fresh[name]] + whole
        found = Deployment(values, ())
        shown = [(values[name], f"${{{name[0]}}}") for name in named]
        references = {values[name]: self._reference(self.symbols[name]) for name in named}
        topic = found.arn(self.facts.topic.arn)
        references[str(topic)] = self.facts.topic.symbol
        for one in self.facts.open_instances:
            text = found.fill(one.arn)
            shown += [(text, f"${{{one.reference}}}")] if isinstance(text, str) else []
            references[str(text)] = one.arn.where
            arn = found.arn(one.arn)
            if isinstance(arn, Arn) and not references.get(arn.account) and "#" not in one.arn.where:
                references[arn.account] = Part(":", 4).written(one.arn.where)
        names = dict(shown)
        choices = tuple(
            (name[0], _equal_to(same[name]))
            if name in same and names.get(value) == f"${{{name[0]}}}"
            else (name[0], _choice(value, f"${{{name[0]}}}", names, self.symbols[name].kind))
            for name, value in values.items()
            if len(candidates.get(name, ())) > 1
        )
        shown += [(self.fresh[name], f"${{{name[0]}}}") for name in whole if name in self.fresh]
        return Deployment(values, tuple(sorted(shown, key=lambda pair: -len(pair[0]))), choices, references)

    def _reference(self, symbol: Symbol) -> str:
        """Return what a fix writes for a symbol: its reference, or one that the facts have for it."""
        alone = (
            v
            for _, v in self.known
            if isinstance(v, Unknown) and [*map(_maybe, v.pieces)] == [name_of(symbol)]
        )
        return symbol.reference or next((value.where for value in alone), "")

    def _whole(self, symbol: Symbol, values: Mapping[Name, str]) -> str:
        """Return the ARN that a symbol represents, in the topic's Region and the account that its statement pins."""
        topic = Deployment(values, ()).arn(self.facts.topic.arn)
        near = topic if isinstance(topic, Arn) else None
        region = near.region if near else self._place(REGION, values)
        account = near.account if near else self._place(ACCOUNT, values)
        if symbol.kind == ROLE_ARN:
            return f"arn:{self.partition}:iam::{account}:role/{self.fresh[name_of(symbol)]}"
        if symbol.kind == TOPIC_ARN:
            return f"arn:{self.partition}:sns:{region}:{account}:{self.fresh[name_of(symbol)]}"
        account = self._pinned(symbol, values) or account
        return f"arn:{self.partition}:connect:{region}:{account}:instance/{self.fresh[name_of(symbol)]}"

    def _place(self, kind: str, values: Mapping[Name, str]) -> str:
        """Return the Region or account of the deployment, if the topic's ARN does not tell it."""
        known = (value for name, value in values.items() if self.symbols[name].kind == kind)
        plain = [arn.region if kind == REGION else arn.account for arn in self.instances]
        return next(known, plain[0] if plain else self._new(Symbol(f"the topic's {kind}", kind)))

    def _pinned(self, symbol: Symbol, values: Mapping[Name, str]) -> str:
        """Return the account that the statement with the symbol pins; empty without one."""
        policy = self.facts.topic.policy
        found = Deployment(values, ())
        for statement in policy.policy.known_statements() if isinstance(policy, PolicyText) else ():
            conditions = [one for one in statement.conditions if isinstance(one, Condition)]
            texts = [value for one in conditions if one.folded_key == SOURCE_ARN for value in one.values]
            if any(symbol.name in _names_of(one) for one in texts):
                tests = [one for one in conditions if one.folded_key == SOURCE_ACCOUNT and _is_positive(one)]
                pins = [value for one in tests for value in one.values]
                accounts = [
                    text for text in map(found.fill, pins) if isinstance(text, str) and is_account(text)
                ]
                if accounts:
                    return accounts[0]
        return ""


def _compares(statements: Iterable[Statement | Unknown]) -> bool:
    """True if statements pin one symbol for an instance to different accounts, so that it matters if they are equal."""
    accounts: dict[str, set[tuple[Value, ...]]] = {}
    for statement in statements:
        tests = statement.conditions if isinstance(statement, Statement) else ()
        values = {one.folded_key: one.values for one in tests if isinstance(one, Condition)}
        for names in map(_names_of, (arn for arn in values.get(SOURCE_ARN, ()) if _is_one_symbol(arn))):
            accounts.setdefault(names[0], set()).add(values.get(SOURCE_ACCOUNT, ()))
    return any(len(pins) > 1 for pins in accounts.values())


def _adds(statement: Statement) -> bool:
    """True for an Allow without negated elements or operators."""
    return (
        statement.effect == ALLOW
        and isinstance(statement.principals, Principals)
        and not statement.principals.negated
        and all(isinstance(one, Condition) and _is_positive(one) for one in statement.conditions)
    )


def _is_positive(condition: Condition) -> bool:
    operation = condition.operation
    return not isinstance(operation, Unknown) and operation.base != NULL and not is_negated(operation.base)


def _can_be(value: Arn | Unknown, text: str) -> bool:
    """True if the known parts of an ARN equal those of a text."""
    if not isinstance(value, Unknown) or not value.pieces:
        return False
    parts, others = _written(value).split(":", 5), text.split(":", 5)
    pairs = zip(parts, others, strict=False)
    return len(parts) == len(others) and all(part == other or "\0" in part for part, other in pairs)


def _written(value: Unknown) -> str:
    """Write a text with a null character for each symbol."""
    return "".join(one if isinstance(one, str) else "\0" for one in value.pieces)


def _is_own(symbol: Symbol) -> bool:
    """True for the account or Region of the deployment itself."""
    return not symbol.scope and " of " not in symbol.name


def _maybe(piece: Piece) -> Name | None:
    return name_of(piece) if isinstance(piece, Symbol) and piece.function is None else None


def _choice(value: str, own: str, names: Mapping[str, str], kind: str) -> str:
    """Return a value of a symbol in words; ``own`` is what reports show for a fresh one."""
    if names.get(value) == own:
        return "another instance" if kind == INSTANCE_ARN else "any other value"
    return f"`{names.get(value, value)}`"


def _equal_to(value: Value) -> str:
    """Return the text that a symbol equals, with the names of its symbols."""
    pieces = value.pieces if isinstance(value, Unknown) else (value,)
    return "`" + "".join(one if isinstance(one, str) else f"${{{one.name}}}" for one in pieces) + "`"


def _is_one_symbol(value: Value) -> bool:
    """True for a text that is a symbol and nothing else."""
    return isinstance(value, Unknown) and len(value.pieces) == 1 and isinstance(value.pieces[0], Symbol)


def _names_of(value: Value) -> tuple[str, ...]:
    return tuple(one.name for one in _pieces_of(value) if isinstance(one, Symbol))


def _pieces_of(value: Value) -> tuple[Piece, ...]:
    return value.pieces if isinstance(value, Unknown) else ()
