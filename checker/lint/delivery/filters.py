"""Checks which messages of a chat the filter policy of a subscription accepts: all, some or none.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
A message has one value, or none, for each key. The rules of a policy sort the possible values of a key into a few
classes, and the policy is decided for each combination of classes.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from checker.analysis.endpoints import BODY
from checker.core.record import NamedTuple
from checker.core.unknown import Truth, Unknown, all_of, any_of
from checker.lint.delivery.model import FILTER, Step, step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from checker.analysis.endpoints import Subscription
    from checker.core.arn import Arn


class Values(NamedTuple):
    """The possible values of a key: one of ``known``, any text if ``free``, and no value if ``absent``.

    ``few`` is true for a key with few values in practice, so that a list of texts may be complete. ``empty`` is true for
    a key in the body, whose value may be an empty text; the value of a message attribute is not empty.
    """

    known: tuple[str, ...] = ()
    free: bool = False
    absent: bool = False
    few: bool = False
    empty: bool = False


_ANY, _ANY_OR_NONE, _FEW = Values(free=True), Values(free=True, absent=True), Values(free=True, few=True)
_NEVER = Values(absent=True)
_EITHER = {
    "Type": Values(("MESSAGE", "EVENT")),
    "ContentType": _FEW,
    "InitialContactId": _ANY,
    "ContactId": _ANY_OR_NONE,
    "ParticipantRole": Values(("AGENT", "CUSTOMER", "SYSTEM", "CUSTOM_BOT", "SUPERVISOR"), absent=True),
}
_ATTRIBUTES = {**_EITHER, "MessageVisibility": Values(("CUSTOMER", "AGENT", "ALL"))}
_PAYLOAD = {
    **_EITHER,
    **dict.fromkeys(("AbsoluteTime", "Id"), _ANY),
    **dict.fromkeys(("Content", "DisplayName", "ParticipantId"), _ANY_OR_NONE._replace(empty=True)),
}
_OF_INSTANCE = ("InstanceId", "AccountId")
CHOSEN = ("MessageVisibility", "Type", "ContentType", "ParticipantRole", *_OF_INSTANCE)
"""The keys on which people filter on purpose, because AWS documents their values."""


class Filtered(NamedTuple):
    """The messages of a chat that a filter policy accepts.

    - ``every``: whether it accepts every message.
    - ``some``: whether it accepts any message.
    - ``dropping``: the keys because of which it drops messages, each with the values that it drops in words.
    - ``failing``: the keys that no message satisfies, each with the reason.
    """

    every: Truth
    some: Truth
    dropping: tuple[tuple[str, str], ...] = ()
    failing: tuple[tuple[str, str], ...] = ()


_ALL = Filtered(every=True, some=True)
_MOST = 20_000
_MOST_TEXTS = 150
"""The number of values that SNS accepts. https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html"""
_FEWEST_IN_OR = 2
_OPERATORS = frozenset(
    ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard")
)
"""The names that SNS does not take as keys in an `$or`."""
_TOO_MANY = Unknown("the filter policy has too many combinations of values to check")
_UNSURE = Unknown("the filter policy has a rule of which it is not known whether it drops messages")
_NOT_JSON = Unknown("the filter policy is not a JSON object")


def filtered(subscription: Subscription, instances: Sequence[Arn] = (), *, others: bool = True) -> Filtered:
    """Check the filter policy of a subscription for the messages of some instances.

    ``others`` is true if other instances may stream to the topic, too.
    """
    text, scope = subscription.filter_policy, subscription.filter_scope
    if isinstance(text, Unknown):
        return Filtered(text, text)
    if text is None:
        return _ALL
    try:
        policy = json.loads(text or "{}")
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        return Filtered(_NOT_JSON, _NOT_JSON)
    if isinstance(scope, Unknown):
        return _ALL if policy == {} else Filtered(scope, scope)
    if sum(1 for _ in _texts(list(policy.values()))) > _MOST_TEXTS:
        return Filtered(_TOO_MANY, _TOO_MANY)
    return _Filter(policy, scope, instances, others=others).result()


class _Class(NamedTuple):
    """Values that all rules treat alike: an example, and whether Connect certainly sends such a value."""

    example: str | None
    certain: bool


class _Filter:
    """A filter policy, with the possible values of its keys."""

    def __init__(self, policy: dict[str, Any], scope: str, instances: Sequence[Arn], *, others: bool) -> None:
        self.policy = policy
        self.scope = scope
        self.instances = instances
        self.others = others or not instances
        rules: dict[str, list[Any]] = {}
        for key, of_key in _rules(policy):
            rules.setdefault(key, []).append(of_key)
        self.classes = {key: self._classes(key, lists) for key, lists in rules.items()}

    def result(self) -> Filtered:
        """Decide the policy for each combination of values."""
        if prod(map(len, self.classes.values())) > _MOST:
            return Filtered(_TOO_MANY, _TOO_MANY)
        certain, possible = self._outcomes(self.policy)
        every = all_of((all_of(certain), False if False in certain else _sure(all_of(possible))))
        some = any_of((any_of(certain), _unsure(any_of(possible))))
        entries = {key: self._outcomes({key: rules}) for key, rules in self.policy.items()}
        failing = [
            key for key, outcomes in entries.items() if all(one is False for of in outcomes for one in of)
        ]
        dropping = [key for key, (sure, _) in entries.items() if False in sure]
        return Filtered(
            every,
            some,
            tuple((key, self._dropped(key)) for key in dropping),
            tuple((key, self._why(key)) for key in failing),
        )

    def _outcomes(self, policy: dict[str, Any]) -> tuple[list[Truth], list[Truth]]:
        """Return the outcomes of the messages that Connect certainly sends, and of those that it may send."""
        keys = list(dict.fromkeys(key for key, _ in _rules(policy)))
        certain: list[Truth] = []
        possible: list[Truth] = []
        for combination in product(*(self.classes[key] for key in keys)):
            message = {key: one.example for key, one in zip(keys, combination, strict=True)}
            (certain if all(one.certain for one in combination) else possible).append(
                _matches(policy, message)
            )
        return certain, possible

    def _classes(self, key: str, lists: list[Any]) -> list[_Class]:
        """Return one value for each way in which the rules treat the values of a key."""
        values = self._values(key)
        classes: dict[object, _Class] = {}
        for one in _candidates(values, lists):
            outcomes = tuple(_accepted(rules, one.example) for rules in lists)
            classes.setdefault((outcomes, one.certain, one.example is None), one)
        return list(classes.values())

    def _values(self, key: str) -> Values:
        if self.scope == BODY:
            return _PAYLOAD.get(key, _NEVER)
        if key in _OF_INSTANCE:
            known = [one.instance_id if key == "InstanceId" else one.account for one in self.instances]
            return Values(tuple(dict.fromkeys(known)), free=self.others, few=True)
        return _ATTRIBUTES.get(key, _NEVER)

    def _dropped(self, key: str) -> str:
        """Describe the values that an entry drops: those that are known, and whether it drops others."""
        values, rules = self._values(key), self.policy[key]
        if key not in self.classes:
            return ""
        lost = [one for one in self.classes[key] if one.certain and _accepted(rules, one.example) is False]
        texts = [one.example for one in lost if one.example is not None]
        known = [f"`{one}`" for one in values.known if one in texts or _accepted(rules, one) is False]
        other = ["other texts"] if any(one not in values.known for one in texts) else []
        return " or ".join([*known, *other, *(["no value"] if _Class(None, certain=True) in lost else [])])

    def _why(self, key: str) -> str:
        """Explain why no message satisfies an entry."""
        if key not in self.classes or self._values(key) != _NEVER:
            return "no message has a value that it accepts"
        noun = "the body" if self.scope == BODY else "the message attributes"
        other = _ATTRIBUTES if self.scope == BODY else _PAYLOAD
        aside = f"; with FilterPolicyScope {'MessageAttributes' if self.scope == BODY else BODY} there is one"
        return f"AWS documents no such key in {noun} of a chat message{aside if key in other else ''}"


def _sure(truth: Truth) -> Truth:
    """Return a truth about values that Connect may send: if it sends none of them, the opposite does not hold."""
    return _UNSURE if truth is False else truth


def _unsure(truth: Truth) -> Truth:
    return _UNSURE if truth is True else truth


def _rules(policy: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the keys of a policy with their rules, also those inside `$or`."""
    for key, rules in policy.items():
        if _is_or(key, rules):
            for one in rules:
                yield from _rules(one)
        else:
            yield key, rules


def _is_or(key: str, rules: Any) -> bool:
    """True for an `$or` that SNS recognizes: of two objects or more, none with the name of an operator as a key.

    Any other `$or` is the name of a key. https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html
    """
    if key != "$or" or not isinstance(rules, list) or len(rules) < _FEWEST_IN_OR:
        return False
    return all(isinstance(one, dict) and not _OPERATORS & one.keys() for one in rules)


def _matches(policy: Mapping[str, Any], message: Mapping[str, str | None]) -> Truth:
    """Return whether a filter policy accepts a message, given as the values of its keys."""
    return all_of(
        any_of(_matches(one, message) for one in rules)
        if _is_or(key, rules)
        else _accepted(rules, message[key])
        for key, rules in policy.items()
    )


def _candidates(values: Values, lists: list[Any]) -> Iterator[_Class]:
    """Yield values of every class: those that are known, and texts that the rules distinguish."""
    yield from (_Class(one, certain=True) for one in values.known)
    if values.absent:
        yield _Class(None, certain=True)
    if values.empty:
        yield _Class("", certain=False)
    if values.free:
        yield from (_Class(one, certain=not values.few) for one in _examples(list(_texts(lists))) if one)


def _examples(texts: list[str]) -> Iterator[str]:
    """Yield the texts, texts that begin or end with them, and one that has nothing in common with them."""
    taken = "".join(texts).lower()
    fresh = next(one for one in map(chr, range(ord("a"), sys.maxunicode)) if one.lower() not in taken)
    yield fresh
    yield from texts
    yield from (text + fresh for text in texts)
    yield from (fresh + text for text in texts)
    yield from (one + other for one in texts for other in texts)


def _texts(rules: Any) -> Iterator[str]:
    """Yield the texts in rules."""
    if isinstance(rules, str):
        yield rules
    elif isinstance(rules, list | dict):
        for one in rules if isinstance(rules, list) else rules.values():
            yield from _texts(one)


def _accepted(rules: Any, value: str | None) -> Truth:
    """Return whether the rules of a key accept a value; None stands for a message without the key."""
    if not isinstance(rules, list):
        return Unknown("a filter policy with nested keys or `$or`")
    return any_of(_accepts(rule, value) for rule in rules)


def _accepts(rule: Any, value: str | None) -> Truth:
    """Return whether a rule accepts a value; only `exists` accepts a missing key."""
    if isinstance(rule, str):
        return rule == value
    if not isinstance(rule, dict) or len(rule) != 1:
        return _UNSURE
    ((operator, operand),) = rule.items()
    if operator == "exists" and isinstance(operand, bool):
        return operand is (value is not None)
    return value is not None and _compares(operator, operand, value)


def _compares(operator: str, operand: Any, value: str) -> Truth:
    """Return whether a string operator accepts a value."""
    if operator == "anything-but":
        return _differs(operand, value)
    if not isinstance(operand, str):
        return _UNSURE
    by_operator = {
        "prefix": value.startswith(operand),
        "suffix": value.endswith(operand),
        "equals-ignore-case": value.lower() == operand.lower(),
    }
    return by_operator.get(operator, _UNSURE)


def _differs(operand: Any, value: str) -> Truth:
    """Return whether `anything-but` accepts a value: texts, or one prefix. AWS documents no suffix here."""
    texts = [operand] if isinstance(operand, str) else operand
    if isinstance(texts, list):
        return value not in texts if all(isinstance(one, str) for one in texts) else _UNSURE
    if not isinstance(operand, dict) or len(operand) != 1:
        return _UNSURE
    ((inner, text),) = operand.items()
    return not value.startswith(text) if inner == "prefix" and isinstance(text, str) else _UNSURE


_HELP = "remove the filter policy from this subscription, or store the messages with another subscription"


def filter_step(subscription: Subscription, instance: Arn | None = None) -> Step:
    """Check that a filter policy accepts every message of an instance, as storing all of them needs."""
    result = filtered(subscription, (instance,) if instance else (), others=instance is None)
    scope = subscription.filter_scope
    bad = f"the filter policy ({scope}) drops messages because of {keys_of(result.dropping)}"
    return step(FILTER, result.every, _good(subscription), bad, _HELP)


def acceptance_step(subscription: Subscription, instances: Sequence[Arn] = ()) -> Step:
    """Check that a filter policy accepts any message at all."""
    result = filtered(subscription, instances)
    good = _good(subscription) if result.every is True else accepted_only(result)
    return step(FILTER, result.some, good, refusal(result), NONE_HELP)


def _good(subscription: Subscription) -> str:
    if subscription.filter_policy in (None, "", "{}"):
        return "no filter policy, every message is delivered"
    return f"the filter policy ({subscription.filter_scope}) accepts every message"


NONE_HELP = "remove the filter policy, or write keys and values that AWS documents for chat messages"


def refusal(result: Filtered) -> str:
    """Explain why a filter policy accepts no message."""
    why = "; ".join(f"`{key}`: {reason}" for key, reason in result.failing)
    return f"the filter policy accepts no chat message because of {why or 'the combination of its keys'}"


def accepted_only(result: Filtered) -> str:
    """Describe the messages that a filter policy drops."""
    if isinstance(result.every, Unknown):
        return f"the filter policy accepts messages; whether it drops others is not known: {result.every.described}"
    lost = (f"`{key}`{f' ({values})' if values else ''}" for key, values in result.dropping)
    return f"the filter policy drops some messages because of {' and '.join(lost) or 'a combination of keys'}"


def keys_of(entries: Iterable[tuple[str, str]]) -> str:
    """List the keys of entries: "`Type` and `MessageVisibility`"."""
    return " and ".join(f"`{key}`" for key, _ in entries)
