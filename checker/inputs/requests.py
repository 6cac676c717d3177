"""Reads the input of `checker simulate`: a policy and a request, from a JSON line or from options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.iam.decide.decide import ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED, UNKNOWN
from checker.iam.decide.request import (
    ANONYMOUS,
    Anonymous,
    AwsPrincipal,
    Caller,
    ContextValue,
    Request,
    Service,
    fold,
)
from checker.inputs.text import TextDocument, parse_text
from checker.policy.node import Array, Node, Object, Scalar, describe, items, scalar_text, text_of
from checker.policy.read import read_policy
from checker.policy.vocabulary import KEY, TOPIC

if TYPE_CHECKING:
    from checker.core.finding import Position
    from checker.policy.model import Policy


class Question(NamedTuple):
    """A request to decide, with its policy, and the decision that the line expects, if any."""

    policy: Policy
    request: Request
    expect: str = ""


def read_question(name: str, line: str) -> Question:
    """Read a line `{"policy": ..., "request": {"principal", "action", "resource", "context"}, "expect": WORD}`.

    Raises InputError for a line that is not JSON or has no valid request. An invalid policy is still
    evaluated.
    """
    document = parse_text(name, line)
    reader = _Reader(document)
    root = reader.object(document.root, "the line")
    policy, request = (
        reader.member(root, "policy"),
        reader.object(reader.member(root, "request"), "`request`"),
    )
    expected = reader.expected(root) if root.get("expect") is not None else ""
    return Question(policy_for(policy, request), reader.request(request), expected)


def read_request(name: str, text: str) -> Request:
    """Read a request `{"principal", "action", "resource", "context"}`. Raises InputError."""
    document = parse_text(name, text)
    reader = _Reader(document)
    return reader.request(reader.object(document.root, "the request"))


DENIED = "Denied"
EXPECTED = {
    ALLOWED: frozenset((ALLOWED,)),
    EXPLICITLY_DENIED: frozenset((EXPLICITLY_DENIED,)),
    IMPLICITLY_DENIED: frozenset((IMPLICITLY_DENIED,)),
    DENIED: frozenset((EXPLICITLY_DENIED, IMPLICITLY_DENIED)),
    UNKNOWN: frozenset((UNKNOWN,)),
}
"""The decisions that a request may be expected to have, and the words that meet each."""


def policy_for(node: Node, request: Object) -> Policy:
    """Read the policy in the dialect of the requested action."""
    action = (text_of(request.get("action") or node) or "").lower()
    return read_policy(node, KEY if action.startswith("kms:") else TOPIC)[0]


def read_context(text: str) -> tuple[str, str]:
    """Split an option `KEY=VALUE`. Raises InputError."""
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise InputError("--context", f"`{text}` is not of the form KEY=VALUE")
    return key, value


def read_caller(service: str | None, arn: str | None) -> Caller:
    """Read the caller from exactly one of two options. Raises InputError."""
    if service and not arn:
        return Service(service)
    if arn == ANONYMOUS and not service:
        return Anonymous()
    caller = AwsPrincipal.parse(arn) if arn and not service else None
    if caller is None:
        wanted = (
            f"`{arn}` is neither an ARN nor an account ID"
            if arn and not service
            else "use exactly one of the two"
        )
        raise InputError("--service / --aws", wanted)
    return caller


class _Reader:
    """Reads the parts of a question, and reports missing parts with their position."""

    def __init__(self, document: TextDocument) -> None:
        self.document = document

    def fault(self, node: Node, reason: str) -> InputError:
        where: Position = node.source.position(node.start, node.end)
        return InputError(self.document.name, reason, where)

    def object(self, node: Node, what: str) -> Object:
        if not isinstance(node, Object):
            raise self.fault(node, f"{what} must be an object, found {describe(node)}")
        return node

    def member(self, node: Object, key: str) -> Node:
        value = node.get(key)
        if value is None:
            raise self.fault(node, f"`{key}` is missing")
        return value

    def text(self, node: Object, key: str) -> str:
        value = self.member(node, key)
        text = text_of(value)
        if text is None:
            raise self.fault(value, f"`{key}` must be a string, found {describe(value)}")
        return text

    def expected(self, node: Object) -> str:
        word = self.text(node, "expect")
        if word not in EXPECTED:
            raise self.fault(self.member(node, "expect"), f"`expect` must be one of {', '.join(EXPECTED)}")
        return word

    def request(self, node: Object) -> Request:
        principal = self.object(self.member(node, "principal"), "`principal`")
        context = node.get("context")
        return Request(
            self.caller(principal),
            self.text(node, "action"),
            self.text(node, "resource"),
            self.context(context) if context is not None else {},
        )

    def caller(self, node: Object) -> Caller:
        service, arn = node.get("service"), node.get("aws")
        if (service is None) == (arn is None):
            raise self.fault(node, '`principal` must be {"service": NAME} or {"aws": ARN}')
        if service is not None:
            return Service(self.text(node, "service"))
        if self.text(node, "aws") == ANONYMOUS:
            return Anonymous()
        caller = AwsPrincipal.parse(self.text(node, "aws"))
        if caller is None and arn is not None:
            raise self.fault(arn, "`aws` is neither an ARN nor an account ID")
        assert caller is not None  # noqa: S101 - checked above
        return caller

    def context(self, node: Node) -> dict[str, ContextValue]:
        found: dict[str, ContextValue] = {}
        for member in self.object(node, "`context`").members:
            if isinstance(member.value, Scalar) and member.value.value is None:
                continue  # IAM treats a key without a value as missing
            twice = member.key in found
            found[member.key] = (
                Unknown("the request has this key twice", member.key) if twice else _value(member.value)
            )
        return fold(found)


def _value(node: Node) -> ContextValue:
    if isinstance(node, Object):
        return Unknown("a context value cannot be an object")
    if not isinstance(node, Array):
        return _scalar(node)
    texts = [
        _scalar(one) if isinstance(one, Scalar) else Unknown("a context value cannot be a nested list")
        for one in items(node)
    ]
    known = tuple(text for text in texts if isinstance(text, str))
    return known if len(known) == len(texts) else Unknown("a context value is not valid Unicode text")


def _scalar(node: Node) -> str | Unknown:
    text = scalar_text(node)
    return Unknown("a list in the context cannot contain null") if text is None else text
