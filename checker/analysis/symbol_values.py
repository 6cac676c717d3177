"""The values that represent all values of a symbol.

Policies can distinguish the values of a symbol if it equals a text of the same kind that they, or another symbol, name,
or by a pattern. So one fresh value for each result of the patterns, and each of these texts, represent all values.

Assumptions that any user would make are made and stated: the topic is in the Region of the instances that are named
and, if the policy pins Connect to the account of the deployment, in their account. An instance that `aws:SourceArn`
names by a symbol is a Connect instance in the topic's Region, of the account that its statement pins.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from checker.analysis.additive_policy import statements_with
from checker.analysis.deployments import Assumption, alone
from checker.analysis.symbols import (
    INSTANCE_ARN,
    OF_INSTANCE,
    OF_TOPIC,
    ROLE_ARN,
    TOPIC_ARN,
    is_own,
    masked,
    name_of,
    names_in,
    pieces_of,
    values_of_statement,
)
from checker.core.arn import is_account, topic_arn
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, ID, NAME, PARTITION, REGION, Symbol
from checker.iam.prove.source_keys import SOURCE_ACCOUNT, SOURCE_ARN
from checker.policy.wildcard import is_wild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from checker.analysis.topic_context import TopicContext
    from checker.policy.model import Value

    Values = tuple[str, ...]

SAME = "="
"""Before the number of a text in ``TopicContext.instance_texts``: the symbol for an instance equals this text."""
_OWN_RESOURCE = "a Resource of its policy names the topic"


class SymbolValues(NamedTuple):
    """The values that represent all values of a symbol, and what they assume; none if its kind is not known."""

    values: Values = ()
    assumption: Assumption | None = None


def values_for(symbol: Symbol, context: TopicContext) -> SymbolValues:
    """Return the values that represent all values of a symbol."""
    if symbol.allowed:
        owner = context.own.account if context.own and symbol == context.key_account else ""
        return SymbolValues((owner,) if owner in symbol.allowed else symbol.allowed)
    of_kind = _OF_KIND.get(symbol.kind)
    values, assumption = of_kind(symbol, context) if of_kind else SymbolValues()
    return SymbolValues(tuple(dict.fromkeys(values)), assumption)


def _assumed(symbol: Symbol, values: Iterable[str], reason: str) -> SymbolValues:
    """Restrict a symbol to some values."""
    listed = tuple(dict.fromkeys(values))
    return SymbolValues(listed, Assumption(symbol, listed, reason))


def _described(symbol: Symbol, values: Values, reason: str) -> SymbolValues:
    """State what any value of a symbol is assumed to be."""
    return SymbolValues(values, Assumption(symbol, (), reason))


def _partition(_: Symbol, context: TopicContext) -> SymbolValues:
    return SymbolValues((context.table.partition,))


def _regions(symbol: Symbol, context: TopicContext) -> SymbolValues:
    if context.own and is_own(symbol):
        return _assumed(symbol, (context.own.region,), _OWN_RESOURCE)
    connect = context.told_by_instances(3)
    if connect:
        return _assumed(symbol, connect, "a Connect instance streams to topics in its own Region")
    regions = context.told_by_resources()
    if regions:
        return _assumed(symbol, regions, "the topic and its key are in one Region")
    return _any_regions(symbol, context)


def _any_regions(symbol: Symbol, context: TopicContext) -> SymbolValues:
    """Return the Region of the topic, and for an instance another one."""
    table = context.table
    first = table.of_kind(REGION)[0]
    of_topic = (*_fresh(first, context), *context.of_one_version)
    if first == symbol:
        return SymbolValues(of_topic)
    if table.has_role(symbol, OF_INSTANCE):
        return SymbolValues((*of_topic, *_fresh(symbol, context)))
    return _described(symbol, of_topic, "is the Region of the topic")


def _accounts(symbol: Symbol, context: TopicContext) -> SymbolValues:
    """Return the accounts of the instances for an account that the policy pins Connect to; else any account."""
    if context.key_account is None or not context.is_own_account(symbol):
        return _assumed_accounts(symbol, context) or SymbolValues(_any_accounts(symbol, context))
    of_key = "is the account of the key"
    if symbol != context.key_account:
        return _described(symbol, (), of_key)  # it has the value of the other symbol
    values = _assumed_accounts(symbol, context)
    return values or _described(symbol, _any_accounts(symbol, context), of_key)


def _assumed_accounts(symbol: Symbol, context: TopicContext) -> SymbolValues | None:
    """Return the accounts that any user would assume; ``None`` if there is no reason for one."""
    if context.is_own_account(symbol):
        accounts, reason = _assumed_own_accounts(context)
        if accounts:
            return _assumed(symbol, accounts, reason)
    connect = context.told_by_instances(4)
    if connect and context.table.has_role(symbol, SOURCE_ACCOUNT, SOURCE_ARN):
        return _assumed(symbol, connect, "Connect sends the account of the instance")
    return None


def _assumed_own_accounts(context: TopicContext) -> tuple[Values, str]:
    """Return the accounts that the deployment is assumed to be in, and the reason; none without a reason."""
    if context.own:
        return (context.own.account,), _OWN_RESOURCE
    if context.key_owners:
        return context.key_owners, "its principals may change the key policy"
    if context.facts.open_instances and context.pinned:
        return (context.pinned,), "the policy names the account of the instance"
    stated = tuple(arn.account for arn in context.stated)
    return stated, "the named instance streams to a topic of its own account"


def _any_accounts(symbol: Symbol, context: TopicContext) -> Values:
    """Return a new account, and those that it is compared with."""
    fresh = _fresh(symbol, context)
    if context.is_own_account(symbol):  # the others are compared with it
        return (*fresh, *_named_accounts(context))
    if not context.only_adds:
        others = _values_of(context.table.of_kind(ACCOUNT), symbol, context)
        return (*fresh, *_named_accounts(context), *others)
    compared = _compared_texts(symbol, context)
    others = _values_of(_accounts_of(compared, context), symbol, context)
    return (*fresh, *_accounts_in(compared), *others)


def _compared_texts(symbol: Symbol, context: TopicContext) -> tuple[Value, ...]:
    """Return the texts with accounts that an account is compared with, if conditions only add instances.

    It matters only that a statement pins the account of its instance. An account that is elsewhere, too, is compared
    with those of all statements.
    """
    in_arn = context.table.has_role(symbol, SOURCE_ARN)
    roles = (SOURCE_ARN, SOURCE_ACCOUNT) if in_arn else (SOURCE_ARN,)
    statements = statements_with(symbol, context.facts)
    values = chain.from_iterable(map(values_of_statement, statements)) if statements else context.table.values
    return tuple(value for role, value in values if role in roles)


def _named_accounts(context: TopicContext) -> list[str]:
    """Return the accounts that any text of the facts names, and those that symbols may be."""
    return _accounts_in((*context.table.texts, *(value for _, value in context.table.values)))


def _accounts_in(texts: Iterable[Value]) -> list[str]:
    """Return the accounts that texts are, or that ARNs among them have."""
    parts = (part for text in map(masked, texts) for part in (text, *text.split(":")[4:5]))
    return sorted({part for part in parts if is_account(part)})


def _accounts_of(texts: Iterable[Value], context: TopicContext) -> list[Symbol]:
    """Return the symbols for accounts that texts have."""
    pieces = [piece for text in texts for piece in pieces_of(text) if isinstance(piece, Symbol)]
    names = {name for piece in pieces for name in (name_of(piece), name_of(alone(piece)))}
    return [account for account in context.table.of_kind(ACCOUNT) if name_of(account) in names]


def _values_of(accounts: Iterable[Symbol], symbol: Symbol, context: TopicContext) -> Iterator[str]:
    """Yield values of other symbols for accounts; the deployment's own has those of the account of the key."""
    for account in accounts:
        if account != symbol and context.is_own_account(account):
            yield from values_for(context.key_account or account, context).values
        elif account != symbol:
            yield from account.allowed or _fresh(account, context)


def _ids(symbol: Symbol, context: TopicContext) -> SymbolValues:
    """Return a new ID, and for an instance the IDs of the instances that it may be, first of one that the user named."""
    fresh = _fresh(symbol, context)
    if not context.table.has_role(symbol, OF_INSTANCE, SOURCE_ARN):
        return SymbolValues(fresh)
    known = (resource.partition("/")[2] for resource in context.of_instances(5))
    others = () if context.only_adds else _other_ids(symbol, context)
    stated = (arn.resource.partition("/")[2] for arn in context.stated)
    return SymbolValues((*stated, *fresh, *known, *others))


def _other_ids(symbol: Symbol, context: TopicContext) -> Iterator[str]:
    """Yield the IDs of other instances that may be the same; two that the code declares are not."""
    table = context.table
    is_declared = table.has_role(symbol, OF_INSTANCE)
    for other in table.of_kind(ID):
        is_named = table.has_role(other, SOURCE_ARN, OF_INSTANCE)
        if other != symbol and is_named and not (is_declared and table.has_role(other, OF_INSTANCE)):
            yield from _fresh(other, context)


def _instance_arns(symbol: Symbol, context: TopicContext) -> SymbolValues:
    """Return a new instance, and numbers of the texts of other instances, any of which it may be.

    An instance that the user named comes first.
    """
    stated = tuple(map(str, context.stated))
    texts = [
        (number, text)
        for number, text in enumerate(context.instance_texts)
        if symbol.name not in names_in(text)
    ]
    named = [f"{SAME}{number}" for number, text in texts if text in stated]
    others = [] if context.only_adds else [f"{SAME}{number}" for number, _ in texts]
    values = (*named, *_fresh(symbol, context), *others)
    reason = "is a Connect instance in the topic's Region, of the account that its statement pins"
    return _described(symbol, values, reason)


def _topic_arns(symbol: Symbol, context: TopicContext) -> SymbolValues:
    return SymbolValues(_fresh(symbol, context))


def _role_arns(symbol: Symbol, context: TopicContext) -> SymbolValues:
    return _described(symbol, _fresh(symbol, context), "names an IAM role, user or account, not everyone")


def _names(symbol: Symbol, context: TopicContext) -> SymbolValues:
    """Return a new name, and the names of the topics that a Resource names, for the name of the topic."""
    is_topic = context.table.has_role(symbol, OF_TOPIC)
    if context.own and is_topic:
        return _assumed(symbol, (context.own.resource,), _OWN_RESOURCE)
    named = (topic_arn(text) for text in sorted(context.table.texts)) if is_topic else ()
    topics = [arn.resource for arn in named if arn is not None and not is_wild(arn.resource)]
    return SymbolValues((*_fresh(symbol, context), *topics))


def _fresh(symbol: Symbol, context: TopicContext) -> Values:
    """Return the values of a symbol that equal no text, one for each result of the patterns."""
    return (context.table.fresh_value(symbol), *context.distinguished.of(symbol))


_OF_KIND: dict[str, Callable[[Symbol, TopicContext], SymbolValues]] = {
    PARTITION: _partition,
    REGION: _regions,
    ACCOUNT: _accounts,
    ID: _ids,
    NAME: _names,
    INSTANCE_ARN: _instance_arns,
    TOPIC_ARN: _topic_arns,
    ROLE_ARN: _role_arns,
}
