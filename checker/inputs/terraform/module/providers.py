"""Reads providers, which set the Region and account of resources.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs#aws-configuration-reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from checker.core.arn import NEWEST, partition_of
from checker.core.unknown import Unknown
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Access, Expression, Literal, Name, ObjectOf, written
from checker.inputs.terraform.hcl.values import text
from checker.policy.node import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.hcl.expression import Scope


class Provider(NamedTuple):
    """The Region and account of a provider."""

    region: str | Unknown
    account: str | Unknown

    @property
    def partition(self) -> str | Unknown:
        """Return the partition of the Region."""
        return self.region if isinstance(self.region, Unknown) else partition_of(self.region) or NEWEST


NO_PROVIDER = Provider(
    Unknown("no provider sets the Region", "provider.aws.region"),
    Unknown("no provider sets the account", "provider.aws.allowed_account_ids"),
)


def read_providers(blocks: Iterable[Block], scope: Scope) -> dict[str, Provider]:
    """Read the providers of a module, by alias; the default provider has an empty alias."""
    found: dict[str, Provider] = {}
    for block in blocks:
        alias = block.body.arguments.get("alias")
        name = text(evaluate(alias.expression, scope)) if alias is not None else ""
        if isinstance(name, str):
            found.setdefault(name, Provider(_region(block, scope), _account(block, scope)))
    return found


def _region(block: Block, scope: Scope) -> str | Unknown:
    argument = block.body.arguments.get("region")
    found = text(evaluate(argument.expression, scope)) if argument is not None else None
    return NO_PROVIDER.region if found is None else found


def _account(block: Block, scope: Scope) -> str | Unknown:
    """Return the account, if the provider allows exactly one."""
    argument = block.body.arguments.get("allowed_account_ids")
    if argument is None:
        return NO_PROVIDER.account
    found = [text(one) for one in items(evaluate(argument.expression, scope))]
    only = found[0] if len(found) == 1 else None
    return NO_PROVIDER.account if only is None else only


def provider_named(block: Block) -> str:
    """Return the provider alias of a resource; empty for the default provider."""
    argument = block.body.arguments.get("provider")
    return _alias(argument.expression) if argument is not None else ""


def passed_providers(block: Block, ours: Mapping[str, Provider]) -> dict[str, Provider]:
    """Return the providers of a called module: those passed to it, else the default one.

    https://developer.hashicorp.com/terraform/language/modules/develop/providers
    """
    argument = block.body.arguments.get("providers")
    if argument is None or not isinstance(argument.expression, ObjectOf):
        return {"": ours.get("", NO_PROVIDER)}
    elements = argument.expression.elements
    return {_alias(one.key): ours.get(_alias(one.value), NO_PROVIDER) for one in elements}


def _alias(expression: Expression) -> str:
    """Read `aws.west`, which is a string in JSON syntax."""
    if isinstance(expression, Literal):
        said = str(expression.value)
    else:
        said = written(expression.at) if isinstance(expression, Access | Name) else ""
    return said.partition(".")[2]
