"""How inputs change: one step of a mutation, reproducible from its random numbers."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

from tests.hostile import HOSTILE
from tests.soundness.forms import change_any
from tests.soundness.generate import changed
from tests.soundness.principals import several

TOKENS = (
    *HOSTILE,
    "${", "%{", "${aws:username}", "%{ if true }", "$${", "<<EOF\n", "<<-EOF\n  x\n  EOF\n", "EOF\n", "/*", "*/", "#", "//",
    "!Ref X", "!Sub '${AWS::AccountId}'", "!GetAtt A.B", "Fn::If", "Fn::Sub", "Fn::Join", "Ref", "Fn::ForEach::Loop",
    "&a", "*a", "<<: *a", "---\n", "...\n", "? ", ": ", "- ", "|\n", ">-\n", "!!binary ", "!!set ", "%YAML 1.1\n",
    "{", "}", "[", "]", '"', "'", "\\", "\\u0000", "\\ud800", ",", "\t", "\r", "\n", "\ufeff", "\x00", "\x85",
    "null", "true", "1e999", "-0", "0x1F", "9" * 400, "1_000", "NaN", "Infinity", ".inf", "2027-01-01", "12:30:45",
    "[" * 300, '{"a":' * 300, "(" * 300, "for x in y : x", "module.a.b", "each.key", "count.index", "data.x.y.z", "local.a",
    "jsonencode(", "merge(", 'split(",", ', "element([], 0)", "1 / 0", "null[0]", "[][0]", "x.*.y", 'dynamic "a" {',
    "arn:aws:sns:us-east-1:111122223333:chat", "connect.amazonaws.com", "=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-1",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 1e308, 10**30, "", "x", "*", [], {}, [[]], [None], {"": ""}, {"Ref": "X"},
    {"Fn::Sub": "${X}"}, {"Fn::If": ["C", 1, 2]}, "\ud800", "arn:aws:connect:us-east-1:111122223333:instance/x",
)  # fmt: skip
_Path = tuple[Any, ...]


def mutated_text(data: bytes, rng: random.Random) -> bytes:
    """Change a file: a value of its JSON, half of the time if it is JSON, or a piece of its text."""
    text = data.decode("utf-8", "surrogateescape")
    if rng.random() < 0.5:
        try:
            return _dumped(_mutated_json(json.loads(text), rng), rng)
        except (ValueError, RecursionError):
            pass
    return _encoded(_mutated_piece(text, rng))


def _encoded(text: str) -> bytes:
    """Write bytes that were not UTF-8 as they were, and other lone surrogates as if they were characters."""
    pieces = re.split("([\udc80-\udcff]+)", text)
    names = ("surrogatepass", "surrogateescape")
    return b"".join(piece.encode("utf-8", names[index % 2]) for index, piece in enumerate(pieces))


def mutated_case(data: bytes, rng: random.Random) -> bytes:
    """Change a policy of a JSON case as the generators of `tests.soundness` do."""
    try:
        case = json.loads(data)
        policies = case["policies"]
        number = rng.randrange(len(policies))
    except (ValueError, KeyError, TypeError):
        return data
    try:
        policy = copy.deepcopy(policies[number])
        policy["Statement"] = several(policy["Statement"])
        (changed if rng.random() < 0.7 else change_any)(policy, rng)
    except (AttributeError, TypeError, KeyError, IndexError, ValueError):
        return data  # a change of a form that this policy does not have
    policies[number] = policy
    if len(policies) == 2 and rng.random() < 0.1:
        policies[1 - number] = copy.deepcopy(policy)
    return json.dumps(case, indent=1).encode()


def _dumped(value: Any, rng: random.Random) -> bytes:
    text = json.dumps(value, indent=rng.choice((None, 1, 2)), ensure_ascii=rng.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def _mutated_json(value: Any, rng: random.Random) -> Any:
    """Replace, remove, repeat or rename one value, also within a text that is JSON itself."""
    paths = list(_paths(value))
    path = rng.choice(paths)
    if not path:
        return rng.choice(_VALUES) if rng.random() < 0.2 else [value]
    parent = _at(value, path[:-1])
    inside = parent[path[-1]]
    if isinstance(inside, str) and inside[:1] in "{[" and rng.random() < 0.7:
        try:
            parent[path[-1]] = json.dumps(_mutated_json(json.loads(inside), rng))
        except (ValueError, RecursionError):
            parent[path[-1]] = _mutated_piece(inside, rng)
        return value
    kind = rng.randrange(6)
    if kind == 0:
        del parent[path[-1]]
    elif kind == 1:
        parent[path[-1]] = copy.deepcopy(rng.choice(_VALUES))
    elif kind == 2:
        parent[path[-1]] = copy.deepcopy(_at(value, rng.choice(paths)))
    elif kind == 3 and isinstance(inside, str):
        parent[path[-1]] = _mutated_piece(inside, rng)
    elif kind == 4 and isinstance(parent, dict):
        parent[rng.choice((path[-1].swapcase(), *map(str, rng.choice(paths)[-1:]), rng.choice(TOKENS)))] = (
            inside
        )
    elif isinstance(parent, list):
        parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(inside))
    else:
        parent[path[-1]] = [inside]
    return value


def _paths(value: Any, path: _Path = ()) -> Iterator[_Path]:
    yield path
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, one in entries:
        yield from _paths(one, (*path, key))


def _at(value: Any, path: _Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _mutated_piece(text: str, rng: random.Random) -> str:
    """Remove, repeat, move or replace a line or a span, or insert a token."""
    lines = rng.random() < 0.4
    pieces = text.splitlines(keepends=True) if lines else [text]
    if lines and pieces:
        start = rng.randrange(len(pieces))
        end = min(len(pieces), start + rng.choice((1, 1, 1, 2, 5)))
    else:
        pieces = list(text)
        start = rng.randrange(len(pieces) + 1)
        end = min(len(pieces), start + rng.choice((0, 1, 1, 2, 8)))
    piece = pieces[start:end]
    kind = rng.randrange(5)
    if kind == 0:
        pieces[start:end] = []
    elif kind == 1:
        pieces[start:start] = piece
    elif kind == 2:
        pieces[start:end] = []
        at = rng.randrange(len(pieces) + 1)
        pieces[at:at] = piece
    elif kind == 3:
        pieces[start:end] = [rng.choice(TOKENS)]
    else:
        pieces[start:start] = [rng.choice(TOKENS)]
    return "".join(pieces)
