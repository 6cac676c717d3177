"""Converts resources to declarations.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/sns_topic and related pages
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance as ConnectInstance
from checker.analysis.inventory import Place
from checker.core.errors import InputError
from checker.core.unknown import Unknown
from checker.inputs.declared import (
    DeclaredAlias,
    DeclaredGrant,
    DeclaredKey,
    DeclaredPolicy,
    DeclaredSubscription,
    DeclaredTopic,
    Where,
)
from checker.inputs.terraform.hcl.render import decode
from checker.inputs.terraform.hcl.values import is_composed, is_null, text, truth, why_unknown
from checker.inputs.terraform.module.attributes import (
    alias_arn_of,
    conditions_of,
    instance_arn_of,
    own_names,
    place_of,
    text_argument,
    topic_arn_of,
    written_argument,
)
from checker.inputs.terraform.module.expand import Nested
from checker.inputs.text import TextDocument
from checker.policy.node import Array, Member, Node, Object, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from checker.inputs.declared import Declarations
    from checker.inputs.terraform.hcl.body import Argument
    from checker.inputs.terraform.module.session import Instance
    from checker.policy.model import Value
    from checker.policy.node import Node


def policy_of(instance: Instance, name: str) -> Node | Unknown | None:
    """Return the policy as an object; ``None`` if it is not set.

    An error in its text is noted, and the policy becomes Unknown.
    """
    node = written_argument(instance, name)
    if node is None or not isinstance(node, Scalar):
        return node
    why = why_unknown(node)
    if why is not None and not is_composed(node):
        return why
    if node.value == "":
        return None
    try:
        return decode(node)
    except InputError as error:
        instance.module.session.faults.append(error)
        return Unknown(error.reason)


_NOT_SAID = Unknown("the resource does not set it")
_SHOWN = ("name", "fifo_topic", "kms_master_key_id", "policy", "topic_arn", "arn", "key_id")


def declare(instance: Instance, found: Declarations) -> None:
    """Declare a resource."""
    _KINDS[instance.kind](instance, found)


def matters_itself(kind: str) -> bool:
    """True for a resource type that is declared."""
    return kind in _KINDS


def _where(instance: Instance) -> Where:
    """Return the Region and account of a resource, according to its provider."""
    provider = place_of(instance)
    return Where(provider.region, provider.account)


def _place(instance: Instance) -> Place:
    """Return the position of a resource: its header, with the positions of its arguments."""
    header = instance.block.header
    members = tuple(
        _member(argument)
        for name, argument in instance.block.body.arguments.items()
        if name in _SHOWN and argument.at.source is header.source
    )
    return Place(TextDocument(header.source, Object(members, header.source, header.start, header.end)), ())


def _member(argument: Argument) -> Member:
    value = Scalar(None, *argument.expression.at)
    return Member(argument.name, value, argument.at.start, argument.at.end)


def _part(instance: Instance, place: Place, *names: str) -> Place | None:
    """Return the position of the first of these arguments that is set."""
    written = (name for name in names if name in instance.block.body.arguments)
    return next((place._replace(route=(name,)) for name in written), None)


def _said(instance: Instance, name: str) -> Value:
    found = text_argument(instance, name)
    return _NOT_SAID if found is None else found


def _topic(instance: Instance, found: Declarations) -> None:
    fifo = written_argument(instance, "fifo_topic")
    holds = truth(fifo) if fifo is not None else False
    key = text_argument(instance, "kms_master_key_id")
    place, arn = _place(instance), topic_arn_of(instance)
    found.topics.append(
        DeclaredTopic(
            address=instance.address,
            names=own_names(instance, arn),
            place=place,
            arn=arn,
            fifo=_NOT_SAID if holds is None else holds,
            key=None if key == "" else key,
            policy=policy_of(instance, "policy"),
            tags=_tags(instance),
            fifo_place=_part(instance, place, "fifo_topic", "name"),
            key_place=_part(instance, place, "kms_master_key_id"),
            named=_is_named(instance),
            conditions=conditions_of(instance),
            where=_where(instance),
        )
    )


def _is_named(instance: Instance) -> bool:
    """True for a resource in a file that the user named."""
    return instance.block.header.source.name in instance.module.session.named


def _tags(instance: Instance) -> tuple[tuple[str, str], ...]:
    tags = written_argument(instance, "tags")
    members = tags.members if isinstance(tags, Object) else ()
    pairs = ((member.key, text(member.value)) for member in members)
    return tuple((key, value) for key, value in pairs if isinstance(value, str))


def _policy(owner: str, argument: str, of: str) -> Callable[[Instance, Declarations], None]:
    """Make a reader for resources that write the policy of another resource."""

    def read(instance: Instance, found: Declarations) -> None:
        policy = policy_of(instance, argument)
        one = DeclaredPolicy(
            instance.address,
            _place(instance),
            (_said(instance, owner),),
            _NOT_SAID if policy is None else policy,
            conditions_of(instance),
        )
        getattr(found, of).append(one)

    return read


def _subscription(instance: Instance, found: Declarations) -> None:
    topic, protocol, endpoint = (_said(instance, name) for name in ("topic_arn", "protocol", "endpoint"))
    found.subscriptions.append(
        DeclaredSubscription(instance.address, topic, protocol, endpoint, conditions_of(instance))
    )


def _key(instance: Instance, found: Declarations) -> None:
    enabled = written_argument(instance, "enabled" if "replica" in instance.kind else "is_enabled")
    holds = truth(enabled) if enabled is not None else True
    spec = text_argument(instance, "customer_master_key_spec")
    usage = text_argument(instance, "key_usage")
    found.keys.append(
        DeclaredKey(
            address=instance.address,
            names=tuple(f"{instance.address}.{name}" for name in ("arn", "key_id", "id")),
            place=_place(instance),
            policy=policy_of(instance, "policy"),
            state=holds if isinstance(holds, Unknown) else "Disabled" if holds is False else "Enabled",
            spec="SYMMETRIC_DEFAULT" if spec is None else spec,
            usage="ENCRYPT_DECRYPT" if usage is None else usage,
            named=_is_named(instance),
            conditions=conditions_of(instance),
            where=_where(instance),
            primary=text_argument(instance, "primary_key_arn"),
        )
    )


def _alias(instance: Instance, found: Declarations) -> None:
    attributes = ("name", "arn", "id", "target_key_arn", "target_key_id")
    names = tuple(f"{instance.address}.{name}" for name in attributes)
    known = (text_argument(instance, "name"), alias_arn_of(instance))
    found.aliases.append(
        DeclaredAlias(
            (*names, *(str(one) for one in known if one is not None and not isinstance(one, Unknown))),
            _said(instance, "target_key_id"),
            _where(instance),
        )
    )


def _grant(instance: Instance, found: Declarations) -> None:
    found.grants.append(
        DeclaredGrant(
            instance.address,
            _said(instance, "key_id"),
            _said(instance, "grantee_principal"),
            _operations(instance),
            _context(instance),
            conditions=conditions_of(instance),
        )
    )


def _operations(instance: Instance) -> tuple[str, ...] | Unknown:
    node = written_argument(instance, "operations")
    names = [text(one) for one in node.items] if isinstance(node, Array) else [Unknown("")]
    known = tuple(one for one in names if isinstance(one, str))
    is_known = len(known) == len(names)
    return known if is_known else Unknown(f"the operations of `{instance.address}` are not known")


def _context(instance: Instance) -> tuple[tuple[str, Value], ...] | Unknown:
    """Return the encryption context constraints of a grant."""
    pairs: list[tuple[str, Value]] = []
    for constraints in Nested(instance.block, instance.scope).blocks("constraints"):
        if isinstance(constraints, Scalar):
            return Unknown(f"the constraints of `{instance.address}` are not known")
        for how in ("equals", "subset"):
            said = constraints.value(f"encryption_context_{how}")
            if said is not None and not isinstance(said, Object) and not is_null(said):
                return Unknown(f"the constraints of `{instance.address}` are not known")
            members = said.members if isinstance(said, Object) else ()
            pairs += [(one.key, _text(one.value)) for one in members]
    return tuple(pairs)


def _text(node: Node) -> Value:
    found = text(node)
    return _NOT_SAID if found is None else found


def _connect_instance(instance: Instance, found: Declarations) -> None:
    """Declare a Connect instance that is looked up by ID; the ARN of a new instance is not known yet."""
    arn = instance_arn_of(instance)
    if not isinstance(arn, Unknown) and arn.is_instance:
        found.instances.append(ConnectInstance(arn, _place(instance)))


_KINDS: dict[str, Callable[[Instance, Declarations], None]] = {
    "aws_sns_topic": _topic,
    "aws_sns_topic_policy": _policy("arn", "policy", "topic_policies"),
    "awscc_sns_topic_inline_policy": _policy("topic_arn", "policy_document", "topic_policies"),
    "aws_sns_topic_subscription": _subscription,
    "aws_kms_key": _key,
    "aws_kms_replica_key": _key,
    "aws_kms_key_policy": _policy("key_id", "policy", "key_policies"),
    "aws_kms_alias": _alias,
    "data.aws_kms_alias": _alias,
    "aws_kms_grant": _grant,
    "data.aws_connect_instance": _connect_instance,
}
