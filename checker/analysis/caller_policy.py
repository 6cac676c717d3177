"""The IAM policies of the callers that start chat streams, and what their statements about that can match.

Only the actions that start and stop a stream are considered. AWS documents the resource type that each requires.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, ID, PARTITION, REGION, Unknown, all_of, any_of, negate
from checker.policy.arn_shape import CONTACT_FLOW, INSTANCE, PART, can_match
from checker.policy.model import ALLOW, Patterns
from checker.policy.node import rendered
from checker.policy.wildcard import RUN, glob, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import CallerPolicy, Inventory
    from checker.core.unknown import Truth
    from checker.policy.arn_shape import Shape
    from checker.policy.model import Statement, Value
    from checker.policy.node import Node
    from checker.policy.wildcard import Tokens


class Required(NamedTuple):
    """The resource type that an action requires: its ARN, its name, and the end of the ARN after the instance's."""

    shape: Shape
    name: str
    suffix: str = ""


_OF_INSTANCE = Required(INSTANCE, "an instance")
REQUIRED = {
    "connect:StartContactStreaming": _OF_INSTANCE,
    "connect:StopContactStreaming": _OF_INSTANCE,
    "connect:StartChatContact": Required(CONTACT_FLOW, "a contact flow", "/contact-flow/*"),
}
_WORDS = ("contactstreaming", "startchatcontact")
"""A part of each action; an action pattern that has it is about streaming."""
_VARIABLE = pattern(r"\$\{[^}]*\}")


def mentions_streaming(text: str) -> bool:
    """True for text that may have one of the actions."""
    folded = text.lower()
    return any(word in folded for word in _WORDS)


def is_about_streaming(policy: Node | Unknown | None) -> TypeGuard[Node]:
    """True for a known policy document that may have one of the actions."""
    return policy is not None and not isinstance(policy, Unknown) and mentions_streaming(rendered(policy))


class Unmatched(NamedTuple):
    """A statement that allows actions only on resources that the required type cannot match."""

    statement: Statement
    actions: tuple[str, ...]
    required: Required
    resources: Patterns


class CallerAnalysis:
    """An identity policy, with the other policies that the same role may have."""

    def __init__(self, caller: CallerPolicy, inventory: Inventory) -> None:
        self.caller = caller
        self._others = tuple(
            one
            for one in inventory.callers
            if one.home == caller.home and _may_share(one.owner, caller.owner)
        )

    def unmatched(self) -> Iterator[Unmatched | Unknown]:
        """Yield the statements that allow an action in vain, unless another statement decides about the action.

        An Unknown says what could not be read of a statement that may be one of them.
        """
        for statement in self.caller.policy.policy.statements:
            if isinstance(statement, Unknown):
                yield statement
            else:
                yield from self._in_vain(statement)

    def _in_vain(self, statement: Statement) -> Iterator[Unmatched | Unknown]:
        by_type: dict[Required, tuple[str, ...]] = {}
        for action, required in REQUIRED.items():
            truth = self._allows_in_vain(statement, action, required)
            if isinstance(truth, Unknown):
                yield truth
            elif truth:
                by_type[required] = (*by_type.get(required, ()), action)
        if isinstance(statement.resources, Patterns):
            for required, actions in by_type.items():
                yield Unmatched(statement, actions, required, statement.resources)

    def _allows_in_vain(self, statement: Statement, action: str, required: Required) -> Truth:
        effect = statement.effect
        allows = effect if isinstance(effect, Unknown) else effect == ALLOW
        return all_of((allows, _names(statement, action), negate(self._is_decided(action, required))))

    def _is_decided(self, action: str, required: Required) -> Truth:
        """True if a statement of the role may cover the action on a resource of the required type."""
        return any_of(
            _may_cover(statement, action, required)
            for other in self._others
            for statement in other.policy.policy.statements
        )


def _may_share(one: str, other: str) -> bool:
    """True if one role may have both policies; a managed policy may belong to any role."""
    return not one or not other or one == other


def _names(statement: Statement, action: str) -> Truth:
    """True if a statement names an action, by its name or by a pattern about streaming."""
    actions = statement.actions
    if isinstance(actions, Unknown):
        return actions
    named = (
        one if isinstance(one, Unknown) else mentions_streaming(one) and _covers(one, action)
        for one in actions.values
    )
    return not actions.negated and any_of(named)


def _covers(pattern: str, action: str) -> bool:
    return glob(pattern.lower()).matches(action.lower())


def _may_cover(statement: Statement | Unknown, action: str, required: Required) -> Truth:
    """False if it is certain that a statement does not cover an action on the required type.

    Unknown if a part of the statement decides about it that could not be read.
    """
    if isinstance(statement, Unknown):
        return statement
    return all_of((_covers_action(statement.actions, action), _may_match(statement.resources, required)))


def _covers_action(actions: Patterns | Unknown, action: str) -> Truth:
    if isinstance(actions, Unknown):
        return actions
    covered = any_of(one if isinstance(one, Unknown) else _covers(one, action) for one in actions.values)
    return negate(covered) if actions.negated else covered


def _may_match(resources: Patterns | Unknown, required: Required) -> Truth:
    """True if a resource can be of the required type; a symbol can be any text of its kind."""
    if isinstance(resources, Unknown):
        return resources
    return resources.negated or any_of(
        one if isinstance(one, Unknown) and not one.pieces else can_match(_over(one), required.shape)
        for one in resources.values
    )


def _over(value: Value) -> Tokens:
    """Return a pattern that matches all texts that a value may be. A symbol or a policy variable may be any text.

    The symbols for a partition, a Region, an account and an ID have neither colon nor slash.
    """
    if isinstance(value, str):
        return tokens_of(_VARIABLE.sub("*", value))
    tokens: list[str] = []
    for piece in value.pieces:
        if isinstance(piece, str):
            tokens += tokens_of(_VARIABLE.sub("*", piece))
        else:
            tokens.append(PART if piece.kind in _PARTS else RUN)
    return tuple(tokens)


_PARTS = (PARTITION, REGION, ACCOUNT, ID)
