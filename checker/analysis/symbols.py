"""The symbols in the facts about a topic and its key, and what they stand for: an account, a Region, an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import PolicyText
from checker.core.unknown import ACCOUNT, ANY, ID, NAME, PARTITION, REGION, TEXT, Symbol, Unknown
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.policy.model import PRINCIPAL, RESOURCE, Condition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.endpoints import Endpoints, Function, Queue
    from checker.analysis.inventory import Inventory, Key, OpenInstance, Topic
    from checker.core.unknown import Piece
    from checker.policy.model import Policy, Statement, Value


INSTANCE_ARN, TOPIC_ARN, ROLE_ARN = "instance ARN", "topic ARN", "role ARN"
"""The kinds of symbols that stand for a whole ARN because of their place."""
OF_TOPIC, OF_INSTANCE, CALLER = "topic", "instance", "caller"
"""The roles of the ARNs of the topic, of instances that code declares, and of principals of type AWS.

Other values of a policy have their element or condition key as role.
"""
_ACCOUNT_KEYS = (SOURCE_ACCOUNT, "aws:principalaccount", "aws:resourceaccount", "kms:calleraccount")
_BELOW = (("/*",), ("*",))
"""What people write after the ARN of an instance for everything below it."""
_KIND_OF_PART = {1: PARTITION, 3: REGION, 4: ACCOUNT}


def name_of(symbol: Symbol) -> tuple[str, str]:
    """Return what identifies a symbol; its kind depends on the place where it is found."""
    return symbol.name, symbol.scope


def open_instances_of(topic: Topic, inventory: Inventory) -> tuple[OpenInstance, ...]:
    """Return the instances that the topic's own root or template declares, or that its policy refers to.

    Two templates in one folder are two stacks.
    """
    near = [one for one in inventory.open_instances if one.home == topic.home]
    elsewhere = [
        one for one in near if "#" in one.arn.where and one.place.document.name != topic.place.document.name
    ]
    if not elsewhere:
        return tuple(near)
    used = {name_of(symbol) for symbol in _symbols_of_policy(topic)}
    return tuple(one for one in near if one not in elsewhere or used & {*_own_names(one.arn)})


def _symbols_of_policy(topic: Topic) -> Iterator[Symbol]:
    if isinstance(topic.policy, PolicyText):
        yield from (symbol for _, value in values_of(topic.policy.policy) for symbol in symbols_in(value))


def _own_names(arn: Unknown) -> Iterator[tuple[str, str]]:
    """Yield what identifies the symbols of an ARN, except the account and Region of the deployment itself."""
    return (name_of(symbol) for symbol in symbols_in(arn) if not is_own(symbol))


def values_in(
    topic: Topic, key: Key | None, instances: tuple[OpenInstance, ...]
) -> Iterator[tuple[str, Value]]:
    """Yield the texts of the facts, each with its role."""
    yield OF_TOPIC, topic.arn if isinstance(topic.arn, Unknown) else str(topic.arn)
    if topic.key is not None:
        yield "", topic.key
    for owner in (topic, key):
        if owner is not None and isinstance(owner.policy, PolicyText):
            yield from values_of(owner.policy.policy)
    if key is not None:
        yield "", key.arn if isinstance(key.arn, Unknown) else str(key.arn)
    yield from ((OF_INSTANCE, one.arn) for one in instances)


def values_of_endpoints(endpoints: Endpoints) -> Iterator[tuple[str, Value]]:
    """Yield the texts of endpoints that only the deployment's own symbols make unknown, without roles.

    Other symbols in them get no values, so that what depends on them is not known.
    """
    owners: tuple[Function | Queue, ...] = (*endpoints.functions, *endpoints.queues)
    for owner in owners:
        values: list[Value] = [owner.arn if isinstance(owner.arn, Unknown) else str(owner.arn)]
        if isinstance(owner.policy, PolicyText):
            values += (value for _, value in values_of(owner.policy.policy))
        yield from (("", one) for one in values if all(map(is_own, symbols_in(one))))


def symbols_in(value: object) -> tuple[Symbol, ...]:
    """Return the symbols of a text; none of a text without symbols."""
    pieces = value.pieces if isinstance(value, Unknown) else ()
    return tuple(piece for piece in pieces if isinstance(piece, Symbol))


def values_of(policy: Policy) -> Iterator[tuple[str, Value]]:
    """Yield the values of the principals, resources and conditions of a policy, each with its role."""
    for statement in policy.known_statements():
        yield from values_of_statement(statement)


def values_of_statement(statement: Statement) -> Iterator[tuple[str, Value]]:
    """Yield the values of the principals, resources and conditions of a statement, each with its role."""
    entries = statement.principal_entries
    yield from ((CALLER if entry.type == "AWS" else PRINCIPAL, entry.value) for entry in entries)
    if not isinstance(statement.resources, Unknown):
        yield from ((RESOURCE, resource) for resource in statement.resources.values)
    for condition in statement.conditions:
        if isinstance(condition, Condition):
            yield from ((condition.folded_key, value) for value in condition.values)


def placed(role: str, pieces: tuple[Piece, ...]) -> Iterator[tuple[Symbol, str]]:
    """Yield the symbols of a text, each with the kind that its place gives it."""
    before = ""
    for index, piece in enumerate(pieces):
        if isinstance(piece, str):
            before += piece
            continue
        after = pieces[index + 1] if index + 1 < len(pieces) else ""
        kind = piece.kind
        if kind in (TEXT, ANY):
            is_whole = len(pieces) == 1 or (role == SOURCE_ARN and pieces[1:] in _BELOW)
            kind = _whole_kind(role) if is_whole else _part_kind(before, after)
        yield piece, kind
        before += "\0"


def _whole_kind(role: str) -> str:
    """Return the kind of a symbol that is a whole text."""
    if role in _ACCOUNT_KEYS:
        return ACCOUNT
    return {SOURCE_ARN: INSTANCE_ARN, OF_TOPIC: TOPIC_ARN, CALLER: ROLE_ARN}.get(role, TEXT)


def _part_kind(before: str, after: Piece) -> str:
    """Return the kind of a symbol within an ARN, from the text before and after it."""
    index = before.count(":")
    ends = not after or (isinstance(after, str) and after.startswith(":"))
    if not before.startswith("arn:"):
        return TEXT
    if index < 5:
        return _KIND_OF_PART.get(index, TEXT) if before.endswith(":") and ends else TEXT
    return ID if before.endswith(("instance/", "key/")) else NAME


def pieces_of(value: Value) -> tuple[Piece, ...]:
    """Return the pieces of a text with symbols; empty for other texts."""
    return value.pieces if isinstance(value, Unknown) else ()


def names_in(value: Value) -> tuple[str, ...]:
    """Return the names of the symbols of a text."""
    return tuple(piece.name for piece in pieces_of(value) if isinstance(piece, Symbol))


def masked_text(value: Unknown) -> str:
    """Write a text with a null character for each symbol."""
    return "".join(piece if isinstance(piece, str) else "\0" for piece in value.pieces)


def masked(value: Value) -> str:
    """Return a text, with a null character for each symbol of one that has symbols."""
    return masked_text(value) if isinstance(value, Unknown) else value


def is_own(symbol: Symbol) -> bool:
    """True for the account or Region of the deployment itself."""
    return not symbol.scope and " of " not in symbol.name
