"""The texts of policies, and texts like them: the values that requests of the universe are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from tests.soundness.principals import several

CONNECT = "connect.amazonaws.com"
OWNER = "111122223333"
REGION = "us-east-1"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{OWNER}:chat"
INSTANCE_ID = "3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"
INSTANCE = f"arn:aws:connect:{REGION}:{OWNER}:instance/{INSTANCE_ID}"
KEY_ARN = f"arn:aws:kms:{REGION}:{OWNER}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
_VARIABLE = re.compile(r"\$\{[^}]*\}")


class Words(NamedTuple):
    """Principals that policies name, and the values that they compare each key with."""

    principals: tuple[tuple[str, str], ...]
    values: dict[str, tuple[str, ...]]
    keys: frozenset[str]
    accounts: tuple[str, ...]
    texts: frozenset[str]

    @classmethod
    def of(cls, *documents: Any) -> Words:
        principals: dict[tuple[str, str], None] = {}
        values: dict[str, dict[str, None]] = {}
        keys: dict[str, None] = {}
        for document in documents:
            for statement in _statements(document):
                principals.update(dict.fromkeys(_principals(statement)))
                for key, found in _conditions(statement):
                    values.setdefault(key, {}).update(dict.fromkeys(found))
            keys.update(dict.fromkeys(_variables(document)))
        texts = frozenset(_texts(documents))
        accounts = tuple(
            sorted({word for text in texts for word in re.findall(r"(?<!\d)\d{12}(?!\d)", text)})
        )
        named = {key: tuple(found) for key, found in values.items()}
        return cls(tuple(principals), named, frozenset({*values, *keys}), accounts, texts)

    def of_key(self, *keys: str) -> list[str]:
        """The values of keys, variables taken for a wildcard."""
        found = chain_of(self.values.get(key, ()) for key in keys)
        return list(dict.fromkeys(_VARIABLE.sub("*", value) for value in found))

    def like(self, *keys: str) -> list[str]:
        """Texts like the values of keys."""
        return list(dict.fromkeys(chain_of(variants(value) for value in self.of_key(*keys))))


def chain_of(many: Iterable[Iterable[str]]) -> list[str]:
    return [one for some in many for one in some]


def _statements(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield from (one for one in several(document.get("Statement", [])) if isinstance(one, dict))


def _principals(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for element in ("Principal", "NotPrincipal"):
        named = statement.get(element)
        for kind, values in named.items() if isinstance(named, dict) else ():
            yield from ((kind, value) for value in several(values) if isinstance(value, str) and value != "*")


def _conditions(statement: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    block = statement.get("Condition")
    for keys in block.values() if isinstance(block, dict) else ():
        for key, values in keys.items() if isinstance(keys, dict) else ():
            texts = [
                "true" if one is True else "false" if one is False else str(one) for one in several(values)
            ]
            yield key.lower(), texts


def _variables(document: Any) -> Iterator[str]:
    for text in _texts((document,)):
        yield from (key.lower() for key in re.findall(r"\$\{([^{},*?$\s]+)", text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for one in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    ):
        yield from _texts(one)


@lru_cache(maxsize=4096)
def variants(pattern: str) -> tuple[str, ...]:
    """Texts that a pattern describes, and some that it just does not."""
    least, more = filled(pattern, ""), filled(pattern, "x")
    near = (f"{least}x", f"x{least}", least[:-1], least[:-1] + ("a" if least[-1:] != "a" else "b"))
    return tuple(dict.fromkeys(text for text in (least, more, pattern, *near, least.swapcase()) if text))


def filled(pattern: str, run: str) -> str:
    """Replace wildcards: `*` by ``run``, `?` by one character."""
    return pattern.replace("*", run).replace("?", run[:1] or "y")


def fitted(pattern: str, chars: str, length: int) -> Iterator[str]:
    """Texts of a length and an alphabet that a pattern describes, or starts to."""
    for char in (chars[0], chars[-1]):
        head, star, tail = pattern.replace("?", char).partition("*")
        tails = tail.replace("*", "")
        text = head + char * (length - len(head) - len(tails)) * bool(star) + tails
        if len(text) == length and set(text) <= set(chars):
            yield text


def near(text: str, chars: str) -> str:
    """The text with another last character."""
    return text[:-1] + next(char for char in chars if char != text[-1:])
