"""Filter policies of subscriptions: which messages they accept.

https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html
https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
moto decides a single rule. Of several rules it skips those after one for a missing key, and it has no `$or`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.sns.utils import FilterPolicyMatcher

if TYPE_CHECKING:
    from collections.abc import Callable

    Accepts = Callable[[dict[str, Any]], bool]


BODY = "MessageBody"
_OR = "$or"


def accepts(policy: dict[str, Any], scope: str, attributes: dict[str, Any], body: str) -> bool:
    """Return whether a filter policy accepts a message: every key must match, each with one of its rules."""

    def matches(single: dict[str, Any]) -> bool:
        return bool(FilterPolicyMatcher(single, scope).matches(attributes, body))

    return _every(policy, matches)


def _every(policy: dict[str, Any], matches: Accepts) -> bool:
    return all(_entry(key, rules, matches) for key, rules in policy.items())


def _entry(key: str, rules: Any, matches: Accepts) -> bool:
    """Decide one entry of a policy: `$or`, the keys of a nested object, or the rules of a key."""
    if key == _OR and isinstance(rules, list) and all(isinstance(one, dict) for one in rules):
        return any(_every(one, matches) for one in rules)
    if isinstance(rules, dict):
        return matches({key: rules})
    return any(_rule(key, rule, matches) for rule in rules)


def _rule(key: str, rule: Any, matches: Accepts) -> bool:
    """Decide one rule. moto compares `equals-ignore-case` with a text in lower case only, and raises on other types."""
    if isinstance(rule, dict) and isinstance(text := rule.get("equals-ignore-case"), str):
        rule = {"equals-ignore-case": text.lower()}
    try:
        return matches({key: [rule]})
    except (TypeError, AttributeError):
        return False
