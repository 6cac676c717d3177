"""Which resources exist together, where `count` or `for_each` hangs on a value that is not known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.inputs.terraform.address import join, split

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.hcl.session import Instance

_ALL_OF = re.compile(r"(?:length\(|toset\(|keys\()?\s*((?:module\.[\w-]+\.)?\w+\.[\w-]+)\s*\)?")
"""An expression that makes a resource for each of another: `aws_sns_topic.chat`, `length(aws_sns_topic.chat)`."""


def conditions_of(instance: Instance) -> tuple[str, ...]:
    """The expressions of a resource and of its modules that say how many there are, and are not known.

    Each has the module in front that it is written in: equal expressions of one module have one value. What
    there is one of for each of another resource has the conditions of that one.
    """
    return tuple(dict.fromkeys(_conditions(instance.address, instance, frozenset())))


def _conditions(address: str, instance: Instance, seen: frozenset[str]) -> Iterator[str]:
    counts = instance.module.session.counts
    steps = split(address)
    for end in range(2, len(steps) + 1, 2):
        at = counts.get(join(*steps[:end]))
        if at is None:
            continue
        module, text = join(*steps[: end - 2]), " ".join(at.source.text[at.start : at.end].split())
        whole = _ALL_OF.fullmatch(text)
        of = join(module, whole[1]) if whole else ""
        if of in counts and of not in seen:
            yield from _conditions(of, instance, seen | {of})
        else:
            yield join(module, text)
