"""Seeded random policies near a decision: realistic ones, changed a little, and statements of every form."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from tests.soundness.materials import (
    ACTIONS,
    ARN,
    DATE,
    EDGES,
    FAVORITES,
    IP,
    KEY_ACTIONS,
    KEY_PRINCIPALS,
    KEY_ROOT,
    KEYS,
    NUMBER,
    OTHER,
    PRINCIPALS,
    REALISTIC,
    RESOURCES,
    TEXT,
    Policy,
    Statement,
)
from tests.soundness.words import OWNER


def policy(rng: random.Random) -> Policy:
    """One random policy: some realistic statements, some random ones, and up to three changes."""
    statements = [copy.deepcopy(one) for one in rng.sample(REALISTIC, rng.randint(0, 2))]
    statements += [_statement(rng) for _ in range(rng.randint(0 if statements else 1, 3))]
    rng.shuffle(statements)
    for index, one in enumerate(statements):
        one["Sid"] = f"s{index}"
    found: Policy = {"Version": rng.choice(("2012-10-17",) * 5 + ("2008-10-17",)), "Statement": statements}
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        changed(found, rng)
    return found


def finished(found: Policy, rng: random.Random) -> Policy:
    """Now and then write a policy in another of the forms that the grammar allows."""
    if rng.random() < 0.03:
        del found["Version"]
    if rng.random() < 0.3 and len(found["Statement"]) == 1:
        found["Statement"] = found["Statement"][0]
    return {"Id": "chat", **found} if rng.random() < 0.1 else found


def pair(rng: random.Random) -> tuple[Policy, Policy]:
    """A policy, and the policy after one to three changes."""
    old = policy(rng)
    new = copy.deepcopy(old)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        changed(new, rng)
    return old, new


def key_policy(rng: random.Random) -> Policy:
    """The policy of a key: the account's root, and up to two other statements."""
    statements = [copy.deepcopy(KEY_ROOT)]
    for index in range(rng.randint(0, 2)):
        built: Statement = {
            "Sid": f"k{index}",
            "Effect": rng.choice(("Allow", "Allow", "Allow", "Deny")),
            "Principal": copy.deepcopy(rng.choice(KEY_PRINCIPALS)),
            "Action": copy.deepcopy(rng.choice(KEY_ACTIONS)),
            "Resource": "*",
        }
        for _ in range(rng.choice((0, 0, 1, 2))):
            _add_condition(built, rng)
        statements.append(built)
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(rng: random.Random) -> Statement:
    effect = rng.choice(("Allow", "Allow", "Allow", "Deny"))
    principal, action, resource = rng.choice(PRINCIPALS), rng.choice(ACTIONS), rng.choice(RESOURCES)
    if rng.random() < 0.5:
        principal = rng.choice(PRINCIPALS[:4])
    negated = rng.random() < 0.06
    built: Statement = {
        "Sid": "x",
        "Effect": effect,
        "NotPrincipal" if negated and principal != "*" else "Principal": copy.deepcopy(principal),
        "NotAction" if rng.random() < 0.05 else "Action": copy.deepcopy(action),
        "NotResource" if rng.random() < 0.03 else "Resource": copy.deepcopy(resource),
    }
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
        _add_condition(built, rng)
    return built


def _add_condition(statement: Statement, rng: random.Random) -> None:
    key = rng.choice(FAVORITES) if rng.random() < 0.3 else rng.choice(tuple(KEYS))
    operators, values = KEYS[key]
    operator = rng.choice(operators)
    chance = rng.random()
    if chance < 0.1:
        operator, values = "Null", ("true", "false")
    elif chance < 0.2:
        operator += "IfExists"
    elif chance < 0.25 and ":" not in operator:
        operator = rng.choice(("ForAllValues:", "ForAnyValue:")) + operator
    chosen: Any = rng.choice(values)
    if rng.random() < 0.15 and operator != "Null":
        chosen = list(dict.fromkeys((chosen, rng.choice(values))))
    if isinstance(chosen, str) and operator not in ("Null", *DATE, *NUMBER, *IP) and rng.random() < 0.2:
        chosen = _worn(chosen, rng)
    if rng.random() < 0.04:
        chosen = rng.choice(EDGES)
    if rng.random() < 0.08:
        key = key.lower() if rng.random() < 0.5 else key.upper()
    statement.setdefault("Condition", {}).setdefault(operator, {})[key] = chosen


def _worn(value: str, rng: random.Random) -> str:
    """Replace one to three slices of a text by wildcards, and perhaps keep the middle alone."""
    for _ in range(rng.randint(1, 3)):
        start = rng.randrange(len(value) + 1)
        sign = rng.choice(("*", "*", "?"))
        value = value[:start] + sign + value[start + (1 if sign == "?" else rng.randint(0, 12)) :]
    if rng.random() < 0.2:
        start = rng.randrange(len(value))
        return f"*{value[start : start + rng.randint(1, 8)]}*"
    return value


def changed(found: Policy, rng: random.Random) -> None:
    """Change a policy in place by one step."""
    rng.choice(_CHANGES)(found, rng)


def _some(found: Policy, rng: random.Random) -> Statement:
    return rng.choice(found["Statement"]) if found["Statement"] else _new(found, rng)


def _new(found: Policy, rng: random.Random) -> Statement:
    built = _statement(rng)
    built["Sid"] = f"n{len(found['Statement'])}"
    found["Statement"].insert(rng.randint(0, len(found["Statement"])), built)
    return built


def _add_statement(found: Policy, rng: random.Random) -> None:
    _new(found, rng)


def _drop_statement(found: Policy, rng: random.Random) -> None:
    if len(found["Statement"]) > 1:
        found["Statement"].pop(rng.randrange(len(found["Statement"])))


def _more_conditions(found: Policy, rng: random.Random) -> None:
    _add_condition(_some(found, rng), rng)


def _fewer_conditions(found: Policy, rng: random.Random) -> None:
    block = _some(found, rng).get("Condition")
    if block:
        block.pop(rng.choice(tuple(block)))


def _other_operator(found: Policy, rng: random.Random) -> None:
    block = _some(found, rng).get("Condition")
    if not block:
        return
    name = rng.choice(tuple(block))
    bare = name.rpartition(":")[2].removesuffix("IfExists")
    likes = [one for one in (*TEXT, *ARN, "Null") if bare in (*TEXT, *ARN)] or [bare]
    new = rng.choice((*likes, f"{bare}IfExists" if bare != "Null" else bare, f"ForAllValues:{bare}"))
    block.setdefault(new, {}).update(block.pop(name))


def _other_value(found: Policy, rng: random.Random) -> None:
    block = _some(found, rng).get("Condition")
    keys = rng.choice(tuple(block.values())) if block else {}
    for key in list(keys)[:1]:
        known = next((values for name, (_, values) in KEYS.items() if name.lower() == key.lower()), ("x",))
        old = keys[key]
        near = [old + "*", old + "x", old[:-1], old[:-1] + "?", old.upper()] if isinstance(old, str) else []
        keys[key] = rng.choice((*known, *near))


def _other_principal(found: Policy, rng: random.Random) -> None:
    one = _some(found, rng)
    one["NotPrincipal" if "NotPrincipal" in one else "Principal"] = copy.deepcopy(rng.choice(PRINCIPALS))


def _other_action(found: Policy, rng: random.Random) -> None:
    one = _some(found, rng)
    one["NotAction" if "NotAction" in one else "Action"] = copy.deepcopy(rng.choice(ACTIONS))


def _other_effect(found: Policy, rng: random.Random) -> None:
    one = _some(found, rng)
    one["Effect"] = "Deny" if one["Effect"] == "Allow" else "Allow"


def _odd_form(found: Policy, rng: random.Random) -> None:
    """JSON forms that mean the same, or that no documentation explains."""
    one = _some(found, rng)
    kind = rng.choice(("list", "empty", "boolean", "twice"))
    if kind == "list" and isinstance(one.get("Action"), str):
        one["Action"] = [one["Action"]]
    elif kind == "empty":
        one.setdefault("Condition", {}).setdefault(rng.choice(("StringLike", "Bool")), {})
    elif kind == "boolean":
        one.setdefault("Condition", {}).setdefault("Bool", {})["aws:SecureTransport"] = True
    elif kind == "twice":
        one.setdefault("Condition", {})["StringEquals"] = {
            "aws:SourceAccount": OWNER,
            "AWS:SourceAccount": OTHER,
        }


_CHANGES: tuple[Callable[[Policy, random.Random], None], ...] = (
    _add_statement,
    _drop_statement,
    _more_conditions,
    _more_conditions,
    _fewer_conditions,
    _fewer_conditions,
    _other_operator,
    _other_operator,
    _other_value,
    _other_value,
    _other_principal,
    _other_action,
    _other_effect,
    _odd_form,
)
