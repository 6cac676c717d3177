"""The IAM policies of the callers that start chat streams, and what their statements about that can match.

Only the actions that start and stop a stream are considered. AWS documents the resource type that each requires.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, ID, PARTITION, REGION, Unknown
from checker.policy.arn_shape import CONTACT_FLOW, INSTANCE, PART, can_match
from checker.policy.model import ALLOW, Patterns
from checker.policy.node import rendered
from checker.policy.wildcard import RUN, glob, tokens_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import CallerPolicy, Inventory
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

    def unmatched(self) -> Iterator[Unmatched]:
        """Yield the statements that allow an action in vain, unless another statement decides about the action."""
        for statement in self.caller.policy.policy.known_statements():
            resources = statement.resources
            if statement.effect != ALLOW or not isinstance(resources, Patterns) or resources.negated:
                continue
            by_type: dict[Required, tuple[str, ...]] = {}
            for action, required in REQUIRED.items():
                if _names(statement, action) and not self._is_decided(action, required):
                    by_type[required] = (*by_type.get(required, ()), action)
            for required, actions in by_type.items():
                yield Unmatched(statement, actions, required, resources)

    def _is_decided(self, action: str, required: Required) -> bool:
        """True if a statement of the role may cover the action on a resource of the required type."""
        return any(
            _may_cover(statement, action, required)
            for other in self._others
            for statement in other.policy.policy.statements
        )


def _may_share(one: str, other: str) -> bool:
    """True if one role may have both policies; a managed policy may belong to any role."""
    return not one or not other or one == other


def _names(statement: Statement, action: str) -> bool:
    """True if a statement names an action, by its name or by a pattern about streaming."""
    actions = statement.actions
    if not isinstance(actions, Patterns) or actions.negated:
        return False
    texts = (value for value in actions.values if isinstance(value, str))
    return any(mentions_streaming(text) and _covers(text, action) for text in texts)


def _covers(pattern: str, action: str) -> bool:
    return glob(pattern.lower()).matches(action.lower())


def _may_cover(statement: Statement | Unknown, action: str, required: Required) -> bool:
    """True unless it is certain that a statement does not cover an action on the required type."""
    if isinstance(statement, Unknown):
        return True
    actions, resources = statement.actions, statement.resources
    if isinstance(actions, Unknown) or isinstance(resources, Unknown):
        return True
    covered = [one for one in actions.values if isinstance(one, Unknown) or _covers(one, action)]
    if actions.negated:
        if any(isinstance(one, str) for one in covered):
            return False
    elif not covered:
        return False
    return resources.negated or any(can_match(_over(one), required.shape) for one in resources.values)


def _over(value: Value) -> Tokens:
    """Return a pattern that matches all texts that a value may be. A symbol or a policy variable may be any text.

    The symbols for a partition, a Region, an account and an ID have neither colon nor slash.
    """
    if isinstance(value, str):
        return tokens_of(_VARIABLE.sub("*", value))
    tokens: list[str] = []
    for piece in value.pieces or ("*",):
        if isinstance(piece, str):
            tokens += tokens_of(_VARIABLE.sub("*", piece))
        else:
            tokens.append(PART if piece.kind in _PARTS else RUN)
    return tuple(tokens)


_PARTS = (PARTITION, REGION, ACCOUNT, ID)
