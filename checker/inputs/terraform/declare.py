"""What the resources of a plan or state declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import InputError
from checker.core.finding import Part
from checker.core.unknown import Unknown
from checker.inputs.declared import Declarations, DeclaredPolicy
from checker.inputs.terraform.keys import alias, grant, key
from checker.inputs.terraform.outline import POLICY_OWNERS
from checker.inputs.terraform.owned import leave_open, strays
from checker.inputs.terraform.owners import Owners
from checker.inputs.terraform.topics import instance, subscription, topic
from checker.policy.node import find

if TYPE_CHECKING:
    from checker.analysis.inventory import Place
    from checker.inputs.terraform.plan import Plan
    from checker.inputs.terraform.resource import Resource
    from checker.policy.node import Node


class Declarer:
    """Turns resources into declarations; ``faults`` are the policies that could not be read.

    ``open_topic`` and ``open_key`` say of a policy of which nobody can tell whose it is. ``named`` says that
    the file was handed over by name.
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
        """Declare everything: first what writes policies, since that tells what the others mean."""
        for resource in self.plan.resources:
            if resource.type in POLICY_OWNERS:
                self.policy(resource)
        self.topic_owners = Owners(self.declared.topic_policies)
        self.key_owners = Owners(self.declared.key_policies)
        for resource in self.plan.resources:
            declare = _DECLARERS.get(resource.type)
            if declare is not None:
                declare(self, resource)
        leave_open(self.declared, self.open_topic, self.open_key)
        strays(self.declared)

    def policy(self, resource: Resource) -> None:
        """aws_sns_topic_policy, awscc_sns_topic_inline_policy, aws_kms_key_policy."""
        name = "policy_document" if resource.type.startswith("awscc") else "policy"
        attribute = POLICY_OWNERS[resource.type]
        owner = self.plan.origins.value(resource, attribute)
        policy = self.read(resource, name, owner if isinstance(owner, str) else "")
        if policy is None:
            policy = Unknown("no policy is given", f"{resource.address}.{name}")
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
        """Read a policy; one that cannot be read is a fault, and not known."""
        try:
            return self.plan.policy(resource, name, own)
        except InputError as error:
            self.faults.append(error)
            return Unknown(error.reason, f"{resource.address}.{name}")

    def place(self, resource: Resource, name: str = "") -> Place:
        """Where an attribute stands, which reports may quote unless it is sensitive."""
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
