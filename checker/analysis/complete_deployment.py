"""Completes a deployment: the ARNs that symbols stand for, and the names that reports show for the values."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from checker.analysis.additive_policy import is_positive
from checker.analysis.deployments import Deployment
from checker.analysis.inventory import PolicyText
from checker.analysis.symbol_table import HOME, WHOLE_ARNS
from checker.analysis.symbol_values import SAME
from checker.analysis.symbols import INSTANCE_ARN, OF_INSTANCE, ROLE_ARN, TOPIC_ARN, is_own, name_of, names_in
from checker.core.arn import Arn, is_account, is_instance_arn, partition_of
from checker.core.unknown import ACCOUNT, ACCOUNT_IN_ARN, PARTITION, REGION, Symbol, Unknown, part_of
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.policy.model import Condition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from checker.analysis.deployments import Choices, Name
    from checker.analysis.topic_context import TopicContext
    from checker.core.unknown import Piece
    from checker.policy.model import Statement, Value

    Chosen = Mapping[Name, str]
    Shown = list[tuple[str, str]]


def complete_deployment(chosen: Chosen, varied: Collection[Name], context: TopicContext) -> Deployment:
    """Return the deployment with chosen values; ``varied`` are the symbols with several values to choose from."""
    values = _with_arns(_with_partition(_with_own_account(chosen, context), context), context)
    shown = _shown(values, context)
    of_instances = [
        (text, f"${{{instance.reference}}}")
        for instance in context.facts.open_instances
        if isinstance(text := Deployment(values, ()).fill(instance.arn), str)
    ]
    names = dict((*shown, *of_instances))
    choices = _choices(chosen, values, varied, names, context)
    fresh = [
        (_own_part(context.table.symbols[name], chosen, context), _reference(name))
        for name in _whole(values, context)
    ]
    longest_first = sorted((*shown, *of_instances, *fresh), key=lambda pair: -len(pair[0]))
    references = _references(values, context)
    accounts = _accounts(values, context)
    return Deployment(values, tuple(longest_first), choices, references, accounts)


def is_assumed(deployment: Deployment, chosen: Chosen, context: TopicContext) -> bool:
    """True unless a deployment contradicts what is assumed.

    A symbol does not equal the ARN of an instance of an account that no statement with the symbol pins, and the topic is
    in one Region.
    """
    if not _is_in_one_region(chosen, context):
        return False
    same = (name for name, value in chosen.items() if value.startswith(SAME))
    for name in same:
        arn = Arn.parse(deployment.values[name])
        pinned = tuple(_pins(context.table.symbols[name], deployment.values, context))
        if (
            arn is not None
            and pinned
            and all(is_account(one) for one in pinned)
            and arn.account not in pinned
        ):
            return False
    return True


def _is_in_one_region(chosen: Chosen, context: TopicContext) -> bool:
    """True if the symbols for Regions, except those of instances, agree where patterns distinguish their values."""
    table, further = context.table, context.distinguished
    of_topic = [one for one in table.of_kind(REGION) if not table.has_role(one, OF_INSTANCE)]
    regions = {chosen[name_of(one)] for one in of_topic if name_of(one) in chosen and not one.allowed}
    return len(regions) <= 1 or not any(further.of(one) for one in of_topic)


def _with_own_account(chosen: Chosen, context: TopicContext) -> Chosen:
    """Give the deployment the account of the key."""
    owner = context.key_account
    if owner is None or name_of(owner) not in chosen:
        return chosen
    own = [name_of(symbol) for symbol in context.table.of_kind(ACCOUNT) if is_own(symbol)]
    return {**chosen, **dict.fromkeys(own, chosen[name_of(owner)])}


def _with_partition(chosen: Chosen, context: TopicContext) -> Chosen:
    """Give the deployment the partition of its Region."""
    table = context.table
    regions = (
        chosen[name_of(one)] for one in table.of_kind(REGION) if name_of(one) in chosen and is_own(one)
    )
    partition = next(filter(None, map(partition_of, regions)), table.partition)
    return {
        **chosen,
        **{name_of(one): partition for one in table.of_kind(PARTITION) if name_of(one) in chosen},
    }


def _with_arns(chosen: Chosen, context: TopicContext) -> dict[Name, str]:
    """Replace the values of the symbols for whole ARNs by ARNs, those that equal others at last."""
    values = dict(chosen)
    for name in _whole(chosen, context):
        symbol = context.table.symbols[name]
        if chosen[name].startswith(SAME):
            values[name] = _equal_arn(chosen[name], values, context) or _new_arn(symbol, values, context)
        elif not symbol.allowed:
            values[name] = _new_arn(symbol, values, context)
    return values


def _whole(values: Chosen, context: TopicContext) -> list[Name]:
    """Return the symbols for whole ARNs, those that equal others last."""
    names = (name for name in values if context.table.symbols[name].kind in WHOLE_ARNS)
    return sorted(names, key=lambda name: values[name].startswith(SAME))


def _equal_arn(number: str, values: Chosen, context: TopicContext) -> str:
    """Return the ARN that a symbol equals; empty if it depends on another one that equals a text."""
    complete = {name: value for name, value in values.items() if not value.startswith(SAME)}
    arn = Deployment(complete, ()).fill(_equal_text(number, context))
    return arn if isinstance(arn, str) else ""


def _equal_text(number: str, context: TopicContext) -> Value:
    return context.instance_texts[int(number.removeprefix(SAME))]


def _new_arn(symbol: Symbol, values: Chosen, context: TopicContext) -> str:
    """Return the ARN that a symbol represents, in the topic's Region and the account that its statement pins."""
    topic = Deployment(values, ()).arn(context.facts.topic.arn)
    near = topic if isinstance(topic, Arn) else None
    region = near.region if near else _home(REGION, values, context)
    account = near.account if near else _home(ACCOUNT, values, context)
    partition, fresh = partition_of(region) or context.table.partition, _own_part(symbol, values, context)
    if symbol.kind == ROLE_ARN:
        return f"arn:{partition}:iam::{account}:role/{fresh}"
    if symbol.kind == TOPIC_ARN:
        return f"arn:{partition}:sns:{region}:{account}:{fresh}"
    account = next(filter(is_account, _pins(symbol, values, context)), account)
    return f"arn:{partition}:connect:{region}:{account}:instance/{fresh}"


def _own_part(symbol: Symbol, values: Chosen, context: TopicContext) -> str:
    """Return the ID or name that was chosen for a symbol for an ARN, or a fresh one if it equals another ARN."""
    chosen = values.get(name_of(symbol), SAME)
    return context.table.fresh_value(symbol) if chosen.startswith(SAME) else chosen


def _home(kind: str, values: Chosen, context: TopicContext) -> str:
    """Return the Region or account of the deployment, if the topic's ARN does not tell it.

    Instances that the policy names stream to it, so that it is in their Region.
    """
    of_symbols = (value for name, value in values.items() if context.table.symbols[name].kind == kind)
    of_instances = (arn.region if kind == REGION else arn.account for arn in context.instances)
    of_policy = context.named_regions if kind == REGION else ()
    return next(chain(of_symbols, of_instances, of_policy), context.table.fresh_value(HOME[kind]))


def _pins(symbol: Symbol, values: Chosen, context: TopicContext) -> Iterator[str]:
    """Yield what the statements with a symbol for an instance pin its account to; empty for what is not known."""
    policy = context.facts.topic.policy
    for statement in policy.policy.known_statements() if isinstance(policy, PolicyText) else ():
        if any(symbol.name in names_in(arn) for arn in _tested(statement, SOURCE_ARN)):
            accounts = map(Deployment(values, ()).fill, _tested(statement, SOURCE_ACCOUNT, positive=True))
            yield from (account if isinstance(account, str) else "" for account in accounts)


def _tested(statement: Statement, key: str, *, positive: bool = False) -> Iterator[Value]:
    """Yield the values of a condition key, or only those of conditions that require one of their values."""
    for condition in statement.conditions:
        if isinstance(condition, Condition) and condition.folded_key == key:
            yield from condition.values if not positive or is_positive(condition) else ()


def _shown(values: Chosen, context: TopicContext) -> Shown:
    """Return the values that no file has, each with the reference to its symbol."""
    whole = [(values[name], _reference(name)) for name in _whole(values, context)]
    return [*((value, _reference(name)) for name, value in _invented(values, context)), *whole]


def _invented(values: Chosen, context: TopicContext) -> list[tuple[Name, str]]:
    """Return the invented values with their symbols, also the Region and account of a topic whose ARN is not known."""
    further = context.distinguished.values
    home = {name_of(symbol): _home(kind, values, context) for kind, symbol in HOME.items()}
    known = {**home, **values}
    return [
        (name, known.get(name, fresh))
        for name, fresh in context.table.fresh.items()
        if known.get(name, fresh) in (fresh, *further.get(name, ()))
    ]


def _reference(name: Name) -> str:
    return f"${{{name[0]}}}"


def _references(values: Chosen, context: TopicContext) -> dict[str, str]:
    """Return what a fix writes for the values that no file has; empty for those that it cannot write."""
    references = {value: _written(name, context) for name, value in _invented(values, context)}
    references |= {values[name]: _written(name, context) for name in _whole(values, context)}
    deployment, topic = Deployment(values, ()), context.facts.topic
    references[str(deployment.arn(topic.arn))] = topic.symbol
    declared = context.facts.open_instances
    return references | {str(deployment.arn(one.arn)): one.arn.where for one in declared}


def _accounts(values: Chosen, context: TopicContext) -> dict[str, str]:
    """Return what a fix writes for the account in the ARN of an instance, unless it is literal in the ARN.

    A reference to a whole ARN comes last, because its account may differ in another deployment.
    """
    accounts: dict[str, str] = {}
    deployment = Deployment(values, ())
    for one in context.facts.open_instances:
        accounts[str(deployment.arn(one.arn))] = ACCOUNT_IN_ARN.written(one.arn.where)
    for role, text in context.table.values:
        if role in (SOURCE_ARN, OF_INSTANCE) and isinstance(text, Unknown):
            symbol = Unknown("", pieces=part_of(text, ":", ACCOUNT_IN_ARN.number)).only_symbol
            if symbol is not None and (written := _written(name_of(symbol), context)):
                accounts[str(deployment.fill(text))] = written
    for name in _whole(values, context):
        if (written := _written(name, context)) and is_instance_arn(values[name]):
            accounts[values[name]] = ACCOUNT_IN_ARN.written(written)
    return accounts


def _written(name: Name, context: TopicContext) -> str:
    """Return the reference to a symbol that a fix writes, or one that the facts have for it."""
    if name not in context.table.symbols:
        return ""
    values = (value for _, value in context.table.values if isinstance(value, Unknown))
    alone = (value.where for value in values if [*map(_name_of_piece, value.pieces)] == [name])
    return context.table.symbols[name].reference or next(alone, "")


def _name_of_piece(piece: Piece) -> Name | None:
    return name_of(piece) if isinstance(piece, Symbol) and piece.function is None else None


def _choices(
    chosen: Chosen, values: Chosen, varied: Collection[Name], names: Mapping[str, str], context: TopicContext
) -> Choices:
    """Describe the values of the symbols that have several to choose from."""
    return tuple(
        (name[0], _choice(name, chosen, value, names, context))
        for name, value in values.items()
        if name in varied
    )


def _choice(name: Name, chosen: Chosen, value: str, names: Mapping[str, str], context: TopicContext) -> str:
    """Return a value of a symbol in words."""
    is_fresh = names.get(value) == _reference(name)
    number = chosen[name]
    if (name, number) in context.distinguished.words:
        return context.distinguished.words[name, number]
    if is_fresh and number.startswith(SAME):
        return f"`{_with_names(_equal_text(number, context))}`"
    if is_fresh:
        return "another instance" if context.table.symbols[name].kind == INSTANCE_ARN else "any other value"
    return f"`{names.get(value, value)}`"


def _with_names(value: Value) -> str:
    """Write a text with the names of its symbols."""
    if isinstance(value, str):
        return value
    return "".join(piece if isinstance(piece, str) else f"${{{piece.name}}}" for piece in value.pieces)
