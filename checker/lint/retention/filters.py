"""Checks whether a subscription's filter policy accepts every message of a chat.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html
A filter policy accepts all messages if each of its keys accepts every value that Connect sends. A key with
arbitrary values is accepted only by `exists`, not by a list of values.
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
    """The possible values of a key: one of ``known``, any text if ``free``, and no value if ``absent``."""

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
_HELP = "remove the filter policy from this subscription, or store the messages with another subscription"
_UNSURE = Unknown("the filter policy has a rule of which it is not known whether it drops messages")


def filter_step(attributes: Mapping[str, str] | Unknown, instance: Arn | None = None) -> Step:
    """Check the filter policy of a subscription for the messages of an instance, or of any instance."""
    if isinstance(attributes, Unknown):
        return step("filter", attributes, "", "")
    text = attributes.get("FilterPolicy") or "{}"
    scope = attributes.get("FilterPolicyScope") or "MessageAttributes"
    try:
        policy = json.loads(text)
    except ValueError:
        policy = None
    if policy == {}:
        return step("filter", truth=True, good="no filter policy, every message is delivered", bad="")
    if not isinstance(policy, dict):
        return step("filter", Unknown("the filter policy is not a JSON object"), "", "", _HELP)
    return _judged(policy, scope, instance)


def _judged(policy: dict[str, Any], scope: str, instance: Arn | None) -> Step:
    truths = {key: _covers(key, rules, scope, instance) for key, rules in policy.items()}
    dropping = [f"`{key}`" for key, truth in truths.items() if truth is False]
    bad = f"the filter policy ({scope}) drops messages because of {' and '.join(dropping)}"
    return step(
        "filter", all_of(truths.values()), f"the filter policy ({scope}) accepts every message", bad, _HELP
    )


def _covers(key: str, rules: Any, scope: str, instance: Arn | None) -> Truth:
    """Return whether the rules of a key accept all of its possible values."""
    if not isinstance(rules, list) or key == "$or":
        return Unknown("a filter policy with nested keys or `$or`", key)
    possible = _possible_values(key, scope, instance)
    values: list[str | None] = [*possible.known, *([None] if possible.absent else [])]
    accepted = [any_of(_accepts(rule, value) for rule in rules) for value in values]
    if possible.free:
        accepted.append(_accepts_all(key, rules))
    return all_of(accepted)


def _possible_values(key: str, scope: str, instance: Arn | None) -> Values:
    if scope == BODY:
        return _PAYLOAD.get(key, _NEVER)
    if key in ("InstanceId", "AccountId"):
        known = {"InstanceId": instance.instance_id, "AccountId": instance.account} if instance else {}
        return Values((known[key],)) if known else _ANY
    return _ATTRIBUTES.get(key, _NEVER)


def _accepts(rule: Any, value: str | None) -> Truth:
    """Return whether a rule accepts a value; only `exists` accepts a missing key."""
    if isinstance(rule, str):
        return rule == value
    if not isinstance(rule, dict) or len(rule) != 1:
        return _UNSURE
    ((operator, operand),) = rule.items()
    if operator == "exists":
        return operand is (value is not None)
    return value is not None and _compares(operator, operand, value)


def _compares(operator: str, operand: Any, value: str) -> Truth:
    """Return whether a string operator accepts a value.

    https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
    """
    if operator == "anything-but" and isinstance(operand, str | list):
        return value not in ([operand] if isinstance(operand, str) else operand)
    if not isinstance(operand, str):
        return _UNSURE
    by_operator = {
        "prefix": value.startswith(operand),
        "suffix": value.endswith(operand),
        "equals-ignore-case": value.lower() == operand.lower(),
    }
    return by_operator.get(operator, _UNSURE)


_FEW_VALUES = ("ContentType", "InstanceId", "AccountId")
"""Keys with few values in practice, so that a list may be complete."""


def _accepts_all(key: str, rules: list[Any]) -> Truth:
    """Return whether rules accept any text: `exists` does, and a list of texts does not."""
    if {"exists": True} in rules:
        return True
    exact = all(isinstance(rule, str) for rule in rules)
    return _UNSURE if key in _FEW_VALUES or not exact else False
