"""Parses Terraform addresses and references: ``module.chat["blue"].aws_sns_topic.this[0].arn``.

https://developer.hashicorp.com/terraform/cli/state/resource-addressing
"""

from __future__ import annotations

from checker.core.pattern import pattern
from checker.core.record import NamedTuple

_STEP = pattern(r'([\w-]+|\*)((?:\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\])*)(?:\.|\Z)')
_INDEX = pattern(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]')


class Step(NamedTuple):
    """One name of an address with its instance key: ``["blue"]``, ``[0]`` or empty."""

    name: str
    key: str = ""

    def __str__(self) -> str:
        return self.name + self.key


def split(address: str) -> tuple[Step, ...]:
    """Split an address into steps; empty for text that is not an address."""
    steps, at = [], 0
    while at < len(address):
        found = _STEP.match(address, at)
        if found is None:
            return ()
        steps.append(Step(found[1], found[2]))
        at = found.end()
    return tuple(steps)


def join(*steps: Step | str) -> str:
    """Join parts into an address, omitting empty parts."""
    return ".".join(str(step) for step in steps if str(step))


def without_indices(address: str) -> str:
    """Return the address without instance keys, as in the configuration."""
    return _INDEX.sub("", address)


def index_of(address: str) -> str:
    """Return the instance key of an address."""
    steps = split(address)
    return steps[-1].key if steps else ""
