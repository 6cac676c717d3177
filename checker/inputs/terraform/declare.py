"""Declares the resources of Terraform files and plans, by one table of their types.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sns_topic and related pages
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from checker.analysis.inventory import Instance, OpenInstance
from checker.core.arn import Arn, topic_arn
from checker.core.record import NamedTuple
from checker.core.unknown import Unknown
from checker.inputs.declared import (
    DeclaredAlias,
    DeclaredGrant,
    DeclaredKey,
    DeclaredPolicy,
    DeclaredSubscription,
    DeclaredTopic,
)
from checker.inputs.endpoint_settings import delivery_of
from checker.inputs.terraform.awscc import name_in
from checker.inputs.terraform.hcl.values import is_null, text
from checker.inputs.topic_settings import TERRAFORM, settings_of
from checker.policy.node import Array, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from checker.analysis.inventory import Place
    from checker.inputs.declared import Declarations, Where
    from checker.inputs.terraform.policy_document import Block
    from checker.policy.model import Value
    from checker.policy.node import Node


class Resource(Protocol):
    """A resource with its arguments, by their names in the aws provider.

    A data source has the prefix ``data.`` in its ``kind``.

    ``references`` are further names of the resource, besides those of its attributes.
    """

    @property
    def address(self) -> str:
        """The address, with the instance key."""

    @property
    def kind(self) -> str:
        """The type."""

    @property
    def arn(self) -> Arn | Unknown:
        """The ARN."""

    @property
    def where(self) -> Where:
        """The Region and account."""

    @property
    def named(self) -> bool:
        """True if the user named the file."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """The unknown expressions that decide whether the resource exists."""

    @property
    def references(self) -> tuple[str, ...]:
        """Further names of the resource."""

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """The known tags."""

    def text(self, name: str) -> Value | None:
        """Return an argument as text; ``None`` if it is not set or empty."""

    def texts(self, name: str) -> tuple[Value, ...]:
        """Return the items of a list argument as texts; empty if it is not set."""

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean argument; ``None`` if it is not set."""

    def value(self, name: str) -> Node | None:
        """Return an argument; ``None`` if it is not set."""

    def blocks(self, name: str) -> Sequence[Block | Scalar]:
        """Return the nested blocks of a type; an unknown value stands for an unknown number of them."""

    def json(self, name: str) -> Node | Unknown | None:
        """Return an argument that is JSON in a string; ``None`` if it is not set or empty."""

    def policy(self, name: str) -> Node | Unknown | None:
        """Return the policy that an argument writes; ``None`` if it writes none."""

    def place(self, *names: str) -> Place:
        """Return the place of the first of these arguments that is set, or of the resource."""


NOT_SET = Unknown("the resource does not set it")


class PolicyArguments(NamedTuple):
    """A resource type that writes the policy of another resource: its arguments, and the list that it belongs to."""

    owner: str
    policy: str
    of: str


QUEUE_POLICIES = "queue_policies"
POLICIES = {
    "aws_sns_topic_policy": PolicyArguments("arn", "policy", "topic_policies"),
    "awscc_sns_topic_policy": PolicyArguments("topics", "policy_document", "topic_policies"),
    "awscc_sns_topic_inline_policy": PolicyArguments("topic_arn", "policy_document", "topic_policies"),
    "aws_kms_key_policy": PolicyArguments("key_id", "policy", "key_policies"),
    "aws_sqs_queue_policy": PolicyArguments("queue_url", "policy", QUEUE_POLICIES),
    "awscc_sqs_queue_policy": PolicyArguments("queues", "policy_document", QUEUE_POLICIES),
    "awscc_sqs_queue_inline_policy": PolicyArguments("queue", "policy_document", QUEUE_POLICIES),
}
LISTS_OF_OWNERS = ("topics", "queues")
"""The arguments that list several owners of one policy."""
DOCUMENT = "aws_iam_policy_document"


def declare(resource: Resource, found: Declarations) -> None:
    """Declare a resource of one of ``TYPES``."""
    TYPES[resource.kind](resource, found)


def references_to(resource: Resource, *attributes: str) -> tuple[str, ...]:
    """Return the references to some attributes of a resource, and its further names."""
    names = (name_in(resource.kind, name) for name in attributes)
    return (*(f"{resource.address}.{name}" for name in names), *resource.references)


def given(resource: Resource, name: str, default: Value = NOT_SET) -> Value:
    value = resource.text(name)
    return default if value is None else value


def tags_in(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield the tags in a map, or in a list of objects as the awscc provider has it."""
    if isinstance(node, Object):
        yield from ((one.key, one.value) for one in node.members)
    for one in node.items if isinstance(node, Array) else ():
        key, value = (one.get("key"), one.get("value")) if isinstance(one, Object) else (None, None)
        name = text(key) if key is not None else None
        if isinstance(name, str) and value is not None:
            yield name, value


def _topic(resource: Resource, found: Declarations) -> None:
    arn = resource.arn
    is_topic = isinstance(arn, Unknown) or topic_arn(str(arn)) is not None
    found.topics.append(
        DeclaredTopic(
            address=resource.address,
            names=references_to(resource, "arn", "id"),
            place=resource.place(),
            arn=arn if is_topic else Unknown("not a topic ARN", f"{resource.address}.arn"),
            settings=settings_of(resource, TERRAFORM),
            policy=resource.policy("policy"),
            tags=resource.tags,
            named=resource.named,
            conditions=resource.conditions,
            where=resource.where,
        )
    )


def declare_policy(resource: Resource, found: Declarations) -> None:
    """Declare a resource that writes the policy of others."""
    arguments = POLICIES[resource.kind]
    policy = resource.policy(arguments.policy)
    getattr(found, arguments.of).append(
        DeclaredPolicy(
            resource.address,
            resource.place(arguments.policy),
            _owners(resource, arguments.owner),
            NOT_SET if policy is None else policy,
            resource.conditions,
        )
    )


def _owners(resource: Resource, name: str) -> tuple[Value, ...]:
    if name not in LISTS_OF_OWNERS:
        return (given(resource, name),)
    return resource.texts(name) or (NOT_SET,)


def _topic_with_subscriptions(resource: Resource, found: Declarations) -> None:
    """Declare a topic of the awscc provider, which lists subscriptions as CloudFormation does."""
    _topic(resource, found)
    listed = resource.value("subscription")
    topic = Unknown(NOT_SET.reason, references_to(resource, "arn")[0])
    place = resource.place("subscription")
    for one in listed.items if isinstance(listed, Array) else ():
        nodes = [one.get(name) for name in ("protocol", "endpoint")] if isinstance(one, Object) else []
        protocol, endpoint = (_text(node) if node is not None else NOT_SET for node in nodes or (None, None))
        found.subscriptions.append(
            DeclaredSubscription(resource.address, topic, protocol, endpoint, resource.conditions, place)
        )


def _subscription(resource: Resource, found: Declarations) -> None:
    topic, protocol, endpoint = (given(resource, name) for name in ("topic_arn", "protocol", "endpoint"))
    arn = resource.text("arn")
    found.subscriptions.append(
        DeclaredSubscription(
            resource.address,
            topic,
            protocol,
            endpoint,
            resource.conditions,
            resource.place(),
            delivery_of(resource, TERRAFORM),
            pending=resource.flag("pending_confirmation"),
            arn=arn if isinstance(arn, str) else "",
        )
    )


def _key(resource: Resource, found: Declarations) -> None:
    found.keys.append(
        DeclaredKey(
            address=resource.address,
            names=references_to(resource, "arn", "key_id", "id"),
            place=resource.place(),
            arn=resource.arn,
            policy=resource.policy("policy"),
            state=_state(resource),
            spec=given(resource, "customer_master_key_spec", "SYMMETRIC_DEFAULT"),
            usage=given(resource, "key_usage", "ENCRYPT_DECRYPT"),
            named=resource.named,
            conditions=resource.conditions,
            where=resource.where,
            primary=resource.text("primary_key_arn"),
        )
    )


def _state(resource: Resource) -> str | Unknown:
    """Return the state of a key. A key without its own key material cannot be used.

    https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html
    """
    is_external = "external" in resource.kind
    enabled = resource.flag("enabled" if is_external or "replica" in resource.kind else "is_enabled")
    if isinstance(enabled, Unknown):
        return enabled
    if enabled is False:
        return "Disabled"
    known = resource.text("key_state") if is_external else None
    if isinstance(known, str):
        return known
    is_open = is_external or resource.text("origin") == "EXTERNAL"
    material = resource.value("key_material_base64")
    is_imported = enabled is True or not (material is None or is_null(material))
    return _MATERIAL if is_open and not is_imported else "Enabled"


_MATERIAL = Unknown("the key material is imported elsewhere")


def _alias(resource: Resource, found: Declarations) -> None:
    names = references_to(resource, "name", "arn", "id", "target_key_arn", "target_key_id")
    known = (resource.text("name"), resource.arn)
    texts = (str(one) for one in known if one is not None and not isinstance(one, Unknown))
    found.aliases.append(DeclaredAlias((*names, *texts), given(resource, "target_key_id"), resource.where))


def _grant(resource: Resource, found: Declarations) -> None:
    found.grants.append(
        DeclaredGrant(
            resource.address,
            given(resource, "key_id"),
            given(resource, "grantee_principal"),
            _operations(resource),
            _context(resource),
            conditions=resource.conditions,
        )
    )


def _operations(resource: Resource) -> tuple[str, ...] | Unknown:
    node = resource.value("operations")
    names = [text(one) for one in node.items] if isinstance(node, Array) else [None]
    known = tuple(one for one in names if isinstance(one, str))
    return known if len(known) == len(names) else _not_known(resource, "operations")


def _not_known(resource: Resource, what: str) -> Unknown:
    return Unknown(f"the {what} of `{resource.address}` are not known")


def _context(resource: Resource) -> tuple[tuple[str, Value], ...] | Unknown:
    """Return the encryption context constraints of a grant."""
    pairs: list[tuple[str, Value]] = []
    for block in resource.blocks("constraints"):
        found = _pairs(block)
        if found is None:
            return _not_known(resource, "constraints")
        pairs += found
    return tuple(pairs)


def _pairs(block: Block | Scalar) -> list[tuple[str, Value]] | None:
    """Return the constraints of a block; ``None`` if they are not known."""
    if isinstance(block, Scalar):
        return None
    values = [block.value(f"encryption_context_{how}") for how in ("equals", "subset")]
    given = [one for one in values if one is not None and not is_null(one)]
    if any(not isinstance(one, Object) for one in given):
        return None
    return [(one.key, _text(one.value)) for node in given if isinstance(node, Object) for one in node.members]


def _text(node: Node) -> Value:
    found = text(node)
    return NOT_SET if found is None else found


def _instance(resource: Resource, found: Declarations) -> None:
    """Declare a Connect instance, if its ARN is known or only depends on the deployment."""
    arn = resource.arn
    if isinstance(arn, Arn) and arn.is_instance:
        found.instances.append(Instance(arn, resource.place("arn")))
    elif isinstance(arn, Unknown) and arn.pieces:
        found.open_instances.append(OpenInstance(arn, resource.place("arn"), resource.address))


TYPES: dict[str, Callable[[Resource, Declarations], None]] = {
    **{kind: declare_policy for kind, one in POLICIES.items() if one.of != QUEUE_POLICIES},
    "aws_sns_topic": _topic,
    "awscc_sns_topic": _topic_with_subscriptions,
    "aws_sns_topic_subscription": _subscription,
    "awscc_sns_subscription": _subscription,
    "aws_kms_key": _key,
    "aws_kms_replica_key": _key,
    "aws_kms_external_key": _key,
    "aws_kms_replica_external_key": _key,
    "awscc_kms_key": _key,
    "awscc_kms_replica_key": _key,
    "aws_kms_alias": _alias,
    "awscc_kms_alias": _alias,
    "data.aws_kms_alias": _alias,
    "aws_kms_grant": _grant,
    "aws_connect_instance": _instance,
    "data.aws_connect_instance": _instance,
    "awscc_connect_instance": _instance,
}
