"""What a template leaves open, and the assignments that it is judged under.

Where conditions compare a parameter with texts, the parameter is one of these texts or another one, and no
two of them at once; any other comparison holds or does not. Both branches of every Fn::If are judged, with
what else hangs on the same condition, and their number grows with that of the choices and not with that of
their combinations: https://github.com/aws-cloudformation/cfn-lint/issues/2874.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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
