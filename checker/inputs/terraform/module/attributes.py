"""Resolves attributes of resources: set values, computed values, and names for unknown values."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.pattern import pattern
from checker.core.unknown import ANY, Symbol, Unknown, part_of
from checker.inputs.declared import NOT_KNOWN
from checker.inputs.terraform.address import join, split
from checker.inputs.terraform.assigned import ARNS, IDS
from checker.inputs.terraform.awscc import name_in
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.functions_files import rendered_text
from checker.inputs.terraform.hcl.limits import MAX_ITEMS
from checker.inputs.terraform.hcl.values import is_null, known, mapping, placed, symbolic, text, unknown
from checker.inputs.terraform.module.expand import Nested
from checker.inputs.terraform.policy_document import document_of
from checker.policy.node import items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from checker.core.unknown import Piece
    from checker.inputs.terraform.assigned import ArnForm
    from checker.inputs.terraform.module.providers import Provider
    from checker.inputs.terraform.module.session import Instance
    from checker.policy.node import Node, Span


_DOCUMENT = "data.aws_iam_policy_document"


def attribute_of(instance: Instance, name: str, at: Span) -> Node:
    """Return an attribute; one that AWS assigns is Unknown with its name, and with what is known of its text."""
    where = f"{instance.address}.{name}"
    make = _KNOWN.get((instance.kind, name))
    found = make(instance) if make is not None else None
    if isinstance(found, str):
        return known(found, at)
    if isinstance(found, Unknown):
        return symbolic(Unknown(NOT_KNOWN.reason, where, _pieces(instance, found.pieces)), at)
    value = written_argument(instance, name) if found is None else found
    if value is not None:
        return placed(value, at)
    return symbolic(assigned(instance, name), at)


def assigned(instance: Instance, name: str) -> Unknown:
    """Return the ARN of a resource that AWS assigns, with what is known of its text."""
    where = f"{instance.address}.{name}"
    return Unknown(NOT_KNOWN.reason, where, _pieces(instance, _assigned(instance, name)))


def _pieces(instance: Instance, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return the pieces of an attribute; empty if the resource stands for an unknown number of instances."""
    return () if instance.address in instance.module.session.any_key else pieces


def _assigned(instance: Instance, name: str) -> tuple[Piece, ...]:
    """Return the pieces of an attribute that AWS assigns: a symbol, or an ARN that contains one."""
    form = ARNS.get(instance.kind) if name == name_in(instance.kind, "arn") else None
    if form is not None:
        return _arn_pieces(instance, form)
    return (symbol_of(instance, name, IDS.get((instance.kind, name), ANY)),)


def _arn_pieces(instance: Instance, form: ArnForm) -> tuple[Piece, ...]:
    where, last = place_of(instance), text_argument(instance, form.attribute)
    if last is None:
        last = Unknown(NOT_KNOWN.reason, pieces=(symbol_of(instance, form.attribute, form.kind),))
    return form.pieces(where.partition, where.region, where.account, last)


def symbol_of(instance: Instance, name: str, kind: str) -> Symbol:
    """Return the symbol of an attribute."""
    reference = f"{instance.address}.{name}"
    return instance.module.session.symbol(reference, kind)


def written_argument(instance: Instance, name: str) -> Node | None:
    """Return the value of an argument; ``None`` if it is missing or null."""
    argument = instance.block.body.arguments.get(name)
    if argument is None:
        return None
    where = f"{instance.address}.{name}"
    value = instance.module.once(
        ("argument", where), argument.at, where, lambda: evaluate(argument.expression, instance.scope)
    )
    return None if is_null(value) else value


def text_argument(instance: Instance, name: str) -> str | Unknown | None:
    """Return the value of an argument as text."""
    value = written_argument(instance, name)
    return None if value is None else text(value)


def place_of(instance: Instance) -> Provider:
    """Return the location of a resource: its own Region, else the provider's."""
    provider = instance.module.provider(instance.block)
    region = text_argument(instance, "region")
    account = _referable(instance, provider.account)
    return provider._replace(region=provider.region if region is None else region, account=account)


def _referable(instance: Instance, account: str | Unknown) -> str | Unknown:
    """Return the account of a provider with the data source that a fix may refer to, if the root has one."""
    symbol = account.only_symbol if isinstance(account, Unknown) else None
    if symbol is None or not isinstance(account, Unknown) or instance.module.address or symbol.reference:
        return account
    module = instance.module
    for name, block in module.data_sources("aws_caller_identity"):
        if module.provider(block).account == account:
            reference = f"data.aws_caller_identity.{name}.account_id"
            return account._replace(pieces=(symbol._replace(reference=reference),))
    return account


def arn_of(instance: Instance) -> Arn | Unknown:
    """Return the ARN of a resource or data source, with what is known of its text."""
    form = ARNS.get(instance.kind)
    where = f"{instance.address}.{name_in(instance.kind, 'arn')}"
    pieces = _pieces(instance, _arn_pieces(instance, form)) if form is not None else ()
    if not pieces or not all(isinstance(one, str) for one in pieces):
        return Unknown(NOT_KNOWN.reason, where, pieces)
    return Arn.parse("".join(map(str, pieces))) or Unknown(NOT_KNOWN.reason, where)


def _arn_text(instance: Instance) -> str | Unknown:
    arn = arn_of(instance)
    return arn if isinstance(arn, Unknown) else str(arn)


def _region(instance: Instance) -> str | Unknown:
    named = text_argument(instance, "name")
    return place_of(instance).region if named is None else named


def _partition(instance: Instance) -> str | Unknown:
    return place_of(instance).partition


def _suffix(instance: Instance) -> str | Unknown:
    """Return the DNS suffix. Connect is available only in partitions with the most common one, and in China."""
    partition = _partition(instance)
    return _SUFFIXES["aws"] if isinstance(partition, Unknown) else _SUFFIXES.get(partition, NOT_KNOWN)


def _account(instance: Instance) -> str | Unknown:
    return place_of(instance).account


def _arn_part(number: int) -> Callable[[Instance], str | Unknown | None]:
    """Return the reader of a part of `data.aws_arn`."""

    def part(instance: Instance) -> str | Unknown | None:
        arn = text_argument(instance, "arn")
        if isinstance(arn, Unknown):
            return Unknown(arn.reason, arn.where, part_of(arn, ":", number))
        parts = arn.split(":", 5) if arn is not None else ()
        return parts[number] if number < len(parts) else None

    return part


def _document(instance: Instance) -> Node:
    at = instance.block.header
    where = f"{instance.address}.json"
    return instance.module.once(("document", where), at, where, lambda: _policy(instance))


def _policy(instance: Instance) -> Node:
    """Render a policy document, unless it is too long."""
    found = document_of(Nested(instance.block, instance.scope))
    count = len(items(found.get("Statement") or found))
    cost = count * (1 + count // 16)  # nested documents grow exponentially
    if not instance.module.budget.spend(cost) or count > MAX_ITEMS:
        return unknown("too many statements to evaluate", instance.block.header, f"{instance.address}.json")
    return found


def _template(instance: Instance) -> Node | None:
    """Render a template as `data.template_file` of the provider hashicorp/template does.

    https://registry.terraform.io/providers/hashicorp/template/latest/docs/data-sources/file
    """
    template, values = (written_argument(instance, name) for name in ("template", "vars"))
    at = instance.block.header
    if template is None:
        return None
    values = mapping((), at) if values is None else values
    where = f"{instance.address}.rendered"
    return instance.module.once(
        ("template", where), at, where, lambda: rendered_text(template, values, at, instance.scope, evaluate)
    )


_SUFFIXES: dict[str, str | Unknown] = {
    "aws": "amazonaws.com",
    "aws-us-gov": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
}

_KNOWN: dict[tuple[str, str], Callable[[Instance], str | Unknown | Node | None]] = {
    ("aws_sns_topic", "owner"): _account,
    ("data.aws_arn", "partition"): _arn_part(1),
    ("data.aws_arn", "service"): _arn_part(2),
    ("data.aws_arn", "region"): _arn_part(3),
    ("data.aws_arn", "account"): _arn_part(4),
    ("aws_sns_topic", "arn"): _arn_text,
    ("aws_sns_topic", "id"): _arn_text,
    ("awscc_sns_topic", "topic_arn"): _arn_text,
    ("awscc_sns_topic", "id"): _arn_text,
    ("awscc_connect_instance", "id"): _arn_text,
    ("data.aws_sns_topic", "arn"): _arn_text,
    ("data.aws_sns_topic", "id"): _arn_text,
    **dict.fromkeys(
        (
            (f"{mode}{kind}", "arn")
            for kind in ("aws_lambda_function", "aws_sqs_queue")
            for mode in ("", "data.")
        ),
        _arn_text,
    ),
    ("aws_kinesis_firehose_delivery_stream", "arn"): _arn_text,
    ("aws_kms_alias", "arn"): _arn_text,
    ("data.aws_kms_alias", "arn"): _arn_text,
    ("data.aws_connect_instance", "arn"): _arn_text,
    ("data.aws_caller_identity", "account_id"): _account,
    ("data.aws_caller_identity", "id"): _account,
    ("data.aws_region", "name"): _region,
    ("data.aws_region", "region"): _region,
    ("data.aws_region", "id"): _region,
    ("data.aws_partition", "partition"): _partition,
    ("data.aws_partition", "id"): _partition,
    ("data.aws_partition", "dns_suffix"): _suffix,
    ("data.template_file", "rendered"): _template,
    (_DOCUMENT, "json"): _document,
    (_DOCUMENT, "minified_json"): _document,
}


_MAX = 24


def composed_arns(instance: Instance) -> Iterator[str]:
    """Return ARNs such as ``arn:aws:sns:us-east-1:${data.aws_caller_identity.current.account_id}:chat``.

    They use the data sources for account, Region and partition of the topic's own provider.
    """
    of_name = name_in(instance.kind, "name")
    name, where = text_argument(instance, of_name), place_of(instance)
    partitions = ["aws" if isinstance(where.partition, Unknown) else where.partition]
    partitions += _given(instance, "aws_partition", "partition")
    regions = [*_known(where.region), *_given(instance, "aws_region", "name", "region", "id")]
    accounts = [*_known(where.account), *_given(instance, "aws_caller_identity", "account_id", "id")]
    names = [f"{instance.address}.{of_name}" if name is None or isinstance(name, Unknown) else name]
    names = [f"${{{one}}}" if isinstance(name, Unknown) or name is None else one for one in names]
    for _, parts in zip(range(_MAX), product(partitions, regions, accounts, names), strict=False):
        partition, region, account, last = parts
        yield f"arn:{partition}:sns:{region}:{account}:{last}"


def _known(part: str | Unknown) -> list[str]:
    return [f"${{{part.where}}}"] if isinstance(part, Unknown) else [part]


def _given(instance: Instance, kind: str, *attributes: str) -> list[str]:
    """Return the names of the module's data sources of a type, with the same provider."""
    module, found = instance.module, []
    for name, block in module.data_sources(kind):
        if module.provider(block) == module.provider(instance.block):
            found += [f"${{{module.named(f'data.{kind}.{name}')}.{attribute}}}" for attribute in attributes]
    return found


_ALL_OF = pattern(r"(?:length\(|toset\(|keys\()?\s*((?:module\.[\w-]+\.)?\w+\.[\w-]+)\s*\)?")
"""Matches an expression that creates one resource per other resource: `aws_sns_topic.chat` or its `length`."""


def conditions_of(instance: Instance) -> tuple[str, ...]:
    """Return the unknown `count` and `for_each` expressions of a resource and its modules.

    Each has its module as a prefix, because equal expressions in one module have equal values. A resource
    that is created once per other resource has that resource's conditions.
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
