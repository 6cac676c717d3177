"""Seeded random policies of every form: all operators, all elements and their negations, wrong types, odd texts.

They start from the policies of `tests.soundness.generate`, so that most of them are near a decision.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from tests.soundness.generate import finished, key_policy, policy
from tests.soundness.materials import ACTIONS, KEYS, OTHER, RESOURCES, Policy, Statement
from tests.soundness.words import CONNECT, INSTANCE, OWNER, REGION, TOPIC_ARN

TEXTUAL = (
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)
ARNS = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike")
_ORDERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
NUMBERS = tuple(f"Numeric{one}" for one in _ORDERS)
DATES = tuple(f"Date{one}" for one in _ORDERS)
OPERATORS = (*TEXTUAL, *ARNS, *NUMBERS, *DATES, "Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "Null")
QUALIFIERS = ("", "ForAllValues:", "ForAnyValue:")
_UNDOCUMENTED = (
    "StringMatches",
    "stringequals",
    "ForSomeValues:StringLike",
    "NullIfExists",
    "BinaryNotEquals",
    "",
)
_TYPES: tuple[Any, ...] = (True, False, 3600, 1.5, None, [], {}, [[]], [None], ["true", 0])
_TEXTS = (
    "*",
    "?",
    "",
    "x",
    "true",
    "True",
    "${aws:SourceAccount}",
    "${aws:PrincipalOrgID, 'o-abcdefghij'}",
    "${aws:username}*",
    "${*}",
    "${?}",
    "${$}{aws:username}",
    "${broken",
    "arn:aws:connect:*",
    "arn:${aws:username}:*:*:*:*",
    f"arn:aws:connect:{REGION}:${{aws:SourceAccount}}:instance/*",
    INSTANCE.upper(),
    "\u00e9\u0130\u017f\u212a",
    "a\nb",
)
_VALUES: dict[tuple[str, ...], tuple[Any, ...]] = {
    NUMBERS: (
        "0",
        "-1",
        "+1.50",
        "1.5",
        "3600",
        "1e3",
        "1E-2",
        "0x10",
        "1_000",
        " 1",
        "\u0661",
        "9" * 41,
        3600,
        1.5,
    ),
    DATES: (
        "2027-01-01T00:00:00Z",
        "2027-01-01T01:00:00+01:00",
        "2027-01-01",
        "2027-01",
        "2027",
        "1798761600",
        "1798761600.5",
        "2027-01-01T00:00:00.5Z",
        "2027-02-30",
        "2027-01-01T24:00:00Z",
        "20270101",
    ),
    ("Bool",): ("true", "false", True, False, "TRUE", ["true", "false"]),
    ("Null",): ("true", "false", True, "yes", ["true", "false"]),
    ("BinaryEquals",): ("dHJ1ZQ==", "dHJ1ZQ", "c2Ft", "", "!", "dHJ1ZQ==\n"),
    ("IpAddress", "NotIpAddress"): (
        "203.0.113.0/24",
        "198.51.100.7",
        "198.51.100.7/31",
        "0.0.0.0/0",
        "::/0",
        "2600:1f18::7",
        "2600:1f18::7/128",
        "::ffff:198.51.100.7/128",
        "10.0.0.0/33",
        "010.0.0.1",
        "10.0.0",
    ),
}
_PRINCIPALS: tuple[Any, ...] = (
    "*",
    CONNECT,
    "",
    None,
    7,
    [],
    {},
    ["*"],
    {"AWS": None},
    {"AWS": ["*", 5]},
    {"Service": "*"},
    {"Service": "Connect.amazonaws.com"},
    {"Service": f"connect.{REGION}.amazonaws.com"},
    {"AWS": CONNECT},
    {"AWS": f"arn:aws:iam::{OTHER}:role/*"},
    {"AWS": "arn:aws:iam::*:root"},
    {"AWS": f"arn:aws-us-gov:iam::{OTHER}:root"},
    {"AWS": f"arn:aws:iam::{OTHER}:role/Sender"},
    {"AWS": [OWNER, OTHER]},
    {"aws": OTHER},
    {"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},
    {"Federated": f"arn:aws:iam::{OTHER}:saml-provider/corp"},
    {"AWS": OTHER, "Service": [CONNECT, "events.amazonaws.com"], "Federated": "accounts.google.com"},
)
_ACTIONS: tuple[Any, ...] = (
    "sns",
    "sns:",
    ":",
    "*:*",
    "s?s:Publish",
    "SNS:PUB*",
    "sns:P?blish",
    [],
    None,
    5,
    ["*", "x"],
)
_RESOURCES: tuple[Any, ...] = (
    [],
    None,
    "",
    "?",
    "**",
    TOPIC_ARN.upper(),
    TOPIC_ARN.replace(":chat", "*"),
    "arn:aws:sns:*",
    "arn:*:chat",
    f"arn:aws:s?s:{REGION}:{OWNER}:chat",
    f"arn:aws:sns:{REGION}:{OWNER}:c?at",
    f"arn:aws:sns:{REGION}:{OWNER}:${{aws:username}}*",
    f"arn:aws:sns:{REGION}:${{aws:SourceAccount}}:chat",
    f"{TOPIC_ARN}:0a1b2c3d",
    ["*", TOPIC_ARN],
)


def any_policy(rng: random.Random) -> Any:
    """A policy of any form, and now and then something that is not a policy."""
    found = key_policy(rng) if rng.random() < 0.1 else policy(rng)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        _another_condition(rng.choice(found["Statement"]), rng)
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        rng.choice(_CHANGES)(rng.choice(found["Statement"]), rng)
    found = finished(found, rng)
    return _odd_document(found, rng) if rng.random() < 0.03 else found


def change_any(found: Policy, rng: random.Random) -> None:
    """Change a policy in place by one step, to any form."""
    rng.choice((_another_condition, *_CHANGES))(rng.choice(found["Statement"]), rng)


def _another_condition(statement: Statement, rng: random.Random) -> None:
    """Add a condition under any operator; half of the time on a key that goes with it."""
    base = rng.choice(OPERATORS)
    name = f"{rng.choice((*QUALIFIERS, '', ''))}{base}{rng.choice(('', '', 'IfExists'))}"
    key = rng.choice(_keys_of(base)) if rng.random() < 0.6 else rng.choice(tuple(KEYS))
    block = statement.setdefault("Condition", {})
    if isinstance(block, dict) and isinstance(block.setdefault(name, {}), dict):
        block[name][key] = _value(base, key, rng)


def _keys_of(base: str) -> tuple[str, ...]:
    """Keys that the realistic materials compare by operators like this one."""
    family = next(one for one in (TEXTUAL, ARNS, NUMBERS, DATES, (base,)) if base in one)
    return tuple(key for key, (names, _) in KEYS.items() if not set(family).isdisjoint(names)) or tuple(KEYS)


def _value(base: str, key: str, rng: random.Random) -> Any:
    """One value or several: of the key, of the operator, any text, and seldom another type."""
    usual = KEYS.get(key, ((), ("x",)))[1]
    of_operator = next((values for names, values in _VALUES.items() if base in names), usual)

    def one() -> Any:
        chance = rng.random()
        if chance < (0.1 if base == "BinaryEquals" else 0.5):  # no key of the materials has bytes
            return rng.choice(usual)
        if chance < 0.85:
            return rng.choice(of_operator)
        return copy.deepcopy(rng.choice(_TEXTS if chance < 0.97 else _TYPES))

    return [one() for _ in range(rng.randint(0, 3))] if rng.random() < 0.2 else one()


def _any_operator(statement: Statement, rng: random.Random) -> None:
    block = statement.get("Condition")
    if isinstance(block, dict) and block:
        name = rng.choice(tuple(block))
        block[rng.choice((*OPERATORS, *_UNDOCUMENTED))] = block.pop(name)


def _odd_value(statement: Statement, rng: random.Random) -> None:
    block = statement.get("Condition")
    keys = rng.choice(tuple(block.values())) if isinstance(block, dict) and block else None
    if isinstance(keys, dict) and keys:
        keys[rng.choice(tuple(keys))] = copy.deepcopy(rng.choice((*_TEXTS, *_TYPES)))


def _other_letters(statement: Statement, rng: random.Random) -> None:
    """Write a key in other letters, beside itself or instead."""
    block = statement.get("Condition")
    keys = rng.choice(tuple(block.values())) if isinstance(block, dict) and block else None
    if isinstance(keys, dict) and keys:
        key = rng.choice(tuple(keys))
        keys[key.swapcase()] = keys[key] if rng.random() < 0.5 else keys.pop(key)


def _odd_block(statement: Statement, rng: random.Random) -> None:
    statement["Condition"] = copy.deepcopy(rng.choice((None, [], "x", {}, {"Bool": []}, {"Null": None})))


def _element(name: str, values: tuple[Any, ...]) -> Callable[[Statement, random.Random], None]:
    """Replace an element, and now and then negate it, leave it out, or write both forms."""

    def change(statement: Statement, rng: random.Random) -> None:
        chance = rng.random()
        if chance < 0.1:
            statement.pop(name, None)
            return
        written = name if chance < 0.6 else f"Not{name}"
        if chance < 0.95:
            statement.pop(name if written != name else f"Not{name}", None)
        statement[written] = copy.deepcopy(rng.choice(values))

    return change


def _odd_effect(statement: Statement, rng: random.Random) -> None:
    statement["Effect"] = rng.choice(("allow", "DENY", "", None, ["Allow"], "Deny", "Allow"))


def _unknown_element(statement: Statement, rng: random.Random) -> None:
    statement[rng.choice(("principal", "Conditions", "Comment", "Sid"))] = rng.choice(("x", None, {}, 1))


def _odd_document(found: Policy, rng: random.Random) -> Any:
    kind = rng.randrange(5)
    if kind == 0:
        return rng.choice((None, 1, "x", [], {}, {"Statement": None}, {"Statement": "x"}, [found]))
    if kind == 1:
        return {**found, "Version": rng.choice((None, "2012-10-18", 20121017, "", "2008-10-17"))}
    if kind == 2:
        return {**found, "Statement": [found["Statement"], None]}
    if kind == 3:
        return {key.lower(): value for key, value in found.items()}
    return {**found, "Extra": 1}


_CHANGES: tuple[Callable[[Statement, random.Random], None], ...] = (
    _any_operator,
    _odd_value,
    _odd_value,
    _other_letters,
    _odd_block,
    _element("Principal", _PRINCIPALS),
    _element("Principal", _PRINCIPALS),
    _element("Action", (*ACTIONS, *_ACTIONS)),
    _element("Resource", (*RESOURCES, *_RESOURCES)),
    _odd_effect,
    _unknown_element,
)
