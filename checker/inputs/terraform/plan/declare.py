"""Converts the resources of a plan or state to declarations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance
from checker.core.arn import Arn, topic_arn
from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.declared import (
    Declarations,
    DeclaredAlias,
    DeclaredGrant,
    DeclaredKey,
    DeclaredPolicy,
    DeclaredSubscription,
    DeclaredTopic,
    Where,
)
from checker.inputs.terraform.plan.plan_index import POLICY_OWNERS
from checker.inputs.terraform.plan.resource import AFTER_APPLY, SENSITIVE
from checker.inputs.terraform.policy_owners import (
    Owners,
    declare_missing_owners,
    mark_unknown_policies,
    names_of,
)
from checker.policy.node import Array, Object, find, items, text_of

if TYPE_CHECKING:
    from checker.analysis.inventory import Place
    from checker.inputs.terraform.plan.plan import Plan
    from checker.inputs.terraform.plan.resource import Resource
    from checker.policy.model import Value
    from checker.policy.node import Node


def arn_of(resource: Resource, name: str) -> Arn | Unknown:
    """Return the ARN of a resource; ``name`` is its name while the ARN is unknown."""
    text = resource.text("arn")
    arn = Arn.parse(text) if isinstance(text, str) else None
    return arn or Unknown(SENSITIVE if resource.hides("arn") else AFTER_APPLY, name)


def where_of(resource: Resource) -> Where:
    """Return the Region and account of a resource from its ARN, else its own Region."""
    arn = arn_of(resource, "")
    if isinstance(arn, Arn):
        return Where(arn.region, arn.account)
    region = resource.text("region")
    named = (
        region if isinstance(region, str) and region else Unknown(AFTER_APPLY, f"{resource.address}.region")
    )
    return Where(named, Unknown(AFTER_APPLY, f"{resource.address}.account"))


def key(declarer: Declarer, resource: Resource) -> None:
    """Declare aws_kms_key or aws_kms_replica_key; unset values have KMS defaults."""
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
    """Declare aws_kms_alias."""
    address = resource.address
    known = (resource.text("name"), resource.text("arn"))
    names = (f"{address}.name", f"{address}.arn", f"{address}.id", address)
    texts = (*(one for one in known if isinstance(one, str)), *names)
    key = declarer.plan.origins.value(resource, "target_key_id")
    if key != "":
        declarer.declared.aliases.append(DeclaredAlias(texts, key, where_of(resource)))


def grant(declarer: Declarer, resource: Resource) -> None:
    """Declare aws_kms_grant."""
    key, grantee = (declarer.plan.origins.value(resource, name) for name in ("key_id", "grantee_principal"))
    if key != "":
        operations = _operations(resource)
        found = DeclaredGrant(resource.address, key, grantee, operations, _context(resource))
        declarer.declared.grants.append(found)


def _operations(resource: Resource) -> tuple[str, ...] | Unknown:
    node = resource.node("operations")
    if node is None or resource.hides("operations"):
        return Unknown(f"the operations of `{resource.address}` are not known")
    return tuple(text_of(one) or "" for one in items(node))


def _context(resource: Resource) -> tuple[tuple[str, Value], ...] | Unknown:
    """Return the encryption context constraints of a grant."""
    listed = resource.node("constraints")
    unknown = Unknown(f"the constraints of `{resource.address}` are not known")
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


_NO_ARN = "not a topic ARN"


def topic(declarer: Declarer, resource: Resource) -> None:
    """Declare aws_sns_topic."""
    address = resource.address
    names = (f"{address}.arn", f"{address}.id", address)
    arn = arn_of(resource, names[0])
    known = topic_arn(str(arn)) if isinstance(arn, Arn) else None
    key = declarer.plan.origins.value(resource, "kms_master_key_id")
    topic = DeclaredTopic(
        address=address,
        names=names,
        place=declarer.place(resource),
        arn=known or (arn if isinstance(arn, Unknown) else Unknown(_NO_ARN, names[0])),
        fifo=_fifo(resource),
        key=None if key == "" else key,
        tags=_tags(resource),
        fifo_place=declarer.place(resource, "fifo_topic"),
        key_place=declarer.place(resource, "kms_master_key_id"),
        named=declarer.named,
        where=where_of(resource),
    )
    policy = inline_policy(declarer, resource, topic.names, topic.arn, declarer.topic_owners)
    declarer.declared.topics.append(topic._replace(policy=policy))


def subscription(declarer: Declarer, resource: Resource) -> None:
    """Declare aws_sns_topic_subscription."""
    topic, protocol, endpoint = (
        declarer.plan.origins.value(resource, name) for name in ("topic_arn", "protocol", "endpoint")
    )
    declarer.declared.subscriptions.append(DeclaredSubscription(resource.address, topic, protocol, endpoint))


def instance(declarer: Declarer, resource: Resource) -> None:
    """Declare aws_connect_instance, as a resource or data source."""
    arn = arn_of(resource, "")
    if isinstance(arn, Arn) and arn.is_instance:
        declarer.declared.instances.append(Instance(arn, declarer.place(resource, "arn")))


def _fifo(resource: Resource) -> bool | Unknown:
    """Return whether a topic is FIFO: by attribute, or by a name that ends in `.fifo`."""
    fifo, name = resource.flag("fifo_topic", default=False), resource.text("name")
    return True if isinstance(name, str) and name.endswith(".fifo") else fifo


def _tags(resource: Resource) -> tuple[tuple[str, str], ...]:
    """Return the tags; Terraform marks a sensitive tag in `tags` but not in `tags_all`."""
    node = resource.node("tags_all") or resource.node("tags")
    members = node.members if isinstance(node, Object) else ()
    open_ = (
        one for one in members if not any(resource.hides(name, one.key) for name in ("tags", "tags_all"))
    )
    return tuple((one.key, text_of(one.value) or "") for one in open_)


class Declarer:
    """Converts resources to declarations; ``faults`` are the policies that could not be read.

    ``open_topic`` and ``open_key`` are the reasons for policies with an unknown owner. ``named`` is true if
    the user named the file.
    """

    def __init__(self, plan: Plan, declared: Declarations, *, named: bool) -> None:
        self.plan = plan
        self.declared = declared
        self.named = named
        self.faults: list[InputError] = []
        self.topic_owners, self.key_owners = Owners(()), Owners(())
        gap = Unknown(plan.outline.gap, plan.source.name) if plan.outline.gap else None
        self.open_topic: Unknown | None = gap
        self.open_key: Unknown | None = gap

    def declare(self) -> None:
        """Declare all resources, starting with policy resources, because the others depend on them."""
        for resource in self.plan.resources:
            if resource.type in POLICY_OWNERS:
                self.policy(resource)
        self.topic_owners = Owners(self.declared.topic_policies)
        self.key_owners = Owners(self.declared.key_policies)
        for resource in self.plan.resources:
            declare = _DECLARERS.get(resource.type)
            if declare is not None:
                declare(self, resource)
        mark_unknown_policies(self.declared, self.open_topic, self.open_key)
        declare_missing_owners(self.declared)

    def policy(self, resource: Resource) -> None:
        """Declare aws_sns_topic_policy, awscc_sns_topic_inline_policy or aws_kms_key_policy."""
        name = "policy_document" if resource.type.startswith("awscc") else "policy"
        attribute = POLICY_OWNERS[resource.type]
        owner = self.plan.origins.value(resource, attribute)
        policy = self.read(resource, name, owner if isinstance(owner, str) else "")
        if policy is None:
            policy = Unknown("no policy is set", f"{resource.address}.{name}")
        of_key = resource.type == "aws_kms_key_policy"
        if isinstance(owner, Unknown) and self.plan.origins.one(resource, attribute) is None:
            self._leave_open(
                Unknown(f"`{resource.address}` may write the policy", owner.where), of_key=of_key
            )
        listed = self.declared.key_policies if of_key else self.declared.topic_policies
        listed.append(DeclaredPolicy(resource.address, self.place(resource, name), (owner,), policy))

    def _leave_open(self, unknown: Unknown, *, of_key: bool) -> None:
        if of_key:
            self.open_key = unknown
        else:
            self.open_topic = unknown

    def read(self, resource: Resource, name: str, own: str = "") -> Node | Unknown | None:
        """Read a policy. If it cannot be read, the error is noted and the policy is unknown."""
        try:
            return self.plan.policy(resource, name, own)
        except InputError as error:
            self.faults.append(error)
            return Unknown(error.reason, f"{resource.address}.{name}")

    def place(self, resource: Resource, name: str = "") -> Place:
        """Return the position of an attribute; reports may quote it unless it is sensitive."""
        place = resource.place(name)
        if not resource.hides(place.route[-1]):
            self.plan.source.show(find(resource.document.root, place.route, Part.VALUE))
        return place


_DECLARERS = {
    "aws_sns_topic": topic,
    "aws_sns_topic_subscription": subscription,
    "aws_kms_key": key,
    "aws_kms_replica_key": key,
    "aws_kms_alias": alias,
    "aws_kms_grant": grant,
    "aws_connect_instance": instance,
}


def inline_policy(
    declarer: Declarer,
    resource: Resource,
    names: tuple[str, ...],
    arn: Arn | Unknown,
    owners: Owners,
) -> Node | Unknown | None:
    """Return the inline policy of a topic or key.

    AWS fills in unset policies, and Terraform reads back policies of other resources; neither is a second
    policy. If a policy resource is deleted, the provider restores the AWS default policy.
    """
    apart, plan = owners.of(names, arn), declarer.plan
    if not plan.has_configuration and resource.lacks("policy") and not apart:
        return Unknown(AFTER_APPLY, f"{resource.address}.policy")
    if not plan.origins.is_set(resource, "policy"):
        released = not plan.outline.released.isdisjoint(names_of(names, arn))
        known = resource.node("policy") is not None
        return declarer.read(resource, "policy", str(arn)) if known and not apart and not released else None
    policy = declarer.read(resource, "policy", str(arn))
    return None if any(_is_alike(policy, one.policy) for one in apart) else policy


def _is_alike(one: Node | Unknown | None, other: Node | Unknown) -> bool:
    """True if two policy texts are equivalent, because one was read back."""
    texts = [text_of(node) for node in (one, other) if node is not None and not isinstance(node, Unknown)]
    known = [text for text in texts if text is not None]
    try:
        return len(known) == 2 and json.loads(known[0]) == json.loads(known[1])
    except (ValueError, RecursionError):
        return False
