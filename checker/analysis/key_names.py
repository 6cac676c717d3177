"""What a KmsMasterKeyId can name: a key ID, a key ARN, an alias of a customer or of an AWS managed key."""

from __future__ import annotations

from checker.core.arn import Arn, is_uuid
from checker.core.unknown import Unknown

_PREDEFINED = "alias/aws/"


def managed_alias(reference: str | Unknown | None) -> str:
    """Return the alias if a KmsMasterKeyId names an AWS managed key, by alias name or alias ARN; else an empty text.

    KMS reserves `alias/aws/` for AWS managed keys. The end of a partly known ARN is sufficient. The name alone
    decides, because a KMS request for a predefined alias can create the key.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    text = reference.where if isinstance(reference, Unknown) and "${" in reference.where else reference
    name = text.rpartition(":")[2] if isinstance(text, str) else ""
    return name if name.startswith(_PREDEFINED) else ""


def is_managed_key(reference: str | Unknown | None) -> bool:
    """True if a KmsMasterKeyId is the alias of an AWS managed key."""
    return bool(managed_alias(reference))


def is_key_reference(text: str) -> bool:
    """True for the four forms of a KmsMasterKeyId: key ID, key ARN, alias name, alias ARN.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
    """
    arn = Arn.parse(text)
    name = text if arn is None else arn.resource.removeprefix("key/")
    return (arn is None or arn.service == "kms") and (name.startswith("alias/") or _is_key_id(name))


def _is_key_id(text: str) -> bool:
    """True for a UUID, and for the ID of a multi-Region key."""
    hexadecimal = set(text.removeprefix("mrk-").lower()) <= set("0123456789abcdef")
    return is_uuid(text) or (text.startswith("mrk-") and len(text) == _MULTI_REGION_ID and hexadecimal)


_MULTI_REGION_ID = len("mrk-") + 32


def is_customer_alias(reference: str | Unknown | None) -> bool:
    """True if a KmsMasterKeyId is an alias that customers can create; AWS reserves `alias/aws/` for its own keys."""
    alias = reference.rpartition(":")[2] if isinstance(reference, str) else ""
    return alias.startswith("alias/") and not alias.startswith(_PREDEFINED)
