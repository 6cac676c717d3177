"""Writes the names of files in facts relative to the compared folder, so that both sides name a value alike.

A symbol is unique within its root or template, whose name is part of the symbol. The names of the two sides differ:
`dev` and `HEAD~1:dev`, `old.yaml` and `new.yaml`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.record import NamedTuple
from checker.core.unknown import Symbol, Unknown, mapped, pieces_in
from checker.inputs.resolve import UNKNOWN_OWNER
from checker.inputs.text import Implied

if TYPE_CHECKING:
    from checker.analysis.inventory import Inventory, Key, PolicyText, Topic
    from checker.policy.model import Value


class Names(NamedTuple):
    """The name of a compared folder, or of a file and what it is called on both sides.

    ``renamed`` are pairs of the old and the new name of a file, or of a folder with its slash.
    """

    base: str
    file: str = ""
    renamed: tuple[tuple[str, str], ...] = ()

    def relative(self, text: str) -> str:
        """Return a text with relative names, which are those of the new side."""
        text = self._relative(text)
        for old, new in self.renamed:
            if old in text:
                text = _replaced(text, old, new)
        return text

    def _relative(self, text: str) -> str:
        if self.file:
            return re.sub(rf"(?<![\w./:-]){re.escape(self.base)}(?![\w./-])", lambda _: self.file, text)
        if text == self.base:
            return "."
        return text if self.base == "." else re.sub(rf"(?<![\w./:-]){re.escape(self.base)}/", "", text)

    def value(self, value: Value) -> Value:
        """Return a value of a policy with relative names."""
        return self.unknown(value) if isinstance(value, Unknown) else value

    def unknown(self, value: Unknown) -> Unknown:
        """Return an unknown value with relative names."""
        pieces = mapped(value.pieces, Symbol, self._symbol)
        return Unknown(self.relative(value.reason), self.relative(value.where), pieces)

    def _symbol(self, symbol: Symbol) -> Symbol:
        scope = self.relative(symbol.scope)
        folders = {old.removesuffix("/"): new.removesuffix("/") for old, new in self.renamed}
        return symbol._replace(name=self.relative(symbol.name), scope=folders.get(scope, scope))

    def inventory(self, inventory: Inventory) -> Inventory:
        """Return the topics, keys and instances with relative names."""
        return inventory._replace(
            topics=tuple(map(self.topic, inventory.topics)),
            keys=tuple(map(self.key, inventory.keys)),
            open_instances=tuple(one._replace(arn=self.unknown(one.arn)) for one in inventory.open_instances),
        )

    def topic(self, topic: Topic) -> Topic:
        """Return a topic with relative names, and with its owner in the policy that AWS gives it."""
        arn = self._arn(topic.arn)
        if isinstance(topic.key, Unknown):
            topic = topic.with_key(self.unknown(topic.key))
        return topic._replace(
            arn=arn,
            policy=self._policy(topic.policy, topic.symbol, arn),
            address=self.relative(topic.address),
            symbol=self.relative(topic.symbol),
            root=self.relative(topic.root),
            doubt=None if topic.doubt is None else self.unknown(topic.doubt),
        )

    def key(self, key: Key) -> Key:
        """Return a key with relative names, and with its owner in the policy that AWS gives it."""
        arn = self._arn(key.arn)
        return key._replace(
            arn=arn,
            policy=self._policy(key.policy, "", arn),
            address=self.relative(key.address),
            root=self.relative(key.root),
            doubt=None if key.doubt is None else self.unknown(key.doubt),
            grants=mapped(key.grants, Unknown, self.unknown),
        )

    def _arn(self, arn: Arn | Unknown) -> Arn | Unknown:
        return self.unknown(arn) if isinstance(arn, Unknown) else arn

    def _policy(self, text: PolicyText | Unknown, symbol: str, arn: Arn | Unknown) -> PolicyText | Unknown:
        if isinstance(text, Unknown):
            return self.unknown(text)
        own = self.relative(symbol)
        policy = mapped(text.policy, Unknown, self.unknown)
        policy = policy.with_values(lambda _, value: own if symbol and value == symbol else value)
        read = text._replace(policy=policy)
        return with_owner(read, arn) if isinstance(text.document, Implied) else read


def _replaced(text: str, old: str, new: str) -> str:
    """Replace the name of a file, or of a folder with its slash, but not a part of a longer name."""
    end = "" if old.endswith("/") else r"(?![\w./-])"
    return re.sub(rf"(?<![\w./:-]){re.escape(old)}{end}", lambda _: new, text)


def with_owner(text: PolicyText, arn: Arn | Unknown) -> PolicyText:
    """Write the account of the resource in the policy that AWS gives it, as far as it is known."""
    owner = _account_of(arn)
    if owner is None:
        return text

    def replace(_: str, value: Value) -> Value:
        if not isinstance(value, str) or UNKNOWN_OWNER not in value:
            return value
        before, _, after = value.partition(UNKNOWN_OWNER)
        if isinstance(owner, str):
            return f"{before}{owner}{after}"
        return owner._replace(pieces=pieces_in([one for one in (before, owner, after) if one != ""]))

    return text._replace(policy=text.policy.with_values(replace))


def _account_of(arn: Arn | Unknown) -> Value | None:
    """Return the account in an ARN, which may be a symbol; ``None`` if it is not known."""
    if isinstance(arn, Arn):
        return arn.account
    before = ""
    for piece in arn.pieces:
        if isinstance(piece, str):
            before += piece
        elif before.count(":") == 4 and before.endswith(":"):
            return arn._replace(pieces=(piece,))
    parts = before.split(":")
    return parts[4] if len(parts) > 5 else None
