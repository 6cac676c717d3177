"""Declares the resources of a plan or state."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

from checker.core.arn import Arn
from checker.core.errors import InputError
from checker.core.unknown import ACCOUNT, PARTITION, REGION, Symbol, Unknown
from checker.inputs.declared import Declarations, Where
from checker.inputs.sensitive import SENSITIVE
from checker.inputs.terraform.assigned import ARNS
from checker.inputs.terraform.awscc import name_in
from checker.inputs.terraform.declare import (
    LISTS_OF_OWNERS,
    POLICIES,
    QUEUE_POLICIES,
    TYPES,
    references_to,
    tags_in,
)
from checker.inputs.terraform.declare_endpoints import ENDPOINTS
from checker.inputs.terraform.plan.plan_index import has_marks
from checker.inputs.terraform.plan.resource import AFTER_APPLY
from checker.inputs.terraform.policy_owners import (
    Owners,
    declare_missing_owners,
    mark_unknown_policies,
    names_of,
)
from checker.inputs.terraform.stacks import STACKS
from checker.policy.node import Array, Scalar, text_of

if TYPE_CHECKING:
    from checker.analysis.inventory import Place
    from checker.core.unknown import Piece
    from checker.inputs.terraform.plan.plan import Plan
    from checker.inputs.terraform.plan.policy_document import PlannedBlock
    from checker.inputs.terraform.plan.resource import Resource
    from checker.policy.model import Value
    from checker.policy.node import Node


_LISTS = (("_sns_", "topic_policies"), ("_kms_", "key_policies"), ("_sqs_", QUEUE_POLICIES))
"""The lists of policies, by a part of the type of their owners."""


_WITH_DEFAULT = ("filter_policy_scope", "redrive_policy", "pending_confirmation", "sqs_managed_sse_enabled")
"""Attributes of subscriptions and queues that the provider computes if they are not set."""


class Declarer:
    """Declares all resources of a plan; ``faults`` are the policies that could not be read.

    ``named`` is true if the user named the file. ``open`` are the reasons for policies with an unknown owner, by
    the list that they belong to; ``unowned`` are the lists with such a policy.
    """

    def __init__(self, plan: Plan, declared: Declarations, *, named: bool) -> None:
        self.plan = plan
        self.declared = declared
        self.named = named
        self.faults: list[InputError] = []
        self.owners: dict[str, Owners] = {}
        self.unowned: set[str] = set()
        gap = Unknown(plan.outline.gap, plan.source.name) if plan.outline.gap else None
        self.open: dict[str, Unknown | None] = {
            "topic_policies": gap,
            "key_policies": gap,
            QUEUE_POLICIES: gap,
        }
        self.declared.gaps += [gap] if gap is not None else []

    def declare(self) -> None:
        """Declare all resources, starting with policy resources, because the others depend on them."""
        types = {**TYPES, **ENDPOINTS}
        resources = [PlannedResource(self, one) for one in self.plan.resources if one.type in types]
        for resource in resources:
            if resource.kind in POLICIES:
                types[resource.kind](resource, self.declared)
                self._note_open(resource)
        self.owners = {name: Owners(getattr(self.declared, name)) for name in self.open}
        for resource in resources:
            if resource.kind not in POLICIES:
                types[resource.kind](resource, self.declared)
        mark_unknown_policies(self.declared, self.open["topic_policies"], self.open["key_policies"])
        declare_missing_owners(self.declared)

    def stacks(self) -> list[PlannedResource]:
        """Return the stacks and stack sets of the plan."""
        return [PlannedResource(self, one) for one in self.plan.resources if one.type in STACKS]

    def _note_open(self, policy: PlannedResource) -> None:
        """Note a policy whose owner is unknown and ambiguous."""
        name, _, of = POLICIES[policy.kind]
        listed = name in LISTS_OF_OWNERS
        owners = policy.texts(name) if listed else (policy.text(name),)
        unknown = next((one for one in owners if isinstance(one, Unknown)), None)
        is_ambiguous = (
            policy.is_open(name) if listed else self.plan.origins.one(policy.resource, name) is None
        )
        is_open = (
            is_ambiguous or policy.resource.deferred
        )  # the instances of a deferred resource are not known
        if unknown is not None and is_open:
            self.open[of] = Unknown(f"`{policy.address}` may write the policy", unknown.where)
            self.unowned.add(of)


class PlannedResource:
    """A resource of a plan, as ``checker.inputs.terraform.declare`` reads it."""

    def __init__(self, declarer: Declarer, resource: Resource) -> None:
        self.declarer = declarer
        self.plan = declarer.plan
        self.resource = resource
        self.address = resource.address
        self.kind = resource.type
        self.named = declarer.named
        self.conditions: tuple[str, ...] = ()

    @cached_property
    def arn(self) -> Arn | Unknown:
        """The ARN; while it is unknown, its name is that of the attribute."""
        name = name_in(self.kind, "arn")
        text = self.resource.text(name)
        arn = Arn.parse(text) if isinstance(text, str) else None
        if self.resource.hides(name):
            return arn or Unknown(SENSITIVE, f"{self.address}.{name}")
        return arn or Unknown(AFTER_APPLY, f"{self.address}.{name}", self._arn_pieces())

    def _arn_pieces(self) -> tuple[Piece, ...]:
        """Return what is known of the ARN of a resource that does not exist yet."""
        form, setting = ARNS.get(self.kind), self.plan.origins.references.setting(self.address)
        if form is None or setting is None:
            return ()
        provider = setting[0].provider
        of = f" of {provider}" if provider not in ("", "aws") else ""
        partition, region, account = (Symbol(f"{kind}{of}", kind) for kind in (PARTITION, REGION, ACCOUNT))
        own = self.resource.text("region")
        place = own if isinstance(own, str) and own else Unknown(AFTER_APPLY, pieces=(region,))
        last = self.resource.text(form.attribute)
        if not isinstance(last, str):
            name = f"{self.address}.{form.attribute}"
            last = Unknown(AFTER_APPLY, pieces=(Symbol(name, form.kind, (), self.plan.source.name, name),))
        known = (Unknown(AFTER_APPLY, pieces=(one,)) for one in (partition, account))
        return form.pieces(next(known), place, next(known), last)

    @property
    def where(self) -> Where:
        """The Region and account, from the ARN or else from the resource's own Region."""
        if isinstance(self.arn, Arn):
            return Where(self.arn.region, self.arn.account)
        region = self.resource.text("region")
        known = isinstance(region, str) and region
        return Where(
            known or Unknown(AFTER_APPLY, f"{self.address}.region"),
            Unknown(AFTER_APPLY, f"{self.address}.account"),
        )

    @property
    def references(self) -> tuple[str, ...]:
        """The address, and the ID of a key."""
        key_id = self.resource.text("key_id") if "_kms_" in self.kind else None
        return (
            (self.address, key_id)
            if isinstance(key_id, str) and self.kind != "aws_kms_grant"
            else (self.address,)
        )

    @property
    def tags(self) -> tuple[tuple[str, str], ...]:
        """The tags; Terraform marks a sensitive tag in `tags` but not in `tags_all`."""
        node = self.resource.node("tags_all") or self.resource.node("tags")
        hides = self.resource.hides
        if isinstance(node, Array) and hides("tags"):
            return ()
        shown = (
            one for one in tags_in(node) if not any(hides(name, one[0]) for name in ("tags", "tags_all"))
        )
        return tuple((key, text_of(value) or "") for key, value in shown)

    def text(self, name: str) -> Value | None:
        """Return an attribute as text; ``None`` if it is not set or empty.

        An unknown text has the name of the only resource that it comes from.
        """
        if self._is_left_to_aws(name):
            return None
        value = self.plan.origins.value(self.resource, name_in(self.kind, name))
        return None if value == "" else value

    def _is_left_to_aws(self, name: str) -> bool:
        """True for a setting that the configuration does not make, so that AWS applies its default."""
        return (
            name in _WITH_DEFAULT
            and self.plan.has_configuration
            and self.resource.lacks(name)
            and not self.plan.origins.is_set(self.resource, name)
        )

    def texts(self, name: str) -> tuple[Value, ...]:
        """Return the items of a list attribute as texts; empty if it is not set.

        For unknown items, the list has the resources that the attribute refers to.
        """
        if self.resource.hides(name):
            return (Unknown(SENSITIVE, f"{self.address}.{name}"),)
        node = self.resource.node(name)
        known = [one for one in map(text_of, node.items) if one] if isinstance(node, Array) else []
        if not has_marks(self.resource.unknown, name):
            return tuple(known)
        sources = [one for one in self.plan.origins.of(self.resource, name) if not one.hidden]
        unknown = [Unknown(AFTER_APPLY, one.text) for one in sources]
        return (*known, *unknown) if unknown else (*known, Unknown(AFTER_APPLY, f"{self.address}.{name}"))

    def is_open(self, name: str) -> bool:
        """True for a list attribute with items of which the sources are not known."""
        sources = self.plan.origins.of(self.resource, name)
        return not sources or any(one.hidden for one in sources)

    def flag(self, name: str) -> bool | Unknown | None:
        """Return a boolean attribute; ``None`` if it is not set."""
        if self._is_left_to_aws(name):
            return None
        return self.resource.flag(name_in(self.kind, name))

    def value(self, name: str) -> Node | None:
        """Return an attribute; ``None`` if it is not set."""
        return self._block.value(name_in(self.kind, name))

    def blocks(self, name: str) -> tuple[PlannedBlock | Scalar, ...]:
        """Return the nested blocks of a type; an unknown value stands for an unknown number of blocks."""
        return self._block.blocks(name)

    @property
    def _block(self) -> PlannedBlock:
        return self.plan.block(self.resource)

    def json(self, name: str) -> Node | Unknown | None:
        """Return an attribute that is JSON in a string; ``None`` if it is not set or empty."""
        text = self.text(name)
        return text if text is None or isinstance(text, Unknown) else self.resource.node(name)

    def policy(self, name: str) -> Node | Unknown | None:
        """Return the policy that an attribute writes; ``None`` if it writes none.

        AWS fills in unset policies, and Terraform reads back policies of other resources; neither is a second
        policy. If a policy resource is deleted, the provider restores the AWS default policy. A policy that was read
        back is not known to stay if another resource may write it.
        """
        name = name_in(self.kind, name)
        if self.kind in POLICIES:
            owner = self.text(POLICIES[self.kind].owner)
            return self._read(name, owner if isinstance(owner, str) else "")
        listed = next(name for part, name in _LISTS if part in self.kind)
        apart = self.declarer.owners[listed].of(self._names, self.arn)
        if not self.plan.has_configuration and self.resource.lacks(name) and not apart:
            return Unknown(AFTER_APPLY, f"{self.address}.{name}")
        if not self.plan.origins.is_set(self.resource, name):
            released = not self.plan.outline.released.isdisjoint(names_of(self._names, self.arn))
            stays = not apart and not released and listed not in self.declarer.unowned
            return self._read(name, str(self.arn)) if stays and self.resource.node(name) is not None else None
        policy = self._read(name, str(self.arn))
        return None if any(_is_alike(policy, one.policy) for one in apart) else policy

    @property
    def _names(self) -> tuple[str, ...]:
        url = self.text("url") if self.kind == "aws_sqs_queue" else None
        return (
            *references_to(self, "arn", "id", "key_id", "url"),
            *((url,) if isinstance(url, str) else ()),
        )

    def _read(self, name: str, own: str) -> Node | Unknown | None:
        """Read a policy; ``own`` is the ARN of its owner. An error in its text is noted, and it is unknown."""
        try:
            return self.plan.policy(self.resource, name, own)
        except InputError as error:
            self.declarer.faults.append(error)
            return Unknown(error.reason, f"{self.address}.{name}")

    def place(self, *names: str) -> Place:
        """Return the place of the first of these attributes that is set, or of the resource."""
        named = (name_in(self.kind, one) for one in names)
        name = next((one for one in named if self.resource.node(one) is not None), "")
        return self.resource.place(name)


def _is_alike(one: Node | Unknown | None, other: Node | Unknown) -> bool:
    """True if two policy texts are equivalent, because one was read back."""
    texts = [text_of(node) for node in (one, other) if node is not None and not isinstance(node, Unknown)]
    known = [text for text in texts if text is not None]
    try:
        return len(known) == 2 and json.loads(known[0]) == json.loads(known[1])
    except (ValueError, RecursionError):
        return False
