"""What a topic's policy may call the topic by: its attributes, and its ARN as people put it together."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.terraform.address import join, split
from checker.inputs.terraform.module.attributes import place_of, text_argument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.arn import Arn
    from checker.inputs.terraform.module.session import Instance


_MAX = 24


def own_names(instance: Instance, arn: Arn | Unknown) -> tuple[str, ...]:
    """Its names for other resources, the one first that it is called by while its ARN is not known."""
    names = (f"{instance.address}.arn", f"{instance.address}.id")
    return (*names, *_put_together(instance)) if isinstance(arn, Unknown) else names


def _put_together(instance: Instance) -> Iterator[str]:
    """ARNs such as ``arn:aws:sns:us-east-1:${data.aws_caller_identity.current.account_id}:chat``.

    The data sources that give the account, Region and partition are those of the topic's own provider.
    """
    name, where = text_argument(instance, "name"), place_of(instance)
    partitions = ["aws" if isinstance(where.partition, Unknown) else where.partition]
    partitions += _given(instance, "aws_partition", "partition")
    regions = [*_known(where.region), *_given(instance, "aws_region", "name", "region", "id")]
    accounts = [*_known(where.account), *_given(instance, "aws_caller_identity", "account_id", "id")]
    names = [f"{instance.address}.name" if name is None or isinstance(name, Unknown) else name]
    names = [f"${{{one}}}" if isinstance(name, Unknown) or name is None else one for one in names]
    for _, parts in zip(range(_MAX), product(partitions, regions, accounts, names), strict=False):
        partition, region, account, last = parts
        yield f"arn:{partition}:sns:{region}:{account}:{last}"


def _known(part: str | Unknown) -> list[str]:
    return [f"${{{part.where}}}"] if isinstance(part, Unknown) else [part]


def _given(instance: Instance, kind: str, *attributes: str) -> list[str]:
    """What data sources of a kind are called in the module, those of the same provider."""
    module, found = instance.module, []
    for name, block in module.data_sources(kind):
        if module.provider(block) == module.provider(instance.block):
            found += [f"${{{module.named(f'data.{kind}.{name}')}.{attribute}}}" for attribute in attributes]
    return found


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
