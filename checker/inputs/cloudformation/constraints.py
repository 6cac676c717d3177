"""Reads what a template allows as values of its parameters: AllowedValues, AllowedPattern, and simple rules.

A rule constrains a parameter if it applies without a condition and compares the parameter with literals. Every other
rule is ignored, so that more values are taken as possible than CloudFormation accepts.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from __future__ import annotations

import string
from itertools import chain
from typing import TYPE_CHECKING

from checker.core.arn import is_account
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, ID, TEXT, Piece, Symbol
from checker.inputs.cloudformation.allowed_pattern import AllowedPattern, Run, parse_pattern
from checker.policy.node import Array, Object, items, scalar_text, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.inputs.cloudformation.allowed_pattern import Segment
    from checker.policy.node import Node


class Constraint(NamedTuple):
    """What a parameter may be: one of some values, if ``allowed`` is not empty, and a text that the pattern allows."""

    allowed: tuple[str, ...] = ()
    pattern: AllowedPattern | None = None

    def may_be(self, text: str) -> bool:
        """False for a value that CloudFormation rejects."""
        is_listed = not self.allowed or text in self.allowed
        return is_listed and (self.pattern is None or self.pattern.allows(text))

    @property
    def kind(self) -> str:
        """The kind of all values, if the pattern allows no others."""
        if self.pattern is None:
            return TEXT
        return next((kind for kind, form in _FORMS.items() if _has_form(self.pattern, *form)), TEXT)

    @property
    def may_be_pattern(self) -> bool:
        """True if the template lists a wildcard of policies among the characters of a value."""
        return not self.allowed and self.pattern is not None and self.pattern.lists_wildcards

    def pieces(self, name: str, scope: str) -> tuple[Piece, ...]:
        """Return a parameter that is an ARN in a fixed account, as its literal and open parts; else nothing."""
        fields = _fields(self.pattern.segments) if self.pattern is not None and not self.allowed else ()
        return _arn_pieces(fields, name, scope) if len(fields) == 6 else ()


_SAMPLE_ID = "5eed0000-0000-4000-8000-000000000001"
_FORMS = {
    ACCOUNT: ("111122223333", frozenset(string.digits)),
    ID: (_SAMPLE_ID, frozenset(f"{string.hexdigits}-")),
}
"""For each kind a value, as long as all others, and the characters that the values have."""


def _has_form(pattern: AllowedPattern, sample: str, characters: frozenset[str]) -> bool:
    """True if all values have the length and the characters of a kind."""
    return (
        pattern.allows(sample)
        and pattern.has_length(len(sample))
        and all(not one.others and one.listed <= characters for one in pattern.characters)
    )


def _kind_after_instance(pattern: AllowedPattern) -> str:
    """Return the kind of what follows `instance/`: an ID, unless it may have more parts or wildcards."""
    is_open = any(map(pattern.may_have, ":/*?"))
    return ID if pattern.allows(_SAMPLE_ID) and not is_open else TEXT


NO_CONSTRAINT = Constraint()


def constraints_of(parameters: Mapping[str, Object], rules: Mapping[str, Object]) -> dict[str, Constraint]:
    """Return the constraints of parameters by name."""
    by_rules = _by_rules(rules)
    found = {name: _constraint(node, by_rules.get(name, [])) for name, node in parameters.items()}
    return {name: one for name, one in found.items() if one != NO_CONSTRAINT}


def _constraint(parameter: Object, by_rules: list[tuple[str, ...]]) -> Constraint:
    """Return a constraint; for a parameter in Systems Manager, it would be one of the name, not of the value."""
    kind = _text(parameter, "Type")
    listed = _literals(parameter.get("AllowedValues"))
    if kind.startswith("AWS::SSM::"):
        return NO_CONSTRAINT
    if "List" in kind:
        return Constraint(listed)
    pattern = parse_pattern(_text(parameter, "AllowedPattern"))
    sets = [one for one in (listed, pattern.values if pattern is not None else (), *by_rules) if one]
    first, *others = sets or [()]
    allowed = tuple(
        one
        for one in first
        if all(one in other for other in others) and (pattern is None or pattern.allows(one))
    )
    return Constraint(allowed or listed, pattern)


def _text(node: Object, name: str) -> str:
    return text_of(node.get(name)) or ""


def _literals(node: Node | None) -> tuple[str, ...]:
    """Return a list of literals; empty if an item is not one, because it may be any value."""
    texts = [scalar_text(one) for one in items(node)] if node is not None else []
    known = tuple(text for text in texts if isinstance(text, str))
    return known if len(known) == len(texts) else ()


def _by_rules(rules: Mapping[str, Object]) -> dict[str, list[tuple[str, ...]]]:
    """Return what the rules without a condition allow, by parameter."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for rule in rules.values():
        asserted = rule.get("Assertions") if rule.get("RuleCondition") is None else None
        for one in items(asserted) if asserted is not None else ():
            condition = one.get("Assert") if isinstance(one, Object) else None
            for name, values in _asserted(condition) if condition is not None else ():
                found.setdefault(name, []).append(values)
    return found


def _asserted(condition: Node) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the parameters that a condition compares with literals, each with these."""
    member = condition.members[0] if isinstance(condition, Object) and len(condition.members) == 1 else None
    parts = items(member.value) if member is not None else ()
    if member is None:
        return
    if member.key == "Fn::And":
        yield from chain.from_iterable(map(_asserted, parts))
    elif len(parts) == 2 and member.key == "Fn::Contains" and isinstance(parts[0], Array):
        yield from _compared(parts[1], parts[0].items)
    elif len(parts) == 2 and member.key == "Fn::Equals":
        yield from _compared(parts[1], parts[:1])
        yield from _compared(parts[0], parts[1:])


def _compared(reference: Node, literals: Sequence[Node]) -> Iterator[tuple[str, tuple[str, ...]]]:
    name = (
        text_of(reference.get("Ref"))
        if isinstance(reference, Object) and len(reference.members) == 1
        else None
    )
    values = [scalar_text(one) for one in literals]
    known = tuple(one for one in values if isinstance(one, str))
    if name is not None and known and len(known) == len(values):
        yield name, known


_Field = tuple["Segment", ...]


def _fields(segments: Sequence[Segment]) -> tuple[_Field, ...]:
    """Split a pattern at the first five colons of its literals; empty if another part may have a colon before."""
    fields: list[list[Segment]] = [[]]
    for segment in segments:
        literal = _literal(segment)
        if literal is None:
            if len(fields) < 6 and AllowedPattern((segment,)).may_have(":"):
                return ()
            fields[-1].append(segment)
            continue
        first, *others = literal.split(":", 6 - len(fields))
        fields[-1] += [(first,)] if first else []
        fields += ([(other,)] if other else [] for other in others)
    return tuple(map(tuple, fields))


def _literal(segment: Segment) -> str | None:
    return segment[0] if not isinstance(segment, Run) and len(segment) == 1 else None


_INSTANCE = "instance/"
_OPEN = {1: "partition", 3: "Region"}
"""The parts of an ARN that may be open."""


def _arn_pieces(fields: Sequence[_Field], name: str, scope: str) -> tuple[Piece, ...]:
    """Return the pieces of the ARN of an instance in a literal account; empty for any other text."""
    texts = [_whole(field) for field in fields]
    prefix = _literal(fields[5][0]) if fields[5] else None
    if (texts[0], texts[2]) != ("arn", "connect") or not is_account(texts[4] or "") or prefix is None:
        return ()
    if not prefix.startswith(_INSTANCE):
        return ()
    pieces: list[Piece] = []
    for number, text in enumerate(texts[:5]):
        pieces += [text if text is not None else _symbol(_OPEN[number], name, TEXT, scope), ":"]
    start = prefix.removeprefix(_INSTANCE)
    rest: _Field = (*([(start,)] if start else []), *fields[5][1:])
    kind = _kind_after_instance(AllowedPattern(rest))
    return _joined([*pieces, _INSTANCE, _whole(rest) or _symbol("ID", name, kind, scope)])


def _whole(field: _Field) -> str | None:
    """Return the only value of a part; ``None`` if there are others."""
    values = AllowedPattern(field).values
    return values[0] if len(values) == 1 else None


def _symbol(what: str, name: str, kind: str, scope: str) -> Symbol:
    return Symbol(f"{what} of {name}", kind, (), scope)


def _joined(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Join literals that follow each other."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, str) and isinstance(last, str):
            found[-1] = last + piece
        else:
            found.append(piece)
    return tuple(found)
