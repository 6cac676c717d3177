"""Evaluates template parameters and AWS pseudo parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import partition_of
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, EACH, NAME, Symbol, Unknown
from checker.core.unknown import PARTITION as OF_PARTITION
from checker.core.unknown import REGION as OF_REGION
from checker.inputs.cloudformation.constraints import NO_CONSTRAINT
from checker.policy.node import scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.inputs.cloudformation.constraints import Constraint
    from checker.policy.model import Value
    from checker.policy.node import Object


class Other(NamedTuple):
    """A parameter value that differs from all texts it is compared with."""

    texts: tuple[str, ...]


Choice = str | bool | Other
World = dict[str, Choice]
"""One assignment: a choice for every open parameter and comparison."""


def changes(variables: Mapping[str, tuple[Choice, ...]]) -> list[tuple[str, Choice]]:
    """Return the choices to try one by one."""
    return [(name, choice) for name, choices in variables.items() for choice in choices]


def worlds(variables: Mapping[str, tuple[Choice, ...]], tried: list[tuple[str, Choice]]) -> Iterator[World]:
    """Yield the assignments: all true, all false, and each of these with one choice changed."""
    first = {name: choices[0] for name, choices in variables.items()}
    last = {name: choices[-1] for name, choices in variables.items()}
    seen: set[tuple[Choice, ...]] = set()
    for base in (first, last):
        for world in (base, *({**base, name: choice} for name, choice in tried)):
            key = tuple(world.values())
            if key not in seen:
                seen.add(key)
                yield world


def described(name: str, choice: Choice) -> str:
    """Describe a choice: `Stage=prod`, `Stage other`, `IsProd`, `not IsProd`."""
    if isinstance(choice, Other):
        return f"{name} other than {' or '.join(map(_shown, choice.texts))}"
    if isinstance(choice, bool):
        return name if choice else f"not {name}"
    return f"{name}={_shown(choice)}"


def _shown(text: str) -> str:
    return text if text and text.isprintable() and " " not in text else repr(text)


NO_VALUE = "AWS::NoValue"
PARTITION, REGION, URL_SUFFIX = "AWS::Partition", "AWS::Region", "AWS::URLSuffix"
PSEUDO = (
    "AWS::AccountId",
    "AWS::NotificationARNs",
    PARTITION,
    REGION,
    "AWS::StackId",
    "AWS::StackName",
    URL_SUFFIX,
)
KINDS = {
    "AWS::AccountId": ACCOUNT,
    PARTITION: OF_PARTITION,
    REGION: OF_REGION,
    "AWS::StackName": NAME,
}
_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
_SUFFIX = "amazonaws.com"
"""The default DNS suffix; Connect is available only in partitions that use it."""


class Parameters:
    """The parameters of a template under one assignment.

    ``template`` is the scope of the template. Supplied values take precedence over choices of the assignment, and choices over defaults. ``strict``
    ignores defaults, because a deployment may override them.
    """

    def __init__(
        self,
        declared: Mapping[str, Object],
        given: Mapping[str, Value],
        chosen: Mapping[str, Choice],
        constraints: Mapping[str, Constraint],
        *,
        strict: bool = False,
        template: str = "",
    ) -> None:
        self.declared = declared
        self.given = given
        self.chosen = chosen
        self.constraints = constraints
        self.strict = strict
        self.template = template

    def __contains__(self, name: str) -> bool:
        return name in self.declared or name in PSEUDO

    def value(self, name: str) -> Value | list[str]:
        """Return the value of an existing parameter; a list for a list type."""
        text, given = self.settled(name), self.given.get(name)
        if text is None and isinstance(given, Unknown):
            return given
        if name in PSEUDO:
            return self.pseudo(name) if text is None else text
        value = self.default(name) if text is None else self.guarded(name, text)
        is_text = isinstance(value, str) and self.is_list(name)
        return [part.strip() for part in value.split(",")] if isinstance(value, str) and is_text else value

    def is_list(self, name: str) -> bool:
        """True for a parameter with a list type."""
        return name in self.declared and "List" in self.said(name, "Type")

    def text(self, name: str) -> Value:
        """Return the value as text; lists are joined with commas."""
        value = self.value(name)
        if isinstance(value, Unknown) and self.is_list(name):
            return value._replace(pieces=())
        return ",".join(value) if isinstance(value, list) else value

    def settled(self, name: str) -> str | None:
        """Return a supplied or chosen value that is known."""
        given, chosen = self.given.get(name), self.chosen.get(name)
        value = chosen if given is None or isinstance(given, Unknown) else given
        return value if isinstance(value, str) else None

    def guarded(self, name: str, text: str) -> Value:
        """Return a supplied value, unless it is secret and cannot be redacted from output."""
        if self.said(name, "NoEcho") != "true":
            return text
        from checker.inputs.sensitive import keep_secret  # imported on demand: few templates have secrets

        return text if keep_secret(text, name) else Unknown("a parameter with `NoEcho`", name)

    def said(self, name: str, what: str) -> str:
        node = self.declared[name].get(what)
        text = scalar_text(node) if node is not None else None
        return text if isinstance(text, str) else ""

    def default(self, name: str) -> Value:
        """Return the default if it can serve as the value; for an SSM parameter, the default is only a name."""
        node = self.declared[name].get("Default")
        default = scalar_text(node) if node is not None else None
        if isinstance(default, Unknown):
            return default  # the code around the template sets it
        if (
            self.strict
            or self.said(name, "NoEcho") == "true"
            or self.said(name, "Type").startswith("AWS::SSM")
        ):
            return self.open(name)
        chosen = self.chosen.get(name)
        if isinstance(chosen, Other):
            left = [text for text in (default, *self.allowed(name)) if text not in chosen.texts]
            default = left[0] if (left and left[0] == default) or len(set(left)) == 1 else None
        return default if isinstance(default, str) else self.open(name)

    def open(self, name: str) -> Unknown:
        """Make the unknown value of a parameter: a symbol; for a list, one that stands for each item.

        Nothing is known of a parameter that the template lets be a pattern of a policy.
        """
        shown = f"{name}{EACH}" if self.is_list(name) else name
        constraint = self.constraints.get(name, NO_CONSTRAINT)
        if constraint.may_be_pattern:
            return unset(name)
        symbol = Symbol(shown, constraint.kind, constraint.allowed, self.template, f"#{name}")
        return unset(name)._replace(pieces=constraint.pieces(name, self.template) or (symbol,))

    def allowed(self, name: str) -> tuple[str, ...]:
        """Return the allowed values, as far as the template states them."""
        return self.constraints.get(name, NO_CONSTRAINT).allowed

    def may_be(self, name: str, text: str) -> bool:
        """False for a value that the template does not allow."""
        return self.is_list(name) or self.constraints.get(name, NO_CONSTRAINT).may_be(text)

    def pseudo(self, name: str) -> Value:
        """Return a pseudo parameter, as far as the Region or partition determines it."""
        partition = self.settled(PARTITION) or partition_of(self.settled(REGION) or "")
        if name == URL_SUFFIX:
            return _SUFFIXES.get(partition or "", _SUFFIX)
        if name == PARTITION and partition:
            return partition
        kind = KINDS.get(name)
        return (
            unset(name)
            if kind is None
            else unset(name)._replace(pieces=(Symbol(name, kind, reference=f"#{name}"),))
        )


def unset(name: str) -> Unknown:
    """Make the unknown value of a parameter without a value."""
    return Unknown(f"set it with `--parameter {name}=...`", name)
