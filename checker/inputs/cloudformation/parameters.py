"""The values of parameters, the template's own and AWS's pseudo parameters.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.arn import partition_of
from checker.core.unknown import Unknown
from checker.policy.node import items, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from checker.policy.model import Value
    from checker.policy.node import Object


class Other(NamedTuple):
    """A parameter is none of the texts that it is compared with."""

    texts: tuple[str, ...]


Choice = str | bool | Other
World = dict[str, Choice]
"""One assignment: a choice for every parameter, and every comparison, that is open."""


def changes(variables: Mapping[str, tuple[Choice, ...]]) -> list[tuple[str, Choice]]:
    """Give the choices that can be tried one by one."""
    return [(name, choice) for name, choices in variables.items() for choice in choices]


def worlds(variables: Mapping[str, tuple[Choice, ...]], tried: list[tuple[str, Choice]]) -> Iterator[World]:
    """Give the assignments: everything true, everything false, and each of the two with one choice changed."""
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
    """Say a choice: `Stage=prod`, `Stage other`, `IsProd`, `not IsProd`."""
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
_SUFFIXES = {
    "aws-cn": "amazonaws.com.cn",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
    "aws-eusc": "amazonaws.eu",
}
_SUFFIX = "amazonaws.com"
"""Taken unless the partition is known to have another: Connect is only in partitions that have this one."""


class Parameters:
    """The parameters of a template under one assignment.

    What is given counts first, then what the assignment has chosen, then the default. ``strict`` leaves out
    defaults: they say what a deployment may be, and not what it is.
    """

    def __init__(
        self,
        declared: Mapping[str, Object],
        given: Mapping[str, str],
        chosen: Mapping[str, Choice],
        *,
        strict: bool = False,
    ) -> None:
        self.declared = declared
        self.given = given
        self.chosen = chosen
        self.strict = strict

    def __contains__(self, name: str) -> bool:
        return name in self.declared or name in PSEUDO

    def value(self, name: str) -> Value | list[str]:
        """Give the value of a parameter that there is, a list for one of a list type."""
        text = self.settled(name)
        if name in PSEUDO:
            return self.pseudo(name) if text is None else text
        value = self.default(name) if text is None else self.guarded(name, text)
        listed = isinstance(value, str) and "List" in self.said(name, "Type")
        return [part.strip() for part in value.split(",")] if isinstance(value, str) and listed else value

    def text(self, name: str) -> Value:
        """Give the value as a text, that of a list with commas."""
        value = self.value(name)
        return ",".join(value) if isinstance(value, list) else value

    def settled(self, name: str) -> str | None:
        """Give a value that was given or chosen."""
        chosen = self.chosen.get(name)
        return self.given.get(name, chosen if isinstance(chosen, str) else None)

    def guarded(self, name: str, text: str) -> Value:
        """Give a value that was given, unless CloudFormation keeps it secret and it cannot be kept from output."""
        if self.said(name, "NoEcho") != "true":
            return text
        from checker.inputs.sensitive import keep_secret  # only where something is secret

        return text if keep_secret(text) else Unknown("a parameter with NoEcho", name)

    def said(self, name: str, what: str) -> str:
        node = self.declared[name].get(what)
        text = scalar_text(node) if node is not None else None
        return text if isinstance(text, str) else ""

    def default(self, name: str) -> Value:
        """Give the default, if it may be taken for the value; that of a parameter of SSM is only a name there."""
        node = self.declared[name].get("Default")
        default = scalar_text(node) if node is not None else None
        if (
            self.strict
            or self.said(name, "NoEcho") == "true"
            or self.said(name, "Type").startswith("AWS::SSM")
        ):
            return unset(name)
        chosen = self.chosen.get(name)
        if isinstance(chosen, Other):
            left = [text for text in (default, *self.allowed(name)) if text not in chosen.texts]
            default = left[0] if (left and left[0] == default) or len(set(left)) == 1 else None
        return default if isinstance(default, str) else unset(name)

    def allowed(self, name: str) -> tuple[str, ...]:
        """Give the values that a parameter may have, as far as the template says."""
        node = self.declared[name].get("AllowedValues") if name in self.declared else None
        texts = (scalar_text(one) for one in items(node)) if node is not None else ()
        return tuple(text for text in texts if isinstance(text, str))

    def pseudo(self, name: str) -> Value:
        """Give a pseudo parameter, as far as the Region or partition tells it."""
        partition = self.settled(PARTITION) or partition_of(self.settled(REGION) or "")
        if name == URL_SUFFIX:
            return _SUFFIXES.get(partition or "", _SUFFIX)
        return partition if name == PARTITION and partition else unset(name)


def unset(name: str) -> Unknown:
    """What stands for a parameter that has no value."""
    return Unknown(f"it takes `--parameter {name}=...`", name)
