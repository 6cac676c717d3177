"""Topics, subscriptions and Connect instances of a plan or state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import Instance
from checker.core.arn import Arn
from checker.core.unknown import Unknown
from checker.inputs.awscli import topic_arn
from checker.inputs.declared import DeclaredSubscription, DeclaredTopic
from checker.inputs.terraform.naming import arn_of, where_of
from checker.inputs.terraform.owned import inline_policy
from checker.policy.node import Object, text_of

if TYPE_CHECKING:
    from checker.inputs.terraform.declare import Declarer
    from checker.inputs.terraform.resource import Resource

_NO_ARN = "no ARN of a topic"


def topic(declarer: Declarer, resource: Resource) -> None:
    """aws_sns_topic."""
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
    """aws_sns_topic_subscription."""
    topic, protocol, endpoint = (
        declarer.plan.origins.value(resource, name) for name in ("topic_arn", "protocol", "endpoint")
    )
    declarer.declared.subscriptions.append(DeclaredSubscription(resource.address, topic, protocol, endpoint))


def instance(declarer: Declarer, resource: Resource) -> None:
    """aws_connect_instance, made here or looked up."""
    arn = arn_of(resource, "")
    if isinstance(arn, Arn) and arn.is_instance:
        declarer.declared.instances.append(Instance(arn, declarer.place(resource, "arn")))


def _fifo(resource: Resource) -> bool | Unknown:
    """A topic is FIFO by its attribute or by its name, which ends in `.fifo` for no other."""
    fifo, name = resource.flag("fifo_topic", default=False), resource.text("name")
    return True if isinstance(name, str) and name.endswith(".fifo") else fifo


def _tags(resource: Resource) -> tuple[tuple[str, str], ...]:
    """The tags; Terraform marks a sensitive one in `tags`, and forgets to in `tags_all`."""
    node = resource.node("tags_all") or resource.node("tags")
    members = node.members if isinstance(node, Object) else ()
    open_ = (
        one for one in members if not any(resource.hides(name, one.key) for name in ("tags", "tags_all"))
    )
    return tuple((one.key, text_of(one.value) or "") for one in open_)
