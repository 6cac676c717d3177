"""Whether a subscription's filter policy lets every message of a chat pass.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
A filter lets all pass if each of its keys takes every value that Connect gives it. Values that are one of many
are taken by no list of values, and by `exists` alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from checker.core.unknown import Truth, Unknown, all_of, any_of
from checker.lint.retention.model import Step, step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checker.core.arn import Arn


BODY = "MessageBody"


class Values(NamedTuple):
    """What a key may hold: one of ``known``, any text at all if ``free``, or nothing if ``absent``."""

    known: tuple[str, ...] = ()
    free: bool = False
    absent: bool = False


_ANY, _ANY_OR_NONE = Values(free=True), Values(free=True, absent=True)
_NEVER = Values(absent=True)
_EITHER = {
    "Type": Values(("MESSAGE", "EVENT")),
    "ContentType": _ANY,
    "InitialContactId": _ANY,
    "ContactId": _ANY_OR_NONE,
    "ParticipantRole": Values(("AGENT", "CUSTOMER", "SYSTEM", "CUSTOM_BOT", "SUPERVISOR"), absent=True),
}
_ATTRIBUTES = {**_EITHER, "MessageVisibility": Values(("CUSTOMER", "AGENT", "ALL"))}
_PAYLOAD = {
    **_EITHER,
    **dict.fromkeys(("AbsoluteTime", "Id"), _ANY),
    **dict.fromkeys(("Content", "DisplayName", "ParticipantId"), _ANY_OR_NONE),
}
_HELP = "take the filter policy away from this subscription, or keep the messages by another one"
_UNSURE = Unknown("whether the filter policy drops messages cannot be told by this rule of it")


def filter_step(attributes: Mapping[str, str] | Unknown, instance: Arn | None = None) -> Step:
    """Judge the filter of a subscription for the messages of an instance, or of any that is not known."""
    if isinstance(attributes, Unknown):
        return step("filter", attributes, "", "")
    text = attributes.get("FilterPolicy") or "{}"
    scope = attributes.get("FilterPolicyScope") or "MessageAttributes"
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if policy == {}:
        return step("filter", truth=True, good="no filter policy, every message is kept", bad="")
    if not isinstance(policy, dict):
        return step("filter", Unknown("the filter policy is no JSON object"), "", "", _HELP)
    return _judged(policy, scope, instance)


def _judged(policy: dict[str, Any], scope: str, instance: Arn | None) -> Step:
    truths = {key: _covers(key, rules, scope, instance) for key, rules in policy.items()}
    dropping = [f"`{key}`" for key, truth in truths.items() if truth is False]
    bad = f"the filter policy ({scope}) drops messages, by {' and '.join(dropping)}"
    return step(
        "filter", all_of(truths.values()), f"the filter policy ({scope}) lets every message pass", bad, _HELP
    )


def _covers(key: str, rules: Any, scope: str, instance: Arn | None) -> Truth:
    """Whether a key's rules take every value that it may hold."""
    if not isinstance(rules, list) or key == "$or":
        return Unknown("a filter policy with nested keys or `$or`", key)
    held = _held(key, scope, instance)
    values: list[str | None] = [*held.known, *([None] if held.absent else [])]
    taken = [any_of(_takes(rule, value) for rule in rules) for value in values]
    if held.free:
        taken.append(_takes_all(key, rules))
    return all_of(taken)


def _held(key: str, scope: str, instance: Arn | None) -> Values:
    if scope == BODY:
        return _PAYLOAD.get(key, _NEVER)
    if key in ("InstanceId", "AccountId"):
        ours = {"InstanceId": instance.instance_id, "AccountId": instance.account} if instance else {}
        return Values((ours[key],)) if ours else _ANY
    return _ATTRIBUTES.get(key, _NEVER)


def _takes(rule: Any, value: str | None) -> Truth:
    """Whether a rule takes a value; a key that is missing is taken by no rule but `exists`."""
    if isinstance(rule, str):
        return rule == value
    if not isinstance(rule, dict) or len(rule) != 1:
        return _UNSURE
    ((operator, operand),) = rule.items()
    if operator == "exists":
        return operand is (value is not None)
    return value is not None and _compares(operator, operand, value)


def _compares(operator: str, operand: Any, value: str) -> Truth:
    """https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html"""
    if operator == "anything-but" and isinstance(operand, str | list):
        return value not in ([operand] if isinstance(operand, str) else operand)
    if not isinstance(operand, str):
        return _UNSURE
    found = {
        "prefix": value.startswith(operand),
        "suffix": value.endswith(operand),
        "equals-ignore-case": value.lower() == operand.lower(),
    }
    return found.get(operator, _UNSURE)


_FEW = ("ContentType", "InstanceId", "AccountId")
"""Keys that a list of values may exhaust, though nobody can tell from here."""


def _takes_all(key: str, rules: list[Any]) -> Truth:
    """Whether rules take any text: one that asks for nothing but a value does, a list of texts does not."""
    if {"exists": True} in rules:
        return True
    exact = all(isinstance(rule, str) for rule in rules)
    return _UNSURE if key in _FEW or not exact else False
