"""What a topic's policy may call the topic by: its attributes, and its ARN as people put it together."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.hcl.attributes import place_of, text_argument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.core.arn import Arn
    from checker.inputs.hcl.session import Instance

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
