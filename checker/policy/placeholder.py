"""Recognition of placeholders: text that was meant to be replaced by a real value.

Whether a word is a placeholder depends on its role. An SNS topic may be named `account`; an account ID has twelve
digits, so `account` is a placeholder in its place.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from checker.core.pattern import pattern
from checker.core.unknown import Unknown
from checker.policy.model import PRINCIPAL, RESOURCE, Condition, Patterns, Policy, Principals, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.core.arn import Arn
    from checker.core.finding import Route

PLACEHOLDER = "a placeholder that was not filled in"

_MARKED = pattern(
    r"<[^<>]+>|\{\{.*?\}\}"  # brackets, written by hand or by template engines
    r"|(?<![A-Za-z])(?:YOUR[_-]|your_|Your[A-Z])"
    r"|(?<![A-Za-z])(?i:replace[_-]?me|change[_-]?me|x{4,})(?![A-Za-z])"
    r"|\.\.\.|…"
)
"""Text that no real value contains, whatever its role."""
_YOURS = pattern(
    r"your[_-]?(?:aws|sns|connect|account|region|instance|topic|key|arn|partition)", re.IGNORECASE
)
_BRACKETED = pattern(r"\[[^\]]+\]")
"""A placeholder in an ARN; elsewhere it may be a Terraform address, aws_sns_topic.chat["blue"]."""
_ACCOUNT = pattern(
    r"(?:my|the|your|aws|source|owner|topic|connect|instance)*(?:account|acct)(?:id|number|no)?s?"
)
_WORDS = {
    "partition": pattern(r"(?:aws)?partition"),
    "region": pattern(r"(?:my|your|aws)*region(?:name|id|code)?"),
    "account": _ACCOUNT,
    "owner": pattern(rf"owner(?:id)?|{_ACCOUNT.pattern}"),
    "arn": pattern(r"(?:my|your|aws|sns|kms|connect|source)*(?:topic|instance|key|role|user|source)?arn"),
    "instance": pattern(r"(?:my|your|connect|aws)*(?:instanceid|instance)"),
    "topic": pattern(r"(?:my|your|sns|aws)*topicname"),
}
"""Placeholder words for each kind of value, in lower case and without _ and -."""
_PARTS = ("", "partition", "", "region", "account")
_NAMES = {"connect": "instance", "sns": "topic"}
_KEY_ROLES = ("account", "arn", "region", "owner", "partition")
"""Suffixes of condition keys that name the kind of their values. `aws:PrincipalType` has `Account` as a real value."""


@lru_cache(maxsize=4096)
def is_placeholder(text: str, key: str = "") -> bool:
    """True for texts such as ``YOUR_AWS_ACCOUNT_ID``, ``<account>`` and ``arn:aws:sns:REGION:ACCOUNT:topic``.

    ``key`` is the condition key of the value; without a key the text is a principal, a resource or an option.
    """
    if "${" in text:
        return False  # a policy variable, or a template that was not rendered
    if _MARKED.search(text):
        return True
    if text.startswith("["):
        return bool(_BRACKETED.match(text))
    if text.startswith("arn:"):
        return any(is_open_part(text, index) for index in range(1, text.count(":") + 1))
    role = next((kind for kind in _KEY_ROLES if key.lower().endswith(kind)), "")
    if key and not role:
        return False
    roles = (role,) if role else ("account", "arn")
    return any(_stands_for(text, kind) for kind in (*roles, "arn")) or bool(_YOURS.match(text))


def is_open_part(arn: str, index: int) -> bool:
    """True if a part of an ARN, counted from 0, is a placeholder."""
    parts = arn.split(":", 5)
    part = parts[index] if index < len(parts) else ""
    if _MARKED.search(part) or _BRACKETED.search(part) or _YOURS.match(part.rpartition("/")[2]):
        return True
    if index < len(_PARTS):
        return bool(_PARTS[index]) and _stands_for(part, _PARTS[index])
    kind = _NAMES.get(parts[2], "")
    words = part.removeprefix("instance/").split("/") if kind == "instance" else [part]
    return bool(kind) and _stands_for(words[0], kind)


def _stands_for(text: str, role: str) -> bool:
    return bool(_WORDS[role].fullmatch(text.lower().replace("_", "").replace("-", "")))


def masked(policy: Policy, own: str = "") -> Policy:
    """Replace the placeholders of a policy by Unknown, so that their text leads to no conclusion.

    ``own`` is the name of the resource in the document, which may be the path of a file.
    """
    return _replaced(policy, own, lambda _, value: Unknown(PLACEHOLDER, value))


def filled(policy: Policy, own: str, resource: str, values: Callable[[str, str], Value]) -> Policy:
    """Fill in the placeholders of a policy.

    A Resource becomes ``resource``; a principal becomes Unknown. ``values`` returns the value for a condition key,
    in lower case, and a placeholder.
    """

    def fill(role: str, value: str) -> Value:
        if role == RESOURCE:
            return resource
        return Unknown(PLACEHOLDER, value) if role == PRINCIPAL else values(role.lower(), value)

    return _replaced(policy, own, fill)


def intended_value(key: str, text: str, near: Arn, *known: Arn) -> str:
    """Fill in an account, or the placeholders in an instance ARN, from a known instance or else from ``near``."""
    instance = next(iter(known), near)
    parts, given = ["arn", *instance], text.split(":", 5)
    if key.endswith("account"):
        return instance.account
    if len(given) < len(parts):
        return str(instance)
    _, _, below = given[-1].removeprefix("instance/").partition("/")
    parts[-1] += f"/{below}" if below else ""
    pairs = enumerate(zip(given, parts, strict=True))
    return ":".join(known_part if is_open_part(text, index) else part for index, (part, known_part) in pairs)


def placeholders(policy: Policy, own: str = "") -> Iterator[tuple[Route, str]]:
    """Yield the placeholders of a policy, with their routes."""
    for route, text in texts(policy):
        key = str(route[4]) if "Condition" in route[2:3] else ""
        if text != own and is_placeholder(text, key):
            yield route, text


def texts(policy: Policy) -> Iterator[tuple[Route, str]]:
    """Yield every value of the policy that may be a placeholder, with its route."""
    for statement in policy.known_statements():
        principals, resources = statement.principals, statement.resources
        if isinstance(principals, Principals):
            yield from (
                (entry.route, entry.value) for entry in principals.entries if isinstance(entry.value, str)
            )
        if isinstance(resources, Patterns):
            yield from _numbered((*statement.route, resources.element), resources.values)
        for condition in statement.conditions:
            if isinstance(condition, Condition):
                yield from _numbered(condition.route, condition.values)


def is_masked(truth: object) -> bool:
    """True if a fact is unknown only because of a placeholder."""
    return isinstance(truth, Unknown) and truth.reason == PLACEHOLDER


def _numbered(route: Route, values: tuple[Value, ...]) -> Iterator[tuple[Route, str]]:
    yield from (((*route, index), value) for index, value in enumerate(values) if isinstance(value, str))


def _replaced(policy: Policy, own: str, fill: Callable[[str, str], Value]) -> Policy:
    """Fill in the placeholders of a policy; return the policy itself if it has none."""
    if next(placeholders(policy, own), None) is None:
        return policy

    def replace(role: str, value: Value) -> Value:
        key = "" if role in (PRINCIPAL, RESOURCE) else role
        if not isinstance(value, str) or value == own or not is_placeholder(value, key):
            return value
        return fill(role, value)

    return policy.with_values(replace)
