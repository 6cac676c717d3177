"""Seeded random requests near a policy: most fit one of its statements, and some cannot exist.

An evaluator has to decide any request, so that the keys need not agree with each other, and values may be empty texts
or lists. The callers, and the values of their keys, are those of the universe of `tests.soundness.universe`.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from tests.soundness.callers import Identity, connect_sources, iam_identities, other_sources, services
from tests.soundness.comparisons import NOT_YOURS, UNKNOWN
from tests.soundness.keys import fixed_keys, free_domains
from tests.soundness.law import Law, Request, Statement
from tests.soundness.principals import SERVICE, several
from tests.soundness.universe import ACTIONS, Fragment
from tests.soundness.words import CONNECT, KEY_ARN, TOPIC_ARN, Words, filled, variants

_RESOURCES = (
    TOPIC_ARN,
    TOPIC_ARN,
    TOPIC_ARN,
    f"{TOPIC_ARN}-old",
    TOPIC_ARN.upper(),
    f"{TOPIC_ARN}:0a1b2c3d",
    KEY_ARN,
)
_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")
_ODD_ACTIONS = ("SNS:PUBLISH", "sqs:SendMessage", *_KEY_ACTIONS)
_TEXTS = (
    "",
    "x",
    "true",
    "false",
    "3600",
    "1.50",
    "2027-01-01T00:00:00Z",
    "1798761600",
    "198.51.100.7",
    "2600:1f18::7",
    "dHJ1ZQ==",
    "a\nb",
)
_RUNS = ("a:b/c", "::", "*")
"""What wildcards stand for, beside what `variants` tries: colons, which end the component of an ARN, and a wildcard."""
_CALLERS = 12
"""Callers of a policy; requests of one caller share their domains."""
_VARIABLE = re.compile(r"\$\{[^{},]*(?:, '([^']*)')?\}")
_NEAR_MISSES = 0.12
"""The share of conditions for which any value near the policy's is drawn."""
_TARGETS = 0.8
"""The share of requests that are drawn to fit a statement."""


class NearRequests:
    """The requests about one policy."""

    def __init__(self, document: Any, law: Law, rng: random.Random) -> None:
        self.rng = rng
        self.words = Words.of(document)
        self.statements = law.statements
        about_keys = "kms:" in str(document)
        self.actions = (*(_KEY_ACTIONS if about_keys else ()), *ACTIONS[:2], *ACTIONS)
        named = [text for one in _elements(document, "Resource") for text in _likes(one)]
        self.resources: tuple[str, ...] = (
            *_RESOURCES,
            *((KEY_ARN,) * 3 if about_keys else ()),
            *rng.sample(named, min(len(named), 5)),
        )
        self.domains = [self._domains(identity) for identity in self._identities()]

    def _identities(self) -> list[Identity]:
        """Some of all callers, Connect and those whom statements name first."""
        named = [*services(self.words)[:4]]
        others = list(islice(iam_identities(self.words, strangers=False), 60))
        named += [one for one in others if self._is_named(one)][:4]
        return [*named, *self.rng.sample(others, min(len(others), _CALLERS - len(named)))]

    def _is_named(self, identity: Identity) -> bool:
        return any(statement.principals(identity.caller, {}) for statement in self.statements)

    def _domains(self, identity: Identity) -> tuple[Identity, Fragment, list[list[Fragment]]]:
        sources: list[Fragment] = [{}]
        if identity.caller.service == CONNECT:
            sources = connect_sources(self.words)
        elif identity.caller.kind == SERVICE:
            sources = other_sources(identity.caller.service, self.words)
        base = {**fixed_keys(identity.caller.kind == SERVICE), **identity.context}
        return identity, base, [sources, *free_domains(identity, "sns:Subscribe", self.words)]

    def draw(self, count: int) -> Iterator[Request]:
        """Draw requests; two may be the same."""
        return (self._request() for _ in range(count))

    def _request(self) -> Request:
        rng = self.rng
        statement = rng.choice(self.statements) if self.statements and rng.random() < _TARGETS else None
        identity, base, domains = self._caller(statement)
        context = dict(base)
        for domain in domains:
            context.update(rng.choice(domain))
        if statement is not None:
            self._fit(context, statement)
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            self._disturb(context)
        known = {key: value for key, value in context.items() if _is_known(value)}
        return Request(identity.caller, self._action(statement), self._resource(statement, known), known)

    def _caller(self, statement: Statement | None) -> tuple[Identity, Fragment, list[list[Fragment]]]:
        """A caller that the statement is about, if a few draws find one."""
        for _ in range(4):
            found = self.rng.choice(self.domains)
            if statement is None or statement.principals(found[0].caller, found[1]) is not False:
                break
        return found

    def _action(self, statement: Statement | None) -> str:
        for _ in range(4):
            action = self.rng.choice(self.actions)
            if statement is None or statement.actions(action) is not False:
                break
        return self.rng.choice(_ODD_ACTIONS) if self.rng.random() < 0.05 else action

    def _resource(self, statement: Statement | None, context: Fragment) -> str:
        for _ in range(4):
            resource = self.rng.choice(self.resources)
            if statement is None or statement.resources(resource, context) is not False:
                break
        return resource

    def _fit(self, context: Fragment, statement: Statement) -> None:
        """Give keys values under which the conditions of a statement hold, or just do not."""
        rng = self.rng
        for condition in statement.conditions:
            near = rng.random() < _NEAR_MISSES
            if condition.holds(context) is True and not near:
                continue
            likes = [text for value in condition.values[:3] for text in _likes(value)]
            tried = (*rng.sample(likes, min(len(likes), 4)), None, *rng.sample(_TEXTS, 2))
            fitting = (text for text in tried if near or condition.holds(_with(context, condition.key, text)))
            for text in islice(fitting, 1):
                _set(context, condition.key, text)

    def _disturb(self, context: Fragment) -> None:
        """Take a key away, or give it another value, several values, or none."""
        rng = self.rng
        keys = sorted(self.words.keys) or ["aws:sourcearn"]
        key = rng.choice(keys)
        likes = (*(text for value in self.words.of_key(key) for text in _likes(value)), *_TEXTS)
        kind = rng.randrange(5)
        if kind == 0:
            _set(context, key, None)
        elif kind < 3:
            _set(context, key, rng.choice(likes))
        else:
            context[key] = [rng.choice(likes) for _ in range(rng.randint(0, 3))]


def _value_of(variable: re.Match[str]) -> str:
    """The default of a variable, or a value that no default stands for."""
    return str(variable[1] or "sam")


@lru_cache(maxsize=4096)
def _likes(pattern: str) -> tuple[str, ...]:
    """Texts that a pattern describes, some that it just does not, and some that it describes as a text alone."""
    plain = _VARIABLE.sub(_value_of, pattern)
    more = variants(plain) if plain != pattern else ()
    return (*variants(pattern), *more, *(filled(plain, run) for run in _RUNS if "*" in plain))


def _elements(document: Any, name: str) -> Iterator[str]:
    """The texts of an element, or of its negation, in all statements."""
    statements = several(document.get("Statement")) if isinstance(document, dict) else []
    for statement in statements:
        if isinstance(statement, dict):
            values = several(statement.get(name, statement.get(f"Not{name}")))
            yield from (value for value in values if isinstance(value, str) and value)


def _with(context: Fragment, key: str, text: str | None) -> Fragment:
    changed = dict(context)
    _set(changed, key, text)
    return changed


def _set(context: Fragment, key: str, text: str | None) -> None:
    if text is None:
        context.pop(key, None)
    elif isinstance(context.get(key), list):
        context[key] = [text]
    else:
        context[key] = text


def _is_known(value: Any) -> bool:
    """False for a value that no documentation tells; in a single request the key is absent instead."""
    return value is not UNKNOWN and value is not NOT_YOURS
