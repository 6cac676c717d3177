"""Attributes of resources: those that are written, those that can be reckoned, and names for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.declared import NOT_KNOWN
from checker.inputs.terraform.hcl.evaluate import evaluate
from checker.inputs.terraform.hcl.values import is_null, known, placed, text, unknown
from checker.inputs.terraform.module.policy_document import policy_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inputs.terraform.module.providers import Provider
    from checker.inputs.terraform.module.session import Instance
    from checker.policy.node import Node, Stretch


_DOCUMENT = "data.aws_iam_policy_document"


def attribute_of(instance: Instance, name: str, at: Stretch) -> Node:
    """Give an attribute; one that is made by AWS is Unknown, and called by its name."""
    where = f"{instance.address}.{name}"
    make = _KNOWN.get((instance.kind, name))
    found = make(instance) if make is not None else None
    if isinstance(found, str):
        return known(found, at)
    if isinstance(found, Unknown):
        return unknown(NOT_KNOWN.reason, at, where)
    value = written_argument(instance, name) if found is None else found
    return unknown(NOT_KNOWN.reason, at, where) if value is None else placed(value, at)


def written_argument(instance: Instance, name: str) -> Node | None:
    """The value of an argument that is written, ``None`` where none or null is."""
    argument = instance.block.body.arguments.get(name)
    if argument is None:
        return None
    where = f"{instance.address}.{name}"
    value = instance.module.once(
        ("argument", where), argument.at, where, lambda: evaluate(argument.expression, instance.scope)
    )
    return None if is_null(value) else value


def text_argument(instance: Instance, name: str) -> str | Unknown | None:
    """The same as a text."""
    value = written_argument(instance, name)
    return None if value is None else text(value)


def place_of(instance: Instance) -> Provider:
    """Where a resource is made: by its own Region, else its provider's."""
    provider = instance.module.provider(instance.block)
    region = text_argument(instance, "region")
    return provider if region is None else provider._replace(region=region)


def topic_arn_of(instance: Instance) -> Arn | Unknown:
    """The ARN of a topic, where all its parts are known."""
    return _arn(instance, "sns", text_argument(instance, "name"), "")


def alias_arn_of(instance: Instance) -> Arn | Unknown:
    """The ARN of an alias."""
    return _arn(instance, "kms", text_argument(instance, "name"), "")


def instance_arn_of(instance: Instance) -> Arn | Unknown:
    """The ARN of a Connect instance that is looked up by its id."""
    return _arn(instance, "connect", text_argument(instance, "instance_id"), "instance/")


def _arn(instance: Instance, service: str, name: str | Unknown | None, prefix: str) -> Arn | Unknown:
    where = place_of(instance)
    parts = (where.partition, where.region, where.account, NOT_KNOWN if name is None else name)
    for part in parts:
        if isinstance(part, Unknown):
            return part
    partition, region, account, last = (str(part) for part in parts)
    return Arn(partition, service, region, account, f"{prefix}{last}")


def _as_text(find: Callable[[Instance], Arn | Unknown]) -> Callable[[Instance], str | Unknown]:
    def work(instance: Instance) -> str | Unknown:
        arn = find(instance)
        return arn if isinstance(arn, Unknown) else str(arn)

    return work


def _region(instance: Instance) -> str | Unknown:
    named = text_argument(instance, "name")
    return place_of(instance).region if named is None else named


def _partition(instance: Instance) -> str | Unknown:
    return place_of(instance).partition


def _suffix(instance: Instance) -> str | Unknown:
    partition = _partition(instance)
    return partition if isinstance(partition, Unknown) else _SUFFIXES.get(partition, NOT_KNOWN)


def _account(instance: Instance) -> str | Unknown:
    return place_of(instance).account


def _document(instance: Instance) -> Node:
    at = instance.block.header
    where = f"{instance.address}.json"
    return instance.module.once(("document", where), at, where, lambda: policy_document(instance))


_SUFFIXES: dict[str, str | Unknown] = {
    "aws": "amazonaws.com",
    "aws-us-gov": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
}

_KNOWN: dict[tuple[str, str], Callable[[Instance], str | Unknown | Node]] = {
    ("aws_sns_topic", "arn"): _as_text(topic_arn_of),
    ("aws_sns_topic", "id"): _as_text(topic_arn_of),
    ("data.aws_sns_topic", "arn"): _as_text(topic_arn_of),
    ("data.aws_sns_topic", "id"): _as_text(topic_arn_of),
    ("aws_kms_alias", "arn"): _as_text(alias_arn_of),
    ("data.aws_kms_alias", "arn"): _as_text(alias_arn_of),
    ("data.aws_connect_instance", "arn"): _as_text(instance_arn_of),
    ("data.aws_caller_identity", "account_id"): _account,
    ("data.aws_caller_identity", "id"): _account,
    ("data.aws_region", "name"): _region,
    ("data.aws_region", "region"): _region,
    ("data.aws_region", "id"): _region,
    ("data.aws_partition", "partition"): _partition,
    ("data.aws_partition", "id"): _partition,
    ("data.aws_partition", "dns_suffix"): _suffix,
    (_DOCUMENT, "json"): _document,
    (_DOCUMENT, "minified_json"): _document,
}
