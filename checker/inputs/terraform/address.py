"""Takes Terraform's addresses and references apart: ``module.chat["blue"].aws_sns_topic.this[0].arn``.

https://developer.hashicorp.com/terraform/cli/state/resource-addressing
"""

from __future__ import annotations

import re
from typing import NamedTuple

_STEP = re.compile(r'([\w-]+|\*)((?:\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\])*)(?:\.|\Z)')
_INDEX = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]')


class Step(NamedTuple):
    """One name of an address, and the instance that is meant: ``["blue"]``, ``[0]`` or nothing."""

    name: str
    key: str = ""

    def __str__(self) -> str:
        return self.name + self.key


def split(address: str) -> tuple[Step, ...]:
    """Take an address apart; nothing for what is none."""
    steps, at = [], 0
    while at < len(address):
        found = _STEP.match(address, at)
        if found is None:
            return ()
        steps.append(Step(found[1], found[2]))
        at = found.end()
    return tuple(steps)


def join(*steps: Step | str) -> str:
    """Put an address together; empty parts are left out."""
    return ".".join(str(step) for step in steps if str(step))


def without_indices(address: str) -> str:
    """The address as it stands in the configuration, where all instances are one."""
    return _INDEX.sub("", address)


def index_of(address: str) -> str:
    """Which instance of its resource an address means."""
    steps = split(address)
    return steps[-1].key if steps else ""
