"""Reads providers, which set the Region and account of resources.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs#aws-configuration-reference
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import NEWEST, Arn, partition_of
from checker.core.record import NamedTuple
from checker.core.unknown import ACCOUNT, PARTITION, REGION, Symbol, Unknown
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.expression import Access, Expression, Literal, Name, ObjectOf, written
from checker.inputs.terraform.hcl.values import text
from checker.policy.node import items

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from checker.inputs.terraform.hcl.body import Block
    from checker.inputs.terraform.hcl.expression import Scope
    from checker.policy.model import Value

    ProviderName = tuple[str, str]
    """The type of a provider and its alias."""


class Provider(NamedTuple):
    """The Region and account of a provider."""

    region: str | Unknown
    account: str | Unknown

    @property
    def partition(self) -> str | Unknown:
        """Return the partition of the Region."""
        if not isinstance(self.region, Unknown):
            return partition_of(self.region) or NEWEST
        return Unknown(self.region.reason, self.region.where, (Symbol("partition", PARTITION),))


DEFAULT_ACCOUNT = Symbol("account", ACCOUNT)
"""The account of the default credentials."""
NO_PROVIDER = Provider(
    Unknown("no provider sets the Region", "provider.aws.region", (Symbol("Region", REGION),)),
    Unknown("no provider sets the account", "provider.aws.allowed_account_ids", (DEFAULT_ACCOUNT,)),
)
_OF_AWS = ("aws", "awscc")
_CREDENTIALS = ("assume_role", "assume_role_with_web_identity")
_NAMED_CREDENTIALS = ("profile", "access_key", "shared_credentials_files", "shared_config_files")


def read_providers(blocks: Iterable[Block], scope: Scope) -> dict[str, Provider]:
    """Read the providers of a module, by name; the default provider has an empty name."""
    found: dict[str, Provider] = {}
    for block in (one for one in blocks if one.labels[0] in _OF_AWS):
        alias = block.body.arguments.get("alias")
        own = text(evaluate(alias.expression, scope)) if alias is not None else ""
        if isinstance(own, str):
            name = _named(block.labels[0], own)
            found.setdefault(name, Provider(_region(name, block, scope), _account(name, block, scope)))
    return found


def _region(name: str, block: Block, scope: Scope) -> str | Unknown:
    argument = block.body.arguments.get("region")
    found = text(evaluate(argument.expression, scope)) if argument is not None else None
    name = "" if name == _CLOUD_CONTROL else name  # both providers read the environment
    return _of_alias(NO_PROVIDER.region, name) if found is None else found


def _of_alias(value: Value, name: str) -> Value:
    """Return the unknown value of a provider with an alias as a symbol of its own."""
    if not name or not isinstance(value, Unknown):
        return value
    symbols = (
        one._replace(name=f"{one.name} of {_full_name(name)}")
        for one in value.pieces
        if isinstance(one, Symbol)
    )
    return value._replace(pieces=tuple(symbols))


def _has_credentials(block: Block) -> bool:
    """True for a provider with credentials of its own, which may be those of another account."""
    named = any(name in block.body.arguments for name in _NAMED_CREDENTIALS)
    repeated = {one.labels[0] for one in block.body.blocks("dynamic") if one.labels}
    return named or any(kind in repeated or block.body.blocks(kind) for kind in _CREDENTIALS)


def _account(name: str, block: Block, scope: Scope) -> str | Unknown:
    """Return the account, if the provider allows exactly one. A provider without credentials uses the default ones."""
    argument = block.body.arguments.get("allowed_account_ids")
    found = [text(one) for one in items(evaluate(argument.expression, scope))] if argument is not None else []
    only = found[0] if len(found) == 1 else None
    own = _of_alias(NO_PROVIDER.account, name) if _has_credentials(block) else NO_PROVIDER.account
    return (_account_of_role(block, scope) or own) if only is None else only


def _account_of_role(block: Block, scope: Scope) -> str:
    """Return the account of the role that the provider assumes; empty if it is not known."""
    for one in block.body.blocks("assume_role"):
        argument = one.body.arguments.get("role_arn")
        role = text(evaluate(argument.expression, scope)) if argument is not None else None
        arn = Arn.parse(role) if isinstance(role, str) else None
        if arn is not None:
            return arn.account
    return ""


def provider_named(block: Block) -> str:
    """Return the name of the provider of a resource; empty for the default provider."""
    return _named(*provider_of(block))


def provider_of(block: Block) -> ProviderName:
    """Return the type and the alias of the provider of a resource or data source; the alias is empty for the default one.

    https://developer.hashicorp.com/terraform/language/meta-arguments/provider
    """
    argument = block.body.arguments.get("provider")
    return (block.labels[0].partition("_")[0], "") if argument is None else _name_of(argument.expression)


def passed_names(block: Block) -> dict[ProviderName, ProviderName] | None:
    """Return the caller's names of the providers that a call passes, by their names in the module.

    ``None`` means that the module gets the default providers.
    https://developer.hashicorp.com/terraform/language/modules/develop/providers
    """
    argument = block.body.arguments.get("providers")
    if argument is None or not isinstance(argument.expression, ObjectOf):
        return None
    return {_name_of(one.key): _name_of(one.value) for one in argument.expression.elements}


def passed_providers(block: Block, ours: Mapping[str, Provider]) -> dict[str, Provider]:
    """Return the providers of a called module: those passed to it, else the default one."""
    names = passed_names(block)
    if names is None:
        return {name: ours.get(name, NO_PROVIDER) for name in ("", _CLOUD_CONTROL)}
    return {_named(*own): ours.get(_named(*other), NO_PROVIDER) for own, other in names.items()}


_CLOUD_CONTROL = "awscc"


def _named(provider: str, alias: str) -> str:
    """Return the name of a provider: its alias, and for the awscc provider its type, too."""
    return alias if provider != _CLOUD_CONTROL else f"{provider}.{alias}".rstrip(".")


def _full_name(name: str) -> str:
    return name if name.startswith(f"{_CLOUD_CONTROL}.") else f"aws.{name}"


def _name_of(expression: Expression) -> ProviderName:
    """Read `aws.west`, which is a string in JSON syntax."""
    if isinstance(expression, Literal):
        said = str(expression.value)
    else:
        said = written(expression.at) if isinstance(expression, Access | Name) else ""
    provider, _, alias = said.partition(".")
    return provider, alias
