"""Keys, aliases and grants of a plan or state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.declared import DeclaredAlias, DeclaredGrant, DeclaredKey
from checker.inputs.terraform.naming import arn_of, where_of
from checker.inputs.terraform.owned import inline_policy
from checker.policy.node import Array, Object, items, text_of

if TYPE_CHECKING:
    from checker.inputs.terraform.declare import Declarer
    from checker.inputs.terraform.resource import Resource
    from checker.policy.model import Value


def key(declarer: Declarer, resource: Resource) -> None:
    """aws_kms_key, aws_kms_replica_key; what is not set has the value that KMS gives it."""
    address = resource.address
    key_id = resource.text("key_id")
    known = (key_id,) if isinstance(key_id, str) else ()
    names = (
        f"{address}.arn",
        f"{address}.id",
        f"{address}.key_id",
        address,
        *known,
    )
    arn = arn_of(resource, names[0])
    is_replica = resource.type == "aws_kms_replica_key"
    enabled = resource.flag("enabled" if is_replica else "is_enabled", default=True)
    key = DeclaredKey(
        address=address,
        names=names,
        place=declarer.place(resource),
        arn=arn,
        state=enabled if isinstance(enabled, Unknown) else "Enabled" if enabled else "Disabled",
        spec=declarer.plan.origins.value(resource, "customer_master_key_spec", "SYMMETRIC_DEFAULT"),
        usage=declarer.plan.origins.value(resource, "key_usage", "ENCRYPT_DECRYPT"),
        named=declarer.named,
        where=where_of(resource),
        primary=declarer.plan.origins.value(resource, "primary_key_arn") if is_replica else None,
    )
    policy = inline_policy(declarer, resource, names, arn, declarer.key_owners)
    declarer.declared.keys.append(key._replace(policy=policy))


def alias(declarer: Declarer, resource: Resource) -> None:
    """aws_kms_alias."""
    address = resource.address
    known = (resource.text("name"), resource.text("arn"))
    names = (f"{address}.name", f"{address}.arn", f"{address}.id", address)
    texts = (*(one for one in known if isinstance(one, str)), *names)
    key = declarer.plan.origins.value(resource, "target_key_id")
    if key != "":
        declarer.declared.aliases.append(DeclaredAlias(texts, key, where_of(resource)))


def grant(declarer: Declarer, resource: Resource) -> None:
    """aws_kms_grant."""
    key, grantee = (declarer.plan.origins.value(resource, name) for name in ("key_id", "grantee_principal"))
    if key != "":
        operations = _operations(resource)
        found = DeclaredGrant(resource.address, key, grantee, operations, _context(resource))
        declarer.declared.grants.append(found)


def _operations(resource: Resource) -> tuple[str, ...] | Unknown:
    node = resource.node("operations")
    if node is None or resource.hides("operations"):
        return Unknown(f"what `{resource.address}` allows is not known")
    return tuple(text_of(one) or "" for one in items(node))


def _context(resource: Resource) -> tuple[tuple[str, Value], ...] | Unknown:
    """The encryption context that a grant is bound to."""
    listed = resource.node("constraints")
    unknown = Unknown(f"what `{resource.address}` is bound to is not known")
    if resource.hides("constraints") or resource.lacks("constraints"):
        return unknown
    pairs: list[tuple[str, Value]] = []
    for number, one in enumerate(listed.items if isinstance(listed, Array) else ()):
        for name in ("encryption_context_equals", "encryption_context_subset"):
            if resource.lacks("constraints", number, name):
                return unknown
            said = one.get(name) if isinstance(one, Object) else None
            members = said.members if isinstance(said, Object) else ()
            pairs += [(member.key, text_of(member.value) or unknown) for member in members]
    return tuple(pairs)
